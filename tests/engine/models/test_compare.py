"""What is said of networks side by side: published numbers, and counts that need no weights."""

from __future__ import annotations

import threading

import pytest

from convscope.core.task import Cancelled, Task
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import CatalogueEntry, catalogue, open_model
from convscope.engine.models.library.compare import (
    facts_of_entry,
    facts_of_family,
    facts_of_model,
    idea_of,
    seconds_per_image,
)
from convscope.engine.models.library.families import FAMILIES
from convscope.engine.models.summary import depth_of

pytestmark = pytest.mark.usefixtures("runtime")

ENTRIES = {entry.name: entry for entry in catalogue()}


@pytest.mark.parametrize(
    ("name", "depth", "gigas", "sees"),
    [
        # depths by their papers; multiply-adds as published (VGG 15.5 G, MobileNet 569 M, V2 300 M);
        # receptive fields by Araujo, Norris, Sim: Computing receptive fields of convolutional networks (2019)
        ("VGG16", 16, 15.5, 212),
        ("ResNet50", 50, 3.86, 483),
        ("MobileNet", 28, 0.569, 315),
        ("MobileNetV2", 53, 0.301, 491),
        ("InceptionV3", 48, 5.71, 1311),
        ("DenseNet121", 121, 2.83, 2071),
        ("Xception", 37, 8.36, 1083),
    ],
)
def test_published_numbers(name: str, depth: int, gigas: float, sees: int) -> None:
    facts = facts_of_entry(ENTRIES[name])
    assert facts.depth == depth == ENTRIES[name].depth
    assert facts.multiply_adds == pytest.approx(gigas * 1e9, rel=5e-3)
    assert facts.field == (sees, sees)
    assert facts.parameters == ENTRIES[name].parameters
    assert facts.top1 == ENTRIES[name].top1
    assert facts.idea


def test_counting_takes_no_memory_for_weights() -> None:
    facts = facts_of_entry(ENTRIES["ConvNeXtXLarge"])  # 1.4 GB with its weights
    assert facts.parameters == 350_196_968 and facts.depth == ENTRIES["ConvNeXtXLarge"].depth == 113
    model = open_model("mlp")
    assert all(weight.numpy() is not None for weight in model.keras.weights), "later models have values again"


@pytest.mark.parametrize("name", [name for name in ENTRIES if ENTRIES[name].kind != "application"])
def test_all_that_is_no_application_is_counted(name: str) -> None:
    facts = facts_of_entry(ENTRIES[name])
    assert facts.parameters == ENTRIES[name].parameters
    assert facts.multiply_adds and facts.depth and facts.activation_bytes and facts.idea
    assert ENTRIES[name].depth in (facts.depth, None)


def test_depths_of_the_lectures_networks() -> None:
    depths = {
        name: depth_of(TEMPLATES[name].architecture.summary()) for name in ("lenet-5", "mlp", "vgg-small")
    }
    assert depths == {"lenet-5": 5, "mlp": 2, "vgg-small": 8}


def test_families_tell_what_the_lectures_tell() -> None:
    told = {family.name: facts_of_family(family) for family in FAMILIES}
    contests = {name: facts.contest.top5_error for name, facts in told.items() if facts.contest}
    assert told["AlexNet"].parameters == 60e6 and contests["AlexNet"] == 15.3
    assert contests["GoogLeNet"] == 6.67 and told["ResNet-152"].depth == 152
    assert all(facts.rounded and facts.idea for facts in told.values())


def test_every_application_has_brought_something() -> None:
    for name, entry in ENTRIES.items():
        if entry.kind == "application":
            assert idea_of(name), name
    assert idea_of("EfficientNetV2S") != idea_of("EfficientNetB3") == idea_of("EfficientNetB7")
    assert idea_of("ResNet50V2") != idea_of("ResNet50") == idea_of("ResNet152")


def test_an_open_model_is_compared_too() -> None:
    facts = facts_of_model(open_model("digits"))
    assert facts.parameters == 93_322 and facts.depth == 5 and facts.name.endswith("(open)")
    assert facts.input == (28, 28, 1)


def test_time_is_measured_and_can_be_stopped() -> None:
    assert seconds_per_image(ENTRIES["lenet-5"], seconds=0.0) > 0
    assert seconds_per_image(open_model("mlp"), seconds=0.0) > 0
    task = Task()
    threading.Timer(0.3, task.cancel).start()
    with pytest.raises(Cancelled):
        seconds_per_image(ENTRIES["mlp"], task, seconds=60)


def test_what_memory_cannot_hold_is_not_measured() -> None:
    from convscope.core.errors import UserError

    vast = CatalogueEntry("VGG16", "application", "VGG16", 10**13, (224, 224, 3))
    with pytest.raises(UserError, match=r"^The weights of VGG16 would be 40,000 GB, more than a quarter"):
        seconds_per_image(vast)
