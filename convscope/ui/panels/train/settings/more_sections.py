"""All further settings, in sections that fold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from convscope.ui.forms.form import caption
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.settings.section import Read, Section, Write, at
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

_OPTIMIZER_NUMBERS = (
    ("momentum", "Momentum", 1.0),
    ("rho", "Rho", 1.0),
    ("beta_1", "Beta 1", 1.0),
    ("beta_2", "Beta 2", 1.0),
    ("weight_decay", "Weight decay", 100.0),
    ("initial_accumulator_value", "Accumulator", 100.0),
    ("epsilon", "Epsilon", 100.0),
)
_OPTIMIZER_CHECKS = (
    ("nesterov", "Nesterov momentum"),
    ("centered", "Centered"),
    ("amsgrad", "AMSGrad"),
)
_METRICS = (
    ("accuracy", "Accuracy"),
    ("top_5_accuracy", "Top-5 accuracy"),
    ("auc", "Area under the ROC curve"),
    ("precision", "Precision"),
    ("recall", "Recall"),
)
_SCHEDULES = (
    ("constant", "Constant"),
    ("step", "Steps"),
    ("exponential", "Exponential"),
    ("cosine", "Cosine"),
)
_MONITORS = (
    ("val_loss", "validation loss"),
    ("val_accuracy", "validation accuracy"),
    ("loss", "training loss"),
    ("accuracy", "training accuracy"),
)
_WEIGHTS = (("none", "All classes alike"), ("balanced", "Balanced"))


class OptimizerSection(Section):
    """The settings that the chosen optimizer has besides its learning rate."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._rows: dict[str, QWidget] = {}
        for name, words, high in _OPTIMIZER_NUMBERS:
            box = self.number(f"train.optimizer.{name}", words, 0, high, at("optimizer", name))
            self._rows[name] = form.titled(words, box)
        for name, words in _OPTIMIZER_CHECKS:
            self._rows[name] = self.check(f"train.optimizer.{name}", words, at("optimizer", name))
        for widget in self._rows.values():
            self.column.addWidget(widget)
        self.on_show(self._show_own)

    def _show_own(self, settings: TrainingSettings) -> None:
        own = settings.optimizer.used
        for name, widget in self._rows.items():
            widget.setVisible(name in own)


class MetricsSection(Section):
    """What is measured besides the loss."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent, about="metrics")
        for name, words in _METRICS:
            self.column.addWidget(self.check(f"train.metric.{name}", words, _member(name)))


def _member(name: str) -> tuple[Read, Write]:
    def write(settings: TrainingSettings, on: Any) -> TrainingSettings:
        chosen = {*settings.metrics, name} if on else {*settings.metrics} - {name}
        changed: dict[str, Any] = {"metrics": tuple(key for key, _words in _METRICS if key in chosen)}
        return replace(settings, **changed)

    return (lambda settings: name in settings.metrics), write


class ScheduleSection(Section):
    """How the learning rate goes over the epochs."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent, about="schedule")
        kind = self.combo("train.schedule", "Schedule", _SCHEDULES, at("schedule", "kind"))
        factor = self.number("train.schedule.factor", "Factor", 0, 1, at("schedule", "factor"))
        every = self.spin("train.schedule.every", "Every so many epochs", 1, 10_000, at("schedule", "every"))
        warmup = self.spin("train.schedule.warmup", "Warm-up epochs", 0, 10_000, at("schedule", "warmup"))
        self._factor, self._every = form.titled("Factor", factor), form.titled("Every … epochs", every)
        for widget in (form.titled("Rate", kind), self._factor, self._every, form.titled("Warm-up", warmup)):
            self.column.addWidget(widget)
        self.words = caption("train.schedule.words")
        self.column.addWidget(self.words)
        self.on_show(self._say)

    def _say(self, settings: TrainingSettings) -> None:
        schedule, rate = settings.schedule, settings.optimizer.learning_rate
        self._factor.setVisible(schedule.kind != "constant")
        self._every.setVisible(schedule.kind == "step")
        words = {
            "constant": f"{rate:g} all along.",
            "step": f"{rate:g}, times {schedule.factor:g} every {schedule.every} epochs.",
            "exponential": f"{rate:g}, times {schedule.factor:g} after each epoch.",
            "cosine": f"From {rate:g} down to {rate * schedule.factor:.3g} along half a cosine.",
        }[schedule.kind]
        if schedule.warmup:
            words += f" It rises to that over the first {schedule.warmup} epochs."
        self.words.setText(words)


class StoppingSection(Section):
    """Early stopping, the plateau rule, and which weights are handed over."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        from convscope.engine.training.settings import EarlyStopping, Plateau

        self._parts("early_stopping", "Stop early", EarlyStopping, (("min_delta", "At least by", 1000.0),))
        self._parts(
            "plateau",
            "Lower the rate on a plateau",
            Plateau,
            (("factor", "Factor", 0.99), ("min_learning_rate", "Not below", 1000.0)),
        )
        best = self.check("train.restore_best", "Hand over the best epoch's weights", at("restore_best"))
        self.column.addWidget(best)

    def _parts(self, part: str, words: str, kind: Any, numbers: tuple[tuple[str, str, float], ...]) -> None:
        """A switch for a setting that is None when it is off, and its own settings under it."""
        own = Section(self.desk, about=words[:1].lower() + words[1:])

        def write(settings: TrainingSettings, on: Any) -> TrainingSettings:
            changed: dict[str, Any] = {part: kind() if on else None}
            return replace(settings, **changed)

        switch = (lambda settings: getattr(settings, part) is not None), write
        self.column.addWidget(self.check(f"train.{part}", words, switch))
        monitor = own.combo(f"train.{part}.monitor", "Watches", _MONITORS, at(part, "monitor"))
        patience = own.spin(f"train.{part}.patience", "Patience", 0, 10_000, at(part, "patience"))
        patience.setSuffix(" epochs")
        own.column.addWidget(form.titled("Watches", monitor))
        own.column.addWidget(form.titled("Patience", patience))
        for name, says, high in numbers:
            box = own.number(f"train.{part}.{name}", says, 0, high, at(part, name))
            own.column.addWidget(form.titled(says, box))
        own.column.setContentsMargins(0, 0, 0, 4)
        self.column.addWidget(own)

        def show(settings: TrainingSettings) -> None:
            on = getattr(settings, part) is not None
            own.setVisible(on)
            if on:
                own.show_settings(settings)

        self.on_show(show)


class ImagesSection(Section):
    """In which order images come, how many, and with which weight."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        steps = self.spin(
            "train.steps", "Steps an epoch", 0, 10_000_000, at("steps_per_epoch"), "all images once"
        )
        weights = self.combo("train.class_weights", "Class weights", _WEIGHTS, at("class_weights"))
        seed = self.spin("train.seed", "Seed", 0, 2**31 - 1, at("seed"))
        seed.setGroupSeparatorShown(False)
        for words, widget in (("Steps an epoch", steps), ("Class weights", weights), ("Seed", seed)):
            self.column.addWidget(form.titled(words, widget))
        self.column.addWidget(self.check("train.shuffle", "A new order each epoch", at("shuffle")))


SECTIONS: tuple[tuple[str, str, type[Section]], ...] = (
    ("optimizer", "Optimizer settings", OptimizerSection),
    ("metrics", "Metrics", MetricsSection),
    ("schedule", "Learning-rate schedule", ScheduleSection),
    ("stopping", "Stopping and plateaus", StoppingSection),
    ("images", "Weights, order, seed", ImagesSection),
)
