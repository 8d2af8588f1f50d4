"""The lectures' networks have the lectures' numbers, without TensorFlow."""

from __future__ import annotations

import sys

import pytest

from convscope.engine.models.applications_table import APPLICATIONS
from convscope.engine.models.families import FAMILIES
from convscope.engine.models.sheet import LayerInfo
from convscope.engine.models.templates import TEMPLATES


def layers(name: str) -> dict[str, LayerInfo]:
    return {row.path: row for row in TEMPLATES[name].architecture.sheet().layers}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mnist-convnet", 93_322),
        ("mnist-small", 30_762),
        ("lenet-5", 61_706),
        ("cats-dogs", 3_453_121),
        ("cats-dogs-dropout", 3_453_121),
        ("vgg16-cats-dogs", 16_812_353),
        ("resnet50-12", 23_587_712 + 24_588),
    ],
)
def test_totals_of_the_lectures(name: str, parameters: int) -> None:
    assert TEMPLATES[name].architecture.sheet().totals.parameters == parameters


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_template_can_be_built_and_is_named_after_itself(name: str) -> None:
    template = TEMPLATES[name]
    assert template.architecture.checked().name == name == template.name
    assert template.about.endswith(".")


def test_mnist_convnet_written_out() -> None:
    found = [(row.shape, row.formula) for row in layers("mnist-convnet").values()]
    assert found == [
        ((28, 28, 1), "0"),
        ((26, 26, 32), "(3·3·1 + 1)·32 = 320"),
        ((13, 13, 32), "0"),
        ((11, 11, 64), "(3·3·32 + 1)·64 = 18,496"),
        ((5, 5, 64), "0"),
        ((3, 3, 64), "(3·3·64 + 1)·64 = 36,928"),
        ((576,), "0"),
        ((64,), "(576 + 1)·64 = 36,928"),
        ((10,), "(64 + 1)·10 = 650"),
    ]
    base = sum(row.parameters for row in layers("mnist-convnet").values() if row.kind == "Conv2D")
    assert base == 55_744


def test_without_pooling_the_maps_stay_large() -> None:
    assert layers("mnist-convnet-no-pooling")["conv2d_2"].shape == (22, 22, 64)


def test_units_against_filters() -> None:
    assert layers("mlp")["dense"].parameters == 262_400
    assert layers("mlp-as-convnet")["conv2d"].parameters == 2_560


def test_a_frozen_base_learns_nothing() -> None:
    totals = TEMPLATES["vgg16-cats-dogs"].architecture.sheet().totals
    assert (totals.trainable, totals.fixed) == (2_097_665, 14_714_688)


def test_families_of_the_lectures() -> None:
    told = {family.name: (family.parameters, family.top5_error) for family in FAMILIES}
    assert told["LeNet-5"] == (60e3, None)
    assert told["AlexNet"] == (60e6, 15.3)
    assert told["ZFNet"][1] == 14.8
    assert told["GoogLeNet"] == (4e6, 6.67)
    assert told["VGG16 (D)"] == (138e6, 7.3)
    assert told["ResNet-152"][1] == 3.6
    assert [family.year for family in FAMILIES] == sorted(family.year for family in FAMILIES)
    for family in FAMILIES:
        assert not family.template or family.template in TEMPLATES
        assert not family.application or family.application in APPLICATIONS


def test_the_catalogue_needs_no_tensorflow() -> None:
    import subprocess

    script = (
        "import sys; from convscope.engine.models.catalogue import catalogue; "
        "print(len(catalogue()), 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    count, *loaded = out.split()
    assert loaded == ["False", "False"]
    assert int(count) >= len(TEMPLATES) + len(APPLICATIONS) + 1
