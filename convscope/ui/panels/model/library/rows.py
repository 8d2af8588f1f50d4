"""All networks that can be opened by a name, as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from convscope.ui import theme
from convscope.ui.panels.model.library.sort import KIND, TOLD, VALUE, Index
from convscope.ui.panels.model.library.view_model import LibraryViewModel
from convscope.ui.panels.model.words import shape_words

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry

KINDS = {"shipped": "trained, shipped", "template": "template", "application": "keras.applications"}
HERE = "here"

Role = Qt.ItemDataRole


def _number(value: float | None, unit: str = "") -> str:
    return "–" if value is None else f"{value:,.1f}{unit}" if isinstance(value, float) else f"{value:,}{unit}"


_ACCURACY = "Accuracy on ImageNet as keras.io publishes it: one network, one crop of each validation image"

# (title, what it says, value, text)
_COLUMNS: tuple[tuple[str, str, Callable[[CatalogueEntry], Any], Callable[[CatalogueEntry], str]], ...] = (
    ("Model", "Tick several to compare them", lambda e: e.title.lower(), lambda e: e.title),
    ("Kind", "Where it comes from", lambda e: KINDS[e.kind], lambda e: KINDS[e.kind]),
    ("Parameters", "All weights", lambda e: e.parameters, lambda e: f"{e.parameters:,}"),
    (
        "Depth",
        "Layers with weights (convolutions and dense) on the longest way from input to output",
        lambda e: e.depth,
        lambda e: _number(e.depth),
    ),
    (
        "Input",
        "Height × width × channels",
        lambda e: tuple(n or 0 for n in e.input),
        lambda e: shape_words(e.input),
    ),
    ("Top-1", _ACCURACY, lambda e: e.top1, lambda e: _number(e.top1, " %")),
    ("Top-5", _ACCURACY, lambda e: e.top5, lambda e: _number(e.top5, " %")),
    ("Size", "Of its weights on disk", lambda e: e.megabytes, lambda e: _megabytes(e.megabytes)),
    ("Year", "Of its paper", lambda e: e.year, lambda e: str(e.year or "–")),
)
HERE_COLUMN = len(_COLUMNS)
_HERE_TITLE, _HERE_SAYS = "Here", "Trained weights on this machine"

TITLES = (*(column[0] for column in _COLUMNS), _HERE_TITLE)


def _megabytes(size: float | None) -> str:
    if size is None:
        return "–"
    return f"{size:,.0f} MB" if size >= 10 else f"{size:.2g} MB"


class LibraryRows(QAbstractTableModel):
    """One row a network; the first cell has the tick for the comparison."""

    def __init__(self, library: LibraryViewModel) -> None:
        super().__init__()
        self._library = library
        self._entries: tuple[CatalogueEntry, ...] = ()

    def show_entries(self) -> bool:
        """Show the catalogue as it is now; whether it has other rows than before."""
        if len(self._entries) == len(self._library.entries):
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, HERE_COLUMN))
            return False
        self.beginResetModel()
        self._entries = self._library.entries
        self.endResetModel()
        return True

    def entry(self, row: int) -> CatalogueEntry:
        return self._entries[row]

    def row_of(self, name: str) -> int:
        """The row of a network; -1 without."""
        return next((row for row, entry in enumerate(self._entries) if entry.name == name), -1)

    def is_here(self, entry: CatalogueEntry) -> bool:
        """Whether its trained weights are on this machine."""
        return entry.name in self._library.here

    def show_ticks(self) -> None:
        if self._entries:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, 0))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default
        return 0 if parent.isValid() else len(_COLUMNS) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, says = _COLUMNS[section][:2] if section < HERE_COLUMN else (_HERE_TITLE, _HERE_SAYS)
        if role == Role.DisplayRole:
            return title
        if role == Role.ToolTipRole:
            return says
        if role == Role.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        entry, column = self._entries[index.row()], index.column()
        if role == Role.DisplayRole:
            return (
                ("✓" if self.is_here(entry) else "") if column == HERE_COLUMN else _COLUMNS[column][3](entry)
            )
        if role == VALUE:
            return (0 if self.is_here(entry) else 1) if column == HERE_COLUMN else _COLUMNS[column][2](entry)
        if role == Role.TextAlignmentRole:
            return _alignment(column)
        if role == Role.FontRole and column > 1:
            return theme.font(figures=True)
        if column:
            return None
        if role == Role.CheckStateRole:
            return (
                Qt.CheckState.Checked
                if entry.name in self._library.ticks.value.entries
                else Qt.CheckState.Unchecked
            )
        if role == TOLD:
            return " ".join((entry.name, entry.title, KINDS[entry.kind], entry.about, str(entry.year or "")))
        if role == KIND:
            return (entry.kind, HERE) if self.is_here(entry) else (entry.kind,)
        if role == Role.ToolTipRole:
            return entry.about or None
        return None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or index.column():
            return False
        entry = self._entries[index.row()]
        self._library.tick_entry(entry.name, entry.title, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if index.column() else flags | Qt.ItemFlag.ItemIsUserCheckable


def _alignment(column: int) -> Qt.AlignmentFlag:
    text = column in (0, 1)
    side = Qt.AlignmentFlag.AlignLeft if text else Qt.AlignmentFlag.AlignRight
    return (Qt.AlignmentFlag.AlignHCenter if column == HERE_COLUMN else side) | Qt.AlignmentFlag.AlignVCenter
