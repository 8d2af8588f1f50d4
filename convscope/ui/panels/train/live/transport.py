"""Steering a training that runs: pause, one step, stop, the learning rate; and what it is doing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from convscope.core.words import time_left
from convscope.ui import theme
from convscope.ui.forms.form import row, slider, tool, vertical
from convscope.ui.forms.number_box import NumberBox

if TYPE_CHECKING:
    from convscope.ui.panels.train.live.curves_view import CurvesView
    from convscope.ui.panels.train.view_model import TrainViewModel

# The slider goes over powers of ten in hundredths.
_LOW, _HIGH = -7, 1
LEAST = 10.0**_LOW


class Transport(QWidget):
    """Buttons, the learning rate, and the line that says where the training stands.

    Args:
        train: whose training is steered.
        charts: what knows how far it is.
    """

    def __init__(self, train: TrainViewModel, charts: CurvesView) -> None:
        super().__init__()
        self.setObjectName("train.transport")
        self.trainer, self._charts = train.trainer, charts
        self._build()
        listen = train.context.listen
        listen(self.trainer.state_changed, self.show_state)
        # At once, so that it says what the status bar says.
        listen(self.trainer.told, self.say)
        self.show_state()

    def show_rate(self, rate: float) -> None:
        """Show the learning rate in force; emits nothing."""
        with QSignalBlocker(self.rate), QSignalBlocker(self.slider):
            # A schedule makes long numbers.
            self.rate.setValue(float(f"{rate:.3g}"))
            self.slider.setValue(round(100 * math.log10(max(rate, LEAST))))

    def show_state(self, _state: object = None) -> None:
        state = self.trainer.state
        standing = state == "paused"
        self.pause.setText("Resume" if standing else "Pause")
        self.pause.setIcon(theme.icon("play" if standing else "pause"))
        self.pause.setAccessibleName(self.pause.text())
        self.pause.setToolTip("Go on" if standing else "Stand still after this step")
        active = state in ("preparing", "running", "paused")
        for widget in (self.pause, self.step, self.stop, self.rate, self.slider):
            widget.setEnabled(active)
        self.say()

    def say(self) -> None:
        self.sentence.setText(self._sentence())
        update, job = self._charts.update_, self.trainer.job
        words = []
        if self.trainer.state in ("preparing", "running"):
            if update is not None and update.images_per_second:
                words.append(f"{update.images_per_second:,.0f} images/s")
            # The status bar's own.
            if job is not None and job.seconds_left is not None:
                words.append(time_left(job.seconds_left))
        self.numbers.setText(" · ".join(words))

    def _sentence(self) -> str:
        trainer = self.trainer
        plan, history = trainer.plan, self._charts.history
        if plan is None or not trainer.active:
            return ""
        told = trainer.job.text if trainer.job is not None else ""
        update = self._charts.update_
        learned = update is not None and (update.batches or history.done)
        if trainer.state == "stopping":
            return "Stopping after this step …"
        if not learned:
            return told or "Preparing: opening the data and building the network …"
        if told and trainer.recorder is not None and trainer.recorder.stage != "epochs":
            # Evaluating, extracting features: the engine says what.
            return told
        epochs, steps = plan.epochs, history.steps
        epoch, step = divmod(history.done, steps)
        if step == 0 and len(history.epochs) < epoch:
            words = f"Epoch {epoch} of {epochs}: validating"
        elif epoch >= epochs:
            words = f"All {epochs} epochs done"
        else:
            words = f"Epoch {epoch + 1} of {epochs}, step {step} of {steps}"
            if epoch < plan.head_epochs:
                words += " · the new classifier alone"
        if trainer.state != "paused" or trainer.control is None:
            return words
        return f"{'Paused' if trainer.control.standing else 'Pausing'} · {words}"

    def _build(self) -> None:
        trainer = self.trainer
        self.pause = tool("train.pause", "Pause", "pause", trainer.toggle, "Pause")
        self.pause.setMinimumWidth(theme.scaled(92))
        self.step = tool("train.step", "Make one step, then stand still", "step-forward", trainer.step)
        self.step.setText("One step")
        self.step.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.stop = tool(
            "train.stop", "End now; what was learned is kept", "circle-stop", trainer.stop, "Stop"
        )
        self.slider = slider(
            "train.rate.slider", "Learning rate now, by powers of ten", 100 * _LOW, 100 * _HIGH
        )
        self.slider.setMinimumWidth(theme.scaled(60))
        self.slider.setMaximumWidth(theme.scaled(180))
        self.slider.valueChanged.connect(lambda notch: self._set_rate(float(f"{10 ** (notch / 100):.2g}")))
        self.rate = NumberBox("train.rate", "Learning rate now", LEAST, 1000)
        self.rate.setMinimumWidth(theme.scaled(84))
        self.rate.valueChanged.connect(self._set_rate)
        label = QLabel("Learning rate")
        label.setBuddy(self.rate)
        buttons = row(self.pause, self.step, self.stop, None, label, self.slider, self.rate)
        buttons.setStretch(5, 1)
        self.sentence = QLabel()
        self.sentence.setObjectName("train.sentence")
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.numbers = theme.with_figures(theme.label("", "caption"))
        self.numbers.setObjectName("train.numbers")
        says = QHBoxLayout()
        says.addWidget(self.sentence, 1)
        says.addWidget(self.numbers)
        vertical(self, buttons, says, spacing=theme.GRID)

    def _set_rate(self, rate: float) -> None:
        self.show_rate(rate)
        self.trainer.set_rate(rate)
        self._charts.note_rate(rate)
