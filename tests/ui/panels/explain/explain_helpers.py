"""Short ways to drive the panel that explains by the names of its controls."""

from __future__ import annotations

from pathlib import Path

from driver import Driver, Found
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.interpret.attribution.methods import METHODS
from convscope.imaging.image import Image
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain.panel import ExplainPanel

LONG = 300_000


def panel_of(window: MainWindow) -> ExplainPanel:
    """The panel on show."""
    panel = window.panel()
    assert isinstance(panel, ExplainPanel)
    return panel


def child(window: MainWindow, kind: type[Found], name: str) -> Found:
    """A widget by its name."""
    found = window.findChild(kind, name)
    assert found is not None, name
    return found


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until all maps are there and painted."""
    Driver(qtbot, window).settle()


def press(qtbot: QtBot, widget: QWidget) -> None:
    """A click in its middle, or on a tick box's box."""
    place = QPoint(8, widget.height() // 2) if isinstance(widget, QCheckBox) else widget.rect().center()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def tick_only(qtbot: QtBot, window: MainWindow, *names: str) -> None:
    """Leave just these methods ticked, by clicks."""
    for name in METHODS:
        box = child(window, QCheckBox, f"explain.method.{name}")
        if box.isChecked() != (name in names):
            press(qtbot, box)


def save(path: Path, image: Image) -> Path:
    """Write an image as PNG."""
    PillowImage.fromarray(image.values).save(path)
    return path
