"""A real window with the data panel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from data_helpers import Data
from driver import window_on
from pytestqt.qtbot import QtBot

from convscope.engine import runtime as engine_runtime
from convscope.imaging.image import Image


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


@pytest.fixture
def data(qtbot: QtBot) -> Iterator[Data]:
    """The data panel in its window, 1440×900, with nothing open but a gray image."""
    with window_on(qtbot, "data", [Image(np.zeros((8, 8), np.uint8), "gray")]) as window:
        found = Data(qtbot, window)
        found.settle()
        yield found
