"""What happens between two columns: worked by hand, and against the exact sums of the shipped networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations, look
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.interpret.network.unfolded import (
    SlidingWindow,
    Unfolded,
    hold,
    softmax_steps,
    unfold,
)
from convscope.engine.models.graph.columns import LayerColumn, columns
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def digits() -> Activations:
    """The shipped network for digits on a 7."""
    start()
    return look(open_model("digits"), load_sample("digit-7"))


@pytest.fixture(scope="module")
def imagenet() -> Activations:
    """EfficientNet-Lite0 on the cat."""
    start()
    return look(open_model("imagenet"), load_sample("cat"))


def opened(found: Activations, path: str, channel: int, toggled: Sequence[str] = ()) -> Unfolded:
    all_ = columns(found.model, toggled)
    return unfold(found, all_, next(one for one in all_ if one.path == path), channel)


def small(layers: list[Any], weights: list[list[Any]], values: Any, size: int) -> Activations:
    """A network of so many pixels on a picture of its own, with these weights by layer."""
    import keras

    start()
    net = keras.Sequential([keras.Input((size, size, 1)), *layers])
    for layer, own in zip(net.layers, weights, strict=True):
        layer.set_weights([np.asarray(one, np.float32) for one in own])
    pixels = np.asarray(values, np.uint8)
    model = OpenedModel(net, name="small")
    found = look(model, Image(pixels, name="by hand"))
    # What the network gets is what the sums are worked from.
    scale = found.value(next(iter(model.program.slots)))
    assert scale.shape == (size, size, 1)
    return found


def test_a_convolution_by_hand() -> None:
    """2×2 windows over 3×3: (1 2 3 / 4 5 6 / 7 8 9)·s, kernel (1 0 / 0 −1), bias 3·s: always −4s + 3s."""
    from keras.layers import Conv2D

    kernel = np.array([[1, 0], [0, -1]], float).reshape(2, 2, 1, 1)
    found = small(
        [Conv2D(1, 2, activation="relu", name="conv")], [[kernel, [0.0]]], np.arange(1, 10).reshape(3, 3), 3
    )
    image = found.value(next(iter(found.model.program.slots)))[..., 0].astype(float)
    unfolded = opened(found, "conv", 0)
    assert [one.kind for one in unfolded.stages] == ["sum", "bias", "function"]
    made = unfolded.products
    assert made is not None and made.maps.shape == (1, 2, 2)
    np.testing.assert_allclose(made.maps[0], image[:2, :2] - image[1:, 1:], atol=1e-7)
    np.testing.assert_array_equal(unfolded.stages[2].values, 0)
    held = hold(unfolded, (1, 0))
    assert held.box == (1, 0, 2, 2)
    np.testing.assert_array_equal(held.patch, image[1:, :2])
    np.testing.assert_array_equal(held.kernel, [[1, 0], [0, -1]])
    assert held.total == pytest.approx(held.products.sum())
    assert held.values[0] == pytest.approx(image[1, 0] - image[2, 1]) and held.values[2] == 0


@pytest.mark.parametrize(
    ("padding", "strides", "dilation"), [("same", 1, 1), ("same", 2, 1), ("valid", 1, 2)]
)
def test_padding_strides_and_dilation(padding: str, strides: int, dilation: int) -> None:
    """The products of all inputs, added up, are what Keras computes; a held patch times the kernel, too."""
    from keras.layers import Conv2D

    random = np.random.default_rng(3)
    first = Conv2D(4, 3, padding="same", name="first")
    conv = Conv2D(4, 3, padding=padding, strides=strides, dilation_rate=dilation, groups=2, name="conv")
    weights = [
        [random.normal(size=(3, 3, 1, 4)), random.normal(size=4)],
        [random.normal(size=(3, 3, 2, 4)), random.normal(size=4)],
    ]
    found = small([first, conv], weights, random.integers(0, 255, (9, 9)), 9)
    unfolded, out = opened(found, "conv", 3), found.value("conv")[..., 3]
    made = unfolded.products
    assert made is not None and list(made.channels) == [2, 3]
    np.testing.assert_allclose(unfolded.stages[-1].values, out, rtol=1e-4, atol=1e-4 * np.abs(out).max())
    for at in np.ndindex(*out.shape):
        for term in range(2):
            held = hold(unfolded, at, term)
            assert held.total == pytest.approx(held.products.sum(), abs=1e-9)
        one = explain(found, "conv", *at, 3)
        assert one.window == made.window.box(at)
        np.testing.assert_allclose(made.maps[:, at[0], at[1]], one.totals, atol=1e-9)


@pytest.mark.parametrize("path", ["conv2d", "conv2d_1", "conv2d_2", "dense", "dense_1"])
def test_products_are_those_of_the_exact_sum(digits: Activations, path: str) -> None:
    for channel in (0, 5):
        unfolded = opened(digits, path, channel)
        made, rows_columns = unfolded.products, unfolded.grid
        assert made is not None
        at = (rows_columns[0] // 2, rows_columns[1] // 3)
        one = explain(digits, path, *at, channel)
        np.testing.assert_allclose(made.maps[:, at[0], at[1]], one.totals, atol=1e-12)
        held = hold(unfolded, at)
        assert held.values[1] == pytest.approx(one.total, abs=1e-12)
        assert held.values[2] == pytest.approx(one.shown, abs=1e-6)
        assert held.term == int(np.abs(one.totals).argmax())
        np.testing.assert_array_equal(held.patch, one.patches[held.term])
        np.testing.assert_array_equal(held.kernel, one.weights[held.term] if one.weights is not None else 0)


def test_the_layer_s_own_arithmetic_in_all_places(digits: Activations) -> None:
    program = digits.model.program
    for path in ("conv2d", "conv2d_1", "conv2d_2"):
        own = digits.slot_value(program.sums[path])[..., 7]
        np.testing.assert_allclose(opened(digits, path, 7).stages[1].values, own, atol=1e-5)


def test_the_pooling_that_follows_and_pooling_alone(digits: Activations) -> None:
    unfolded = opened(digits, "conv2d", 4)
    pooled = unfolded.stages[-1]
    assert pooled.kind == "pooling" and pooled.following and pooled.title == "MaxPooling2D 2×2"
    np.testing.assert_array_equal(pooled.values, digits.value("max_pooling2d")[..., 4])
    # Its largest value stood at one of four places: that is the pixel to hold.
    at = unfolded.pixel(3, (6, 5))
    assert at[0] // 2 == 6 and at[1] // 2 == 5 and unfolded.place(3, at) == (6, 5)
    assert unfolded.stages[2].values[at] == pooled.values[6, 5]
    alone = opened(digits, "max_pooling2d", 4)
    assert alone.products is None and [one.kind for one in alone.stages] == ["input", "pooling"]
    held = hold(alone, (6, 5))
    assert held.box == (12, 10, 2, 2) and held.patch.max() == held.values[1]
    assert alone.pixel(0, (13, 11)) == (6, 5)


def test_flatten_tells_where_each_number_comes_from(digits: Activations) -> None:
    strip = opened(digits, "flatten", 100).strip
    assert strip is not None and strip.source == "conv2d_2"
    maps, row = digits.value("conv2d_2"), digits.value("flatten")
    for number in (0, 1, 64, 100, 575):
        place = strip.origin(number)
        assert maps[place] == row[number] and strip.number(*place) == number
    assert strip.origin(100) == (0, 1, 36)


def test_softmax_by_hand() -> None:
    """e^0 = 1, e^(−ln 2) = 1/2, e^(−ln 4) = 1/4: together 7/4."""
    steps = softmax_steps(np.array([5.0, 5 - np.log(2), 5 - np.log(4)]))
    assert steps.largest == 5
    np.testing.assert_allclose(steps.exponentials, [1, 0.5, 0.25])
    assert steps.total == pytest.approx(1.75)
    np.testing.assert_allclose(steps.probabilities, [4 / 7, 2 / 7, 1 / 7])


def test_softmax_of_the_shipped_networks(digits: Activations, imagenet: Activations) -> None:
    for found, path in ((digits, "dense_1"), (imagenet, "predictions")):
        steps = opened(found, path, 3).softmax
        assert steps is not None and steps.probabilities.sum() == pytest.approx(1)
        np.testing.assert_allclose(steps.probabilities, found.value(path), atol=1e-6)


def test_a_folded_convolution_with_its_normalisation(imagenet: Activations) -> None:
    unfolded = opened(imagenet, "stem_relu6", 5)
    titles = [one.title for one in unfolded.stages]
    assert titles == ["Sum", "BatchNormalization", "ReLU"] and unfolded.before == ()
    made = unfolded.products
    assert made is not None and made.maps.shape == (3, 112, 112)
    own = imagenet.value("stem_conv")[..., 5]
    np.testing.assert_allclose(unfolded.stages[0].values, own, atol=1e-4 * np.abs(own).max())
    one = explain(imagenet, "stem_conv", 50, 60, 5)
    np.testing.assert_allclose(made.maps[:, 50, 60], one.totals, atol=1e-9)


def test_a_block_of_several_shows_its_last_part_and_says_what_is_before(imagenet: Activations) -> None:
    unfolded = opened(imagenet, "block2b_add", 7)
    made = unfolded.products
    assert made is not None and made.path == "block2b_add" and len(made.sources) == 2
    np.testing.assert_allclose(unfolded.stages[0].values, imagenet.value("block2b_add")[..., 7], atol=1e-5)
    assert "block2a_expand_conv" in unfolded.before


def test_what_cannot_be_drawn_says_so() -> None:
    from keras.layers import Conv2DTranspose

    found = small([Conv2DTranspose(2, 3, name="up")], [[np.ones((3, 3, 2, 1)), np.zeros(2)]], np.eye(4), 4)
    unfolded = opened(found, "up", 1)
    assert unfolded.products is None and unfolded.reason.startswith("Conv2DTranspose cannot be drawn")
    assert hold(unfolded, (99, 0)).at == (5, 0)


def test_refusals(digits: Activations) -> None:
    all_: tuple[LayerColumn, ...] = columns(digits.model)
    with pytest.raises(UserError, match="nothing comes before it"):
        unfold(digits, all_, all_[0], 0)
    with pytest.raises(UserError, match="channels 0 to 31, not 32"):
        opened(digits, "conv2d", 32)


def test_a_window_there_and_back() -> None:
    window = SlidingWindow((3, 3), (2, 2), (1, 1), (1, 1))
    assert window.box((0, 0)) == (-1, -1, 3, 3) and window.box((2, 1)) == (3, 1, 3, 3)
    assert window.over((4, 2), (5, 5)) == (2, 1) and window.over((99, 0), (5, 5)) == (4, 0)
