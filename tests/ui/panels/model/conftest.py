"""A real window with the model panel on a shipped digit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from model_helpers import Story
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.engine.runtime import start
from convscope.imaging.load import load_image
from convscope.paths import resource_path
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """TensorFlow, imported once."""
    start()


@pytest.fixture
def story(qtbot: QtBot) -> Iterator[Story]:
    """The model panel in its window, 1440×900, with two shipped pictures and no model."""
    names = ("digit-7.png", "cat.jpg")
    images = [load_image(resource_path("images", name)) for name in names]
    window = MainWindow(Session(images), settings=Settings(panel="model"))
    window.remember_settings = False
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show()
    window.show_panel("model")
    found = Story(qtbot, window)
    found.settle()
    yield found
    if isValid(window):
        window.close()
