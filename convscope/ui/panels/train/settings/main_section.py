"""The five settings that one looks at first: optimizer, learning rate, loss, batch size, epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from convscope.ui.forms.form import caption
from convscope.ui.panels.train.plan import SettingsCheck
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.settings.section import Section
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings


class MainSection(Section):
    """Optimizer, learning rate, loss, batch size, epochs."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.optimizer = self.combo("train.optimizer", "optimizer", "name")
        self.rate = self.number("train.learning_rate", "optimizer", "learning_rate")
        self.loss = self.combo("train.loss", "loss")
        self.batch_size = self.spin("train.batch_size", "batch_size")
        self.epochs = self.spin("train.epochs", "epochs")
        for words, widget in (
            ("Optimizer", self.optimizer),
            ("Learning rate", self.rate),
            ("Loss", self.loss),
            ("Batch size", self.batch_size),
            ("Epochs", self.epochs),
        ):
            self.column.addWidget(form.titled(words, widget))
        self.follows = caption("train.follows")
        self.column.addWidget(self.follows)
        self._checked: SettingsCheck | None = None
        self.on_show(lambda _settings: self._say())

    def show_checked(self, checked: SettingsCheck | None) -> None:
        """What follows from model and data."""
        self._checked = checked
        self._say()

    def _say(self) -> None:
        checked, settings = self._checked, self.desk.settings
        if checked is None:
            return
        words = []
        if checked.goal is not None and settings.loss == "auto":
            words.append(checked.goal.loss.replace("_", " ").replace("crossentropy", "cross-entropy"))
        words.append(_steps(checked.images[0], settings))
        text = " · ".join(word for word in words if word)
        self.follows.setText(text[:1].upper() + text[1:])


def _steps(images: int, settings: TrainingSettings) -> str:
    if not images:
        return ""
    steps = settings.steps_per_epoch or -(-images // settings.batch_size)
    return f"{steps:,} {'step' if steps == 1 else 'steps'} an epoch, {steps * settings.epochs:,} in all"
