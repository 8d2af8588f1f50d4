"""Small networks of every shape that Keras allows, for the tests of what looks into them."""

from __future__ import annotations

from typing import Any

import numpy as np


def sequential() -> Any:
    """A convnet in a row."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax", name="scores"),
        ],
        name="row",
    )


def base() -> Any:
    """A small functional network without classifier, with a skip."""
    import keras

    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    first = layers.Conv2D(6, 3, padding="same", activation="relu", name="block1_conv")(inputs)
    second = layers.Conv2D(6, 3, padding="same", name="block2_conv")(first)
    joined = layers.Add(name="join")([first, second])
    return keras.Model(inputs, layers.Activation("relu", name="out")(joined), name="base")


def nested() -> Any:
    """A base in a Sequential, as in transfer learning."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [base(), layers.Flatten(), layers.Dense(1, activation="sigmoid", name="top")], name="nested"
    )


def deep() -> Any:
    """A Sequential in a functional model in a functional model, with arithmetic outside of layers."""
    import keras

    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((12, 12, 3)), layers.Conv2D(4, 3, use_bias=False, name="c"), layers.ReLU(6.0, name="r")],
        name="inner",
    )
    inputs = keras.Input((12, 12, 3))
    middle = keras.Model(inputs, inner(inputs * 2.0 - 1.0), name="middle")
    inputs = keras.Input((12, 12, 3), name="image")
    maps = middle(inputs, training=False)
    values = layers.GlobalAveragePooling2D()(maps + 1.0)
    scores = layers.Dense(3, use_bias=False, name="scores")(values)
    return keras.Model(inputs, layers.Softmax(name="softmax")(scores), name="deep")


def twins() -> Any:
    """Two images through one shared tower; two outputs."""
    import keras

    layers = keras.layers
    tower = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(3, 3, activation="tanh", name="conv"),
            layers.Flatten(name="flat"),
        ],
        name="tower",
    )
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    shared = layers.Dense(4, activation="relu", name="shared")
    a, b = shared(tower(left)), shared(tower(right))
    difference = layers.Subtract(name="difference")([a, b])
    same = layers.Dense(2, activation="softmax", name="same")(difference)
    distance = layers.Dense(1, name="distance")(layers.Concatenate()([a, b]))
    return keras.Model([left, right], [same, distance], name="twins")


ALL = {"sequential": sequential, "nested": nested, "deep": deep, "twins": twins}


def random_weights(model: Any, seed: int = 0) -> Any:
    """The model with weights that are nowhere zero or one, variances positive."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(0, 0.5, variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.path else values)
    return model


def images(model: Any, count: int = 2, seed: int = 1) -> list[np.ndarray]:
    """Random inputs for it, one array an input."""
    generator = np.random.default_rng(seed)
    return [generator.random((count, *x.shape[1:]), np.float32) for x in model.inputs]
