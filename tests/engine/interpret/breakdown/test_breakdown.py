"""The exact sum behind a value: every kind of layer, against what the network itself put out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations, look
from convscope.engine.interpret.breakdown.base import Breakdown, softmax
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample
from tests.written import check, equations, worked_out


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """TensorFlow, once."""
    start()


def filled(model: Any, seed: int = 0) -> Any:
    """Weights that are nowhere zero or one; variances positive."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(0, 0.4, variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.path else values)
    return model


def noise(height: int, width: int, seed: int = 0) -> Image:
    """Noise in colours."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image(values, "noise")


def agree(found: Activations, path: str, count: int = 12, seed: int = 1) -> Breakdown:
    """The totals of some places equal the layer's values; corners are among them. Returns the last."""
    shape, generator = found.shape(path), np.random.default_rng(seed)
    value = found.value(path)
    corners = [tuple(0 for _ in shape), tuple(n - 1 for n in shape)]
    places = corners + [tuple(int(generator.integers(n)) for n in shape) for _ in range(count)]
    for place in places:
        row, column, channel = {1: (0, 0, *place), 2: (*place, 0), 3: place}[len(place)]
        one = explain(found, path, row, column, channel)
        assert one.shown == pytest.approx(float(value[place]), abs=1e-6)
        assert one.value == pytest.approx(one.shown, abs=1e-4, rel=1e-5), (path, place)
        assert one.words and one.text
        check(one.text)
    return one


def every_window() -> Any:
    """Each kind of layer that slides a window, with its odd settings."""
    import keras

    layers = keras.layers
    x = inputs = keras.Input((15, 18, 3), name="image")
    x = layers.ZeroPadding2D(((1, 2), (0, 3)), name="pad")(x)
    x = layers.Conv2D(6, (3, 5), strides=(2, 1), padding="same", activation="relu", name="strided")(x)
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", activation="tanh", name="dilated")(x)
    x = layers.Conv2D(8, 3, groups=2, padding="same", name="grouped")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, padding="same", activation="elu", name="separable")(
        x
    )
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="largest")(x)
    x = layers.Conv2DTranspose(5, 4, strides=2, padding="same", activation="relu", name="grown")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, name="grown_valid")(x)
    x = layers.AveragePooling2D(3, strides=2, padding="same", name="average")(x)
    x = layers.Cropping2D(((1, 0), (0, 2)), name="cropped")(x)
    x = layers.UpSampling2D((2, 3), name="enlarged")(x)
    x = layers.Conv2D(3, 1, use_bias=False, name="pointwise")(x)
    outputs = [layers.GlobalMaxPooling2D(name="top")(x), layers.GlobalAveragePooling2D(name="mean")(x)]
    return keras.Model(inputs, outputs, name="windows")


WINDOWS = (
    "pad",
    "strided",
    "dilated",
    "grouped",
    "depthwise",
    "separable",
    "largest",
    "grown",
    "grown_valid",
    "average",
    "cropped",
    "enlarged",
    "pointwise",
    "top",
    "mean",
)


@pytest.fixture(scope="module")
def windows() -> Activations:
    """The network of windows on noise."""
    return look(OpenedModel(filled(every_window())), noise(15, 18))


@pytest.mark.parametrize("path", WINDOWS)
def test_windows_add_up(windows: Activations, path: str) -> None:
    one = agree(windows, path)
    if one.weights is not None:
        np.testing.assert_allclose((one.patches * one.weights).sum(axis=(1, 2)), one.totals, atol=1e-9)
        assert one.totals.sum() + one.bias == pytest.approx(one.total)


def every_point() -> Any:
    """Each kind of layer that looks at one place."""
    import keras

    layers = keras.layers
    inputs = keras.Input((6, 7, 3), name="image")
    first = layers.Conv2D(4, 3, padding="same", activation="gelu", name="conv")(
        layers.Rescaling(1 / 127.5, offset=-1, name="rescaled")(inputs)
    )
    normal = layers.BatchNormalization(name="norm")(first)
    bare = layers.BatchNormalization(center=False, scale=False, name="norm_bare")(normal)
    other = layers.Conv2D(4, 1, padding="same", activation="hard_sigmoid", name="gate")(bare)
    merged = {
        name: getattr(layers, kind)(name=name)([bare, other])
        for name, kind in (
            ("join_add", "Add"),
            ("join_subtract", "Subtract"),
            ("join_multiply", "Multiply"),
            ("join_average", "Average"),
            ("join_maximum", "Maximum"),
        )
    }
    joined = layers.Concatenate(name="joined")(list(merged.values()))
    joined = layers.LayerNormalization(name="layer_norm")(joined)
    x = layers.LeakyReLU(0.2, name="leaky")(joined)
    x = layers.PReLU(name="prelu")(x)
    x = layers.ReLU(max_value=2.0, threshold=0.1, name="relu")(x)
    x = layers.Activation("selu", name="selu")(x)
    x = layers.SpatialDropout2D(0.5, name="dropped")(x)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True, name="squeezed")(x)
    gated = layers.Multiply(name="gated")([x, squeezed])
    dense_map = layers.Dense(3, activation="relu", name="dense_map")(gated)
    flat = layers.Flatten(name="flat")(dense_map * 2.0 - 1.0)
    shaped = layers.Reshape((6, 21), name="table")(flat)
    scores = layers.Dense(5, activation="softmax", name="scores")(flat)
    alone = layers.Softmax(name="softmax")(layers.Dense(3, use_bias=False, name="logits")(flat))
    return keras.Model(inputs, [scores, alone, shaped], name="points")


POINTS = (
    "image",
    "rescaled",
    "conv",
    "norm",
    "norm_bare",
    "gate",
    "join_add",
    "join_subtract",
    "join_multiply",
    "join_average",
    "join_maximum",
    "joined",
    "layer_norm",
    "leaky",
    "prelu",
    "relu",
    "selu",
    "dropped",
    "squeezed",
    "gated",
    "dense_map",
    "flat",
    "scores",
    "softmax",
    "logits",
    "multiply",
    "subtract",
    "table",
)


@pytest.fixture(scope="module")
def points() -> Activations:
    """The network of single places on noise."""
    return look(OpenedModel(filled(every_point())), noise(6, 7))


@pytest.mark.parametrize("path", POINTS)
def test_single_places_add_up(points: Activations, path: str) -> None:
    # Keras numbers what has no name of its own through all networks that a process makes.
    agree(points, next(each.path for each in points.model.layers if each.path.rstrip("_0123456789") == path))


def test_a_convolution_by_hand() -> None:
    import keras

    inputs = keras.Input((3, 3, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(1, 2, activation="relu", name="conv")(inputs))
    kernel = np.array([[1.0, -1], [2, 0.5]]).reshape(2, 2, 1, 1)
    model.layers[1].set_weights([kernel, np.array([0.25])])
    # 0–1 is what a network without rescaling is given.
    image = Image((np.arange(9).reshape(3, 3) * 10).astype(np.uint8), "nine")
    one = explain(look(OpenedModel(model), image), "conv", 1, 0, 0)
    patch = np.array([[30, 40], [60, 70]]) / 255
    np.testing.assert_allclose(one.patches[0], patch, atol=1e-6)
    np.testing.assert_array_equal(one.weights, kernel[None, :, :, 0, 0])
    assert one.total == pytest.approx((30 - 40 + 120 + 35) / 255 + 0.25)
    assert (one.bias, one.activation, one.window) == (0.25, "relu", (1, 0, 2, 2))
    assert one.words[-1].startswith("relu(0.818627) = 0.818627")
    assert "bias 0.25 = 0.818627" in one.words[-2]


def test_padding_shows_where_the_window_hangs_over(windows: Activations) -> None:
    one = explain(windows, "dilated", 0, 0, 0)
    # Rate 2 around the corner: the first row and column of taps lie outside.
    assert one.inside.tolist() == [[False] * 3, [False, True, True], [False, True, True]]
    assert not one.patches[:, 0].any()
    assert one.window == (-2, -2, 5, 5)


def test_a_pixel_of_the_input_is_scaled() -> None:
    model = open_model("digits")
    found = look(model, load_sample("digit-3"))
    level = int(found.prepared.pixels[14, 14])
    one = explain(found, "input", 14, 14, 0)
    assert one.value == pytest.approx(level / 255, abs=1e-6)
    assert one.words[0].startswith(f"pixel {level} · 0.00392157")


def test_every_layer_of_the_shipped_networks_adds_up() -> None:
    for name, sample in (("digits", "digit-7"), ("imagenet", "cat")):
        model = open_model(name)
        found = look(model, load_sample(sample))
        for path in model.program.slots:
            agree(found, path, count=1)


def test_nested_and_shared_layers_add_up() -> None:
    import keras

    layers = keras.layers
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(3, 3, activation="relu", name="conv"), layers.MaxPooling2D()],
        name="base",
    )
    tower = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="tower")
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, tower(tower(base(inputs))))
    found = look(OpenedModel(filled(model)), noise(8, 8))
    for path in ("base/conv", "base/max_pooling2d", "tower", "tower@2"):
        if path in found.model.program.slots:
            agree(found, path)
    assert {"base/conv", "tower", "tower@2"} <= set(found.model.program.slots)


def test_mixed_precision_is_explained_on_its_exact_copy() -> None:
    import keras

    policy = keras.mixed_precision.DTypePolicy("mixed_float16")
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", dtype=policy, name="conv")(inputs)
    found = look(OpenedModel(keras.Model(inputs, maps)), noise(8, 8))
    agree(found, "conv")


def test_what_cannot_be_written_out_is_said(points: Activations) -> None:
    with pytest.raises(UserError, match="table has no value at row 0, column 0, channel 1"):
        explain(points, "table", 0, 0, 1)
    with pytest.raises(UserError, match="no value at row 6"):
        explain(points, "conv", 6, 0, 0)
    import keras

    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, keras.ops.sort(inputs, axis=1))
    with pytest.raises(UserError, match="sort: it compares its values and adds nothing up"):
        explain(look(OpenedModel(model), noise(6, 6)), "sort", 0, 0, 0)


def test_a_long_sum_is_cut_to_its_largest_terms() -> None:
    found = look(open_model("digits"), load_sample("digit-3"))
    one = explain(found, "dense", 0, 0, 3)
    assert one.count == 576 and "552 smaller ones" in one.words[0]
    assert len(one.text) < 2000


def test_a_softmax_is_true_to_its_digits() -> None:
    """It read 1 / 1 = 0.999996."""
    scores = np.array([12.5, 0.0, -1.0, -0.2])
    value, words = softmax(scores, 0)
    assert f"{value:.6g}" == "0.999992"
    assert words[1] == "1 / 1.000008 (the sum over 4) = 0.999992"
    for channel in range(4):
        _value, words = softmax(scores, channel)
        assert check("\n".join(words)) == 2
        value, words = softmax(scores, channel, logarithm=True)
        assert check("\n".join(words)) == 3 and words[-1].startswith("log(")


def test_every_sum_in_the_shipped_network_s_head_is_worked_out() -> None:
    """What is written is read back and worked out; a sum whose terms are rounded says so by its sign."""
    found = look(open_model("digits"), load_sample("digit-3"))
    signs: set[str] = set()
    for path, count in (("conv2d", 1), ("conv2d_1", 33), ("dense_1", 4), ("input", 1)):
        one = explain(found, path, 14, 14, 0) if path == "input" else explain(found, path, 0, 0, 3)
        lines = equations(one.text)
        assert check(one.text) >= min(count, 20), one.text
        signs |= {sign for _left, sign, _right in lines}
    assert signs == {"=", "≈"}


def test_the_reader_finds_what_is_not_true() -> None:
    for text in ("1 / 1 = 0.999996", "3.442 + 10.61 + 1.553 = 15.6009", "0.3·0.3 ≈ 0.09", "2·2 ≈ 5"):
        with pytest.raises(AssertionError):
            check(text)
    assert check("662/9 = 73.5556\n3.442 + 10.61 + 1.553 ≈ 15.6009\nrelu(−2) = 0") == 3
    assert worked_out("the largest of 0.5, (−2), 0.25, … (49 numbers)") == 0.5
    assert worked_out("channel 3: 2·(−0.5) + 0.25 (12 smaller ones)") == -0.75
