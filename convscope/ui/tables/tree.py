"""A tree of lines by their numbers: one model for all trees of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from convscope.ui.tables.table import Index, Role

_NOWHERE = QModelIndex()
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TreeLine(Protocol):
    """A line; number 0 is the invisible root.

    Attributes:
        texts: of its cells.
        parent: the number of the line above.
        place: where it stands among those on show below that.
    """

    @property
    def texts(self) -> Sequence[str]: ...

    @property
    def parent(self) -> int: ...

    @property
    def place(self) -> int: ...


class TreeModel(QAbstractItemModel):
    """Lines under lines. All of them change at once, so that nothing in Qt or Python outlives a line.

    Args:
        titles: of the columns.
        names: so many columns at the left hold words; the others are numbers, at the right.
    """

    def __init__(self, titles: Sequence[str], names: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles, self._names = tuple(titles), names

    def line(self, number: int) -> TreeLine:
        """A line by its number."""
        raise NotImplementedError

    def below(self, number: int) -> Sequence[int]:
        """The numbers of the lines on show under one, in their order."""
        raise NotImplementedError

    def number(self, index: Index) -> int:
        """The number of a cell's line; 0 for none."""
        return int(index.internalId()) if index.isValid() else 0

    def cell(self, number: int, column: int = 0) -> QModelIndex:
        """A cell of a line that is on show."""
        return self.createIndex(self.line(number).place, column, number)

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        below = self.below(self.number(parent))
        if not 0 <= row < len(below) or not 0 <= column < len(self._titles):
            return QModelIndex()
        return self.createIndex(row, column, below[row])

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        above = self.line(self.number(index)).parent if index.isValid() else 0
        return self.cell(above) if above > 0 else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.column() > 0 else len(self.below(self.number(parent)))

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return len(self._titles)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        column = index.column()
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return self.line(self.number(index)).texts[column]
        return RIGHT if role == Role.TextAlignmentRole and column >= self._names else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return self._titles[section]
        return RIGHT if role == Role.TextAlignmentRole and section >= self._names else None
