"""Real windows with the model panel: on a shipped digit, on the builder's page, on the library's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builder_driver import Builder
from driver import window_on
from library_driver import Library
from model_helpers import Story
from pytestqt.qtbot import QtBot

from convscope.core.paths import resource_path
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.ui.panels.model.build.view import BuildView
from convscope.ui.panels.model.library.view import LibraryView
from convscope.ui.services.engine_sources import EngineSources


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """TensorFlow, imported once."""
    start()


@pytest.fixture
def story(qtbot: QtBot) -> Iterator[Story]:
    """The model panel with two shipped pictures."""
    images = [load_image(resource_path("images", name)) for name in ("digit-7.png", "cat.jpg")]
    with window_on(qtbot, "model", images) as window:
        found = Story(qtbot, window)
        found.settle()
        yield found


@pytest.fixture
def builder(qtbot: QtBot) -> Iterator[Builder]:
    """The builder with the lectures' first convnet."""
    with window_on(qtbot, "model", _black()) as window:
        window.run_command("model.page.build")
        view = window.findChild(BuildView, "model.build")
        assert view is not None
        made = Builder(qtbot, window, view)
        made.settle()
        yield made


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that are opened and asked nothing are not made ready for questions."""
    monkeypatch.setattr(EngineSources, "warms", False)


@pytest.fixture
def library(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cold: None) -> Iterator[Library]:
    """The library, with an empty cache of Keras's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with window_on(qtbot, "model", _black()) as window:
        window.run_command("model.page.library")
        view = window.findChild(LibraryView, "model.library")
        assert view is not None
        made = Library(qtbot, window, view)
        made.settle()
        yield made


def _black() -> list[Image]:
    return [Image(np.zeros((8, 8), np.uint8), "black")]
