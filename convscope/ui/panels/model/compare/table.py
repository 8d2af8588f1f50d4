"""Networks side by side as a table, and the same as CSV and as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from convscope.engine.models.library.published import Figure, error_words
from convscope.ui import theme
from convscope.ui.panels.model.build.rows import shape_words
from convscope.ui.panels.model.library.sort import VALUE, Index
from convscope.ui.panels.model.words import memory, short

if TYPE_CHECKING:
    from convscope.engine.models.library.compare import NetworkFacts

Role = Qt.ItemDataRole
SHARE = VALUE + 3
"""The role under which a cell tells its part of the column's largest value, 0–1."""
NOTE = VALUE + 4
"""The role under which a published number tells how it was measured, where its column mixes the ways."""


@dataclass(frozen=True)
class ComparedNetwork:
    """One network of the comparison.

    Attributes:
        name: shown before its facts are known.
        facts: None while they are being counted.
        seconds: measured here; None before.
        problem: why it could not be counted or measured.
    """

    name: str
    facts: NetworkFacts | None = None
    seconds: float | None = None
    problem: str = ""


Value = Callable[[ComparedNetwork, "NetworkFacts"], Any]


@dataclass(frozen=True)
class Column:
    """One property: its title, what it means, its value, the value in words, whether a bar shows it.

    A column of published numbers tells the `Figure` of each as well.
    """

    title: str
    says: str
    value: Value
    text: Callable[[Any, NetworkFacts], str]
    bar: bool = False
    words: bool = False
    figure: Callable[[NetworkFacts], Figure | None] | None = None


COLUMNS = (
    Column("Model", "The network", lambda line, f: f.name, lambda v, f: str(v), words=True),
    Column("Year", "Of its paper", lambda line, f: f.year, lambda v, f: str(v)),
    Column(
        "Input", "Height × width × channels", lambda line, f: f.input or None, lambda v, f: shape_words(v)
    ),
    Column(
        "Parameters",
        "All weights; rounded where a paper says so",
        lambda line, f: f.parameters,
        lambda v, f: f"≈ {short(round(v))}" if f.rounded else f"{v:,}",
        bar=True,
    ),
    Column(
        "Multiply-adds",
        "Of convolutions and matrix products, for one image",
        lambda line, f: f.multiply_adds,
        lambda v, f: short(v),
        bar=True,
    ),
    Column(
        "Depth",
        "Layers with weights (convolutions and dense) on the longest way from input to output",
        lambda line, f: f.depth,
        lambda v, f: str(v),
        bar=True,
    ),
    Column(
        "Activations",
        "Memory of all layers' outputs for one image",
        lambda line, f: f.activation_bytes,
        lambda v, f: memory(v),
        bar=True,
    ),
    Column(
        "Sees",
        "Receptive field of the last maps, in pixels of the image",
        lambda line, f: f.field,
        lambda v, f: "×".join(map(str, v)),
    ),
    Column(
        "Top-1",
        "Accuracy on ImageNet as keras.io publishes it: one network, one crop of each validation image",
        lambda line, f: f.top1,
        lambda v, f: f"{v:.1f} %",
    ),
    Column(
        "Top-5 error",
        "Of one network on ImageNet's validation images",
        lambda line, f: f.alone.top5_error if f.alone else None,
        lambda v, f: error_words(v),
        bar=True,
        figure=lambda f: f.alone,
    ),
    Column(
        "In the contest",
        "Top-5 error of several networks together on ImageNet's test images: what its authors are known for",
        lambda line, f: f.contest.top5_error if f.contest else None,
        lambda v, f: error_words(v),
        bar=True,
        figure=lambda f: f.contest,
    ),
    Column(
        "Time",
        "Of one image on this machine, the median of one second; random weights take as long as others",
        lambda line, f: line.seconds,
        lambda v, f: f"{1000 * v:.3g} ms",
        bar=True,
    ),
    Column("What it brought", "Its idea", lambda line, f: f.idea or None, lambda v, f: str(v), words=True),
)
TIME = next(number for number, column in enumerate(COLUMNS) if column.title == "Time")


class CompareRows(QAbstractTableModel):
    """One row a network."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[ComparedNetwork] = []

    def set_lines(self, lines: Sequence[ComparedNetwork]) -> None:
        """Other networks."""
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def change(self, row: int, **values: Any) -> None:
        """What has become known about a network; the bars of all may change with it."""
        self.lines[row] = replace(self.lines[row], **values)
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(COLUMNS) - 1))

    def value(self, row: int, column: int) -> Any:
        """A cell's value; None where it is unknown."""
        line = self.lines[row]
        if line.facts is None:
            return line.name if column == 0 else None
        return COLUMNS[column].value(line, line.facts)

    def text(self, row: int, column: int) -> str:
        """A cell in words."""
        line, value = self.lines[row], self.value(row, column)
        if line.facts is None:
            return line.name if column == 0 else line.problem or "…" if column == 1 else ""
        return "–" if value is None else COLUMNS[column].text(value, line.facts)

    def figure(self, row: int, column: int) -> Figure | None:
        """The published number in a cell; None for any other cell."""
        facts, find = self.lines[row].facts, COLUMNS[column].figure
        return find(facts) if facts is not None and find is not None else None

    def is_mixed(self, column: int) -> bool:
        """Whether a column's published numbers were measured in several ways: then nothing compares them."""
        figures = (self.figure(row, column) for row in range(len(self.lines)))
        return len({figure.protocol for figure in figures if figure is not None}) > 1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """The networks."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        """Fixed."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """The columns' titles and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Role.DisplayRole:
            # A sentence after a column of numbers needs some room before it.
            return f"    {column.title}" if column.words and section else column.title
        if role == Role.ToolTipRole:
            return column.says
        return _alignment(column) if role == Role.TextAlignmentRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """A cell: in words, for sorting, as a share of the largest."""
        row, column = index.row(), index.column()
        if role == Role.DisplayRole:
            return self.text(row, column)
        if role == VALUE:
            value = self.value(row, column)
            return value.lower() if isinstance(value, str) else value
        if role == SHARE:
            return self._share(row, column)
        if role == NOTE:
            figure = self.figure(row, column)
            return figure.protocol.words if figure is not None and self.is_mixed(column) else None
        if role == Role.TextAlignmentRole:
            return _alignment(COLUMNS[column])
        if role == Role.FontRole and column == 0:
            return theme.font(13, weight=theme.font().Weight.DemiBold)
        if role == Role.FontRole and not COLUMNS[column].words:
            return theme.font(figures=True)
        if role == Role.ToolTipRole:
            figure = self.figure(row, column)
            if figure is not None:
                return f"{figure.told}\n{figure.source}"
            return self.lines[row].problem or (self.text(row, column) if COLUMNS[column].words else None)
        return None

    def _share(self, row: int, column: int) -> float | None:
        value = self.value(row, column)
        if not COLUMNS[column].bar or value is None or self.is_mixed(column):
            return None
        known = [other for n in range(len(self.lines)) if (other := self.value(n, column)) is not None]
        return float(value / max(known)) if max(known) else 0.0


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column.words else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


class BarUnder(QStyledItemDelegate):
    """A cell with a thin bar for its part of the largest."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The words as usual, then the bar from the right."""
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


def as_csv(rows: CompareRows, order: Sequence[int]) -> str:
    """All cells as exact values, for a spreadsheet: bytes and seconds, "" where unknown.

    Beside each published number stands how it was measured.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    units = {
        "Activations": "Activations (bytes)",
        "Time": "Time (s)",
        "Top-1": "Top-1 (%)",
        "Top-5 error": "Top-5 error (%)",
        "In the contest": "In the contest (%)",
    }
    titles = []
    for column in COLUMNS:
        titles.append(units.get(column.title, column.title))
        if column.figure is not None:
            titles.append(f"{column.title}: measured")
    writer.writerow(titles)
    for row in order:
        cells: list[Any] = []
        for number, column in enumerate(COLUMNS):
            v, figure = rows.value(row, number), rows.figure(row, number)
            cells.append("" if v is None else shape_words(v) if isinstance(v, tuple) else v)
            if column.figure is not None:
                cells.append("" if figure is None else f"{figure.protocol.words}, {figure.protocol.images}")
        writer.writerow(cells)
    return out.getvalue()


def as_text(rows: CompareRows, order: Sequence[int]) -> str:
    """The table as it stands, in columns for a fixed-width typeface."""

    def cell(row: int, column: int) -> str:
        figure = rows.figure(row, column)
        return rows.text(row, column) if figure is None else figure.told

    table = [[column.title for column in COLUMNS]]
    table += [[cell(row, column) for column in range(len(COLUMNS))] for row in order]
    widths = [max(len(line[n]) for line in table) for n in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.ljust(width) if COLUMNS[n].words else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]
    return "\n".join(lines) + "\n"
