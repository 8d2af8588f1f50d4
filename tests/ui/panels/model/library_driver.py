"""Short ways to drive the library of models by the names of its controls."""

from __future__ import annotations

from driver import Driver
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QApplication,
    QHeaderView,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
)
from pytestqt.qtbot import QtBot

from convscope.ui.main_window import MainWindow
from convscope.ui.panels.model.library.view import LibraryView


class Library(Driver):
    """The window with its library, and what a person does there."""

    def __init__(self, qtbot: QtBot, window: MainWindow, view: LibraryView) -> None:
        super().__init__(qtbot, window)
        self.view = view
        self.table = self.find(QTableView, "model.library.table")

    def shown(self, column: int = 0, table: QTableView | None = None) -> list[str]:
        """A column as it stands in the table."""
        model = (table or self.table).model()
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    def place(self, name: str) -> QRect:
        """The first cell of a model's row, brought into view."""
        source = self.view.rows.index(self.view.rows.row_of(name), 0)
        index = self.view.order.mapFromSource(source)
        self.table.scrollTo(index)
        QApplication.processEvents()
        return self.table.visualRect(index)

    def choose(self, name: str) -> None:
        """Click a model's row."""
        at = self.place(name)
        place = QPoint(at.center().x(), at.center().y())
        self.qtbot.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QApplication.processEvents()

    def tick(self, name: str) -> None:
        """Click a model's tick box."""
        at = self.place(name)
        option = QStyleOptionViewItem()
        option.rect = at
        option.features = QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        style = self.table.style()
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, option, self.table)
        self.qtbot.mouseClick(self.table.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
        QApplication.processEvents()

    def head(self, title: str, table: QTableView | None = None) -> None:
        """Click a column's title."""
        view = table or self.table
        header: QHeaderView = view.horizontalHeader()
        model = view.model()
        side = Qt.Orientation.Horizontal
        titles = [str(model.headerData(n, side)).strip("↑↓ ") for n in range(model.columnCount())]
        section = titles.index(title)
        place = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
        self.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QApplication.processEvents()
