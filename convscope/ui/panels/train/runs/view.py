"""All runs: laid over each other on a chart, compared in a table, gone on with, exported, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QMenu, QMessageBox, QSplitter, QWidget

from convscope.ui import theme
from convscope.ui.export.file_dialog import choose_file, save_grabbed
from convscope.ui.export.writing import save_as
from convscope.ui.forms.form import caption, row, segmented, text_line, tools, vertical
from convscope.ui.panels.train.live.curves import by_epoch
from convscope.ui.panels.train.runs.table import RunsTable
from convscope.ui.panels.train.runs.view_model import RunEntry, RunsChart, RunsRead, RunsViewModel
from convscope.ui.panels.train.view_model import TrainViewModel
from convscope.ui.panels.train.words import UNFROZEN
from convscope.ui.plots.chart import Chart, Line

if TYPE_CHECKING:
    from convscope.engine.training.runs.run import Run

_TOLD = 20  # damaged runs that are told about on hover


def _best(entry: RunEntry, metric: str, colour: str) -> list[tuple[float, float, str]]:
    """Where a run's best epoch is on its curve: a ring, or none."""
    best, values = entry.row.best, entry.row.values
    reached = values.get(f"val_{metric}", values.get(metric))
    return [] if best is None or reached is None or len(entry.epochs) < 2 else [(best + 1.0, reached, colour)]


class RunsView(QWidget):
    def __init__(self, train: TrainViewModel) -> None:
        super().__init__()
        self.setObjectName("train.runs")
        self.train = train
        self.view_model = vm = RunsViewModel(train)
        self._build()
        self._show_chart(vm.chart.value)
        for signal, show in (
            (vm.read, self._show),
            (vm.chart.changed, self._show_chart),
            (vm.ticked, self._draw),
            (vm.selection_changed, self._offer),
        ):
            train.context.listen(signal, show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # A run on the command line may have ended meanwhile.
        self.view_model.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # The table's swatches are painted anew with the theme.
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.table.viewport().update()

    def _show(self, read: RunsRead) -> None:
        empty = not read.entries
        self.damaged.setText(read.damaged_words)
        self.damaged.setToolTip("\n".join(f"{name}: {why}" for name, why in read.damaged[:_TOLD]))
        self.damaged.setVisible(bool(read.damaged))
        self.words.setVisible(empty)
        self.splitter.setVisible(not empty)
        self._offer()

    def _draw(self) -> None:
        from convscope.engine.training.record import unfrozen_at

        chosen = self.table.chosen
        metric = self.view_model.chart.value.metric
        self.chart.set_title("Loss" if metric == "loss" else "Accuracy")
        self.chart.set_log(metric == "loss" and self.view_model.chart.value.scale == "log")
        self.chart.unit_range = metric == "accuracy"
        lines: dict[str, Line] = {}
        for entry, colour in chosen:
            folder, name = entry.id, entry.row.name
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
                self.chart.set_curve(f"{entry.id} {part}", by_epoch(entry.epochs, key))
        self.chart.set_span(max((len(entry.epochs) for entry, _ in chosen), default=1))
        self.chart.refresh()
        words, each = self.view_model.differences_words
        self.difference.setText(words)
        self.difference.setToolTip("\n".join(each))

    def _offer(self) -> None:
        one, idle = self.view_model.one, not self.train.trainer.active
        for name, can in (
            ("result", one is not None and one.has_model),
            ("open", one is not None and one.has_model),
            ("resume", one is not None and one.can_resume and idle),
            ("again", one is not None and idle),
            ("folder", one is not None),
            ("delete", bool(self.view_model.selection)),
            ("export", bool(self.view_model.runs.entries)),
        ):
            self.tools[name].setEnabled(can)

    def _show_chart(self, chart: RunsChart) -> None:
        self.values.set_value(chart.metric)
        self.scale.set_value(chart.scale)
        self._draw()

    def _with_run(self, act: Callable[[Run], object]) -> Callable[[], None]:
        """Do something with the run that is selected, if it is one."""

        def acted() -> None:
            if self.view_model.one is not None:
                act(self.view_model.one.run)

        return acted

    def _open_model(self, run: Run) -> None:
        if run.model_path is not None:
            self.train.context.open_model(run.model_path)

    def _open_folder(self, run: Run) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.folder))):
            self.train.context.notify(f"The run is in {run.folder}")

    def _ask_delete(self) -> None:
        selected = self.view_model.selection
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
        yes.clicked.connect(lambda: self.view_model.delete([entry.run for entry in selected]))
        box.finished.connect(box.deleteLater)
        box.open()

    def _choose_export(self, suffix: str) -> None:
        choose_file(self, self.export_to, f"runs{suffix}", (suffix,), name="train.runs.file")

    def export_to(self, path: str | Path) -> None:
        """Write the ticked runs (all, if none is) as .csv or .json, or the chart as .png."""
        path = Path(path)
        if path.suffix.lower() == ".png":
            picture = self.chart.grab().toImage()
            save_as(self.train.context, path, lambda file, _task: save_grabbed(file, picture))
        else:
            self.view_model.export_to(path)

    def _build(self) -> None:
        self.words = caption("train.runs.words", "There is no run yet. Every training is kept here as a run.")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.hide()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("train.runs.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._build_chart())
        self.splitter.addWidget(self._build_table())
        self.damaged = text_line("train.runs.damaged", "warning")
        self.damaged.setTextFormat(Qt.TextFormat.PlainText)
        self.damaged.hide()
        vertical(self, (self.words, 1), (self.splitter, 1), self.damaged)

    def _build_chart(self) -> QWidget:
        side = QWidget()
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
        self.values.changed.connect(
            lambda value: self.view_model.edit_chart("curves of the runs", metric=value)
        )
        self.scale.changed.connect(lambda value: self.view_model.edit_chart("scale of the loss", scale=value))
        self.chart = Chart("train.runs.chart", "Loss")
        self.chart.setMinimumHeight(theme.scaled(160))
        self.chart.hovered.connect(self.chart.show_cursor)
        self.difference = caption("train.runs.difference")
        column = vertical(
            side, row(self.values, self.scale, None), spacing=theme.GRID, margins=(0, 0, 0, theme.GRID)
        )
        column.addWidget(self.chart, 1)
        column.addWidget(self.difference)
        return side

    def _build_table(self) -> QWidget:
        side = QWidget()
        show_result = self._with_run(self.train.show_result)
        again = "The same initial weights, data and settings, to change one thing"
        folder = "Open the run’s folder: settings, history, checkpoints and the Keras script"
        with_run, train = self._with_run, self.train
        self.tools = tools(
            "train.runs",
            ("result", "Accuracy, confusion and mistakes", "target", show_result, "Result"),
            ("open", "Make it the current model", "box", with_run(self._open_model), "Open model"),
            ("resume", "Go on where it was interrupted", "play", with_run(train.resume), "Resume"),
            ("again", again, "rotate-cw", with_run(train.start_over), "Start again"),
            ("export", "Save the ticked runs", "download", None, "Export"),
            ("folder", folder, "folder-open", with_run(self._open_folder), ""),
            ("delete", "Delete the selected runs", "trash-2", self._ask_delete, ""),
        )
        export = self.tools["export"]
        menu = QMenu(export)
        for suffix, words in (
            (".csv", "Table (CSV)…"),
            (".json", "Everything (JSON)…"),
            (".png", "Chart (PNG)…"),
        ):
            menu.addAction(words).triggered.connect(
                lambda _checked=False, suffix=suffix: self._choose_export(suffix)
            )
        export.setMenu(menu)
        export.setPopupMode(export.ToolButtonPopupMode.InstantPopup)
        self.table = RunsTable(self.view_model)
        self.table.setObjectName("train.runs.table")
        self.table.setMinimumHeight(theme.scaled(110))
        self.table.opened.connect(show_result)
        self.table.runs.renamed.connect(self.view_model.rename)
        *left, out, folder_button, delete = self.tools.values()
        buttons = row(*left, None, out, folder_button, delete)
        vertical(side, buttons, (self.table, 1), spacing=theme.GRID, margins=(0, theme.GRID, 0, 0))
        return side
