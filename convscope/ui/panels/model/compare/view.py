"""Networks side by side: what each costs, sees and reached, and what it brought; measured here if wanted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
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

from convscope.ui import theme
from convscope.ui.forms.form import caption, row, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.compare.table import BarUnder, CompareRows
from convscope.ui.panels.model.compare.view_model import COLUMNS, CompareViewModel, as_csv, as_text
from convscope.ui.tables.table_order import TableOrder, without_own_arrow

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
    """A table of the networks that are compared."""

    def __init__(
        self, context: PanelContext, view_model: CompareViewModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("model.compare")
        self.context = context
        self._model = view_model
        self._zoom = theme.zoom()
        self.rows = CompareRows(view_model)
        self.rows.setParent(self)
        self.order = TableOrder(self)
        self.order.setSourceModel(self.rows)
        self._build()
        context.listen(view_model.lines_changed, self._show_lines)
        context.listen(view_model.line_changed, self._show_line)
        context.listen(view_model.job_changed, self._show_job)
        context.listen(view_model.compared.changed, lambda _compared: self._show_order())
        self._show_lines()

    def copy_csv(self) -> None:
        """The values for a spreadsheet, in the order on show."""
        QGuiApplication.clipboard().setText(as_csv(self._model, self._shown()))
        self.context.notify("Copied as CSV.")

    def copy_text(self) -> None:
        """The table as text."""
        QGuiApplication.clipboard().setText(as_text(self._model, self._shown()))
        self.context.notify("Copied as text.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._heighten()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and theme.zoom() != self._zoom:
            self._measure()

    # -- inside ----------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        self._zoom = theme.zoom()
        self.table.verticalHeader().setDefaultSectionSize(theme.scaled(ROW))
        for number, told in enumerate(COLUMNS):
            usual = _IDEA if told.words else _USUAL
            if told.figure is not None and self._model.is_mixed(number):
                usual = _MEASURED
            self.table.setColumnWidth(number, theme.scaled(_WIDTHS.get(told.title, usual)))
        names = [line.facts.name if line.facts else line.name for line in self._model.lines]
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
        self.back = tool(
            "model.compare.back", "Back to all models", "arrow-left", self._model.close, "All models"
        )
        self.title = theme.label("", "title")
        self.title.setObjectName("model.compare.title")
        self.doing = caption("model.compare.doing")
        self.doing.setWordWrap(False)
        self.progress = QProgressBar()
        self.progress.setObjectName("model.compare.progress")
        self.progress.setAccessibleName("Progress")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(theme.scaled(120))
        self.cancel = tool("model.compare.cancel", "Cancel", "x", self._model.stop)
        measures = "Time one image through each network on this machine"
        self.measure_button = tool(
            "model.compare.measure", measures, "timer", self._model.measure, "Measure here"
        )
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
        header.sortIndicatorChanged.connect(
            lambda number, order: self._model.sort(
                COLUMNS[number].title, order == Qt.SortOrder.DescendingOrder
            )
        )
        column.addWidget(self.table, 1)
        self.protocol = caption("model.compare.protocol")
        column.addWidget(self.protocol)
        self._show_job()

    def _show_lines(self) -> None:
        """Other networks: sorted, and without what no row knows."""
        self.title.setText(self._model.title)
        self.rows.show_lines()
        # Of equal ones, those stay first that came first.
        self.order.sort(-1)
        self._show_order()
        families = self._model.compared.value.kind == "families"
        unknown = ("Input", "Multiply-adds", "Activations", "Sees", "Top-1", "Time")
        for n, column in enumerate(COLUMNS):
            hidden = column.title in unknown if families else column.title == "In the contest"
            self.table.setColumnHidden(n, hidden)
        self.protocol.setText(_MIXED if families else _ALIKE)
        self._measure()
        self.measure_button.setVisible(not families)
        self.table.scrollToTop()

    def _show_order(self) -> None:
        by, descending = self._model.order
        number = next((n for n, column in enumerate(COLUMNS) if column.title == by), 0)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        if (self.order.sortColumn(), self.order.sortOrder()) != (number, order):
            header = self.table.horizontalHeader()
            with QSignalBlocker(header):
                header.setSortIndicator(number, order)
            self.order.sort(number, order)
            header.viewport().update()

    def _show_line(self, number: int) -> None:
        self.rows.show_line(number)
        self._measure()

    def _shown(self) -> list[int]:
        return [self.order.mapToSource(self.order.index(n, 0)).row() for n in range(self.order.rowCount())]

    def _show_job(self) -> None:
        job = self._model.job
        for widget in (self.doing, self.progress, self.cancel):
            widget.setVisible(job is not None)
        self.measure_button.setEnabled(job is None)
        if job is not None:
            self.progress.setRange(0, 1000)
            self.progress.setValue(round(1000 * (job.fraction or 0)))
            self.doing.setText(job.text or ("waiting for the engine" if job.state == "waiting" else ""))
