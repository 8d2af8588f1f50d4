"""A real window on the builder's page, with one small image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from builder_driver import Builder
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.panels import PANELS
from convscope.ui.panels.model.build_view import BuildView


@pytest.fixture
def builder(qtbot: QtBot) -> Iterator[Builder]:
    """The builder in its window, 1440×900, with the lectures' first convnet."""
    window = MainWindow(
        Session([Image(np.zeros((8, 8), np.uint8), "black")]),
        panels=[info for info in PANELS if info.name == "model"],
    )
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.run_command("model.page.build")
    view = window.findChild(BuildView, "model.build")
    assert view is not None
    made = Builder(qtbot, window, view)
    made.settle()
    yield made
    if isValid(window):
        window.close()
