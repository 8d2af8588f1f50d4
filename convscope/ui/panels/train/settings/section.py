"""Controls bound to the training settings: each shows one, and changes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QVBoxLayout, QWidget

from convscope.core.parameter import Parameter, parameters_of
from convscope.ui import theme
from convscope.ui.forms.form import choose, combo
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

Read = Callable[["TrainingSettings"], Any]
Write = Callable[["TrainingSettings", Any], "TrainingSettings"]
LEAST_POSITIVE = 1e-9


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


def declared(*path: str) -> Parameter:
    """How one setting is called and what it may be."""
    from convscope.engine.training import settings

    owners = {
        "optimizer": settings.OptimizerSettings,
        "schedule": settings.Schedule,
        "early_stopping": settings.EarlyStopping,
        "plateau": settings.Plateau,
    }
    return parameters_of(owners[path[0]] if len(path) > 1 else settings.TrainingSettings)[path[-1]]


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

    def spin(self, name: str, *path: str) -> QSpinBox:
        """A whole number; one below its least stands for None where there is such."""
        own = declared(*path)
        low = int(own.minimum) - bool(own.nothing)
        box = form.spin(name, own.title, low, int(own.maximum))
        box.setSpecialValueText(own.nothing)
        if own.unit:
            box.setSuffix(f" {own.unit}")
        read, write = at(*path)

        def show(settings: TrainingSettings) -> None:
            value = read(settings)
            with QSignalBlocker(box):
                box.setValue(low if value is None else value)

        def edit(value: int) -> None:
            self._edit(name, own.title, write, None if own.nothing and value == low else value)

        box.valueChanged.connect(edit)
        undo_of_the_window(box)
        self._shows.append(show)
        return box

    def number(self, name: str, *path: str) -> form.NumberBox:
        own = declared(*path)
        box = form.NumberBox(name, own.title, LEAST_POSITIVE if own.positive else own.minimum, own.maximum)
        read, write = at(*path)

        def show(settings: TrainingSettings) -> None:
            with QSignalBlocker(box):
                box.setValue(read(settings))

        box.valueChanged.connect(lambda value: self._edit(name, own.title, write, value))
        undo_of_the_window(box)
        self._shows.append(show)
        return box

    def combo(self, name: str, *path: str) -> QComboBox:
        own = declared(*path)
        box = combo(name, own.title, own.choices)
        read, write = at(*path)
        box.activated.connect(lambda _index: self._edit(name, own.title, write, box.currentData()))
        self._shows.append(lambda settings: choose(box, read(settings)))
        return box

    def flag(self, name: str, *path: str) -> QCheckBox:
        """Yes or no, of one setting."""
        return self.check(name, declared(*path).title, at(*path))

    def check(self, name: str, text: str, bound: tuple[Read, Write]) -> QCheckBox:
        """Yes or no, of whatever."""
        box = form.check(name, text)
        read, write = bound
        box.clicked.connect(lambda on: self._edit("", text, write, bool(on)))

        def show(settings: TrainingSettings) -> None:
            with QSignalBlocker(box):
                box.setChecked(bool(read(settings)))

        self._shows.append(show)
        return box
