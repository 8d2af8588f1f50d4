"""Controls bound to the training settings: each shows one, and changes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import choose, combo
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.view_model import TrainViewModel

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
    """A column of controls bound to the settings of the next run; each change is a step of undo.

    Args:
        desk: keeps the settings.
        about: what its settings are of, where their names alone do not say: "schedule".
    """

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None, *, about: str = "") -> None:
        super().__init__(parent)
        self.desk, self._about = desk, about
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

    def _edit(self, name: str, says: str, write: Write, value: Any) -> None:
        """One step of undo; what is typed or turned without a pause is one."""
        words = f"{says[:1].lower()}{says[1:]}" if says[1:2].islower() else says
        label = f"{words} ({self._about})" if self._about else words
        self.desk.edit(lambda settings: write(settings, value), label, name or None)

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
            self._edit(name, says, write, None if nothing and value == low else value)

        box.valueChanged.connect(edit)
        undo_of_the_window(box)
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

        box.valueChanged.connect(lambda value: self._edit(name, says, write, value))
        undo_of_the_window(box)
        self._shows.append(show)
        return box

    def combo(
        self, name: str, says: str, choices: Iterable[tuple[Any, str]], bound: tuple[Read, Write]
    ) -> QComboBox:
        """A choice among (value, words)."""
        box = combo(name, says, choices)
        read, write = bound
        box.activated.connect(lambda _index: self._edit(name, says, write, box.currentData()))
        self._shows.append(lambda settings: choose(box, read(settings)))
        return box

    def check(self, name: str, text: str, bound: tuple[Read, Write]) -> QCheckBox:
        """Yes or no."""
        box = form.check(name, text)
        read, write = bound
        box.clicked.connect(lambda on: self._edit("", text, write, bool(on)))

        def show(settings: TrainingSettings) -> None:
            with QSignalBlocker(box):
                box.setChecked(bool(read(settings)))

        self._shows.append(show)
        return box
