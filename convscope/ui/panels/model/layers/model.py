"""The layers of a model as a tree for a table view, and the search in it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRegularExpression,
    QSortFilterProxyModel,
    Qt,
)

from convscope.ui import theme
from convscope.ui.panels.model.layers.rows import Rows

PATH = Qt.ItemDataRole.UserRole
SHARE = Qt.ItemDataRole.UserRole + 1
COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Share")
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_BRANCH = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
# Said of every layer, because asking each for its children takes long where there are a thousand.
_LEAF = _BRANCH | Qt.ItemFlag.ItemNeverHasChildren


class LayerModel(QAbstractItemModel):
    """Rows by number; row 0 is the invisible root."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = Rows()

    @property
    def rows(self) -> Rows:
        """What is on show."""
        return self._rows

    def set_rows(self, rows: Rows) -> None:
        """Show another model."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def arrange(self, column: int, order: Qt.SortOrder) -> None:
        """Sort the layers of each nested model by a column; −1: the order of computation."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        lines = self._rows.lines
        for line in lines:
            line.children.sort()
            if column >= 0:
                descending = order == Qt.SortOrder.DescendingOrder
                line.children.sort(key=lambda number: lines[number].amounts[column], reverse=descending)
            for place, number in enumerate(line.children):
                lines[number].place = place
        numbers = [self._number(index) for index in before]
        after = [
            self.createIndex(lines[number].place, index.column(), number)
            for index, number in zip(before, numbers, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def index_of(self, path: str) -> QModelIndex:
        """The first cell of a layer's row; invalid if there is none."""
        number = self._rows.by_path.get(path)
        return _NOWHERE if number is None else self.createIndex(self._rows.lines[number].place, 0, number)

    def child(self, row: int, parent: Index) -> int:
        """The number of a line under another."""
        return self._rows.lines[self._number(parent)].children[row]

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        """A cell."""
        children = self._rows.lines[self._number(parent)].children
        if not 0 <= row < len(children) or not 0 <= column < len(COLUMNS):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        """The nested model's row."""
        lines = self._rows.lines
        number = lines[self._number(index)].parent if index.isValid() else 0
        return self.createIndex(lines[number].place, 0, number) if number > 0 else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Layers in a nested model."""
        return 0 if parent.column() > 0 else len(self._rows.lines[self._number(parent)].children)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Always the same."""
        return len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Nested models have layers, layers have none."""
        return _LEAF if self._rows.lines[self._number(index)].layer else _BRANCH

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row = self._rows.lines[self._number(index)]
        column = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.texts[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 3:
            return _RIGHT
        if role == Qt.ItemDataRole.FontRole and column >= 3:
            return theme.font(figures=True)
        if role == PATH:
            return row.path if row.layer else ""
        if role == SHARE:
            return row.share
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.path
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole and section >= 3:
                return _RIGHT
        return None

    def _number(self, index: Index) -> int:
        return int(index.internalId()) if index.isValid() else 0


class LayerOrder(QSortFilterProxyModel):
    """Layers by their columns, and those alone that a search finds, with what they are nested in."""

    def __init__(self, layers: LayerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._text = ""
        self._found: frozenset[int] | None = None
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)
        self.setRecursiveFilteringEnabled(True)
        self.setSourceModel(layers)

    def show_rows(self, rows: Rows) -> None:
        """Another model, under the same search."""
        self._found = _matching(rows, self._text)
        self._layers.set_rows(rows)
        self._layers.arrange(*self._sorted)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; −1: the order of computation.

        The rows are sorted where they are: Qt would ask for ten thousand values to compare them.
        """
        self._sorted = (column, order)
        self._layers.arrange(column, order)

    def set_text(self, text: str) -> None:
        """Search; "" finds all."""
        self._text = text.strip()
        self._found = _matching(self._layers.rows, self._text)
        # The pattern is not looked at; another one makes Qt filter anew, in each of its versions.
        self.setFilterFixedString(self._text)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Whether the search found it."""
        return self._found is None or self._layers.child(row, parent) in self._found


def _matching(rows: Rows, text: str) -> frozenset[int] | None:
    if not text:
        return None
    wanted = QRegularExpression.escape(text)
    # Anywhere in a name, but kinds and shapes from the start of a word: "add" is no ZeroPadding2D.
    pattern = QRegularExpression(rf"^[^|]*{wanted}|[|\s]{wanted}")
    pattern.setPatternOptions(QRegularExpression.PatternOption.CaseInsensitiveOption)
    return frozenset(n for n, line in enumerate(rows.lines) if n and pattern.match(line.told).hasMatch())
