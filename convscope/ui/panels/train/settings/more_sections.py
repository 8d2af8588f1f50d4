"""All further settings, in sections that fold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from convscope.ui.forms.form import caption
from convscope.ui.panels.train.settings import form
from convscope.ui.panels.train.settings.section import Read, Section, Write, declared
from convscope.ui.panels.train.view_model import TrainViewModel

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

_OPTIMIZER_NUMBERS = (
    "momentum",
    "rho",
    "beta_1",
    "beta_2",
    "weight_decay",
    "initial_accumulator_value",
    "epsilon",
)
_OPTIMIZER_FLAGS = ("nesterov", "centered", "amsgrad")


class OptimizerSection(Section):
    """The settings that the chosen optimizer has besides its learning rate."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._rows: dict[str, QWidget] = {}
        for name in _OPTIMIZER_NUMBERS:
            box = self.number(f"train.optimizer.{name}", "optimizer", name)
            self._rows[name] = form.titled(declared("optimizer", name).title, box)
        for name in _OPTIMIZER_FLAGS:
            self._rows[name] = self.flag(f"train.optimizer.{name}", "optimizer", name)
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
        for name, words in declared("metrics").choices:
            self.column.addWidget(self.check(f"train.metric.{name}", words, _member(name)))


def _member(name: str) -> tuple[Read, Write]:
    def write(settings: TrainingSettings, on: Any) -> TrainingSettings:
        chosen = {*settings.metrics, name} if on else {*settings.metrics} - {name}
        changed: dict[str, Any] = {
            "metrics": tuple(key for key in declared("metrics").values if key in chosen)
        }
        return replace(settings, **changed)

    return (lambda settings: name in settings.metrics), write


class ScheduleSection(Section):
    """How the learning rate goes over the epochs."""

    def __init__(self, desk: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent, about="schedule")
        kind = self.combo("train.schedule", "schedule", "kind")
        factor = self.number("train.schedule.factor", "schedule", "factor")
        every = self.spin("train.schedule.every", "schedule", "every")
        warmup = self.spin("train.schedule.warmup", "schedule", "warmup")
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

        self._parts("early_stopping", "Stop early", EarlyStopping, ("min_delta",))
        self._parts(
            "plateau",
            "Lower the rate on a plateau",
            Plateau,
            ("factor", "min_learning_rate"),
        )
        self.column.addWidget(self.flag("train.restore_best", "restore_best"))

    def _parts(self, part: str, words: str, kind: Any, numbers: tuple[str, ...]) -> None:
        """A switch for a setting that is None when it is off, and its own settings under it."""
        own = Section(self.desk, about=words[:1].lower() + words[1:])

        def write(settings: TrainingSettings, on: Any) -> TrainingSettings:
            changed: dict[str, Any] = {part: kind() if on else None}
            return replace(settings, **changed)

        switch = (lambda settings: getattr(settings, part) is not None), write
        self.column.addWidget(self.check(f"train.{part}", words, switch))
        monitor = own.combo(f"train.{part}.monitor", part, "monitor")
        patience = own.spin(f"train.{part}.patience", part, "patience")
        own.column.addWidget(form.titled("Watches", monitor))
        own.column.addWidget(form.titled("Patience", patience))
        for name in numbers:
            box = own.number(f"train.{part}.{name}", part, name)
            own.column.addWidget(form.titled(declared(part, name).title, box))
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
        steps = self.spin("train.steps", "steps_per_epoch")
        weights = self.combo("train.class_weights", "class_weights")
        seed = self.spin("train.seed", "seed")
        seed.setGroupSeparatorShown(False)
        for words, widget in (("Steps an epoch", steps), ("Class weights", weights), ("Seed", seed)):
            self.column.addWidget(form.titled(words, widget))
        self.column.addWidget(self.flag("train.shuffle", "shuffle"))


SECTIONS: tuple[tuple[str, str, type[Section]], ...] = (
    ("optimizer", "Optimizer settings", OptimizerSection),
    ("metrics", "Metrics", MetricsSection),
    ("schedule", "Learning-rate schedule", ScheduleSection),
    ("stopping", "Stopping and plateaus", StoppingSection),
    ("images", "Weights, order, seed", ImagesSection),
)
