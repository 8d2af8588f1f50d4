"""Kernels as numbers and pictures, and weights that are changed on a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import is_traced, look
from convscope.engine.interpret.edited import (
    EditedModel,
    kernel_replaced,
    weight,
    with_weight,
)
from convscope.engine.interpret.kernels_of import (
    has_kernels,
    kernel_layer,
    kernels_of,
    pictures,
    signed_levels,
)
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """TensorFlow, once."""
    start()


def convolutions() -> Any:
    """Every kind of convolution."""
    import keras

    layers = keras.layers
    x = inputs = keras.Input((9, 9, 3))
    x = layers.Conv2D(4, 3, name="plain")(layers.Rescaling(1 / 255)(x))
    x = layers.Conv2D(6, 3, groups=2, padding="same", use_bias=False, name="grouped")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.SeparableConv2D(5, 3, depth_multiplier=2, padding="same", name="separable")(x)
    x = layers.Conv2DTranspose(2, 2, strides=2, name="transposed")(x)
    return keras.Model(inputs, layers.Activation("relu", name="last")(x))


def noise(size: int = 9) -> Image:
    """Noise in colours."""
    values = np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8)
    return Image(values, "noise")


@pytest.fixture(scope="module")
def model() -> OpenedModel:
    """All convolutions, opened."""
    return OpenedModel(convolutions())


def test_each_kind_has_its_axes(model: OpenedModel) -> None:
    keras_model = model.keras
    plain = kernels_of(model, "plain")
    assert (plain.size, plain.inputs, plain.filters, plain.colours) == ((3, 3), 3, 4, "rgb")
    np.testing.assert_array_equal(
        plain.kernel(2, 1), keras_model.get_layer("plain").get_weights()[0][:, :, 1, 2]
    )
    grouped = kernels_of(model, "grouped")
    assert grouped.inputs == 2 and grouped.first.tolist() == [0, 0, 0, 2, 2, 2]
    assert grouped.colours == "" and not grouped.bias.any()
    depthwise = kernels_of(model, "depthwise")
    assert depthwise.inputs == 1 and depthwise.filters == 12
    assert depthwise.first.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    weights = keras_model.get_layer("depthwise").get_weights()[0]
    np.testing.assert_array_equal(depthwise.kernel(7, 0), weights[:, :, 3, 1])
    transposed = kernels_of(model, "transposed")
    assert (transposed.size, transposed.inputs, transposed.filters) == ((2, 2), 5, 2)
    separable = kernels_of(model, "separable")
    assert (separable.inputs, separable.filters, separable.editable) == (12, 5, "")
    with pytest.raises(UserError, match="no kernels that slide"):
        kernels_of(model, "last")
    assert not has_kernels("Dense")


def test_a_separable_convolution_is_one_with_the_product_of_its_steps(model: OpenedModel) -> None:
    import keras

    found = look(model, noise())
    whole = kernels_of(model, "separable")
    value = keras.ops.conv(found.value("depthwise")[None], whole.weights, padding="same") + whole.bias
    np.testing.assert_allclose(np.asarray(value)[0], found.value("separable"), atol=1e-5)


def test_first_layer_kernels_as_colours() -> None:
    imagenet = open_model("imagenet")
    kernels = kernels_of(imagenet, "stem_conv")
    shown = pictures(kernels)
    assert shown.shape == (32, 3, 3, 3) and shown.dtype == np.uint8
    for channel, tile in enumerate(shown):
        own = np.abs(kernels.weights[..., channel])
        if own.max() > np.abs(kernels.weights).max() / 20:
            place = np.unravel_index(own.argmax(), own.shape)
            assert tile[place] in (1, 255)
    with pytest.raises(UserError, match="do not lie on colours"):
        pictures(kernels_of(imagenet, "block1a_dwconv"))


def test_levels_of_weights() -> None:
    assert signed_levels(np.array([-2.0, 0.0, 1.0, 2.0])).tolist() == [1, 128, 192, 255]
    assert signed_levels(np.zeros(2)).tolist() == [128, 128]
    assert signed_levels(np.array([5.0]), 1.0).tolist() == [255]


def test_a_filter_fires_on_the_pattern_that_its_kernel_shows() -> None:
    model = open_model("digits")
    kernels = kernels_of(model, "conv2d")
    for channel in range(kernels.filters):
        kernel = kernels.kernel(channel, 0)
        pattern = np.zeros((28, 28), np.uint8)
        pattern[10:13, 12:15] = np.where(kernel > 0, 255, 0)
        value = look(model, Image(pattern, "pattern")).value("conv2d")[:, :, channel]
        assert value[10, 12] == pytest.approx(
            max(kernel[kernel > 0].sum() + kernels.bias[channel], 0), abs=1e-5
        )
        assert value[10, 12] == pytest.approx(value.max())


def edit_weight(
    model: OpenedModel, path: str, name: str, index: tuple[int, ...], value: float
) -> EditedModel:
    """A copy with one number changed."""
    values = weight(model, path, name)
    values[index] = value
    return with_weight(model, path, name, values)


def test_an_edit_shows_in_the_copy_and_nowhere_else() -> None:
    model, image = open_model("digits"), load_sample("digit-3")
    before, whole = look(model, image), model.fingerprint()
    edited = edit_weight(model, "conv2d", "kernel", (1, 1, 0, 5), 3.0)
    after = look(edited, image)
    change = np.abs(after.value("conv2d") - before.value("conv2d")).max(axis=(0, 1))
    assert change[5] > 1 and not np.delete(change, 5).any()
    expected = before.value("input")[1:-1, 1:-1, 0] * (3.0 - weight(model, "conv2d", "kernel")[1, 1, 0, 5])
    sums = after.tensor(edited.program.sums["conv2d"]) - before.tensor(model.program.sums["conv2d"])
    np.testing.assert_allclose(np.asarray(sums)[0, :, :, 5], expected, atol=1e-5)
    assert model.fingerprint() == whole != edited.fingerprint()
    np.testing.assert_array_equal(look(model, image).value("conv2d"), before.value("conv2d"))
    assert np.abs(edited.predict(image).logits - model.predict(image).logits).max() > 1e-4


def test_edits_add_up_and_go_away() -> None:
    model = open_model("digits")
    old = float(weight(model, "conv2d", "kernel")[0, 0, 0, 0])
    first = edit_weight(model, "conv2d", "kernel", (0, 0, 0, 0), 9.0)
    second = edit_weight(first, "conv2d_1", "bias", (2,), -4.0)
    assert set(second.edits) == {("conv2d", "kernel"), ("conv2d_1", "bias")} and second.original is model
    assert weight(second, "conv2d", "kernel")[0, 0, 0, 0] == 9.0
    back = edit_weight(second, "conv2d", "kernel", (0, 0, 0, 0), old)
    assert set(back.edits) == {("conv2d_1", "bias")}
    assert not is_traced(back)


def test_an_edit_by_hand_of_every_kind(model: OpenedModel) -> None:
    for path, channel, index in (
        ("plain", 2, 1),
        ("grouped", 4, 1),
        ("depthwise", 7, 0),
        ("transposed", 1, 3),
    ):
        kernels = kernels_of(model, path)
        new = np.full(kernels.size, 0.5, np.float32)
        values = kernel_replaced(weight(model, path, "kernel"), kernels.kind, channel, index, new)
        edited = EditedModel(model, {(path, "kernel"): values})
        shown = kernels_of(edited, path).weights
        changed = np.argwhere((shown != kernels.weights).any(axis=(0, 1)))
        assert changed.tolist() == [[index, channel]], path
        np.testing.assert_array_equal(shown[:, :, index, channel], new)


def test_a_shared_layer_is_changed_in_all_of_its_calls() -> None:
    import keras

    tower = keras.layers.Conv2D(3, 1, name="tower")
    inputs = keras.Input((4, 4, 3))
    model = OpenedModel(keras.Model(inputs, tower(tower(inputs))))
    edited = with_weight(model, "tower@2", "bias", np.array([1.0, 2, 3], np.float32))
    image = noise(4)
    change = look(edited, image).value("tower") - look(model, image).value("tower")
    np.testing.assert_allclose(change, np.broadcast_to([1.0, 2, 3], (4, 4, 3)), atol=1e-5)


def test_what_cannot_be_edited_is_said(model: OpenedModel) -> None:
    for wrong, sentence in (
        (("nothing", "kernel", (0,), 1.0), "no layer nothing"),
        (("plain", "gamma", (0,), 1.0), "no weight called gamma"),
        (("plain", "bias", (0,), float("nan")), "finite"),
    ):
        with pytest.raises(UserError, match=sentence):
            edit_weight(model, *wrong)
    with pytest.raises(UserError, match="3×3×3×4 finite numbers"):
        with_weight(model, "plain", "kernel", np.zeros((3, 3, 3, 3), np.float32))


def test_behind_which_convolution_a_map_stands() -> None:
    import keras

    layers = keras.layers
    x = inputs = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(4, 3, use_bias=False, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depth")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.Dropout(0.5, name="drop")(x)
    x = layers.Conv2D(2, 1, name="last")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    model = OpenedModel(keras.Model(inputs, layers.Dense(2, name="scores")(x)))
    found = {path: kernel_layer(model, path) for path in model.program.slots}
    assert found == {
        "image": None,
        **dict.fromkeys(("conv", "norm", "relu", "pool"), "conv"),
        "depth": "depth",
        # Of two filters each, or of all.
        **dict.fromkeys(("sum", "drop", "scores"), None),
        **dict.fromkeys(("last", "mean"), "last"),
    }
