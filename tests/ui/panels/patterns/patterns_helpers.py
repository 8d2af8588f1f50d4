"""Short ways to drive the patterns panel by the names of its controls."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.seeing.patterns.settings import PatternSettings
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.patterns import PatternsPanel

Found = TypeVar("Found", bound=QWidget)


class Growing:
    """The window, its panel, and what a person does with them."""

    few = PatternSettings(steps=3)

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        panel = window.panel()
        assert isinstance(panel, PatternsPanel)
        self.panel, self.session = panel, window.session

    def settle(self) -> None:
        """Wait until nothing grows."""
        for _ in range(3):
            self.qtbot.waitUntil(self.window.jobs.idle, timeout=60_000)
            self.qtbot.wait(5)

    def find(self, kind: type[Found], name: str) -> Found:
        """A control by its name."""
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def press(self, name: str, settle: bool = True) -> None:
        """Click a button."""
        button = self.find(QAbstractButton, name)
        assert button.isEnabled() and button.isVisible(), name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        if settle:
            self.settle()

    def pick(self, name: str, data: str, settle: bool = True) -> None:
        """Choose in a combo box, as a click on its line does."""
        box = self.find(QComboBox, name)
        index = box.findData(data)
        assert index >= 0, data
        box.setCurrentIndex(index)
        box.activated.emit(index)
        if settle:
            self.settle()

    def spin(self, name: str, value: int) -> None:
        """Type into a spin box."""
        box = self.find(QSpinBox, name)
        box.selectAll()
        self.qtbot.keyClicks(box, str(value))
        self.qtbot.keyClick(box, Qt.Key.Key_Return)
        self.settle()

    def text(self, name: str) -> str:
        """What a label says."""
        return self.find(QLabel, name).text()

    def tile(self, number: int, settle: bool = True) -> None:
        """Click a tile of the grid."""
        place: QPoint = self.panel.grid.tile_rect(number).center()
        self.qtbot.mouseClick(
            self.panel.grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place
        )
        if settle:
            self.settle()
