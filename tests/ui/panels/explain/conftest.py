"""The real window with the panel that explains, and the shipped networks, opened once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driver import window_on
from pytestqt.qtbot import QtBot

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui.main_window import MainWindow


@pytest.fixture(scope="package")
def digits() -> OpenedModel:
    """The shipped network for digits."""
    return open_model("digits")


@pytest.fixture(scope="package")
def imagenet() -> OpenedModel:
    """The shipped ImageNet network."""
    return open_model("imagenet")


@pytest.fixture(scope="package")
def garments() -> OpenedModel:
    """The shipped network for garments."""
    return open_model("garments")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """The real window on the panel, with a digit and a cat, and no model yet."""
    with window_on(qtbot, "explain", [load_sample("digit-2"), load_sample("cat")]) as made:
        yield made
