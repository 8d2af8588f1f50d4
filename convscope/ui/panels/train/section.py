"""Controls bound to the training settings: each shows one, and changes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.panels.train import form
from convscope.ui.panels.train.desk import Desk
from convscope.ui.widgets.form import choose, combo

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

Read = Callable[["TrainingSettings"], Any]
Write = Callable[["TrainingSettings", Any], "TrainingSettings"]


def at(*path: str) -> tuple[Read, Write]:
    """How to read and to replace one setting: at("optimizer", "momentum")."""

    def read(settings: Any) -> Any:
        value = settings
        for name in path:
            value = getattr(value, name)
        return value

    def write(settings: Any, value: Any) -> Any:
        for depth in range(len(path) - 1, -1, -1):
            owner = settings
            for name in path[:depth]:
                owner = getattr(owner, name)
            value = replace(owner, **{path[depth]: value})
        return value

    return read, write


class Section(QWidget):
    """A column of controls bound to the settings of the next run."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme.GRID + 2)
        self._shows: list[Callable[[TrainingSettings], None]] = []

    def show_settings(self, settings: TrainingSettings) -> None:
        """Bring all controls in line; emits nothing."""
        for show in self._shows:
            show(settings)

    def on_show(self, show: Callable[[TrainingSettings], None]) -> None:
        """Something else to bring in line."""
        self._shows.append(show)

    def spin(
        self, name: str, says: str, low: int, high: int, bound: tuple[Read, Write], nothing: str = ""
    ) -> QSpinBox:
        """A whole number; with `nothing`, its least value stands for None and is shown as these words."""
        box = form.spin(name, says, low, high)
        box.setSpecialValueText(nothing)
        read, write = bound

        def show(settings: TrainingSettings) -> None:
            value = read(settings)
            with QSignalBlocker(box):
                box.setValue(low if value is None else value)

        def edit(value: int) -> None:
            chosen = None if nothing and value == low else value
            self.desk.edit(lambda settings: write(settings, chosen))

        box.valueChanged.connect(edit)
        self._shows.append(show)
        return box

    def number(
        self, name: str, says: str, low: float, high: float, bound: tuple[Read, Write]
    ) -> form.NumberBox:
        """A number."""
        box = form.NumberBox(name, says, low, high)
        read, write = bound

        def show(settings: TrainingSettings) -> None:
            with QSignalBlocker(box):
                box.setValue(read(settings))

        box.valueChanged.connect(lambda value: self.desk.edit(lambda settings: write(settings, value)))
        self._shows.append(show)
        return box

    def combo(
        self, name: str, says: str, choices: Iterable[tuple[Any, str]], bound: tuple[Read, Write]
    ) -> QComboBox:
        """A choice among (value, words)."""
        box = combo(name, says, choices)
        read, write = bound
        box.activated.connect(
            lambda _index: self.desk.edit(lambda settings: write(settings, box.currentData()))
        )
        self._shows.append(lambda settings: choose(box, read(settings)))
        return box

    def check(self, name: str, text: str, bound: tuple[Read, Write]) -> QCheckBox:
        """Yes or no."""
        box = form.check(name, text)
        read, write = bound
        box.clicked.connect(lambda on: self.desk.edit(lambda settings: write(settings, bool(on))))

        def show(settings: TrainingSettings) -> None:
            with QSignalBlocker(box):
                box.setChecked(bool(read(settings)))

        self._shows.append(show)
        return box
