"""The layers of a model, nested models as branches, for a tree view; a search leaves out the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.summary import LayerInfo

PATH = Qt.ItemDataRole.UserRole
Allowed = Callable[["LayerInfo"], bool]
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEAF = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
# A branch is opened and closed, not chosen.
_BRANCH = Qt.ItemFlag.ItemIsEnabled


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """ "56×56×24"; a free size is "?"."""
    return "×".join("?" if size is None else str(size) for size in shape or ())


@dataclass
class _Line:
    """A row: a layer, or a branch (`path` is "").

    Attributes:
        parent: the number of the line above; 0 is the invisible root.
        children: numbers of all lines below.
        found: those of them that the search leaves.
        place: where the line stands among what is found.
    """

    texts: tuple[str, str] = ("", "")
    parent: int = 0
    path: str = ""
    tip: str = ""
    told: str = ""
    flags: Qt.ItemFlag = _BRANCH
    children: list[int] = field(default_factory=list)
    found: list[int] = field(default_factory=list)
    place: int = 0


class LayerItems(QAbstractItemModel):
    """Rows by number. All of them change at once, so that nothing in Qt or Python outlives a row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines = [_Line()]
        self._by_path: dict[str, int] = {}
        self._text = ""

    def show(self, model: OpenedModel | None, allowed: Allowed | None) -> None:
        """Another model's layers, under the same search.

        Args:
            allowed: which layers can be chosen; the others are there, but disabled.
        """
        self.beginResetModel()
        self._lines = [_Line()]
        branches: dict[str, int] = {"": 0}
        for info in model.layers if model is not None else ():
            shape = shape_text(info.shape)
            line = _Line(
                (info.name, shape),
                self._branch(info.group, branches, model),
                info.path,
                f"{info.path}\n{info.kind}, output {shape}, {info.parameters:,} parameters",
                f"{info.path} {info.kind}".lower(),
                _LEAF if allowed is None or allowed(info) else Qt.ItemFlag.NoItemFlags,
            )
            self._add(line)
        self._by_path = {line.path: number for number, line in enumerate(self._lines) if line.path}
        self._search()
        self.endResetModel()

    def find(self, text: str) -> None:
        """Search in paths and kinds; "" finds all."""
        self.beginResetModel()
        self._text = text.strip().lower()
        self._search()
        self.endResetModel()

    @property
    def widest_shape(self) -> str:
        """The longest text of the second column."""
        return max((line.texts[1] for line in self._lines), key=len)

    def index_of(self, path: str | None) -> QModelIndex:
        """The first cell of a layer's row; invalid if it is not on show."""
        number = self._by_path.get(path or "")
        if number is None:
            return QModelIndex()
        line = self._lines[number]
        shown = line.place < len(found := self._lines[line.parent].found) and found[line.place] == number
        return self.createIndex(line.place, 0, number) if shown else QModelIndex()

    def beside(self, index: Index, by: int) -> QModelIndex:
        """The next layer on show that can be chosen, or the last one, also in branches that are closed.

        Args:
            index: where one stands; invalid: before the first.
            by: 1 or −1.
        """
        shown = list(self._shown(0))
        at = shown.index(int(index.internalId())) if index.isValid() else -1
        for number in shown[at + 1 :] if by > 0 else reversed(shown[: max(at, 0)]):
            line = self._lines[number]
            if line.path and line.flags & Qt.ItemFlag.ItemIsSelectable:
                return self.createIndex(line.place, 0, number)
        return QModelIndex()

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        """A cell."""
        found = self._line(parent).found
        if not 0 <= row < len(found) or not 0 <= column < 2:
            return QModelIndex()
        return self.createIndex(row, column, found[row])

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        """The branch's row."""
        number = self._line(index).parent
        return self.createIndex(self._lines[number].place, 0, number) if number else QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Layers and branches in a branch."""
        return 0 if parent.column() > 0 else len(self._line(parent).found)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Name and shape."""
        return 2

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What can be chosen."""
        return self._line(index).flags if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        line, column = self._line(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return line.texts[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            layer = line.path and column == 0
            return line.tip.replace("\n", ", ") if layer else line.texts[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return _RIGHT
        if role == PATH:
            return line.path
        return line.tip if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return ("Layer", "Output")[section]
            if role == Qt.ItemDataRole.TextAlignmentRole and section:
                return _RIGHT
        return None

    def _line(self, index: Index) -> _Line:
        return self._lines[int(index.internalId()) if index.isValid() else 0]

    def _add(self, line: _Line) -> int:
        self._lines.append(line)
        number = len(self._lines) - 1
        self._lines[line.parent].children.append(number)
        return number

    def _branch(self, path: str, branches: dict[str, int], model: OpenedModel | None) -> int:
        if path not in branches:
            above, _, name = path.rpartition("/")
            kind = model.program.groups.get(path, "") if model is not None else ""
            line = _Line((name, ""), self._branch(above, branches, model), tip=f"{path}\n{kind}")
            branches[path] = self._add(line)
        return branches[path]

    def _shown(self, branch: int) -> Iterator[int]:
        """From top to bottom."""
        for number in self._lines[branch].found:
            yield number
            yield from self._shown(number)

    def _search(self) -> None:
        """Number what is found; a branch is, if anything in it is."""
        lines, text = self._lines, self._text
        # Whatever is in a branch stands behind it.
        for line in reversed(lines):
            line.found = [n for n in line.children if lines[n].found or text in lines[n].told]
            for place, number in enumerate(line.found):
                lines[number].place = place
