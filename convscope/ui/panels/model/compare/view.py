"""Networks side by side: what each costs, sees and reached, and what it brought; measured here if wanted."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QRectF, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.forms.form import caption, row, text_line, tool, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model.compare.view_model import COLUMNS, CompareViewModel, as_csv, as_text
from convscope.ui.tables.table import VALUE, Index, Role, TableColumn, TableModel, name_column
from convscope.ui.tables.table_order import TableOrder, sorted_table

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
    def __init__(self, context: PanelContext, view_model: CompareViewModel) -> None:
        super().__init__()
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
        QGuiApplication.clipboard().setText(as_csv(self._model, self._shown()))
        self.context.notify("Copied as CSV.")

    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self._model, self._shown()))
        self.context.notify("Copied as text.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._heighten()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and theme.zoom() != self._zoom:
            self._measure()

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
        self.back = tool(
            "model.compare.back", "Back to all models", "arrow-left", self._model.close, "All models"
        )
        self.title = text_line("model.compare.title", "title", wraps=False)
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
        self.table = sorted_table("model.compare.table", "Networks side by side", self.order)
        self.table.setWordWrap(True)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setItemDelegate(BarUnder(self.table))
        header = self.table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(theme.scaled(40))
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.sortIndicatorChanged.connect(
            lambda number, order: self._model.sort(
                COLUMNS[number].title, order == Qt.SortOrder.DescendingOrder
            )
        )
        self.protocol = caption("model.compare.protocol")
        vertical(self, row(self.back, self.title, None, *tools), (self.table, 1), self.protocol)
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


SHARE = VALUE + 3
"""The role under which a cell tells its part of the column's largest value, 0–1."""
NOTE = VALUE + 4
"""The role under which a published number tells how it was measured, where its column mixes the ways."""


class CompareRows(TableModel[int]):
    """One row a network, by its number."""

    def __init__(self, networks: CompareViewModel) -> None:
        super().__init__([_column(networks, number) for number in range(len(COLUMNS))])
        self.networks = networks

    def show_lines(self) -> None:
        self.show_rows(range(len(self.networks.lines)))

    def show_line(self, _row: int) -> None:
        self.refresh()

    def special(self, row: int, column: int, role: int) -> Any:
        if role == Role.DisplayRole:
            return self.networks.text(row, column)
        if role == SHARE:
            return self.networks.share(row, column)
        if role == NOTE:
            figure = self.networks.figure(row, column)
            return figure.protocol.words if figure is not None and self.networks.is_mixed(column) else None
        if role == Role.FontRole and column == 0:
            return theme.font(13, weight=theme.font().Weight.DemiBold)
        if role == Role.ToolTipRole:
            figure = self.networks.figure(row, column)
            if figure is not None:
                return f"{figure.told}\n{figure.source}"
            return self.networks.lines[row].problem or (
                self.networks.text(row, column) if COLUMNS[column].words else None
            )
        return None


def _column(networks: CompareViewModel, number: int) -> TableColumn[int]:
    told = COLUMNS[number]

    def value(row: int) -> Any:
        found = networks.value(row, number)
        return found.lower() if isinstance(found, str) else found

    if not told.words:
        return TableColumn(told.title, told.says, value)
    # A sentence after a column of numbers needs some room before it.
    return name_column(f"    {told.title}" if number else told.title, told.says, value)


class BarUnder(QStyledItemDelegate):
    """A cell with a thin bar for its part of the largest."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if COLUMNS[index.column()].words and index.column():
            option.rect.adjust(theme.scaled(theme.GROUP_GAP), 0, 0, 0)
        super().paint(painter, option, index)
        note = index.data(NOTE)
        if note:
            self._note(painter, option, note)
        share = index.data(SHARE)
        if share is None:
            return
        rect = QRectF(option.rect).adjusted(6, 0, -4, 0)
        height = theme.scaled(3)
        width = max(2.0, rect.width() * share)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tokens().accent))
        bar = QRectF(rect.right() - width, rect.bottom() - height - theme.scaled(4), width, height)
        painter.drawRoundedRect(bar, height / 2, height / 2)
        painter.restore()

    def _note(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        rect = QRectF(option.rect).adjusted(4, 0, -4, 0)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours = theme.tokens()
        painter.save()
        painter.setFont(theme.font(11))
        painter.setPen(QColor(colours.on_accent if chosen else colours.secondary))
        place = QRectF(rect.left(), rect.center().y() + theme.scaled(6), rect.width(), theme.scaled(16))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
