"""A table of things: its columns are described, one model gives them to Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from convscope.ui import theme

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
Row = TypeVar("Row")

VALUE = int(Role.UserRole)
"""The role under which a cell tells what it is sorted by; None where that is unknown."""

_SIDES = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "right": Qt.AlignmentFlag.AlignRight,
    "middle": Qt.AlignmentFlag.AlignHCenter,
}


def plain(value: Any) -> str:
    """As it is; nothing where it is unknown."""
    return "" if value is None else str(value)


@dataclass(frozen=True)
class TableColumn(Generic[Row]):
    """A column.

    Attributes:
        title, says: its head, and what it means.
        value: of a row; None where it is unknown.
        words: how a value is written; None: not at all, it is painted.
        sort: what a row is sorted by, where that is not its value.
        side: names stand at the left, numbers at the right.
        figures: in digits of one width, so that numbers stand under each other.
    """

    title: str
    says: str
    value: Callable[[Row], Any]
    words: Callable[[Any], str | None] = plain
    sort: Callable[[Row], Any] | None = None
    side: Literal["left", "right", "middle"] = "right"
    figures: bool = True

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        return _SIDES[self.side] | Qt.AlignmentFlag.AlignVCenter


def name_column(
    title: str,
    says: str,
    value: Callable[[Row], Any],
    words: Callable[[Any], str | None] = plain,
    sort: Callable[[Row], Any] | None = None,
) -> TableColumn[Row]:
    """A column of words."""
    return TableColumn(title, says, value, words, sort, "left", False)


class TableModel(QAbstractTableModel, Generic[Row]):
    """Rows of one kind; what is more to a cell than its column says is told by `special`.

    Attributes:
        columns, rows: what is on show.
    """

    def __init__(self, columns: Sequence[TableColumn[Row]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: Sequence[Row] = ()

    def special(self, row: Row, column: int, role: int) -> Any:
        """What a cell is besides its column: a tick, a colour, a tip. None: as its column says."""
        return None

    def show_rows(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def refresh(self, columns: int | None = None) -> None:
        """The same rows tell something else now, in the first so many columns or in all."""
        if self.rows:
            last = (len(self.columns) if columns is None else columns) - 1
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, last))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = self.columns[section]
        if role == Role.DisplayRole:
            return column.title
        if role == Role.ToolTipRole:
            return column.says or column.title
        return column.alignment if role == Role.TextAlignmentRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        found = self.special(row, index.column(), role)
        if found is not None:
            return found
        if role in (Role.DisplayRole, Role.EditRole):
            return column.words(column.value(row))
        if role == VALUE:
            return (column.sort or column.value)(row)
        if role == Role.TextAlignmentRole:
            return column.alignment
        if role == Role.FontRole and column.figures:
            return theme.font(figures=True)
        return None
