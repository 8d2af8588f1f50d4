"""What the three ways and a support vector machine came to on this data set, in one chart."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.core.words import clock, percent
from convscope.ui import theme
from convscope.ui.forms.form import breakable
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.live.charts import UNFROZEN
from convscope.ui.panels.train.runs.table import Entry
from convscope.ui.panels.train.runs.view import RunsRead, read_runs
from convscope.ui.panels.train.transfer.machine import TITLE, Machine
from convscope.ui.panels.train.transfer.plan import WAYS
from convscope.ui.plots.chart import Chart, Line

KEY, SVM = "train.transfer.runs", "svm"
COLOURS: dict[str, str] = {way: theme.SERIES[number] for number, (way, _title, _says) in enumerate(WAYS)}


def _reached(entry: Entry) -> str:
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


class TransferResults(QWidget):
    """The last run of each way on the current data set, and the last machine on the current base and data.

    Signals:
        reached: by way, what it came to in words.
    """

    reached = Signal(dict)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._machine: Machine | None = None
        self.chart = Chart("train.transfer.chart", "Validation accuracy", unit_range=True)
        self.chart.setMinimumHeight(theme.scaled(180))
        self.chart.hovered.connect(self.chart.show_cursor)
        self.chart.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.chart)
        desk.runs_changed.connect(self.refresh)
        desk.context.workspace.dataset_changed.connect(self.refresh)

    def refresh(self, *_: object) -> None:
        """Read the runs again."""
        self._desk.context.jobs.submit(
            "view",
            read_runs,
            title="Reading the runs",
            key=KEY,
            supersede="finish",
            quiet=True,
            on_done=self._show,
            on_failed=self._desk.context.report,
        )

    def show_machine(self, machine: Machine | None) -> None:
        """A support vector machine was fitted: a level to compare with, since it has no epochs.

        Args:
            machine: None: the last one is no answer any more.
        """
        self._machine = machine
        self.refresh()

    def shutdown(self) -> None:
        """Take no more events."""
        self._desk.runs_changed.disconnect(self.refresh)
        self._desk.context.workspace.dataset_changed.disconnect(self.refresh)
        self._desk.context.jobs.cancel_key(KEY)

    def _show(self, read: RunsRead) -> None:
        from convscope.engine.training.runs.record import unfrozen_at

        dataset = self._desk.context.workspace.dataset
        last: dict[str, Entry] = {}
        for entry in read.entries:
            details = entry.details
            way = str((details.transfer or {}).get("way", ""))
            same = dataset is None or details.data.reference == dataset.reference
            if way in COLOURS and same and entry.epochs:
                last.setdefault(way, entry)
        lines: dict[str, Line] = {
            way: Line(title, COLOURS[way], dashed=True, dots=True)
            for way, title, _says in WAYS
            if way in last
        }
        level = self._level()
        if level is not None:
            lines[SVM] = Line(TITLE, theme.SERIES[len(WAYS)])
        self.chart.set_lines(lines)
        unfrozen = {way: unfrozen_at(entry.epochs) for way, entry in last.items()}
        self.chart.marks.set_turns(
            [(float(at), UNFROZEN, COLOURS[way]) for way, at in unfrozen.items() if at]
        )
        words = {}
        for way, entry in last.items():
            rows = [
                (epoch.epoch + 1.0, epoch.values["val_accuracy"])
                for epoch in entry.epochs
                if "val_accuracy" in epoch.values
            ]
            points = np.array(rows, np.float64).reshape(-1, 2)
            self.chart.set_curve(way, (points[:, 0], points[:, 1]))
            words[way] = _reached(entry)
        span = max((len(entry.epochs) for entry in last.values()), default=1)
        if level is not None:
            self.chart.set_curve(SVM, (np.array([0.0, span]), np.array([level, level])))
        self.chart.set_span(span)
        self.chart.refresh()
        self.chart.setVisible(bool(lines))
        self.reached.emit(words)

    def _level(self) -> float | None:
        """The validation accuracy of the machine, if it is one on this data set."""
        machine, dataset = self._machine, self._desk.context.workspace.dataset
        if machine is None or dataset is None or machine.dataset.reference != dataset.reference:
            return None
        return machine.validation_accuracy
