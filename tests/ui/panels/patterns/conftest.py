"""A real window with the patterns panel and the shipped network for digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from patterns_helpers import Growing
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow


@pytest.fixture(scope="session")
def digits() -> OpenedModel:
    """The shipped network for digits, opened once."""
    start()
    return open_model("digits")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window on the panel, without a network, 1440×900."""
    values = np.random.default_rng(7).integers(0, 256, (28, 28), np.uint8)
    made = MainWindow(Session([Image(values, "noise"), Image(255 - values, "other noise")]))
    qtbot.addWidget(made)
    QCursor.setPos(QPoint(0, 0))
    made.resize(1440, 900)
    made.show_panel("patterns")
    made.show()
    yield made
    if isValid(made):
        made.close()


@pytest.fixture
def growing(qtbot: QtBot, window: MainWindow, digits: OpenedModel) -> Growing:
    """The panel with the network; few steps, so that all goes quickly."""
    found = Growing(qtbot, window)
    found.panel.controls.edit(settings=found.few)
    window.session.add_model(digits)
    found.settle()
    return found
