"""All networks that can be opened by a name, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from convscope.ui.panels.model.library.view_model import LibraryViewModel
from convscope.ui.panels.model.words import shape_words
from convscope.ui.tables.table import Index, Role, TableColumn, TableModel, name_column
from convscope.ui.tables.table_order import KIND, TOLD

if TYPE_CHECKING:
    from convscope.engine.models.library.catalogue import CatalogueEntry

KINDS = {"shipped": "trained, shipped", "template": "template", "application": "keras.applications"}
HERE = "here"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} %"


def _megabytes(size: float | None) -> str:
    if size is None:
        return "–"
    return f"{size:,.0f} MB" if size >= 10 else f"{size:.2g} MB"


_ACCURACY = "Accuracy on ImageNet as keras.io publishes it: one network, one crop of each validation image"

COLUMNS: tuple[TableColumn[CatalogueEntry], ...] = (
    name_column("Model", "Tick several to compare them", lambda e: e.title, sort=lambda e: e.title.lower()),
    name_column("Kind", "Where it comes from", lambda e: KINDS[e.kind]),
    TableColumn("Parameters", "All weights", lambda e: e.parameters, _number),
    TableColumn(
        "Depth",
        "Layers with weights (convolutions and dense) on the longest way from input to output",
        lambda e: e.depth,
        _number,
    ),
    TableColumn(
        "Input",
        "Height × width × channels",
        lambda e: e.input,
        shape_words,
        lambda e: tuple(n or 0 for n in e.input),
    ),
    TableColumn("Top-1", _ACCURACY, lambda e: e.top1, _share),
    TableColumn("Top-5", _ACCURACY, lambda e: e.top5, _share),
    TableColumn("Size", "Of its weights on disk", lambda e: e.megabytes, _megabytes),
    TableColumn("Year", "Of its paper", lambda e: e.year, lambda year: str(year or "–")),
)
TITLES = (*(column.title for column in COLUMNS), "Here")


class LibraryRows(TableModel["CatalogueEntry"]):
    """One row a network; the first cell has the tick for the comparison."""

    def __init__(self, library: LibraryViewModel) -> None:
        here: TableColumn[CatalogueEntry] = TableColumn(
            "Here",
            "Trained weights on this machine",
            self.is_here,
            lambda is_here: "✓" if is_here else "",
            lambda e: 0 if self.is_here(e) else 1,
            "middle",
        )
        super().__init__((*COLUMNS, here))
        self._library = library

    def show_entries(self) -> bool:
        """Show the catalogue as it is now; whether it has other rows than before."""
        if len(self.rows) == len(self._library.entries):
            self.refresh()
            return False
        self.show_rows(self._library.entries)
        return True

    def entry(self, row: int) -> CatalogueEntry:
        return self.rows[row]

    def row_of(self, name: str) -> int:
        """The row of a network; -1 without."""
        return next((row for row, entry in enumerate(self.rows) if entry.name == name), -1)

    def is_here(self, entry: CatalogueEntry) -> bool:
        """Whether its trained weights are on this machine."""
        return entry.name in self._library.here

    def show_ticks(self) -> None:
        self.refresh(1)

    def special(self, row: CatalogueEntry, column: int, role: int) -> Any:
        if column:
            return None
        if role == Role.CheckStateRole:
            ticked = row.name in self._library.ticks.value.entries
            return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
        if role == TOLD:
            return " ".join((row.name, row.title, KINDS[row.kind], row.about, str(row.year or "")))
        if role == KIND:
            return (row.kind, HERE) if self.is_here(row) else (row.kind,)
        return row.about or None if role == Role.ToolTipRole else None

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or index.column():
            return False
        entry = self.rows[index.row()]
        self._library.tick_entry(entry.name, entry.title, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if index.column() else flags | Qt.ItemFlag.ItemIsUserCheckable
