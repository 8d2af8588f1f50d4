"""The five settings that one looks at first: optimizer, learning rate, loss, batch size, epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from convscope.ui.forms.form import caption
from convscope.ui.panels.train.plan import SettingsCheck
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.settings.section import Section, at
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

OPTIMIZER_WORDS = (
    ("sgd", "SGD"),
    ("rmsprop", "RMSprop"),
    ("adam", "Adam"),
    ("adamw", "AdamW"),
    ("nadam", "Nadam"),
    ("adagrad", "Adagrad"),
)
LOSS_WORDS = (
    ("auto", "From the labels"),
    ("sparse_categorical_crossentropy", "Sparse categorical cross-entropy"),
    ("categorical_crossentropy", "Categorical cross-entropy"),
    ("binary_crossentropy", "Binary cross-entropy"),
    ("categorical_focal_crossentropy", "Focal cross-entropy"),
    ("categorical_hinge", "Categorical hinge"),
    ("mean_squared_error", "Mean squared error"),
    ("mean_absolute_error", "Mean absolute error"),
)


class MainSection(Section):
    """Optimizer, learning rate, loss, batch size, epochs."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.optimizer = self.combo("train.optimizer", "Optimizer", OPTIMIZER_WORDS, at("optimizer", "name"))
        self.rate = self.number(
            "train.learning_rate", "Learning rate", 1e-9, 1000, at("optimizer", "learning_rate")
        )
        self.loss = self.combo("train.loss", "Loss", LOSS_WORDS, at("loss"))
        self.batch_size = self.spin("train.batch_size", "Batch size", 1, 65_536, at("batch_size"))
        self.epochs = self.spin("train.epochs", "Epochs", 1, 100_000, at("epochs"))
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
