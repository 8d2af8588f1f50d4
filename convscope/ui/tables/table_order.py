"""Sorting and searching tables: what is unknown stands last, whichever way it is sorted."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView

from convscope.ui.tables.table import VALUE, Index

TOLD = VALUE + 1
"""The role under which a row's first cell tells the text that is searched."""
KIND = VALUE + 2
"""The role under which a row's first cell tells the words that it is filtered by."""


class TableOrder(QSortFilterProxyModel):
    """Rows by their values, filtered by words and by kind."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._kind = ""
        self.setSortRole(VALUE)

    def filter(self, text: str, kind: str = "") -> bool:
        """Only rows of a kind ("": of all) with all these words; whether they were others before."""
        words = tuple(text.lower().split())
        if (words, kind) == (self._words, self._kind):
            return False
        self._words, self._kind = words, kind
        # The pattern is not looked at; another one makes Qt filter anew, in each of its versions.
        self.setFilterFixedString("\n".join((kind, *words)))
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        told = super().headerData(section, orientation, role)
        across = orientation == Qt.Orientation.Horizontal
        if role != Qt.ItemDataRole.DisplayRole or not across or section != self.sortColumn():
            return told
        arrow = "↑" if self.sortOrder() == Qt.SortOrder.AscendingOrder else "↓"
        side = super().headerData(section, orientation, Qt.ItemDataRole.TextAlignmentRole)
        right = bool(Qt.AlignmentFlag(side) & Qt.AlignmentFlag.AlignRight)
        return f"{arrow} {told}" if right else f"{told} {arrow}"

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        first = self.sourceModel().index(row, 0, parent)
        told = str(first.data(TOLD)).lower()
        return all(word in told for word in self._words) and (
            not self._kind or self._kind in (first.data(KIND) or ())
        )

    def lessThan(self, left: Index, right: Index) -> bool:
        a, b = left.data(VALUE), right.data(VALUE)
        if a is None or b is None:
            known_first = self.sortOrder() == Qt.SortOrder.AscendingOrder
            return (a is not None) == known_first and (a is None) != (b is None)
        return bool(a < b)


def without_own_arrow(table: QTableView) -> None:
    """The style's arrow lies on the title of a column that stands at the right; ours is part of the title."""
    arrows = "QHeaderView::up-arrow, QHeaderView::down-arrow"
    table.horizontalHeader().setStyleSheet(f"{arrows} {{ image: none; width: 0px; height: 0px; }}")


def sorted_table(name: str, says: str, order: TableOrder) -> QTableView:
    """A table without lines of which one row is chosen, sorted by a click on a header."""
    table = QTableView()
    table.setObjectName(name)
    table.setAccessibleName(says)
    table.setModel(order)
    table.setFrameShape(QFrame.Shape.NoFrame)
    table.setShowGrid(False)
    table.setSortingEnabled(True)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.verticalHeader().hide()
    table.horizontalHeader().setHighlightSections(False)
    without_own_arrow(table)
    return table
