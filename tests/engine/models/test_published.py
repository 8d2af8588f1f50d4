"""Published errors: the lectures' numbers with how they were measured, and each of them once."""

from __future__ import annotations

import re

import pytest

from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.library.catalogue import catalogue
from convscope.engine.models.library.compare import facts_of_family, idea_of
from convscope.engine.models.library.families import FAMILIES, original_words
from convscope.engine.models.library.published import (
    ALONE,
    CONTEST,
    KERAS_IO,
    Figure,
    error_words,
    measured_words,
    of_application,
)

BY_NAME = {family.name: family for family in FAMILIES}


@pytest.mark.parametrize(
    ("family", "error", "protocol"),
    [
        ("AlexNet", "15.3 %", "7 networks, 10 crops"),
        ("ZFNet", "14.8 %", "6 networks, 10 crops"),
        ("GoogLeNet", "6.67 %", "7 networks, 144 crops"),
        ("VGG16 (D)", "7.3 %", "7 networks, whole image, 3 sizes"),
        ("ResNet-152", "3.6 %", "6 networks, whole image, 5 sizes"),
    ],
)
def test_the_lectures_numbers_are_of_several_networks(family: str, error: str, protocol: str) -> None:
    figure = facts_of_family(BY_NAME[family]).contest
    assert figure is not None and figure.words == error
    assert figure.protocol.words == protocol and figure.protocol.images == "test"
    alone = BY_NAME[family].alone
    assert alone is not None and alone.protocol.networks == 1
    assert alone.top5_error > figure.top5_error, "several networks together err less"


@pytest.mark.parametrize(
    ("application", "error"), [("VGG16", "9.9 %"), ("ResNet152", "6.9 %"), ("Xception", "5.5 %")]
)
def test_keras_io_measures_one_network_with_one_crop(application: str, error: str) -> None:
    figure = of_application(application)
    assert figure is not None and figure.told == f"{error} (1 network, 1 crop)"
    assert figure.protocol == KERAS_IO and "keras.io" in figure.source
    entry = next(entry for entry in catalogue() if entry.name == application)
    assert entry.measured == measured_words(application) == "1 network, 1 crop (keras.io)"


def test_each_number_has_a_source_and_stands_once() -> None:
    figures: list[Figure] = [*CONTEST.values(), *ALONE.values()]
    for figure in figures:
        assert figure.source and figure.protocol.images in ("validation", "test")
    assert set(CONTEST) | set(ALONE) <= set(BY_NAME)
    # What keras.io tells is told by its table alone.
    for name, figure in ALONE.items():
        application = BY_NAME[name].application
        assert figure.protocol != KERAS_IO or not application.startswith(name.split("-")[0]), name
    for family in FAMILIES:
        assert family.contest is None or family.contest.protocol.networks > 1
        assert (family.alone is None) == (family.name == "LeNet-5")


def test_a_network_has_one_depth() -> None:
    same = {"VGG16 (D)": "VGG16", "VGG19 (E)": "VGG19", "ResNet-152": "ResNet152", "Xception": "Xception"}
    depths = {name: (BY_NAME[name].depth, APPLICATIONS[other].depth) for name, other in same.items()}
    assert depths == {
        "VGG16 (D)": (16, 16), "VGG19 (E)": (19, 19), "ResNet-152": (152, 152), "Xception": (37, 37),
    }  # fmt: skip
    assert all(row.depth < 400 for row in APPLICATIONS.values())


def test_errors_are_written_as_in_papers() -> None:
    assert [error_words(n) for n in (8.0, 6.67, 10.07, 15.3)] == ["8.0 %", "6.67 %", "10.07 %", "15.3 %"]


def test_sentences_tell_no_numbers_of_their_own() -> None:
    """An error in a sentence has its protocol beside it; a verdict compares what was measured alike."""
    ideas = [family.idea for family in FAMILIES] + [idea_of(name) for name in APPLICATIONS]
    assert not [idea for idea in ideas if "better" in idea]
    # The one verdict: three layers more help by no more than a tenth, in the paper and in keras.io's table.
    assert "within 0.1 %" in BY_NAME["VGG19 (E)"].idea
    sixteen, nineteen = of_application("VGG16"), of_application("VGG19")
    assert sixteen is not None and nineteen is not None
    for one, other in ((ALONE["VGG16 (D)"], ALONE["VGG19 (E)"]), (sixteen, nineteen)):
        assert one.protocol == other.protocol
        assert abs(one.top5_error - other.top5_error) == pytest.approx(0.1, abs=1e-6)
    for template in TEMPLATES.values():
        assert not re.search(r"nearly as good|hardly better", template.about)
        for sentence in original_words(template.family, template.application):
            for error in re.findall(r"[\d.]+ %", sentence):
                assert re.search(rf"{re.escape(error)} \(\d+ networks?, ", sentence), sentence


def test_small_versions_tell_of_their_originals() -> None:
    told = {name: " ".join(original_words(t.family, t.application)) for name, t in TEMPLATES.items()}
    assert told["vgg-small"] == (
        "Full size: VGG16 (D), 138 M parameters, 16 layers with weights. Top-5 error on ImageNet: "
        "alone 8.1 % (1 network, whole image), in the contest 7.3 % (7 networks, whole image, 3 sizes)."
    )
    assert told["resnet50-12"] == (
        "ResNet50 with its own classifier: 25.6 M parameters, 50 layers with weights. "
        "Top-5 error on ImageNet: 7.9 % (1 network, 1 crop), by keras.io."
    )
    assert "37 layers" in told["xception-small"] and told["mnist-small"] == ""


def test_more_training_images_are_told() -> None:
    assert measured_words("ConvNeXtTiny") == "1 network, 1 crop (keras.io)"
    assert "ImageNet-21k" in measured_words("ConvNeXtBase")
