"""A real window with the patterns panel and the shipped network for digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from driver import window_on
from patterns_helpers import Growing
from pytestqt.qtbot import QtBot

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.ui.main_window import MainWindow


@pytest.fixture(scope="session")
def digits() -> OpenedModel:
    """The shipped network for digits, opened once."""
    start()
    return open_model("digits")


@pytest.fixture
def window(qtbot: QtBot, fewer_moves: None) -> Iterator[MainWindow]:
    """A window on the panel, without a network, 1440×900."""
    values = np.random.default_rng(7).integers(0, 256, (28, 28), np.uint8)
    with window_on(qtbot, "patterns", [Image(values, "noise"), Image(255 - values, "other noise")]) as made:
        yield made


@pytest.fixture
def growing(qtbot: QtBot, window: MainWindow, digits: OpenedModel) -> Growing:
    """The panel with the network; few steps, so that all goes quickly."""
    found = Growing(qtbot, window)
    found.view_model.edit(settings=found.few)
    window.workspace.add_model(digits)
    found.settle()
    return found
