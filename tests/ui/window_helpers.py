"""Panels as small as can be, small images, and short ways to press and to read, for tests of the window."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from convscope.imaging.image import Image
from convscope.ui.actions import Command
from convscope.ui.main_window import MainWindow
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels import PanelInfo

WindowMaker = Callable[..., MainWindow]


class FakePanel(Panel):
    """A panel as small as can be, which notes what the window does with it."""

    name = "kernels"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.folds: list[bool] = []
        self.ended = False
        self.ran: list[str] = []
        self.splitter = QSplitter(self)
        self.splitter.setObjectName("fake.splitter")
        for _ in range(2):
            self.splitter.addWidget(QLabel("half"))
        QVBoxLayout(self).addWidget(self.splitter)

    def commands(self) -> list[Command]:
        """One command."""
        return [Command("fake.wave", "Wave a hand", lambda: self.ran.append("wave"), "Ctrl+J", "Fake")]

    def set_compact(self, compact: bool) -> None:
        """Note it."""
        super().set_compact(compact)
        self.folds.append(compact)

    def shutdown(self) -> None:
        """Note it."""
        self.ended = True


class BrokenPanel(Panel):
    """A panel that cannot be made."""

    name = "broken"

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        raise RuntimeError("broken on purpose")


def fake_panels() -> tuple[PanelInfo, ...]:
    """Three lines of a navigation: two panels that work and one that does not."""
    module = types.ModuleType("convscope_fake_panels")
    module.FakePanel, module.BrokenPanel = FakePanel, BrokenPanel  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    return (
        PanelInfo("kernels", "Kernels", "grid-3x3", "Ctrl+1", "FakePanel", module.__name__),
        PanelInfo("second", "Second", "layers", "Ctrl+2", "FakePanel", module.__name__),
        PanelInfo("broken", "Broken", "box", "", "BrokenPanel", module.__name__),
    )


def small_images(count: int = 3) -> list[Image]:
    """Images of 4 rows and 6 columns, each of one gray level."""
    return [Image(np.full((4, 6), 10 * number % 256, np.uint8), f"image {number}") for number in range(count)]


def press(qtbot: QtBot, window: QWidget, name: str) -> None:
    """Click a button by its object name."""
    button = window.findChild(QToolButton, name)
    assert button is not None, name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def messages(window: MainWindow) -> list[str]:
    """The toasts on show."""
    return [toast.message for toast in window.toasts.toasts()]


def opened(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until nothing is being opened."""
    qtbot.waitUntil(window.jobs.idle)
