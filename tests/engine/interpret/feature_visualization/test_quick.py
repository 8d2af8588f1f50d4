"""The quicker ways to compute a step and its gradient: the same as TensorFlow's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.engine.data.preprocessing import RAW
from convscope.engine.interpret.feature_visualization import input_gradient, quick
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.quick.few_channels import convolution as few_channels
from convscope.engine.interpret.feature_visualization.quick.winograd import convolution as winograd
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start


def both_ways(call: Any, x: NDArray[np.float32], slope_seed: int = 1) -> tuple[Any, Any]:
    """What a function gives, and the gradient of its product with noise."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, x.shape[-1]))], autograph=False)
    def values(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = call(x)
            noise = tf.random.stateless_normal(tf.shape(found), [slope_seed, 2])
            total = tf.reduce_sum(found * noise)
        return found, tape.gradient(total, x)

    found, slope = values(x)
    return found.numpy(), slope.numpy()


def assert_same(ours: tuple[Any, Any], theirs: tuple[Any, Any], most: float) -> None:
    """Values and gradients differ by this share of the largest at most."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=0, atol=most * np.abs(other).max())


@pytest.mark.parametrize(
    ("count", "height", "width", "inputs", "outputs"),
    [(1, 8, 8, 3, 5), (2, 7, 10, 4, 2), (3, 1, 5, 2, 2), (1, 2, 1, 1, 1), (2, 13, 9, 64, 70)],
)
def test_winograd(count: int, height: int, width: int, inputs: int, outputs: int) -> None:
    """At every remainder of the tiles, also for maps smaller than one."""
    start()
    import tensorflow as tf

    chance = np.random.default_rng(height)
    x = chance.normal(size=(count, height, width, inputs)).astype(np.float32)
    kernel = tf.constant(chance.normal(size=(3, 3, inputs, outputs)).astype(np.float32))
    bias = tf.constant(chance.normal(size=outputs).astype(np.float32))
    theirs = both_ways(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), x)
    assert_same(both_ways(lambda x: winograd(x, kernel), x), theirs, 1e-5)
    theirs = both_ways(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME") + bias, x)
    assert_same(both_ways(lambda x: winograd(x, kernel, bias), x), theirs, 1e-5)


def test_winograd_by_hand() -> None:
    """A single one comes out as the kernel, turned by half a circle."""
    start()
    x = np.zeros((1, 9, 9, 1), np.float32)
    x[0, 4, 4] = 1
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)
    made = np.asarray(winograd(x, kernel))[0, 3:6, 3:6, 0]
    np.testing.assert_allclose(made, [[9, 8, 7], [6, 5, 4], [3, 2, 1]], atol=1e-5)


@pytest.mark.parametrize(
    ("size", "stride", "padding"),
    [(3, 1, 1), (5, 1, 2), (1, 1, 0), (3, 1, 0), (3, 2, 0), (7, 2, 0), (2, 2, 0), (4, 3, 0), (2, 3, 0)],
)
@pytest.mark.parametrize(("height", "width"), [(12, 15), (11, 9), (7, 8)])
def test_an_image_gradient(size: int, stride: int, padding: int, height: int, width: int) -> None:
    """At any stride, and where pixels at the edge are not looked at."""
    start()
    import tensorflow as tf

    chance = np.random.default_rng(size)
    x = chance.normal(size=(2, height, width, 3)).astype(np.float32)
    kernel = tf.constant(chance.normal(size=(size, size, 3, 6)).astype(np.float32))
    theirs = both_ways(lambda x: tf.nn.conv2d(x, kernel, stride, "SAME" if padding else "VALID"), x)
    assert_same(both_ways(lambda x: few_channels(x, kernel, stride, padding), x), theirs, 1e-5)


@pytest.fixture(scope="module")
def vgg() -> OpenedModel:
    """Two blocks like VGG's, whose convolutions are replaced; smooth, so that rounding stays rounding."""
    start()
    import keras

    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential([keras.Input((None, None, 3))])
    noise = keras.initializers.RandomNormal(seed=5)
    for number in range(2):
        for name in ("a", "b"):
            conv = layers.Conv2D(
                64, 3, padding="same", activation="softplus", bias_initializer=noise, name=f"{number}{name}"
            )
            model.add(conv)
        model.add(layers.AveragePooling2D(2, name=f"{number}pool"))
    model.add(layers.Conv2D(4, 3, name="last"))
    return OpenedModel(model, preprocessing=RAW)


def test_an_ascent_is_the_same(vgg: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = []

    def counted(step: Any, call: Any) -> Any:
        made = quick.quicker(step, call)
        if made is not call:
            replaced.append(step.path)
        return made

    objectives, settings = (
        [Objective.channel("last", index) for index in range(3)],
        PatternSettings("classic", 8, 21),
    )
    monkeypatch.setattr(input_gradient, "quicker", counted)
    ours = ascend(vgg, objectives, settings)
    assert set(replaced) == {"0a", "0b", "1a", "1b"}
    plain = OpenedModel(vgg.keras, preprocessing=RAW)
    monkeypatch.setattr(input_gradient, "quicker", lambda step, call: call)
    for mine, theirs in zip(ours.patterns, ascend(plain, objectives, settings).patterns, strict=True):
        np.testing.assert_allclose(mine.values, theirs.values, atol=1e-4 * 255)
        np.testing.assert_allclose(mine.curve, theirs.curve, rtol=1e-4)


def test_what_is_not_replaced() -> None:
    """Other strides, paddings, sizes and groups stay as they are."""
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    maps = layers.Conv2D(64, 3, padding="same", strides=2, name="strided_same")(inputs)
    maps = layers.Conv2D(64, 3, padding="valid", name="valid")(maps)
    maps = layers.Conv2D(64, 3, padding="same", dilation_rate=2, name="dilated")(maps)
    maps = layers.Conv2D(64, 3, padding="same", groups=2, name="grouped")(maps)
    maps = layers.Conv2D(64, 5, padding="same", name="five")(maps)
    maps = layers.Conv2D(8, 3, padding="same", name="few")(maps)
    model = OpenedModel(keras.Model(inputs, maps))

    def call() -> None: ...

    replaced = [step.path for step in model.program.steps if quick.quicker(step, call) is not call]
    assert replaced == []
