"""What the three ways and a support vector machine came to on this data set, in one chart."""

from __future__ import annotations

from html import escape

import numpy as np

from convscope.core.words import clock, percent
from convscope.ui import theme
from convscope.ui.forms.form import breakable
from convscope.ui.panels.train.live.charts.loss import UNFROZEN
from convscope.ui.panels.train.runs.view_model import RunEntry
from convscope.ui.panels.train.transfer.machine import TITLE
from convscope.ui.panels.train.transfer.view_model import WAYS, TransferViewModel
from convscope.ui.plots.chart import Chart, Line

SVM = "svm"
COLOURS: dict[str, str] = {way: theme.SERIES[number] for number, (way, _title, _says) in enumerate(WAYS)}


def reached_words(entry: RunEntry) -> str:
    """What a run came to, and all that was waited for it."""
    test, count = entry.tested, len(entry.epochs)
    said = entry.row.state
    if test is not None:
        accuracy, images = test["accuracy"], int(test["images"])
        right = round(accuracy * images)
        said = f"{theme.strong(percent(accuracy))} on the test images, {right:,} of {images:,}"
    # The card stands under the base of now, which may be another one than the run's.
    epochs = f"{count} {'epoch' if count == 1 else 'epochs'} in {clock(entry.row.seconds)}"
    return f"{said}; {epochs} ({breakable(escape(entry.row.model))})"


class TransferChart(Chart):
    """The last run of each way on the current data set, and the last machine on the current base and data."""

    def __init__(self, view_model: TransferViewModel) -> None:
        super().__init__("train.transfer.chart", "Validation accuracy", unit_range=True)
        self._view_model = view_model
        self.setMinimumHeight(theme.scaled(180))
        self.hovered.connect(self.show_cursor)
        self.hide()
        view_model.context.listen(view_model.results_changed, self._show)

    def _show(self) -> None:
        from convscope.engine.training.runs.record import unfrozen_at

        last, level = self._view_model.last, self._view_model.level
        lines: dict[str, Line] = {
            way: Line(title, COLOURS[way], dashed=True, dots=True)
            for way, title, _says in WAYS
            if way in last
        }
        if level is not None:
            # It has no epochs: a level to compare with.
            lines[SVM] = Line(TITLE, theme.SERIES[len(WAYS)])
        self.set_lines(lines)
        turns = [(way, unfrozen_at(entry.epochs)) for way, entry in last.items()]
        self.marks.set_turns([(float(at), UNFROZEN, COLOURS[way]) for way, at in turns if at])
        for way, entry in last.items():
            rows = [
                (epoch.epoch + 1.0, epoch.values["val_accuracy"])
                for epoch in entry.epochs
                if "val_accuracy" in epoch.values
            ]
            points = np.array(rows, np.float64).reshape(-1, 2)
            self.set_curve(way, (points[:, 0], points[:, 1]))
        span = max((len(entry.epochs) for entry in last.values()), default=1)
        if level is not None:
            self.set_curve(SVM, (np.array([0.0, span]), np.array([level, level])))
        self.set_span(span)
        self.refresh()
        self.setVisible(bool(lines))
