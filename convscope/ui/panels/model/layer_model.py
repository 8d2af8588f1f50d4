"""The layers of a model as a tree of rows for a table view: nested models are branches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from convscope.ui.panels.model import words
from convscope.ui.panels.model.shown import ShownModel

PATH = Qt.ItemDataRole.UserRole
SHARE = Qt.ItemDataRole.UserRole + 1
SORT = Qt.ItemDataRole.UserRole + 2
SEARCH = Qt.ItemDataRole.UserRole + 3
COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Share")
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass
class _Row:
    """One line: a layer, or a nested model (then `layer` is False)."""

    path: str
    texts: tuple[str, ...]
    amounts: tuple[Any, ...]
    layer: bool
    parent: int
    place: int
    share: float
    children: list[int] = field(default_factory=list)


class LayerModel(QAbstractItemModel):
    """Rows by number; row 0 is the invisible root."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = [_root()]
        self._by_path: dict[str, int] = {}

    def set_model(self, shown: ShownModel | None) -> None:
        """Show another model, or none."""
        self.beginResetModel()
        self._rows, self._by_path = [_root()], {}
        if shown is not None:
            for row in shown.sheet.layers:
                parent = self._group(row.group, shown)
                portion = words.share(row.parameters, shown.sheet.totals.parameters)
                texts = (
                    row.name,
                    shown.kinds[row.path],
                    words.shape(row.shape),
                    f"{row.parameters:,}" if row.parameters else ("shared" if row.shared else ""),
                    words.percent(portion),
                )
                number = len(self._rows)
                amounts = (row.name, row.kind, number, row.parameters, row.parameters)
                self._add(row.path, texts, amounts, True, parent, portion)
        self.endResetModel()

    def _group(self, path: str, shown: ShownModel) -> int:
        """The number of a nested model's row, made with those around it when first asked for."""
        if not path:
            return 0
        if path in self._by_path:
            return self._by_path[path]
        outer, _, name = path.rpartition("/")
        parent = self._group(outer, shown)
        inside = [row for row in shown.sheet.layers if row.path.startswith(f"{path}/")]
        total = sum(row.parameters for row in inside)
        portion = words.share(total, shown.sheet.totals.parameters)
        kind = shown.model.program.groups.get(path, "")
        texts = (name, kind, words.shape(inside[-1].shape), f"{total:,}", words.percent(portion))
        return self._add(path, texts, (name, kind, len(self._rows), total, total), False, parent, portion)

    def _add(
        self,
        path: str,
        texts: tuple[str, ...],
        amounts: tuple[Any, ...],
        layer: bool,
        parent: int,
        share: float,
    ) -> int:
        number = len(self._rows)
        siblings = self._rows[parent].children
        self._rows.append(_Row(path, texts, amounts, layer, parent, len(siblings), share))
        siblings.append(number)
        self._by_path[path] = number
        return number

    def index_of(self, path: str) -> QModelIndex:
        """The first cell of a layer's row; invalid if there is none."""
        number = self._by_path.get(path)
        return _NOWHERE if number is None else self.createIndex(self._rows[number].place, 0, number)

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        """A cell."""
        children = self._rows[self._number(parent)].children
        if not 0 <= row < len(children) or not 0 <= column < len(COLUMNS):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        """The nested model's row."""
        number = self._rows[self._number(index)].parent if index.isValid() else 0
        return self.createIndex(self._rows[number].place, 0, number) if number > 0 else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Layers in a nested model."""
        return 0 if parent.column() > 0 else len(self._rows[self._number(parent)].children)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Always the same."""
        return len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row = self._rows[self._number(index)]
        column = index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.texts[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= 3:
            return _RIGHT
        if role == PATH:
            return row.path if row.layer else ""
        if role == SHARE:
            return row.share
        if role == SORT:
            return row.amounts[column]
        if role == SEARCH:
            return "|".join((row.path, *row.texts[1:3])) if row.layer else row.path
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


def _root() -> _Row:
    return _Row("", (), (), False, -1, 0, 0.0)
