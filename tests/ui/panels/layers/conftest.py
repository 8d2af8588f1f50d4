"""A real window with the layers panel, two digits and the shipped network for digits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driver import window_on
from layers_helpers import Desk
from pytestqt.qtbot import QtBot

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="package")
def digits() -> OpenedModel:
    """The shipped network, opened once."""
    start()
    return open_model("digits")


@pytest.fixture
def bare(qtbot: QtBot) -> Iterator[Desk]:
    """The panel without a model."""
    with window_on(qtbot, "layers", [load_sample("digit-3"), load_sample("digit-7")]) as window:
        desk = Desk(qtbot, window)
        desk.settle()
        yield desk


@pytest.fixture
def desk(bare: Desk, digits: OpenedModel) -> Desk:
    """The panel with the network for digits on the digit 3."""
    bare.workspace.add_model(digits)
    bare.settle()
    return bare
