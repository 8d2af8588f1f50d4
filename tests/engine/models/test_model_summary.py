"""Arithmetic by hand: shapes, parameters with their sum, work, receptive fields, sentences."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.engine.models.layer_specs import KINDS, palette
from convscope.engine.models.layer_specs.base import Shape, ShapeError
from convscope.engine.models.summary import Count, count
from convscope.engine.models.summary.receptive import Axis, ReceptiveField


def of(kind: str, *shapes: Shape, **config: Any) -> Count:
    return count(kind, config, shapes, [ReceptiveField()] * len(shapes))


@pytest.mark.parametrize(
    ("kind", "config", "given", "shape", "formula"),
    [
        ("Conv2D", {"filters": 8, "use_bias": False}, (9, 9, 4), (7, 7, 8), "3·3·4·8 = 288"),
        (
            "Conv2D",
            {"filters": 8, "kernel_size": (3, 5), "strides": (1, 2)},
            (9, 9, 4),
            (7, 3, 8),
            "(3·5·4 + 1)·8 = 488",
        ),
        ("Conv2D", {"filters": 8, "groups": 4}, (9, 9, 4), (7, 7, 8), "(3·3·4/4 + 1)·8 = 80"),
        ("Conv2D", {"filters": 2, "dilation_rate": 2}, (9, 9, 1), (5, 5, 2), "(3·3·1 + 1)·2 = 20"),
        ("DepthwiseConv2D", {}, (9, 9, 32), (7, 7, 32), "(3·3 + 1)·32 = 320"),
        ("DepthwiseConv2D", {"depth_multiplier": 2, "use_bias": False}, (9, 9, 4), (7, 7, 8), "3·3·4·2 = 72"),
        ("SeparableConv2D", {"filters": 64}, (9, 9, 32), (7, 7, 64), "3·3·32 + (32 + 1)·64 = 2,400"),
        ("Conv2DTranspose", {"filters": 6, "strides": 2}, (5, 5, 4), (11, 11, 6), "(3·3·4 + 1)·6 = 222"),
        ("BatchNormalization", {}, (9, 9, 64), (9, 9, 64), "4·64 = 256"),
        ("BatchNormalization", {"scale": False}, (9, 9, 64), (9, 9, 64), "3·64 = 192"),
        ("LayerNormalization", {}, (9, 9, 64), (9, 9, 64), "2·64 = 128"),
        ("Dense", {"units": 64, "use_bias": False}, (576,), (64,), "576·64 = 36,864"),
        ("Flatten", {}, (3, 3, 64), (576,), "0"),
        ("GlobalAveragePooling2D", {}, (7, 7, 64), (64,), "0"),
        ("UpSampling2D", {"size": 2}, (7, 7, 64), (14, 14, 64), "0"),
        ("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, (7, 7, 1), (8, 12, 1), "0"),
        ("Cropping2D", {"cropping": 1}, (7, 7, 1), (5, 5, 1), "0"),
        ("Reshape", {"target_shape": (-1, 2)}, (4, 4, 1), (8, 2), "0"),
        ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (7, 7, 1), (4, 4, 1), "0"),
    ],
)
def test_shape_and_parameters(
    kind: str, config: dict[str, Any], given: Shape, shape: Shape, formula: str
) -> None:
    found = of(kind, given, **config)
    assert (found.shape, found.parameters.formula) == (shape, formula)


def test_batch_normalisation_counts_half_of_its_weights() -> None:
    found = of("BatchNormalization", (9, 9, 64)).parameters
    assert (found.trained, found.counted, found.total) == (128, 128, 256)


@pytest.mark.parametrize(
    ("kind", "config", "given", "work"),
    [
        ("Conv2D", {"filters": 64, "kernel_size": 3}, (13, 13, 32), 11 * 11 * 64 * 3 * 3 * 32),
        ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}, (8, 8, 4), 8 * 8 * 4 * 9),
        (
            "SeparableConv2D",
            {"filters": 16, "kernel_size": 3, "padding": "same"},
            (8, 8, 4),
            64 * 4 * (9 + 16),
        ),
        ("Dense", {"units": 10}, (64,), 640),
        ("MaxPooling2D", {}, (8, 8, 4), 0),
        ("Conv2D", {"filters": 64, "kernel_size": 3}, (None, None, 32), None),
    ],
)
def test_multiply_adds(kind: str, config: dict[str, Any], given: Shape, work: int | None) -> None:
    assert of(kind, given, **config).multiply_adds == work


@pytest.mark.parametrize(
    ("kind", "config", "given", "sentence"),
    [
        ("Conv2D", {"kernel_size": 5}, [(3, 3, 1)], "the 5×5 kernel is larger than its 3×3 map"),
        ("MaxPooling2D", {}, [(1, 1, 8)], "the 2×2 window is larger than its 1×1 map"),
        ("Conv2D", {}, [(576,)], "a convolution needs maps (height × width × channels) but gets 576 values"),
        (
            "Conv2D",
            {"groups": 3, "filters": 6},
            [(9, 9, 4)],
            "4 input channels cannot be dealt to 3 groups evenly",
        ),
        (
            "Conv2D",
            {"strides": 2, "dilation_rate": 2},
            [(9, 9, 4)],
            "a stride and a dilation over 1 cannot be had together",
        ),
        (
            "Dense",
            {},
            [(None,)],
            "a dense layer needs a known number of values before it; pool or give the input a size",
        ),
        ("Add", {}, [(8, 8, 4)], "this merge needs two inputs; choose the layer that it joins"),
        (
            "Add",
            {},
            [(8, 8, 4), (4, 4, 4)],
            "8×8×4 and 4×4×4 cannot be joined value by value; a 1×1 convolution or a stride on the skip makes"
            " them equal",
        ),
        ("Concatenate", {}, [(8, 8, 4), (4, 4, 4)], "8×8×4 and 4×4×4 differ in more than their channels"),
        ("Flatten", {}, [(8,), (8,)], "Flatten takes one input, not 2"),
        ("Reshape", {"target_shape": (5,)}, [(4,)], "4 holds 4 values, which do not fill 5"),
        ("Cropping2D", {"cropping": 2}, [(4, 4, 1)], "nothing is left of the 4×4 map"),
        ("Base", {"application": "VGG16"}, [(150, 150, 1)], "VGG16 takes colour images (3 channels), not 1"),
        (
            "Base",
            {"application": "Xception"},
            [(64, 64, 3)],
            "Xception needs images of at least 71×71, not 64×64",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_clause(
    kind: str, config: dict[str, Any], given: list[Shape], sentence: str
) -> None:
    with pytest.raises(ShapeError) as told:
        of(kind, *given, **config)
    assert str(told.value) == sentence


def test_receptive_field_of_two_convolutions_and_a_pooling() -> None:
    field = ReceptiveField()
    for kind, config in (("Conv2D", {}), ("Conv2D", {}), ("MaxPooling2D", {}), ("Conv2D", {})):
        found = count(kind, config, [(28, 28, 1)], [field])
        assert found.field is not None
        field = found.field
    # 3, then 5, then 5 + 1, then 6 + 2·2, by hand; the first value's begins at the first pixel.
    assert (field.size, field.stride, field.offset) == ((10, 10), (2, 2), (0, 0))
    assert field.box(3, 0, 28, 28) == (6, 0, 16, 10)


def test_same_padding_begins_outside_and_is_clipped() -> None:
    field = of("Conv2D", (28, 28, 1), padding="same").field
    assert field is not None
    assert field.offset == (-1, -1)
    assert field.box(0, 27, 28, 28) == (0, 26, 2, 28)
    # TensorFlow pads an even size with stride 2 at the end only.
    field = of("Conv2D", (28, 28, 1), padding="same", strides=2).field
    assert field is not None
    assert field.offset == (0, 0)


def test_branches_are_united_and_a_gate_is_told() -> None:
    narrow, wide = ReceptiveField(), ReceptiveField(Axis(-2, 2), Axis(-2, 2))
    joined = count("Add", {}, [(8, 8, 4), (8, 8, 4)], [narrow, wide]).field
    assert joined is not None
    assert (joined.size, joined.gated) == ((5, 5), False)
    gated = count("Multiply", {}, [(8, 8, 4), (1, 1, 4)], [wide, ReceptiveField(whole=True)]).field
    assert gated is not None
    assert (gated.size, gated.whole, gated.gated) == ((5, 5), False, True)
    # The mean and deviation of whole maps act like a gate; over the channels alone each place is for itself.
    for kind, config, told in (
        ("GroupNormalization", {"groups": 2}, True),
        ("LayerNormalization", {"axis": (1, 2, 3)}, True),
        ("LayerNormalization", {"axis": -1}, False),
    ):
        field = count(kind, config, [(8, 8, 4)], [wide]).field
        assert field is not None
        assert (field.size, field.gated) == ((5, 5), told)


def test_maps_laid_under_each_other_lie_on_no_one_place() -> None:
    maps = [(8, 8, 4), (8, 8, 4)]
    assert count("Concatenate", {"axis": 1}, maps, [ReceptiveField(), ReceptiveField()]).field is None
    assert (
        count("Concatenate", {"axis": 3}, maps, [ReceptiveField(), ReceptiveField()]).field
        == ReceptiveField()
    )


def test_flattening_sees_the_whole_image() -> None:
    field = of("Flatten", (8, 8, 4)).field
    assert field is not None
    assert field.whole
    assert field.box(0, 0, 28, 30) == (0, 0, 28, 30)


def test_the_palette_offers_the_lectures_layers() -> None:
    words = """Conv2D SeparableConv2D DepthwiseConv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D
    Flatten Dense BatchNormalization Dropout SpatialDropout2D Activation InputLayer Rescaling Add Concatenate
    RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness"""
    wanted = words.split()
    assert set(wanted) <= {kind.name for kind in palette()}
    for name in ("relu", "tanh", "sigmoid", "softmax"):
        assert name in KINDS["Activation"].options[0].values
