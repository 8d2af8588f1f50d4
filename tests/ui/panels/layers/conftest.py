"""A real window with the layers panel, two digits and the shipped network for digits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from layers_helpers import Desk
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings


@pytest.fixture(scope="package")
def digits() -> OpenedModel:
    """The shipped network, opened once."""
    start()
    return open_model("digits")


@pytest.fixture
def bare(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The panel without a model, 1440×900."""
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path))
    window = MainWindow(Session([load_sample("digit-3"), load_sample("digit-7")]), settings=Settings())
    window.remember_settings = False
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show_panel("layers")
    window.show()
    desk = Desk(qtbot, window)
    desk.settle()
    yield desk
    if isValid(window):
        window.close()


@pytest.fixture
def desk(bare: Desk, digits: OpenedModel) -> Desk:
    """The panel with the network for digits on the digit 3."""
    bare.session.add_model(digits)
    bare.settle()
    return bare
