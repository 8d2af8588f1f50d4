"""The layers of a model, nested models as branches, for a tree view; a search leaves out the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from convscope.core.words import times
from convscope.ui.tables.table import Index, Role
from convscope.ui.tables.tree import TreeModel

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.summary import LayerInfo

PATH = Qt.ItemDataRole.UserRole
Allowed = Callable[["LayerInfo"], bool]
_LEAF = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
# A branch is opened and closed, not chosen.
_BRANCH = Qt.ItemFlag.ItemIsEnabled


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """ "56×56×24"; a free size is "?"."""
    return times(shape or ())


@dataclass
class _Line:
    """A row: a layer, or a branch (`path` is "").

    Attributes:
        parent: the number of the line above; 0 is the invisible root.
        children: numbers of all lines below.
        found: those of them that the search leaves.
        place: where the line stands among what is found.
        branch: the path of a branch.
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
    branch: str = ""


class LayerItems(TreeModel):
    """Name and shape of each layer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("Layer", "Output"), 1, parent)
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
        return self.cell(number) if shown else QModelIndex()

    def branches(self) -> dict[str, QModelIndex]:
        """The first cells of all branches on show, by their paths."""
        shown = self._shown(0)
        return {self._lines[each].branch: self.cell(each) for each in shown if self._lines[each].branch}

    def beside(self, index: Index, by: int) -> QModelIndex:
        """The next layer on show that can be chosen, or the last one, also in branches that are closed.

        Args:
            index: where one stands; invalid: before the first.
            by: 1 or −1.
        """
        shown = list(self._shown(0))
        at = shown.index(self.number(index)) if index.isValid() else -1
        for number in shown[at + 1 :] if by > 0 else reversed(shown[: max(at, 0)]):
            line = self._lines[number]
            if line.path and line.flags & Qt.ItemFlag.ItemIsSelectable:
                return self.cell(number)
        return QModelIndex()

    def line(self, number: int) -> _Line:
        return self._lines[number]

    def below(self, number: int) -> list[int]:
        return self._lines[number].found

    def flags(self, index: Index) -> Qt.ItemFlag:
        return self.line(self.number(index)).flags if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        line = self.line(self.number(index))
        if role == Role.AccessibleTextRole and line.path and index.column() == 0:
            return line.tip.replace("\n", ", ")
        if role == PATH:
            return line.path
        return line.tip if role == Role.ToolTipRole else super().data(index, role)

    def _add(self, line: _Line) -> int:
        self._lines.append(line)
        number = len(self._lines) - 1
        self._lines[line.parent].children.append(number)
        return number

    def _branch(self, path: str, branches: dict[str, int], model: OpenedModel | None) -> int:
        if path not in branches:
            above, _, name = path.rpartition("/")
            kind = model.program.groups.get(path, "") if model is not None else ""
            line = _Line((name, ""), self._branch(above, branches, model), branch=path, tip=f"{path}\n{kind}")
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
