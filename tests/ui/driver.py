"""A window, and what a person does with its controls: found by their names, clicked, typed into, read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QCursor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.imaging.image import Image
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace

Found = TypeVar("Found", bound=QWidget)

PATIENCE = 300_000
"""Milliseconds that a busy machine is given; nothing waits that long on a free one."""


@contextmanager
def window_on(qtbot: QtBot, panel: str, images: Sequence[Image]) -> Iterator[MainWindow]:
    """The real window on a panel, 1440×900, the pointer out of its way; nothing of it is remembered."""
    window = MainWindow(Workspace(images), settings=Settings(panel=panel))
    window.remember_settings = False
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show_panel(panel)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=PATIENCE)
    yield window
    if isValid(window):
        window.close()


class Driver:
    """What every panel's tests do; a panel's own driver adds what only its controls can.

    Attributes:
        settles: whether what a person does is followed by waiting for what it asked for.
    """

    settles: ClassVar[bool] = True

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window, self.workspace = qtbot, window, window.workspace

    def until(self, true: Callable[[], object]) -> None:
        """Wait for something, with the window alive."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=PATIENCE)

    def settle(self) -> None:
        """Wait until what was asked for is on show, and what that asked for in turn."""
        for _ in range(3):
            self.until(self.window.jobs.idle)
            self.qtbot.wait(2)

    def _settled(self, settle: bool | None) -> None:
        if self.settles if settle is None else settle:
            self.settle()

    def find(self, kind: type[Found], name: str) -> Found:
        """A control by its name; the last made, where an old one of that name is about to go."""
        found = self.window.findChildren(kind, name)
        assert found, name
        return found[-1]

    def press(self, name: str, settle: bool | None = None) -> None:
        """Click a button."""
        button = self.find(QAbstractButton, name)
        assert button.isEnabled() and button.isVisible(), name
        # A wide tick box answers at its box and its words only.
        middle = button.rect().center()
        place = QPoint(8, middle.y()) if isinstance(button, QCheckBox) else middle
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=place)
        self._settled(settle)

    def pick(self, name: str, data: object, settle: bool | None = None) -> None:
        """Choose in a combo box, as a click on its line does."""
        box = self.find(QComboBox, name)
        index = box.findData(data)
        assert index >= 0, data
        box.setCurrentIndex(index)
        box.activated.emit(index)
        self._settled(settle)

    def spin(self, name: str, value: object, settle: bool | None = None) -> None:
        """Type into a number's box."""
        box = self.find(QAbstractSpinBox, name)
        assert box.isEnabled(), name
        box.setFocus()
        box.selectAll()
        self.qtbot.keyClicks(box, str(value))
        self.qtbot.keyClick(box, Qt.Key.Key_Return)
        self._settled(settle)

    def slide(self, name: str, value: int, settle: bool | None = None) -> None:
        """Move a slider."""
        self.find(QSlider, name).setValue(value)
        self._settled(settle)

    def trigger(self, name: str) -> None:
        """Choose in a menu."""
        action = self.window.findChild(QAction, name)
        assert action is not None, name
        action.trigger()
        self._settled(None)

    def text(self, name: str) -> str:
        """What a label or a text says, without the marks at which a long name may break."""
        widget = self.find(QWidget, name)
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        assert isinstance(widget, QLabel), name
        return widget.text().replace("\u200b", "")

    def click_in(self, view: QAbstractItemView, place: QPoint, settle: bool | None = None) -> None:
        """Click a place of a list, a table or a mosaic."""
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        self._settled(settle)

    def hover(self, name: str, row: int, column: int) -> None:
        """Move the pointer over a picture's pixel."""
        view = self.find(ImageView, name)
        self.qtbot.mouseMove(view, QPoint(1, 1))
        self.qtbot.mouseMove(view, view.position_of(row, column).toPoint())
        self._settled(None)

    def click(self, name: str, row: int, column: int) -> None:
        """Click a picture's pixel."""
        view = self.find(ImageView, name)
        self.qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.position_of(row, column).toPoint())
        self._settled(None)
