"""What the tests of training share: TensorFlow started quietly, data learned in a moment, tiny nets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convscope.engine import runtime as engine_runtime
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.opened import OpenedModel


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keras 3.15 with NumPy 2.4 warns when it writes a file; that is between the two of them."""
    for item in items:
        if "engine/training" in str(item.path):
            item.add_marker(
                pytest.mark.filterwarnings(
                    "ignore:__array__ implementation doesn't accept:DeprecationWarning"
                )
            )


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


def stripes(count: int = 120, classes: int = 3, side: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright band: at the left, in the middle or at the right, which is the class."""
    random = np.random.default_rng(0)
    y = np.arange(count) % classes
    x = random.integers(0, 120, (count, side, side)).astype(np.uint8)
    for index, label in enumerate(y):
        x[index, :, label * side // classes : (label + 1) * side // classes] += 100
    return x, y


@pytest.fixture(scope="session")
def bands() -> Dataset:
    """120 images of 8×8 in three classes: 84 train, 24 validate, 12 test."""
    x, y = stripes()
    return array_dataset(x, y, reference="bands", title="Bands").with_split(SplitSettings(0.2, 0.1))


@pytest.fixture(scope="session")
def make_model(runtime: object) -> Callable[..., OpenedModel]:
    """A convnet of some hundred weights; the same seed, the same weights."""

    def make(
        classes: int = 3,
        *,
        dropout: float = 0.0,
        activation: str | None = "softmax",
        seed: int = 0,
        **shape: Any,
    ) -> OpenedModel:
        import keras

        keras.utils.set_random_seed(seed)
        layers: list[Any] = [
            keras.Input(shape.get("shape", (8, 8, 1))),
            keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
            keras.layers.BatchNormalization(momentum=0.5, name="norm"),
            keras.layers.MaxPooling2D(name="pool"),
            keras.layers.Flatten(name="flat"),
        ]
        if dropout:
            layers.append(keras.layers.Dropout(dropout, name="drop"))
        layers.append(keras.layers.Dense(classes, activation=activation, name="out"))
        return OpenedModel(keras.Sequential(layers, name="tiny"))

    return make
