"""The classic recipe against a plain transcription of the lectures' formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.data.preprocessing import MODES
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel

CLASSIC = PatternSettings("classic", size=24, seed=5)


def lecture(model: Any, layer: str, index: int, noise: NDArray[Any]) -> NDArray[np.float32]:
    """F. Chollet, Deep Learning with Python, 5.4.2: `generate_pattern` up to the deprocessing."""
    import keras
    import tensorflow as tf

    until = keras.Model(model.inputs, model.get_layer(layer).output)

    @tf.function
    def iterate(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(until(x)[:, :, :, index])
        grads = tape.gradient(loss, x)
        return grads / (tf.sqrt(tf.reduce_mean(tf.square(grads))) + 1e-5)

    x = tf.constant(noise[None], tf.float32)
    for _ in range(40):
        x = x + iterate(x) * 1.0
    return x.numpy()[0]  # type: ignore[no-any-return]


def deprocess_image(x: NDArray[Any]) -> NDArray[np.uint8]:
    """The same book's, line by line."""
    x = x - x.mean()
    x /= x.std() + 1e-5
    x *= 0.1
    x += 0.5
    x = np.clip(x, 0, 1)
    x *= 255
    return np.clip(x, 0, 255).astype("uint8")


@pytest.mark.parametrize("layer", ["first", "second", "grouped"])
def test_the_lectures_to_the_digit(convnet: OpenedModel, layer: str) -> None:
    def noise_of(index: int) -> NDArray[np.float32]:
        return np.random.default_rng([5, index, 0]).random((24, 24, 3), np.float32) * 20 + 128

    def lives(index: int) -> bool:
        return bool(convnet.activations(noise_of(index)[None], [layer])[layer][..., index].any())

    objectives = [Objective.channel(layer, index) for index in range(6) if lives(index)][:2]
    assert len(objectives) == 2
    for pattern in ascend(convnet, objectives, CLASSIC).patterns:
        noise = noise_of(pattern.objective.index)
        expected = lecture(convnet.keras, layer, pattern.objective.index, noise)
        assert np.abs(expected - noise).max() > 1
        np.testing.assert_allclose(pattern.values, expected, rtol=1e-4, atol=1e-4 * 255)
        difference = pattern.pixels.astype(int) - deprocess_image(expected)
        assert np.abs(difference).max() <= 1


def test_forty_steps_from_gray_noise(convnet: OpenedModel, imagenet: OpenedModel) -> None:
    assert {PatternSettings("classic").steps_for(model) for model in (convnet, imagenet)} == {40}


def test_the_start_is_noise_from_128_to_148(convnet: OpenedModel) -> None:
    frames = []

    ascend(
        convnet,
        [Objective.channel("first", 0)],
        PatternSettings("classic", 1),
        Task(on_partial=frames.append),
    )
    start = frames[0].state.variables[0]
    assert frames[0].step == 0
    assert start.min() >= 128 and start.max() <= 148
    assert abs(start.mean() - 138) < 0.5


def test_a_dead_filter_ascends_on_its_sum_until_it_wakes() -> None:
    """By the formula alone it would stay noise for ever: its activation is zero, and so is the gradient."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(1, 3, activation="relu", name="dead"),
        ]
    )
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 1], kernel[1, 2] = -1, 1
    model.get_layer("dead").set_weights([kernel, np.array([-25.0], np.float32)])
    opened = OpenedModel(model, preprocessing=MODES["raw"])
    (pattern,) = ascend(opened, [Objective.channel("dead", 0)], PatternSettings("classic", 40)).patterns
    assert pattern.curve[0] == 0
    assert pattern.score > 0
    assert not pattern.flat


def test_a_step_is_one_gray_level_in_any_range(convnet: OpenedModel) -> None:
    """The same network behind 0–1 ascends the same way: the step is in pixels, whatever the range."""
    import keras

    inputs = keras.Input((24, 24, 3))
    scaled = keras.Model(inputs, convnet.keras(inputs * 255.0))
    twin = OpenedModel(scaled, preprocessing=MODES["unit"])
    path = next(row.path for row in twin.layers if row.name == "second")
    few = PatternSettings("classic", 8, size=24)
    ours = ascend(convnet, [Objective.channel("second", 2)], few)
    theirs = ascend(twin, [Objective.channel(path, 2)], few)
    start = np.random.default_rng([0, 2, 0]).random((24, 24, 3), np.float32) * 20 + 128
    ways = [made.patterns[0].values - start for made in (ours, theirs)]
    assert all(1 < np.sqrt(np.mean(way**2)) <= 8 for way in ways)
    assert np.corrcoef(ways[0].ravel(), ways[1].ravel())[0, 1] > 0.95
