"""Loss over a metric over the learning rate, growing while it trains."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import choose, combo, row
from convscope.ui.forms.segmented import Segmented
from convscope.ui.forms.slider_row import SliderRow
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.panels.train.live.curves_look import Look
from convscope.ui.panels.train.live.history import History
from convscope.ui.panels.train.settings import form
from convscope.ui.plots.chart import Chart, Line
from convscope.ui.plots.curve import Curve
from convscope.ui.plots.plot import Plot
from convscope.ui.widgets.flow import FlowLayout

if TYPE_CHECKING:
    from convscope.engine.training.runs.record import Recorder, Update
    from convscope.engine.training.settings import TrainingSettings

# Milliseconds between two drawings, at least and at most.
INTERVAL, SELDOM = 150, 500
# Drawing takes this share of a core's time, so that training is not held up.
SHARE = 0.01
# One drawing of so many is measured.
MEASURED = 6
METRICS = {
    "accuracy": "Accuracy",
    "top_5_accuracy": "Top-5 accuracy",
    "auc": "Area under the ROC curve",
    "precision": "Precision",
    "recall": "Recall",
}
RATE_HEIGHT = 84
# Pixels of height from which the learning rate has a chart of its own.
ROOMY = 380
# A gap below this share of the validation loss is not worth a word.
GAP_SHARE = 0.2
# Nor is one below this share of the chart's height.
GAP_HEIGHT = 0.06
# Where a new classifier has learned alone and the base begins to learn with it.
UNFROZEN = "base unfrozen"


class Charts(QWidget):
    """Watches a `Recorder`: it looks by a timer, so that training waits for nobody.

    Attributes:
        history: what is on show.
        shown_as: how it is shown.
        overfitting: a sentence while the curves part, else "".

    Signals:
        looked: all that is known by now has been taken, and is drawn if it is time to.
        edited: a person wants another `Look`: that, what it changes in words, and what joins a drag's steps.
    """

    looked = Signal()
    edited = Signal(object, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.charts")
        self.shown_as = Look()
        self.history = self._new_history()
        self.overfitting = ""
        self.update_: Update | None = None
        self._recorder: Recorder | None = None
        self._settings: TrainingSettings | None = None
        self._metric = "accuracy"
        self._names: list[str] = []
        self._before = 0
        self._rate_epoch = -1
        # Seconds of a drawing, of the one that is measured now (not its painting), and how many there were.
        self._cost, self._drawing, self._drawings = 0.0, 0.0, 0
        self._shaded: tuple[object, ...] = ()
        self._rated: tuple[object, ...] = ()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.look)
        self._build()
        self._set_lines()

    def begin(self, recorder: Recorder, settings: TrainingSettings, before: int = 0) -> None:
        """Forget the last run and watch this one; `before`: see `Plan`."""
        self._recorder, self._settings, self._before = recorder, settings, before
        self.history = self._new_history()
        self.overfitting, self.update_, self._rate_epoch = "", None, -1
        names = [name for name in settings.metrics if name in METRICS]
        self.which.clear()
        for name in names:
            self.which.addItem(METRICS[name], name)
        self.which.setVisible(len(names) > 1)
        self.second.setVisible(bool(names))
        self._names = [str(name) for name in names]
        self._choose_metric()
        for chart in (self.loss, self.second, self.rate):
            chart.plot.fit()
        self._set_lines()
        self._timer.start()

    def prepared(self, steps: int, batches: dict[str, list[float]]) -> None:
        """What is known before the first step: an epoch's steps, and what an earlier part of the run told."""
        from convscope.engine.training.runs.record import Update

        self.history.steps = steps
        if batches:
            known = {name: np.array(values) for name, values in batches.items()}
            self.history.take(Update(0, known, (), 0.0))

    def note_rate(self, rate: float) -> None:
        """The learning rate was changed now."""
        self.history.note_rate(self.history.x, rate)

    def follow_rate(self) -> float | None:
        """The learning rate of an epoch that has begun, once: as the schedule or the plateau rule has it."""
        begun = self.history.begun
        if begun is None or begun[0] <= self._rate_epoch:
            return None
        self._rate_epoch = begun[0]
        return self.history.rates[-1][1]

    def end(self) -> None:
        """Take the last numbers; no more will come."""
        self._timer.stop()
        self.look()

    def shutdown(self) -> None:
        """Stop looking."""
        self._timer.stop()

    def look(self) -> None:
        """Take what is new and draw it."""
        recorder, history = self._recorder, self.history
        if recorder is None:
            return
        epoch = history.epochs[-1].epoch + 1 if history.epochs else 0
        update = recorder.since(history.done, epoch)
        self.update_ = update
        new = any(len(values) for values in update.batches.values())
        history.take(update)
        if update.epochs:
            self._judge()
        if self.isVisible() and (new or update.epochs):
            self._draw_at_pace()
        # What changes with it is painted with it: each painting of its own costs steps.
        self.looked.emit()

    def draw(self) -> None:
        """Draw all curves as they are now."""
        history = self.history
        for chart, name in ((self.loss, "loss"), (self.second, self._metric)):
            if chart.isHidden():
                continue
            chart.set_span(self._span())
            own, checked = history.by_epoch(name), history.by_epoch(f"val_{name}")
            if self.shown_as.by == "batch":
                found = history.by_batch(name)
                raw, smooth = found if found is not None else (own, own)
                chart.set_curve("raw", raw)
                chart.set_curve("train", smooth)
                chart.set_curve("validation", checked)
                chart.set_curve("mean", own)
            else:
                chart.set_curve("raw", own)
                chart.set_curve("train", self._smooth(own))
                chart.set_curve("raw_validation", checked)
                chart.set_curve("validation", self._smooth(checked))
        # The gap changes with an epoch, not with a batch; its items are dear to draw anew.
        state = (len(history.epochs), self.shown_as)
        if state != self._shaded:
            self._shaded = state
            self._draw_shade()
        self.loss.refresh()
        if not self.second.isHidden():
            self.second.refresh()
        self._draw_rate()

    # Inside

    def _draw_at_pace(self) -> None:
        """Draw; measure it now and then, the painting that follows by itself with it."""
        plots = [chart.plot for chart in (self.loss, self.second, self.rate)]
        place, self._drawings = self._drawings % MEASURED, self._drawings + 1
        if place == 1:
            self._pace(self._drawing + sum(plot.spent for plot in plots))
        began = time.thread_time() if place == 0 else 0.0
        self.draw()
        if place == 0:
            self._drawing = time.thread_time() - began
        for plot in plots:
            plot.spent, plot.measured = 0.0, place == 0

    def _pace(self, spent: float) -> None:
        """Draw as often as a drawing that takes so long (seconds) allows."""
        self._cost = spent if not self._cost else 0.8 * self._cost + 0.2 * spent
        wanted = min(SELDOM, max(INTERVAL, round(1e3 * self._cost / SHARE)))
        # Another interval begins anew, so small changes are none.
        if abs(wanted - self._timer.interval()) > 0.2 * wanted:
            self._timer.setInterval(wanted)

    def _build(self) -> None:
        from convscope.engine.training.smoothing import FORMULAS

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.by = Segmented([("batch", "By batch"), ("epoch", "By epoch")], "train.by")
        self.by.setAccessibleName("Curves by batch or by epoch")
        self.by.changed.connect(self._by_changed)
        self.smoothing = SliderRow("train.smoothing", "Smoothing", 0, 0.99, 0.01, self.shown_as.smoothing)
        self.smoothing.setMaximumWidth(theme.scaled(216))
        self.smoothing.changed.connect(self._smoothing_changed)
        for box in self.smoothing.findChildren(QDoubleSpinBox):
            undo_of_the_window(box)
        formulas = [(name, whose) for name, (whose, _formula) in FORMULAS.items()]
        self.formula = combo("train.smoothing.formula", "Formula of the smoothing", formulas, "Formula")
        self.formula.setSizeAdjustPolicy(self.formula.SizeAdjustPolicy.AdjustToContents)
        self.formula.activated.connect(self._formula_changed)
        self.log = form.check("train.log", "Log scale")
        self.log.clicked.connect(self._log_changed)
        self.which = combo("train.metric", "Second chart", ())
        self.which.activated.connect(self._metric_chosen)
        self.which.hide()
        above = FlowLayout(across=theme.GAP, down=theme.GRID)
        by = QLabel("by")
        by.setBuddy(self.formula)
        # One piece, so that no line begins with a choice of what stands on another.
        smoothed = QWidget()
        smoothed.setLayout(row(self.smoothing, by, self.formula))
        for widget in (self.by, smoothed, self.which):
            above.addWidget(widget)
        column.addLayout(above)
        self.loss = Chart("train.loss_chart", "Loss")
        self.loss.head.insertWidget(1, self.log, 0, Qt.AlignmentFlag.AlignTop)
        self.second = Chart("train.metric_chart", "Accuracy", unit_range=True)
        self.rate = Chart("train.rate_chart", "Learning rate over the epochs", ticks_at_values=True)
        self.rate.set_log(True)
        self.rate.setFixedHeight(theme.scaled(RATE_HEIGHT))
        column.addWidget(self.loss, 3)
        column.addWidget(self.second, 3)
        column.addWidget(self.rate)
        for chart in (self.loss, self.second, self.rate):
            chart.hovered.connect(self._hover)
            chart.plot.zoom_changed.connect(partial(self._zoomed, chart.plot))
        self._show_look()

    def _set_lines(self) -> None:
        colour = run_colour()
        checked = deeper(colour)
        if self.shown_as.by == "batch":
            lines = {
                "raw": Line("", colour, faint=True),
                "train": Line("each batch", colour, raw="raw", order=2),
                "validation": Line("validation", checked, dashed=True, dots=True, order=1),
                # What Keras tells of an epoch: to be compared with validation, which a single batch is not.
                "mean": Line("training", colour, joined=False),
            }
        else:
            lines = {
                "raw": Line("", colour, faint=True, dots=True),
                "raw_validation": Line("", checked, faint=True, dashed=True, dots=True),
                "train": Line("training", colour, raw="raw"),
                "validation": Line("validation", checked, dashed=True, raw="raw_validation"),
            }
        for chart in (self.loss, self.second, self.rate):
            chart.set_span(self._span())
        for chart in (self.loss, self.second):
            chart.set_lines(lines)
            words = UNFROZEN if chart is self.loss else ""
            chart.marks.set_turns(
                [(float(self._before), words, theme.tokens().secondary)] if self._before else ()
            )
        self.rate.set_lines({"rate": Line("now", theme.tokens().secondary)})
        self._shaded = self._rated = ()
        self._judge()
        if self._recorder is not None:
            self.draw()

    def _span(self) -> float:
        """How far the x axis goes: a little further than the run is, at most to its end."""
        whole = float(self._settings.epochs + self._before) if self._settings is not None else 1.0
        if not self.history.done:
            # Nothing has run: an epoch to come, no fraction of one that says nothing.
            return min(1.0, whole)
        at = max(self.history.x, 1e-6) * 1.08
        if at >= whole or whole <= 1:
            return whole
        power = 10.0 ** math.floor(math.log10(at))
        steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
        return min(whole, next(power * step for step in steps if power * step >= at))

    def _smooth(self, curve: Curve) -> Curve:
        from convscope.engine.training.smoothing import smooth

        return curve[0], smooth(curve[1], self.shown_as.smoothing, self.shown_as.formula)

    def _judge(self) -> None:
        """The best epoch, and whether the curves part."""
        from convscope.engine.training.smoothing import best_epoch, find_overfitting, judged_by

        epochs = self.history.epochs
        best = best_epoch(epochs, judged_by(self._settings) if self._settings is not None else "")
        colour = theme.tokens().good
        for chart, name in ((self.loss, "loss"), (self.second, self._metric)):
            # One epoch is no choice.
            if best is None or len(epochs) < 2:
                chart.marks.set_best(None)
                chart.marks.set_rings(())
                continue
            chart.marks.set_best(best + 1.0, f"best epoch {best + 1}" if chart is self.loss else "")
            values = next(record.values for record in epochs if record.epoch == best)
            reached = values.get(f"val_{name}", values.get(name, math.nan))
            chart.marks.set_rings([(best + 1.0, reached, colour)])
        found = find_overfitting(epochs)
        self.overfitting = found.sentence if found is not None else ""

    def _draw_shade(self) -> None:
        """The gap between validation and training loss, from where it opened for good."""
        # Of the epochs' own numbers: what smoothing makes of them parts elsewhere.
        train, checked = self.history.by_epoch("loss"), self.history.by_epoch("val_loss")
        if not len(train[0]) or len(checked[0]) < 2:
            self.loss.marks.set_shade(None)
            return
        x, high = checked
        low = np.interp(x, *train)
        closed = np.flatnonzero(~(high > low))
        first = int(closed[-1]) + 1 if len(closed) else 0
        x, low, high = x[first:], low[first:], high[first:]
        wide = len(x) > 1 and high[-1] - low[-1] > max(
            GAP_SHARE * high[-1], GAP_HEIGHT * self.loss.height_shown
        )
        if not wide:
            self.loss.marks.set_shade(None)
            return
        gap = f"gap {high[-1] - low[-1]:.3g}"
        named = f"overfitting: {gap}" if self.overfitting else gap
        self.loss.marks.set_shade(x, low, high, named, warns=bool(self.overfitting))

    def _draw_rate(self) -> None:
        rates = self.history.rates
        # It is drawn when it has grown by some pixels.
        state = (len(rates), round(100 * self.history.x / self._span()), self._span())
        if not rates or state == self._rated:
            return
        self._rated = state
        x = np.repeat(np.array([row[0] for row in rates]), 2)[1:]
        y = np.repeat(np.array([row[1] for row in rates]), 2)[:-1]
        end = max(self.history.x, rates[-1][0])
        self.rate.set_span(self._span())
        self.rate.set_curve("rate", (np.append(x, end), np.append(y, rates[-1][1])))
        self.rate.refresh()

    def _hover(self, x: float | None) -> None:
        for chart in (self.loss, self.second, self.rate):
            chart.show_cursor(x)

    def _zoomed(self, plot: Plot) -> None:
        """All three show the same epochs."""
        for chart in (self.loss, self.second, self.rate):
            if chart.plot is not plot:
                chart.plot.follow(plot)

    # How it is shown

    def set_look(self, look: Look) -> None:
        """Show the curves in another way; nothing is emitted."""
        before, self.shown_as = self.shown_as, look
        if look == before:
            return
        self._show_look()
        if (look.by_batch, look.formula) != (before.by_batch, before.formula):
            self.history.set_smoothing(look.by_batch, look.formula)
        if look.metric != before.metric:
            self._choose_metric()
            self._judge()
        self.loss.set_log(look.log)
        if look.by != before.by:
            self._set_lines()
        elif self._recorder is not None:
            self.draw()

    def _show_look(self) -> None:
        from convscope.engine.training.smoothing import formula_words

        look = self.shown_as
        self.by.set_value(look.by)
        self.smoothing.set_value(look.smoothing)
        choose(self.formula, look.formula)
        self.formula.setEnabled(look.smoothing > 0)
        words = (
            f"Smoothed by {formula_words(look.formula, look.smoothing)}" if look.smoothing else "Not smoothed"
        )
        self.formula.setToolTip(words)
        self.smoothing.setToolTip(words)
        self.formula.setAccessibleDescription(words)
        self.log.setChecked(look.log)

    def _edit(self, label: str, merge: str = "", **changed: Any) -> None:
        before, look = self.shown_as, replace(self.shown_as, **changed)
        if look != before:
            self.set_look(look)
            self.edited.emit(look, label, merge)

    def _by_changed(self, by: str) -> None:
        self._edit("curves by " + by, by=by)

    def _smoothing_changed(self, factor: float) -> None:
        self._edit("smoothing", "smoothing", **{f"by_{self.shown_as.by}": factor})

    def _formula_changed(self, _index: int) -> None:
        self._edit("smoothing formula", formula=self.formula.currentData())

    def _log_changed(self, log: bool) -> None:
        self._edit("log scale", log=log)

    def _metric_chosen(self, _index: int) -> None:
        self._edit("second chart", metric=str(self.which.currentData()))

    def _choose_metric(self) -> None:
        """The one that is wanted, if it is measured."""
        first = self._names[0] if self._names else "accuracy"
        self._metric = self.shown_as.metric if self.shown_as.metric in self._names else first
        self.which.setCurrentIndex(max(0, self.which.findData(self._metric)))
        self.second.set_title(METRICS[self._metric])

    def _new_history(self) -> History:
        return History(self.shown_as.by_batch, self.shown_as.formula)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other colours for the curves."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "rate"):
            self._set_lines()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the curves keep it: the rate is told beside the settings as well."""
        super().resizeEvent(event)
        self.rate.setVisible(self.height() >= theme.scaled(ROOMY))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up on what was not drawn while it was hidden."""
        super().showEvent(event)
        if self._recorder is not None:
            self.draw()


def deeper(colour: str) -> str:
    """The same hue nearer to the text's colour: validation, where it crosses training."""
    own, text = QColor(colour), QColor(theme.tokens().text)
    mixed = [round(0.55 * a + 0.45 * b) for a, b in zip(own.getRgb()[:3], text.getRgb()[:3], strict=True)]  # type: ignore[index]
    return QColor(*mixed).name()


def run_colour(number: int = 0) -> str:
    """The colour of a run, by its number; in the dark a lighter blue comes first."""
    order = (4, 1, 2, 3, 0, 5, 6, 7) if theme.tokens().dark else tuple(range(8))
    return theme.SERIES[order[number % len(order)]]
