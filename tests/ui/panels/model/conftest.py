"""Real windows with the model panel: on a shipped digit, on the builder's page, on the library's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from builder_driver import Builder
from library_driver import Library
from model_helpers import Story
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.load import load_image
from convscope.paths import resource_path
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.model.build_view import BuildView
from convscope.ui.panels.model.library_view import LibraryView
from convscope.ui.settings import Settings


@contextmanager
def _window(qtbot: QtBot, images: Sequence[Image]) -> Iterator[MainWindow]:
    """A window of 1440×900 on the model panel, without a model."""
    window = MainWindow(Session(images), settings=Settings(panel="model"))
    window.remember_settings = False
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.show_panel("model")
    yield window
    if isValid(window):
        window.close()


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """TensorFlow, imported once."""
    start()


@pytest.fixture
def story(qtbot: QtBot) -> Iterator[Story]:
    """The model panel with two shipped pictures."""
    images = [load_image(resource_path("images", name)) for name in ("digit-7.png", "cat.jpg")]
    with _window(qtbot, images) as window:
        found = Story(qtbot, window)
        found.settle()
        yield found


@pytest.fixture
def builder(qtbot: QtBot) -> Iterator[Builder]:
    """The builder with the lectures' first convnet."""
    with _window(qtbot, _black()) as window:
        window.run_command("model.page.build")
        view = window.findChild(BuildView, "model.build")
        assert view is not None
        made = Builder(qtbot, window, view)
        made.settle()
        yield made


@pytest.fixture
def library(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """The library, with an empty cache of Keras's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with _window(qtbot, _black()) as window:
        window.run_command("model.page.library")
        view = window.findChild(LibraryView, "model.library")
        assert view is not None
        made = Library(qtbot, window, view)
        made.settle()
        yield made


def _black() -> list[Image]:
    return [Image(np.zeros((8, 8), np.uint8), "black")]
