"""Short ways to drive the kernel lab by the names of its controls."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QPlainTextEdit, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.imaging.operation import Operation
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.kernels import KernelsPanel
from convscope.ui.panels.kernels.frame import Frame
from convscope.ui.widgets.image_view import ImageView

Found = TypeVar("Found", bound=QWidget)


class Lab:
    """The window, its panel, and what a person does with them."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        panel = window.panel()
        assert isinstance(panel, KernelsPanel)
        self.panel = panel
        self.session = window.session

    @property
    def stage(self) -> Operation:
        """The selected stage."""
        return self.session.lab.stage

    @property
    def frame(self) -> Frame:
        """What is on show."""
        assert self.panel.frame is not None
        return self.panel.frame

    @property
    def values(self) -> NDArray[np.float32]:
        """The exact result on show."""
        return self.frame.result.values

    def settle(self) -> None:
        """Wait until what was asked for is on show."""
        self.qtbot.waitUntil(self.window.jobs.idle, timeout=20_000)
        self.qtbot.wait(1)
        self.qtbot.waitUntil(self.window.jobs.idle, timeout=20_000)

    def find(self, kind: type[Found], name: str) -> Found:
        """A control by its name."""
        found = self.window.findChild(kind, name)
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

    def spin(self, name: str, value: int) -> None:
        """Type into a spin box."""
        box = self.find(QSpinBox, name)
        box.selectAll()
        self.qtbot.keyClicks(box, str(value))
        self.qtbot.keyClick(box, Qt.Key.Key_Return)
        self.settle()

    def slide(self, name: str, value: int) -> None:
        """Move a slider."""
        self.find(QSlider, name).setValue(value)
        self.settle()

    def trigger(self, name: str) -> None:
        """Choose in a menu."""
        action = self.window.findChild(QAction, name)
        assert action is not None, name
        action.trigger()
        self.settle()

    def text(self, name: str) -> str:
        """What a label or a text says."""
        widget = self.find(QWidget, name)
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        assert isinstance(widget, QLabel), name
        return widget.text()

    def run(self, command: str) -> None:
        """Run a command by its id."""
        assert command in [each.id for each in self.window.commands()], command
        self.window.run_command(command)
        self.settle()

    def point(self, name: str, row: int, column: int) -> QPoint:
        """The place of a picture's pixel in its widget."""
        return self.find(ImageView, name).position_of(row, column).toPoint()

    def hover(self, name: str, row: int, column: int) -> None:
        """Move the pointer over a picture's pixel."""
        view = self.find(ImageView, name)
        self.qtbot.mouseMove(view, QPoint(1, 1))
        self.qtbot.mouseMove(view, self.point(name, row, column))
        self.settle()

    def click(self, name: str, row: int, column: int) -> None:
        """Click a picture's pixel."""
        view = self.find(ImageView, name)
        self.qtbot.mouseClick(
            view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self.point(name, row, column)
        )
        self.settle()

    def example(self, key: str) -> None:
        """Open a matrix of the lectures in the matrix view."""
        self.press("kernels.view.matrix")
        self.pick("kernels.matrix.example", key)

    def only(self, **changes: Any) -> None:
        """Settings that a test starts from."""
        self.session.edit_lab(self.session.lab.with_stage(**changes), "Test")
        self.settle()
