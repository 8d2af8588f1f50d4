"""A real window with the data panel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from data_helpers import Data
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.engine import runtime as engine_runtime
from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow


@pytest.fixture(scope="session")
def runtime() -> engine_runtime.Runtime:
    """TensorFlow and Keras, imported."""
    return engine_runtime.start()


@pytest.fixture
def data(qtbot: QtBot) -> Iterator[Data]:
    """The data panel in its window, 1440×900, with nothing open but a gray image."""
    window = MainWindow(Session([Image(np.zeros((8, 8), np.uint8), "gray")]))
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.show_panel("data")
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    found = Data(qtbot, window)
    found.settle()
    yield found
    if isValid(window):
        window.close()
