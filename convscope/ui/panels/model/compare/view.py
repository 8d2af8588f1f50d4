"""Networks side by side: what each costs, sees and reached, and what it brought; measured here if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QProgressBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.library.families import FAMILIES
from convscope.jobs.job import Job
from convscope.ui import theme
from convscope.ui.forms.form import caption, row, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.compare.table import (
    COLUMNS,
    BarUnder,
    ComparedNetwork,
    CompareRows,
    as_csv,
    as_text,
)
from convscope.ui.panels.model.library.sort import NetworkOrder, without_own_arrow

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry
    from convscope.engine.models.opened import OpenedModel

    Source = CatalogueEntry | OpenedModel

ROW = 46
_WIDTHS = {
    "Year": 56, "Input": 96, "Parameters": 104, "Multiply-adds": 104, "Depth": 62, "In the contest": 184,
}  # fmt: skip
_USUAL, _IDEA, _MEASURED = 88, 190, 138
_NAMES = (110, 300)
_ALIKE = (
    "Top-1 and top-5: keras.io's table, one network, one crop of each of ImageNet's 50,000 validation "
    "images. Papers tell lower errors for several crops or networks: see Families."
)
_MIXED = (
    "Each error with how it was measured: with 10 crops a network errs less than with 1, several networks "
    "together less than one. Only numbers that were measured alike tell which network is better."
)


class CompareView(QWidget):
    """A table of chosen networks.

    Signals:
        closed: back to the library.
    """

    closed = Signal()

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.compare")
        self.context = context
        self._sources: list[Source] = []
        self._job: Job | None = None
        self._zoom = theme.zoom()
        self.rows = CompareRows()
        self.rows.setParent(self)
        self.order = NetworkOrder(self)
        self.order.setSourceModel(self.rows)
        self._build()
        context.jobs.changed.connect(self._job_changed)

    def show_families(self) -> None:
        """The networks that the lectures set side by side, as their papers tell."""
        from convscope.engine.models.library.compare import facts_of_family

        self.title.setText("Families of convnets")
        self._sources = []
        self._stop()
        self.rows.set_lines([ComparedNetwork(family.name, facts_of_family(family)) for family in FAMILIES])
        self._settle("Year")

    def show_networks(self, sources: Sequence[Source]) -> None:
        """These networks; what is not published is counted in the background."""
        self.title.setText(f"{len(sources)} networks")
        self._sources = list(sources)
        self.rows.set_lines([ComparedNetwork(_title(source)) for source in sources])
        self._settle("Parameters")

        def work(task: Task) -> None:
            from convscope.engine.models.library.compare import facts_of_entry, facts_of_model
            from convscope.engine.models.opened import OpenedModel

            for number, source in enumerate(sources):
                task.progress(number / len(sources), _title(source))
                try:
                    opened = isinstance(source, OpenedModel)
                    facts = facts_of_model(source) if opened else facts_of_entry(source)  # type: ignore[arg-type]
                    task.partial((number, {"facts": facts}))
                except UserError as error:
                    task.partial((number, {"problem": error.message}))

        self._run(work, "Counting networks")

    def measure(self) -> None:
        """Time one image through each network, one after the other."""
        sources = tuple(self._sources)

        def work(task: Task) -> None:
            from convscope.engine.models.library.compare import seconds_per_image

            for number, source in enumerate(sources):
                task.progress(number / len(sources), _title(source))
                try:
                    task.partial((number, {"seconds": seconds_per_image(source, task)}))
                except UserError as error:
                    task.partial((number, {"problem": error.message}))

        self._run(work, "Measuring networks")

    def copy_csv(self) -> None:
        """The values for a spreadsheet, in the order on show."""
        QGuiApplication.clipboard().setText(as_csv(self.rows, self._shown()))
        self.context.notify("Copied as CSV.")

    def copy_text(self) -> None:
        """The table as text."""
        QGuiApplication.clipboard().setText(as_text(self.rows, self._shown()))
        self.context.notify("Copied as text.")

    def shutdown(self) -> None:
        """Take no more events."""
        self.context.jobs.changed.disconnect(self._job_changed)
        self._stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Sentences wrap otherwise."""
        super().resizeEvent(event)
        self._heighten()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the zoom."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and theme.zoom() != self._zoom:
            self._measure()

    # -- inside ----------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        self._zoom = theme.zoom()
        self.table.verticalHeader().setDefaultSectionSize(theme.scaled(ROW))
        for number, told in enumerate(COLUMNS):
            usual = _IDEA if told.words else _USUAL
            if told.figure is not None and self.rows.is_mixed(number):
                usual = _MEASURED
            self.table.setColumnWidth(number, theme.scaled(_WIDTHS.get(told.title, usual)))
        names = [line.facts.name if line.facts else line.name for line in self.rows.lines]
        metrics = QFontMetrics(theme.font(13, weight=QFont.Weight.DemiBold))
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0) + theme.scaled(18)
        low, high = (theme.scaled(width) for width in _NAMES)
        self.table.setColumnWidth(0, min(high, max(low, widest)))
        self._heighten()

    def _heighten(self) -> None:
        """Give every sentence the lines that it takes in its column."""
        header = self.table.verticalHeader()
        header.setMinimumSectionSize(theme.scaled(ROW))
        self.table.resizeRowsToContents()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.back = tool("model.compare.back", "Back to all models", "arrow-left", self._close, "All models")
        self.title = theme.label("", "title")
        self.title.setObjectName("model.compare.title")
        self.doing = caption("model.compare.doing")
        self.doing.setWordWrap(False)
        self.progress = QProgressBar()
        self.progress.setObjectName("model.compare.progress")
        self.progress.setAccessibleName("Progress")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(theme.scaled(120))
        self.cancel = tool("model.compare.cancel", "Cancel", "x", self._stop)
        measures = "Time one image through each network on this machine"
        self.measure_button = tool("model.compare.measure", measures, "timer", self.measure, "Measure here")
        self.csv = tool("model.compare.csv", "Copy as CSV, for a spreadsheet", "table", self.copy_csv, "CSV")
        self.text = tool("model.compare.text", "Copy as text", "copy", self.copy_text, "Text")
        tools = (self.doing, self.progress, self.cancel, self.measure_button, self.csv, self.text)
        column.addLayout(row(self.back, self.title, None, *tools))
        self.table = QTableView()
        self.table.setObjectName("model.compare.table")
        self.table.setAccessibleName("Networks side by side")
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setModel(self.order)
        self.table.setSortingEnabled(True)
        self.table.setShowGrid(False)
        self.table.setWordWrap(True)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.verticalHeader().hide()
        self.table.setItemDelegate(BarUnder(self.table))
        without_own_arrow(self.table)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(theme.scaled(40))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._measure()
        column.addWidget(self.table, 1)
        self.protocol = caption("model.compare.protocol")
        column.addWidget(self.protocol)
        self._show_job()

    def _settle(self, by: str) -> None:
        """Sort, and leave out what no row knows."""
        number = next(n for n, column in enumerate(COLUMNS) if column.title == by)
        # Of equal ones, those stay first that came first.
        self.order.sort(-1)
        self.table.sortByColumn(number, Qt.SortOrder.AscendingOrder)
        families = not self._sources
        unknown = ("Input", "Multiply-adds", "Activations", "Sees", "Top-1", "Time")
        for n, column in enumerate(COLUMNS):
            hidden = column.title in unknown if families else column.title == "In the contest"
            self.table.setColumnHidden(n, hidden)
        self.protocol.setText(_MIXED if families else _ALIKE)
        self._measure()
        self.measure_button.setVisible(not families)
        self.table.scrollToTop()

    def _shown(self) -> list[int]:
        return [self.order.mapToSource(self.order.index(n, 0)).row() for n in range(self.order.rowCount())]

    def _run(self, work: Any, title: str) -> None:
        self._stop()
        job = self.context.jobs.submit(
            "engine",
            work,
            title=title,
            on_partial=self._partial,
            on_done=lambda _none: self._ended(),
            on_failed=self._failed,
            on_cancelled=self._show_job,
        )
        self._job = None if job.finished else job
        self._show_job()

    def _partial(self, found: tuple[int, dict[str, Any]]) -> None:
        number, values = found
        if number < self.rows.rowCount():
            self.rows.change(number, **values)
            self._measure()

    def _ended(self) -> None:
        self._job = None
        self._show_job()

    def _failed(self, error: BaseException) -> None:
        self._ended()
        self.context.report(error)

    def _stop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self.context.jobs.cancel(job)
        self._show_job()

    def _close(self) -> None:
        self._stop()
        self.closed.emit()

    def _job_changed(self, job: Job) -> None:
        if job is self._job:
            self._show_job()

    def _show_job(self) -> None:
        job = self._job
        for widget in (self.doing, self.progress, self.cancel):
            widget.setVisible(job is not None)
        self.measure_button.setEnabled(job is None)
        if job is not None:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * (job.fraction or 0)))
            self.doing.setText(job.text or ("waiting for the engine" if job.state == "waiting" else ""))


def _title(source: Source) -> str:
    return str(getattr(source, "title", "") or source.name)
