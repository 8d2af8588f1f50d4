"""The "Layers" page: every layer with its shape, its parameters and their share."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.panels.model.layer_model import PATH, SHARE, LayerModel, LayerOrder
from convscope.ui.panels.model.layer_rows import Rows
from convscope.ui.panels.model.shown import ShownModel

WIDTHS = (188, 116, 92, 76)


class LayerTable(QWidget):
    """A tree with columns and a search field; the arrow keys go along the layers.

    Signals:
        chosen: the path of the layer that a person chose.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._shown: ShownModel | None = None
        self.search = QLineEdit()
        self.search.setObjectName("model.search")
        self.search.setAccessibleName("Search layers")
        self.search.setPlaceholderText("Search layers by name, kind or shape")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.view = QTreeView()
        self.view.setObjectName("model.layers")
        self.view.setAccessibleName("Layers")
        self.view.setUniformRowHeights(True)
        self.view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.view.setIndentation(theme.scaled(14))
        self.view.setAllColumnsShowFocus(True)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.view.setItemDelegateForColumn(4, ShareDelegate(self.view))
        self.layers = LayerModel(self)
        self.proxy = LayerOrder(self.layers, self)
        self.view.setModel(self.proxy)
        self._set_header(self.view.header())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        self.view.selectionModel().currentChanged.connect(self._moved)

    def _set_header(self, header: QHeaderView) -> None:
        # Without a column the layers stand in the order of computation; a third click goes back to it.
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._set_widths()

    def _set_widths(self) -> None:
        header = self.view.header()
        header.setMinimumSectionSize(theme.scaled(56))
        for column, width in enumerate(WIDTHS, 1):
            header.resizeSection(column, theme.scaled(width))

    def changeEvent(self, event: QEvent) -> None:
        """Columns grow with the window's zoom."""
        if event.type() == QEvent.Type.FontChange:
            self._set_widths()
        super().changeEvent(event)

    def show_model(self, shown: ShownModel | None) -> None:
        """Show another model's layers, nested models opened up."""
        self._quiet = True
        self._shown = shown
        self.proxy.show_rows(Rows() if shown is None else shown.table)
        self.view.setRootIsDecorated(self._nested)
        self._expand()
        self._quiet = False

    @property
    def _nested(self) -> bool:
        return self._shown is not None and bool(self._shown.model.program.groups)

    def _expand(self) -> None:
        # Where nothing is nested it would lay out all rows for nothing.
        if self._nested:
            self.view.expandAll()

    def set_current(self, path: str | None) -> None:
        """Mark a layer; nothing is emitted."""
        if path is not None and path == self.view.currentIndex().data(PATH):
            return
        self._quiet = True
        found = self.proxy.mapFromSource(self.layers.index_of(path)) if path else QModelIndex()
        select = QItemSelectionModel.SelectionFlag
        self.view.selectionModel().setCurrentIndex(found, select.ClearAndSelect | select.Rows)
        if found.isValid():
            self.view.scrollTo(found)
        self._quiet = False

    def set_narrow(self, narrow: bool) -> None:
        """Leave out what there is no room for."""
        self.view.setColumnHidden(4, narrow)

    def _find(self, text: str) -> None:
        self._quiet = True
        self.proxy.set_text(text)
        self._expand()
        self._quiet = False

    def _moved(self, index: QModelIndex) -> None:
        path = index.data(PATH)
        if path and not self._quiet:
            self.chosen.emit(path)


class ShareDelegate(QStyledItemDelegate):
    """A quiet bar under the percentage."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The bar, then the text over it."""
        portion = float(index.data(SHARE) or 0)
        rect = option.rect
        if portion > 0 and not option.state & QStyle.StateFlag.State_Selected:
            ground = QColor(theme.tokens().accent)
            ground.setAlpha(48)
            length = max(1.0, (rect.width() - 8) * portion)
            painter.fillRect(
                QRectF(rect.right() - 3 - length, rect.top() + 3, length, rect.height() - 6), ground
            )
        super().paint(painter, option, index)
