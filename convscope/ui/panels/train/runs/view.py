"""All runs: laid over each other on a chart, compared in a table, gone on with, exported, deleted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QSplitter, QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.core.opening import is_there
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.ui import theme
from convscope.ui.forms.form import caption, row, segmented, tool
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.live.charts import UNFROZEN
from convscope.ui.panels.train.runs.table import Entry, RunsTable
from convscope.ui.panels.train.settings.names import differences
from convscope.ui.plots.chart import Chart, Line

if TYPE_CHECKING:
    from convscope.engine.training.runs.run import Run

KEY = "train.runs"
# Damaged runs that are named in a line, and told about on hover.
_NAMED, _TOLD = 3, 20
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunsLook:
    """What the chart of the runs shows: "loss" or "accuracy", the loss "linear" or "log"."""

    metric: str = "loss"
    scale: str = "linear"


@dataclass(frozen=True)
class RunsRead:
    """What lies in the folder of the runs.

    Attributes:
        entries: the runs, the newest first.
        damaged: (the folder's name, why) of each that cannot be read.
    """

    entries: tuple[Entry, ...]
    damaged: tuple[tuple[str, str], ...] = ()


def read_runs(task: Task) -> RunsRead:
    """All runs on the disk, whatever is the matter with some of them; for a job."""
    from convscope.engine.training.runs.export import run_row
    from convscope.engine.training.runs.run import find_runs

    entries: list[Entry] = []
    runs, unread = find_runs()
    damaged = [(one.folder, one.why) for one in unread]
    for run in runs:
        task.check()
        try:
            entries.append(
                Entry(
                    run,
                    run.details,
                    run_row(run),
                    run.history,
                    run.sentence,
                    run.can_resume,
                    run.model_path is not None,
                    run.test,
                )
            )
        except UserError as error:
            damaged.append((run.folder, error.message))
        except (Cancelled, MemoryError):
            raise
        except Exception as error:
            # One run must not hide the others, whatever its files hold.
            log.exception("reading the run %s", run.folder)
            damaged.append((run.folder, repr(error)))
    # Deleted meanwhile, by this window or another, is not damaged.
    left = [(printable(folder.name), why) for folder, why in damaged if _is_left(folder / "settings.json")]
    return RunsRead(tuple(entries), tuple(left))


def _is_left(path: Path) -> bool:
    # A link to itself leads to nothing, but is there.
    return path.is_symlink() or is_there(path)


def damaged_words(damaged: Sequence[tuple[str, str]]) -> str:
    """One sentence about the runs that cannot be read; "" when there are none."""
    if not damaged:
        return ""
    names = ", ".join(name for name, _ in damaged[:_NAMED])
    more = f" and {len(damaged) - _NAMED} more" if len(damaged) > _NAMED else ""
    what = (
        "1 run is damaged and not shown"
        if len(damaged) == 1
        else f"{len(damaged)} runs are damaged and not shown"
    )
    return f"{what}: {names}{more}."


def _best(entry: Entry, metric: str, colour: str) -> list[tuple[float, float, str]]:
    """Where a run's best epoch is on its curve: a ring, or none."""
    best, values = entry.row.best, entry.row.values
    reached = values.get(f"val_{metric}", values.get(metric))
    return [] if best is None or reached is None or len(entry.epochs) < 2 else [(best + 1.0, reached, colour)]


class RunsView(QWidget):
    """The chart of the ticked runs over the table of all."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.runs")
        self._desk = desk
        self._asked: QMessageBox | None = None
        self._look = desk.context.workspace.part("train.runs.look", RunsLook(), "train.runs")
        self._build()
        self._look.changed.connect(self._look_changed)
        self._look_changed(self._look.value)
        desk.runs_changed.connect(self.refresh)
        desk.trainer.state_changed.connect(self._offer)
        self.refresh()

    def refresh(self) -> None:
        """Read the folders again."""
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

    def shutdown(self) -> None:
        """Take no more events."""
        self._look.changed.disconnect(self._look_changed)
        self.table.runs.shutdown()
        self._desk.runs_changed.disconnect(self.refresh)
        self._desk.trainer.state_changed.disconnect(self._offer)
        self._desk.context.jobs.cancel_key(KEY)

    def showEvent(self, event: QShowEvent) -> None:
        """A run on the command line may have ended meanwhile."""
        super().showEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """The table's swatches are painted anew with the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.table.viewport().update()

    # -- what is shown ---------------------------------------------------------------------------------------

    def _show(self, read: RunsRead) -> None:
        self.table.show_runs(read.entries)
        empty = not read.entries
        self.damaged.setText(damaged_words(read.damaged))
        self.damaged.setToolTip("\n".join(f"{name}: {why}" for name, why in read.damaged[:_TOLD]))
        self.damaged.setVisible(bool(read.damaged))
        self.words.setVisible(empty)
        self.splitter.setVisible(not empty)
        self._offer()

    def _draw(self) -> None:
        from convscope.engine.training.runs.record import unfrozen_at

        chosen = self.table.runs.chosen
        metric = self.values.value
        self.chart.set_title("Loss" if metric == "loss" else "Accuracy")
        self.chart.set_log(metric == "loss" and self.scale.value == "log")
        self.chart.unit_range = metric == "accuracy"
        lines: dict[str, Line] = {}
        for entry, colour in chosen:
            folder, name = entry.run.folder.name, entry.row.name
            validated = any(f"val_{metric}" in epoch.values for epoch in entry.epochs)
            lines[f"{folder} train"] = Line("" if validated else f"{name}, training", colour)
            lines[f"{folder} val"] = Line(name, colour, dashed=True, dots=True)
        self.chart.set_lines(lines)
        self.chart.marks.set_rings(
            [ring for entry, colour in chosen for ring in _best(entry, metric, colour)]
        )
        unfrozen = [(unfrozen_at(entry.epochs), colour) for entry, colour in chosen]
        self.chart.marks.set_turns([(float(at), UNFROZEN, colour) for at, colour in unfrozen if at])
        for entry, _colour in chosen:
            for part, key in (("train", metric), ("val", f"val_{metric}")):
                rows = [(e.epoch + 1.0, e.values[key]) for e in entry.epochs if key in e.values]
                points = np.array(rows, np.float64).reshape(-1, 2)
                self.chart.set_curve(f"{entry.run.folder.name} {part}", (points[:, 0], points[:, 1]))
        self.chart.set_span(max((len(entry.epochs) for entry, _ in chosen), default=1))
        self.chart.refresh()
        self._tell_difference()

    def _tell_difference(self) -> None:
        """What sets the ticked runs apart, in words."""
        chosen = [entry for entry, _colour in self.table.runs.chosen]
        if len(chosen) < 2:
            self.difference.setText(
                "Tick runs to lay them over each other: training solid, validation dashed, a ring around "
                "the best epoch. The numbers are those of validation."
            )
            return
        first, *others = chosen
        base = first.details.settings
        told = []
        for entry in others:
            changed = differences(base, entry.details.settings)
            if entry.row.model != first.row.model:
                changed.insert(0, f"network {entry.row.model}")
            if entry.row.data != first.row.data:
                changed.insert(0, f"data {entry.row.data}")
            told.append(f"{entry.row.name}: {', '.join(changed) or 'the same settings'}")
        self.difference.setText(f"Against {first.row.name} – " + "; ".join(told))
        self.difference.setToolTip("\n".join(told))

    def _offer(self, *_: object) -> None:
        """What can be done with the selected runs."""
        selected = self.table.selected()
        one = selected[0] if len(selected) == 1 else None
        idle = not self._desk.trainer.active
        self.result.setEnabled(one is not None and one.has_model)
        self.open.setEnabled(one is not None and one.has_model)
        self.resume.setEnabled(one is not None and one.can_resume and idle)
        self.again.setEnabled(one is not None and idle)
        self.folder.setEnabled(one is not None)
        self.delete.setEnabled(bool(selected))
        self.export.setEnabled(bool(self.table.runs.entries))

    def _edit(self, label: str, **changed: str) -> None:
        self._look.edit(replace(self._look.value, **changed), label)

    def _look_changed(self, look: RunsLook) -> None:
        self.values.set_value(look.metric)
        self.scale.set_value(look.scale)
        self._draw()

    # -- what is done ----------------------------------------------------------------------------------------

    def _one(self) -> Run | None:
        selected = self.table.selected()
        return selected[0].run if len(selected) == 1 else None

    def _show_result(self) -> None:
        run = self._one()
        if run is not None:
            self._desk.show_result(run)

    def _open_model(self) -> None:
        run = self._one()
        if run is not None and run.model_path is not None:
            self._desk.context.open_model(run.model_path)

    def _open_folder(self) -> None:
        run = self._one()
        if run is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.folder))):
            self._desk.context.notify(f"The run is in {run.folder}")

    def _resume(self) -> None:
        run = self._one()
        if run is not None:
            self._desk.resume(run)

    def _again(self) -> None:
        run = self._one()
        if run is not None:
            self._desk.again(run)

    def _rename(self, run: Run, name: str) -> None:
        try:
            run.rename(name)
        except (UserError, OSError) as error:
            self._desk.context.report(error)
        self._desk.runs_changed.emit()

    def _ask_delete(self) -> None:
        selected = self.table.selected()
        if not selected:
            return
        what = selected[0].row.name if len(selected) == 1 else f"{len(selected)} runs"
        box = QMessageBox(self)
        box.setObjectName("train.runs.confirm")
        box.setWindowTitle("Delete runs")
        box.setText(f"Delete {what} with all checkpoints? This cannot be undone.")
        box.setStandardButtons(QMessageBox.StandardButton.Cancel)
        yes = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
        yes.setObjectName("train.runs.confirm.delete")
        yes.clicked.connect(lambda: self._delete([entry.run for entry in selected]))
        box.finished.connect(box.deleteLater)
        box.open()

    def _delete(self, runs: list[Run]) -> None:
        def work(task: Task) -> None:
            for run in runs:
                run.delete()

        self._desk.context.jobs.submit(
            "view",
            work,
            title="Deleting",
            on_done=lambda _none: self._desk.runs_changed.emit(),
            on_failed=self._not_deleted,
        )

    def _not_deleted(self, error: BaseException) -> None:
        self._desk.context.report(error)
        self._desk.runs_changed.emit()

    def _choose_export(self, suffix: str) -> None:
        dialog = QFileDialog(self, "Export runs", f"runs{suffix}")
        dialog.setObjectName("train.runs.file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.lstrip("."))
        dialog.accepted.connect(lambda: self.export_to(Path(dialog.selectedFiles()[0])))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Write the ticked runs (all, if none is) as .csv or .json, or the chart as .png."""
        if path.suffix.lower() == ".png":
            try:
                with replacing(path) as part:
                    if not self.chart.grab().save(str(part), "PNG"):
                        raise OSError("Qt could not write it")
                self._desk.context.notify(f"Saved {path.name}.")
            except OSError as error:
                self._desk.context.report(UserError(f"{path} cannot be written.", detail=str(error)))
            return
        runs = [entry.run for entry, _ in self.table.runs.chosen]
        runs = runs or [entry.run for entry in self.table.runs.entries]

        def work(task: Task) -> None:
            from convscope.engine.training.runs.export import export_runs

            export_runs(runs, path)

        self._desk.context.jobs.submit(
            "view",
            work,
            title=f"Saving {path.name}",
            on_done=lambda _none: self._desk.context.notify(f"Saved {path.name}."),
            on_failed=self._desk.context.report,
        )

    # -- the widgets -----------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.words = caption("train.runs.words", "There is no run yet. Every training is kept here as a run.")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.hide()
        column.addWidget(self.words, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("train.runs.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._build_chart())
        self.splitter.addWidget(self._build_table())
        column.addWidget(self.splitter, 1)
        self.damaged = theme.label("", "warning")
        self.damaged.setObjectName("train.runs.damaged")
        self.damaged.setWordWrap(True)
        self.damaged.setTextFormat(Qt.TextFormat.PlainText)
        self.damaged.hide()
        column.addWidget(self.damaged)

    def _build_chart(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, theme.GRID)
        column.setSpacing(theme.GRID)
        self.values = segmented(
            "train.runs.metric",
            "Curve",
            (("loss", "Loss", "The loss by epoch"), ("accuracy", "Accuracy", "The accuracy by epoch")),
        )
        self.scale = segmented(
            "train.runs.scale",
            "Scale",
            (("linear", "Linear", "A linear scale"), ("log", "Log", "A logarithmic scale of the loss")),
        )
        self.values.changed.connect(lambda value: self._edit("curves of the runs", metric=value))
        self.scale.changed.connect(lambda value: self._edit("scale of the loss", scale=value))
        self.chart = Chart("train.runs.chart", "Loss")
        self.chart.setMinimumHeight(theme.scaled(160))
        self.chart.hovered.connect(self.chart.show_cursor)
        self.difference = caption("train.runs.difference")
        column.addLayout(row(self.values, self.scale, None))
        column.addWidget(self.chart, 1)
        column.addWidget(self.difference)
        return side

    def _build_table(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, theme.GRID, 0, 0)
        column.setSpacing(theme.GRID)
        self.result = tool(
            "train.runs.result", "Accuracy, confusion and mistakes", "target", self._show_result, "Result"
        )
        self.open = tool(
            "train.runs.open", "Make it the current model", "box", self._open_model, "Open model"
        )
        self.resume = tool(
            "train.runs.resume", "Go on where it was interrupted", "play", self._resume, "Resume"
        )
        self.again = tool(
            "train.runs.again",
            "The same initial weights, data and settings, to change one thing",
            "rotate-cw",
            self._again,
            "Start again",
        )
        self.export = tool("train.runs.export", "Save the ticked runs", "download", lambda: None, "Export")
        menu = QMenu(self.export)
        for suffix, words in (
            (".csv", "Table (CSV)…"),
            (".json", "Everything (JSON)…"),
            (".png", "Chart (PNG)…"),
        ):
            menu.addAction(words).triggered.connect(
                lambda _checked=False, suffix=suffix: self._choose_export(suffix)
            )
        self.export.setMenu(menu)
        self.export.setPopupMode(self.export.ToolButtonPopupMode.InstantPopup)
        self.folder = tool(
            "train.runs.folder",
            "Open the run’s folder: settings, history, checkpoints and the Keras script",
            "folder-open",
            self._open_folder,
        )
        self.delete = tool("train.runs.delete", "Delete the selected runs", "trash-2", self._ask_delete)
        self.table = RunsTable(self._desk.context.workspace.part("train.runs.ticks", (), "train.runs"))
        self.table.setObjectName("train.runs.table")
        self.table.setMinimumHeight(theme.scaled(110))
        self.table.picked.connect(self._offer)
        self.table.opened.connect(self._show_result)
        self.table.runs.ticked.connect(self._draw)
        self.table.runs.renamed.connect(self._rename)
        column.addLayout(
            row(self.result, self.open, self.resume, self.again, None, self.export, self.folder, self.delete)
        )
        column.addWidget(self.table, 1)
        return side
