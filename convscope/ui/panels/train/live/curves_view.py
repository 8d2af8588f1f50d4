"""The charts of a training, one over the other, growing while it trains."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import check, choose, combo, row, vertical
from convscope.ui.forms.segmented import Segmented
from convscope.ui.forms.slider_row import SliderRow
from convscope.ui.forms.undo_keys import undo_of_the_window
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.train.live.charts import registry
from convscope.ui.panels.train.live.charts.base import LiveChart, Verdict
from convscope.ui.panels.train.live.charts.learning_rate import LearningRateChart
from convscope.ui.panels.train.live.charts.loss import LossChart
from convscope.ui.panels.train.live.charts.metric import METRICS, MetricChart
from convscope.ui.panels.train.live.curves import CurvesShown, History
from convscope.ui.plots.plot import Plot

if TYPE_CHECKING:
    from convscope.engine.training.record import Recorder, Update
    from convscope.engine.training.settings import TrainingSettings

OneChart = TypeVar("OneChart", bound=LiveChart)
# Milliseconds between two drawings, at least and at most.
INTERVAL, SELDOM = 150, 500
# Drawing takes this share of a core's time, so that training is not held up.
SHARE = 0.01
# One drawing of so many is measured.
MEASURED = 6


class CurvesView(QWidget):
    """Watches a `Recorder`: it looks by a timer, so that training waits for nobody.

    Attributes:
        history: what is on show.
        shown: how it is shown.
        charts: from top to bottom, as the registry has them.
        overfitting: a sentence while the curves part, else "".

    Signals:
        looked: all that is known by now has been taken, and is drawn if it is time to.
        edited: a person wants another `CurvesShown`: that, its change in words, what joins a drag's steps.
    """

    looked = Signal()
    edited = Signal(object, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("train.charts")
        self.shown = CurvesShown()
        self.history = self._new_history()
        self.overfitting = ""
        self.update_: Update | None = None
        self._recorder: Recorder | None = None
        self._settings: TrainingSettings | None = None
        self._head_epochs = 0
        self._rate_epoch = -1
        # Seconds of a drawing, of the one that is measured now (not its painting), and how many there were.
        self._cost, self._drawing, self._drawings = 0.0, 0.0, 0
        self.charts = tuple(kind() for kind in registry.CHARTS)
        self.loss, self.second = self._chart(LossChart), self._chart(MetricChart)
        self.rate = self._chart(LearningRateChart)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.look)
        self._build()
        self._restyle()

    def _chart(self, kind: type[OneChart]) -> OneChart:
        return next(chart for chart in self.charts if isinstance(chart, kind))

    def begin(self, recorder: Recorder, settings: TrainingSettings, head_epochs: int = 0) -> None:
        """Forget the last run and watch this one; `head_epochs`: see `TrainingPlan`."""
        self._recorder, self._settings, self._head_epochs = recorder, settings, head_epochs
        self.history = self._new_history()
        self.overfitting, self.update_, self._rate_epoch = "", None, -1
        for chart in self.charts:
            chart.begin(settings)
            chart.plot.fit()
        self.which.clear()
        for name in self.second.names:
            self.which.addItem(METRICS[name], name)
        self.which.setVisible(len(self.second.names) > 1)
        self._choose_metric()
        self._show_charts()
        self._restyle()
        self._timer.start()

    def prepared(self, steps: int, batches: Mapping[str, Sequence[float]]) -> None:
        """What is known before the first step: an epoch's steps, and what an earlier part of the run told."""
        from convscope.engine.training.record import Update

        self.history.steps = steps
        if batches:
            known = {name: np.array(values) for name, values in batches.items()}
            self.history.take(Update(0, known, (), 0.0))

    def note_rate(self, rate: float) -> None:
        self.history.note_rate(self.history.x, rate)

    def follow_rate(self) -> float | None:
        """The learning rate of an epoch that has begun, once: as the schedule or the plateau rule has it."""
        begun = self.history.begun
        if begun is None or begun[0] <= self._rate_epoch:
            return None
        self._rate_epoch = begun[0]
        return self.history.rates[-1][1]

    def end(self) -> None:
        self._timer.stop()
        self.look()

    def stop(self) -> None:
        self._timer.stop()

    def look(self) -> None:
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
        span = self._span()
        for chart in self.charts:
            # A low chart is drawn although it is hidden: its numbers are told beside the settings as well.
            if not chart.isHidden() or not chart.stretch:
                chart.draw(self.history, self.shown, span)

    def _draw_at_pace(self) -> None:
        """Draw; measure it now and then, the painting that follows by itself with it."""
        plots = [chart.plot for chart in self.charts]
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

    def _span(self) -> float:
        """How far the x axis goes: a little further than the run is, at most to its end."""
        whole = float(self._settings.epochs + self._head_epochs) if self._settings is not None else 1.0
        if not self.history.done:
            # Nothing has run: an epoch to come, no fraction of one that says nothing.
            return min(1.0, whole)
        at = max(self.history.x, 1e-6) * 1.08
        if at >= whole or whole <= 1:
            return whole
        power = 10.0 ** math.floor(math.log10(at))
        steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
        return min(whole, next(power * step for step in steps if power * step >= at))

    def _build(self) -> None:
        from convscope.engine.training.smoothing import FORMULAS

        self.by = Segmented([("batch", "By batch"), ("epoch", "By epoch")], "train.by")
        self.by.setAccessibleName("Curves by batch or by epoch")
        self.by.changed.connect(lambda by: self._edit("curves by " + by, by=by))
        self.smoothing = SliderRow("train.smoothing", "Smoothing", 0, 0.99, 0.01, self.shown.smoothing)
        self.smoothing.setMaximumWidth(theme.scaled(216))
        self.smoothing.changed.connect(
            lambda factor: self._edit("smoothing", "smoothing", **{f"by_{self.shown.by}": factor})
        )
        for box in self.smoothing.findChildren(QDoubleSpinBox):
            undo_of_the_window(box)
        formulas = [(name, whose) for name, (whose, _formula) in FORMULAS.items()]
        self.formula = combo("train.smoothing.formula", "Formula of the smoothing", formulas, "Formula")
        self.formula.setSizeAdjustPolicy(self.formula.SizeAdjustPolicy.AdjustToContents)
        self.formula.activated.connect(
            lambda _index: self._edit("smoothing formula", formula=self.formula.currentData())
        )
        self.log = check("train.log", "Log scale")
        self.log.clicked.connect(lambda log: self._edit("log scale", log=log))
        self.which = combo("train.metric", "Second chart", ())
        self.which.activated.connect(
            lambda _index: self._edit("second chart", metric=str(self.which.currentData()))
        )
        self.which.hide()
        above = FlowLayout(across=theme.GAP, down=theme.GRID)
        by = QLabel("by")
        by.setBuddy(self.formula)
        # One piece, so that no line begins with a choice of what stands on another.
        smoothed = QWidget()
        smoothed.setLayout(row(self.smoothing, by, self.formula))
        for widget in (self.by, smoothed, self.which):
            above.addWidget(widget)
        column = vertical(self, above)
        self.loss.head.insertWidget(1, self.log, 0, Qt.AlignmentFlag.AlignTop)
        for chart in self.charts:
            column.addWidget(chart, chart.stretch)
            chart.hovered.connect(self._hover)
            chart.plot.zoom_changed.connect(partial(self._zoomed, chart.plot))
        self._show_choices()

    def _restyle(self) -> None:
        for chart in self.charts:
            chart.set_span(self._span())
            chart.restyle(self.shown, self._head_epochs)
        self._judge()
        if self._recorder is not None:
            self.draw()

    def _judge(self) -> None:
        """The best epoch, and whether the curves part."""
        from convscope.engine.training.smoothing import best_epoch, find_overfitting, judged_by

        epochs = self.history.epochs
        best = best_epoch(epochs, judged_by(self._settings) if self._settings is not None else "")
        found = find_overfitting(epochs)
        self.overfitting = found.sentence if found is not None else ""
        for chart in self.charts:
            chart.judge(Verdict(epochs, best, self.overfitting))

    def _hover(self, x: float | None) -> None:
        for chart in self.charts:
            chart.show_cursor(x)

    def _zoomed(self, plot: Plot) -> None:
        """All show the same epochs."""
        for chart in self.charts:
            if chart.plot is not plot:
                chart.plot.follow(plot)

    def _show_charts(self) -> None:
        """Those that this run measures, and for which there is room."""
        for chart in self.charts:
            measured = chart.is_measured(self._settings)
            chart.setVisible(measured and self.height() >= theme.scaled(chart.needs_height))

    def set_shown(self, shown: CurvesShown) -> None:
        """Show the curves in another way; nothing is emitted."""
        before, self.shown = self.shown, shown
        if shown == before:
            return
        self._show_choices()
        if (shown.by_batch, shown.formula) != (before.by_batch, before.formula):
            self.history.set_smoothing(shown.by_batch, shown.formula)
        if shown.metric != before.metric:
            self._choose_metric()
            self._judge()
        self.loss.set_log(shown.log)
        if shown.by != before.by:
            self._restyle()
        elif self._recorder is not None:
            self.draw()

    def _show_choices(self) -> None:
        from convscope.engine.training.smoothing import formula_words

        shown = self.shown
        self.by.set_value(shown.by)
        self.smoothing.set_value(shown.smoothing)
        choose(self.formula, shown.formula)
        self.formula.setEnabled(shown.smoothing > 0)
        words = "Not smoothed"
        if shown.smoothing:
            words = f"Smoothed by {formula_words(shown.formula, shown.smoothing)}"
        self.formula.setToolTip(words)
        self.smoothing.setToolTip(words)
        self.formula.setAccessibleDescription(words)
        self.log.setChecked(shown.log)

    def _choose_metric(self) -> None:
        self.second.choose(self.shown.metric)
        self.which.setCurrentIndex(max(0, self.which.findData(self.second.series)))

    def _edit(self, label: str, merge: str = "", **changed: Any) -> None:
        before, shown = self.shown, replace(self.shown, **changed)
        if shown != before:
            self.set_shown(shown)
            self.edited.emit(shown, label, merge)

    def _new_history(self) -> History:
        return History(self.shown.by_batch, self.shown.formula)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "rate"):
            self._restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_charts()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Catch up on what was not drawn while it was hidden.
        if self._recorder is not None:
            self.draw()
