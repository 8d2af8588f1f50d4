"""Patterns: a grid of filters together against one filter at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.registry import Case, benchmark

SEED = 0


@benchmark("16 VGG16 filters, block3_conv1, 128 px, 30 steps", target="≤ 0.75 × one by one", most=0.75)
def sixteen_filters(small: bool) -> Case:
    """The lectures' recipe for all filters in batches, against their loop in a kept `tf.function`."""
    from convscope.engine.data.preprocessing import RAW
    from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
    from convscope.engine.interpret.feature_visualization.objectives import Objective
    from convscope.engine.interpret.feature_visualization.settings import PatternSettings
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.runtime import start

    start()
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    opened = OpenedModel(model, preprocessing=RAW)
    size, steps, count = (32, 2, 3) if small else (128, 30, 16)
    objectives = [Objective.channel("block3_conv1", index) for index in range(count)]
    settings = PatternSettings("classic", steps, size, SEED)
    until = keras.Model(model.inputs, model.get_layer("block3_conv1").output)

    @tf.function(
        input_signature=[tf.TensorSpec((1, None, None, 3)), tf.TensorSpec((), tf.int32)], autograph=False
    )
    def iterate(image: Any, index: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(until(image)[:, :, :, index])
        grads = tape.gradient(loss, image)
        return loss, grads / (tf.sqrt(tf.reduce_mean(tf.square(grads))) + 1e-5)

    def one_by_one() -> NDArray[np.float32]:
        pictures = []
        for index in range(count):
            noise = np.random.default_rng([SEED, index, 0]).random((size, size, 3), np.float32)
            image = noise[None] * 20 + 128
            for _ in range(steps):
                _loss, grads = iterate(image, index)
                image = image + grads.numpy()
            pictures.append(image[0])
        return np.stack(pictures)

    def together() -> NDArray[np.float32]:
        # The loop does not score its pictures either.
        return np.stack(
            [pattern.values for pattern in ascend(opened, objectives, settings, scored=False).patterns]
        )

    def same(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
        # With 30 steps at 128 px a rounding grows: at a maximum that is a tie another pixel wins.
        if small:
            np.testing.assert_allclose(ours, theirs, atol=0.05)
        assert all(np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.99 for a, b in zip(ours, theirs, strict=True))

    return Case(ours=together, reference=one_by_one, check=same)


@benchmark("a second look at 16 patterns of the ImageNet network", target="≤ 200 ms", most=200)
def second_look(small: bool) -> Case:
    """From the weights' fingerprint to sixteen pictures from disk."""
    from convscope.engine.interpret.feature_visualization.grid import ascend_many, first_filters
    from convscope.engine.interpret.feature_visualization.settings import PatternSettings
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.runtime import start

    start()
    model = open_model("digits" if small else "imagenet")
    path = "conv2d_1" if small else "block5a_expand_conv"
    objectives = first_filters(model, path, 16)
    settings = PatternSettings(steps=1, size=24 if small else 128)

    def look() -> int:
        return len(ascend_many(model, objectives, settings))

    look()

    def check(count: int) -> None:
        assert count == len(objectives)

    return Case(ours=look, check=check)
