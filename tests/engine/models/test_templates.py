"""The lectures' networks have the lectures' numbers, without TensorFlow."""

from __future__ import annotations

import sys

import pytest

from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.layer_specs import palette
from convscope.engine.models.library.families import FAMILIES
from convscope.engine.models.summary import LayerInfo
from tests.processes import run_process


def layers(name: str) -> dict[str, LayerInfo]:
    return {row.path: row for row in TEMPLATES[name].architecture.summary().layers}


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
    assert TEMPLATES[name].architecture.summary().totals.parameters == parameters


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
    totals = TEMPLATES["vgg16-cats-dogs"].architecture.summary().totals
    assert (totals.trainable, totals.fixed) == (2_097_665, 14_714_688)


def test_lenet_layer_by_layer() -> None:
    found = [(row.kind, row.shape, row.activation, row.parameters) for row in layers("lenet-5").values()]
    assert found == [
        ("InputLayer", (28, 28, 1), "", 0),
        ("Conv2D", (28, 28, 6), "tanh", 156),
        ("AveragePooling2D", (14, 14, 6), "", 0),
        ("Conv2D", (10, 10, 16), "tanh", 2_416),
        ("AveragePooling2D", (5, 5, 16), "", 0),
        ("Flatten", (400,), "", 0),
        ("Dense", (120,), "tanh", 48_120),
        ("Dense", (84,), "tanh", 10_164),
        ("Dense", (10,), "softmax", 850),
    ]


def test_dropout_stands_before_the_dense_layers() -> None:
    plain, dropped = (
        [row.kind for row in layers(name).values()] for name in ("cats-dogs", "cats-dogs-dropout")
    )
    at = dropped.index("Dropout")
    assert dropped[at - 1 : at + 2] == ["Flatten", "Dropout", "Dense"]
    assert dropped[:at] + dropped[at + 1 :] == plain
    dropout = TEMPLATES["cats-dogs-dropout"].architecture.layers[at]
    assert dropout.config["rate"] == 0.5


def test_what_they_reached_in_the_lectures() -> None:
    """Accuracies on the whole of MNIST, and of the three ways on cats and dogs."""
    reached = {name: template.recipe for name, template in TEMPLATES.items()}
    assert "RMSprop, batch 64, 5 epochs: 0.9899" in reached["mnist-convnet"]
    assert "Adam, batch 128, 10 epochs: 0.9892" in reached["mnist-small"]
    for words in ("block5_conv1 with 1e-5", "90 % with features", "96 % frozen", "97 % fine-tuned"):
        assert words in reached["vgg16-cats-dogs"]


def test_the_lectures_layers_are_in_the_palette() -> None:
    named = (
        "Conv2D SeparableConv2D DepthwiseConv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D Flatten "
        "Dense BatchNormalization Dropout SpatialDropout2D Activation Rescaling Add Concatenate"
    )
    offered = {kind.name: kind for kind in palette()}
    assert set(named.split()) <= set(offered)
    choices = next(option.values for option in offered["Activation"].options if option.name == "activation")
    assert {"relu", "tanh", "sigmoid", "softmax"} <= set(choices)


def test_families_of_the_lectures() -> None:
    told = {
        family.name: (family.parameters, family.contest.top5_error if family.contest else None)
        for family in FAMILIES
    }
    assert told["LeNet-5"] == (60e3, None)
    assert told["AlexNet"] == (60e6, 15.3)
    assert told["ZFNet"][1] == 14.8
    assert told["GoogLeNet"] == (4e6, 6.67)
    assert told["VGG16 (D)"] == (138e6, 7.3)
    assert told["ResNet-152"][1] == 3.6
    assert {f"VGG {letter}" for letter in "ABC"} | {"VGG19 (E)", "Xception", "EfficientNet-B7"} <= set(told)
    depths = {family.name: (family.year, family.depth) for family in FAMILIES}
    assert depths["LeNet-5"] == (1998, 5) and depths["AlexNet"] == (2012, 8) and depths["ZFNet"] == (2013, 8)
    assert depths["GoogLeNet"] == (2014, 22) and depths["ResNet-152"] == (2015, 152)
    assert [family.year for family in FAMILIES] == sorted(family.year for family in FAMILIES)
    for family in FAMILIES:
        assert not family.template or family.template in TEMPLATES
        assert not family.application or family.application in APPLICATIONS


def test_the_catalogue_needs_no_tensorflow() -> None:
    script = (
        "import sys; from convscope.engine.models.library.catalogue import catalogue; "
        "print(len(catalogue()), 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    out = run_process([sys.executable, "-c", script]).stdout
    count, *loaded = out.split()
    assert loaded == ["False", "False"]
    assert int(count) >= len(TEMPLATES) + len(APPLICATIONS) + 1
