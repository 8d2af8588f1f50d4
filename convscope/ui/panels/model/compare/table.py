"""The table of networks side by side: its cells for Qt, and how they are painted."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from convscope.ui import theme
from convscope.ui.panels.model.compare.view_model import COLUMNS, CompareViewModel
from convscope.ui.tables.table import VALUE, Index, Role, TableColumn, TableModel, name_column

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
        """What has become known about a network; the bars of all may change with it."""
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
        """How a number was measured, small under it."""
        rect = QRectF(option.rect).adjusted(4, 0, -4, 0)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        colours = theme.tokens()
        painter.save()
        painter.setFont(theme.font(11))
        painter.setPen(QColor(colours.on_accent if chosen else colours.secondary))
        place = QRectF(rect.left(), rect.center().y() + theme.scaled(6), rect.width(), theme.scaled(16))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
