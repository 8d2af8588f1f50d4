"""A real window with the training panel, and a tiny network on a few shipped digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from driver import window_on
from pytestqt.qtbot import QtBot
from train_helpers import Train, few_digits, tiny_model

from convscope.engine import runtime as engine_runtime
from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


@pytest.fixture(scope="module")
def tiny(runtime: object) -> OpenedModel:
    """Opened once; nothing changes it."""
    return tiny_model()


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """241 to train, 59 to validate, 60 to test."""
    return few_digits()


@pytest.fixture
def empty(qtbot: QtBot, runtime: object) -> Iterator[Train]:
    """The training panel in its window, 1440×900, with neither network nor data."""
    with window_on(qtbot, "train", [Image(np.zeros((28, 28), np.uint8), "black")]) as window:
        found = Train(qtbot, window)
        found.settle()
        yield found


@pytest.fixture
def train(empty: Train, tiny: OpenedModel, digits: Dataset) -> Train:
    """The same, ready to start."""
    empty.open(tiny, digits)
    return empty
