"""Tiny networks with random weights and biases, of every shape in which Keras builds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.engine.data.preprocessing import UNIT, Preprocessing
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image


def flat() -> Any:
    """Layers in a row, softmax in the last one."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(name="halve"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="maps"),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dense(5, activation="softmax", name="scores"),
        ],
        name="flat",
    )


def base() -> Any:
    """A functional network without classifier, with a skip and batch normalisation."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    first = layers.Conv2D(6, 3, padding="same", name="conv1")(inputs)
    first = layers.ReLU(name="relu1")(layers.BatchNormalization(name="norm1")(first))
    first = layers.MaxPooling2D(name="halve")(first)
    second = layers.Conv2D(6, 3, padding="same", name="conv2")(first)
    joined = layers.Add(name="join")([first, second])
    return keras.Model(inputs, layers.ReLU(name="maps")(joined), name="base")


def nested() -> Any:
    """A base in a Sequential, as in transfer learning."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            base(),
            layers.GlobalAveragePooling2D(name="average"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(5, activation="softmax", name="scores"),
        ],
        name="nested",
    )


def functional() -> Any:
    """A graph with a skip, with softmax in a layer of its own."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3), name="image")
    first = layers.Conv2D(6, 3, padding="same", activation="relu", name="first")(inputs)
    second = layers.Conv2D(6, 3, padding="same", activation="relu", name="second")(first)
    maps = layers.Add(name="maps")([first, second])
    values = layers.GlobalAveragePooling2D(name="average")(maps)
    scores = layers.Dense(5, name="scores")(values)
    return keras.Model(inputs, layers.Softmax(name="softmax")(scores), name="functional")


SHAPES: dict[str, tuple[Callable[[], Any], str]] = {
    "flat": (flat, "maps"),
    "nested": (nested, "base/maps"),
    "functional": (functional, "maps"),
}
"""By name, how it is made and the path of its last feature map."""


def head_on_maps(last: Any, *more: Any, shape: tuple[int, ...] = (16, 16, 3)) -> Any:
    """Convolution, averaging, and the given layers."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="maps"),
            layers.GlobalAveragePooling2D(),
            last,
            *more,
        ]
    )


def randomised(model: Any, seed: int = 0, size: float = 0.4) -> Any:
    """The model with weights and biases that are nowhere zero; variances positive."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(0, size, variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.path else values)
    return model


def mixed(make: Callable[[], Any]) -> Any:
    """What `make` builds when Keras computes in mixed precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return make()
    finally:
        keras.config.set_dtype_policy(before)


def opened(model: Any, preprocessing: Preprocessing = UNIT) -> OpenedModel:
    """The model as the app has it, without class names."""
    return OpenedModel(model, preprocessing=preprocessing)


def picture(size: int = 16, channels: int = 3, seed: int = 0) -> Image:
    """Coloured noise."""
    shape = (size, size, 3) if channels == 3 else (size, size)
    return Image(np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8), f"noise {seed}")
