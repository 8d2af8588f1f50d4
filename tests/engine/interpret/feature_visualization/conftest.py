"""TensorFlow, and the networks that these tests visualize."""

from __future__ import annotations

import pytest

from convscope.engine.data.preprocessing import RAW
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start


@pytest.fixture(scope="session")
def imagenet() -> OpenedModel:
    """The shipped network for photographs."""
    start()
    return open_model("imagenet")


@pytest.fixture(scope="session")
def digits() -> OpenedModel:
    """The shipped network for digits."""
    start()
    return open_model("digits")


@pytest.fixture(scope="session")
def convnet() -> OpenedModel:
    """A small convnet of colours 0–255 with random weights: three convolutions, pooling, three classes."""
    start()
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(8, 3, strides=2, dilation_rate=1, activation="relu", name="second"),
            layers.BatchNormalization(name="norm"),
            layers.Conv2D(8, 3, padding="same", groups=2, activation="tanh", name="grouped"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="scores"),
        ],
        name="colours",
    )
    return OpenedModel(model, classes=("red", "green", "blue"), preprocessing=RAW)
