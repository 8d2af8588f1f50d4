"""A real window on the library's page, with an empty cache of Keras's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from library_driver import Library
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.panels import PANELS
from convscope.ui.panels.model.library_view import LibraryView


@pytest.fixture
def library(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The library in its window, 1440×900."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
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
    window.run_command("model.page.library")
    view = window.findChild(LibraryView, "model.library")
    assert view is not None
    made = Library(qtbot, window, view)
    made.settle()
    yield made
    if isValid(window):
        window.close()
