"""Short ways to drive the layers panel by the names of its controls."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui.main_window import MainWindow
from convscope.ui.panels.layers import LayersPanel
from convscope.ui.panels.layers.frame import Frame
from convscope.ui.widgets.image_view import ImageView
from convscope.ui.widgets.mosaic_view import MosaicView

Found = TypeVar("Found", bound=QWidget)


class Desk:
    """The window, its layers panel, and what a person does with them."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window, self.session = qtbot, window, window.session
        panel = window.panel()
        assert isinstance(panel, LayersPanel)
        self.panel = panel

    @property
    def frame(self) -> Frame:
        """What is on show."""
        assert self.panel.frame is not None
        return self.panel.frame

    def settle(self) -> None:
        """Wait until what was asked for is on show, and what that asked for in turn."""
        for _ in range(4):
            self.qtbot.waitUntil(self.window.jobs.idle, timeout=30_000)
            self.qtbot.wait(1)

    def find(self, kind: type[Found], name: str) -> Found:
        """A control of the panel by its name."""
        found = self.panel.findChild(kind, name)
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        """Click a button."""
        button = self.find(QAbstractButton, name)
        assert button.isEnabled() and button.isVisible(), name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def pick(self, name: str, data: str) -> None:
        """Choose in a combo box, as a click on its line does."""
        box = self.find(QComboBox, name)
        index = box.findData(data)
        assert index >= 0, data
        box.setCurrentIndex(index)
        box.activated.emit(index)
        self.settle()

    def text(self, name: str) -> str:
        """What a label or a text says."""
        widget = self.find(QWidget, name)
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        assert isinstance(widget, QLabel), name
        return widget.text()

    def layer(self, path: str) -> None:
        """Choose a layer."""
        self.session.choose_layer(path)
        self.settle()

    def tile(self, place: int, name: str = "layers.mosaic") -> None:
        """Click a tile of a mosaic."""
        view = self.find(MosaicView, name)
        at = view.tile_rect(place).center()
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
        self.settle()

    def hover(self, name: str, row: int, column: int) -> None:
        """Move the pointer over a picture's pixel."""
        view = self.find(ImageView, name)
        self.qtbot.mouseMove(view, QPoint(1, 1))
        self.qtbot.mouseMove(view, view.position_of(row, column).toPoint())
        self.settle()

    def click(self, name: str, row: int, column: int) -> None:
        """Click a picture's pixel."""
        view = self.find(ImageView, name)
        at = view.position_of(row, column).toPoint()
        self.qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
        self.settle()
