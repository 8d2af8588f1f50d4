"""A model's layers as a tree, nested models as branches, with a search field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from convscope.ui import theme
from convscope.ui.tables.layer_items import PATH, Allowed, LayerItems

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel


class _Look(QStyledItemDelegate):
    """Branches bold, shapes small and quiet, in the theme and at the zoom in force."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if index.column():
            option.font = theme.font(11, figures=True)
            if index.flags() & Qt.ItemFlag.ItemIsEnabled:
                option.palette.setColor(QPalette.ColorRole.Text, QColor(theme.tokens().secondary))
        elif not index.data(PATH):
            option.font = theme.font(weight=QFont.Weight.DemiBold)


@dataclass(frozen=True)
class FoldedLayers:
    """The paths of the branches that a person has closed."""

    closed: tuple[str, ...]


class LayerTree(QWidget):
    """All layers of a model in the order of computation: name, kind, output shape.

    Signals:
        chosen: the path of the layer that a person chose.
        state_changed: branches are open or closed; whether by a person's hand.
    """

    chosen = Signal(str)
    state_changed = Signal(bool)
    state_type = FoldedLayers

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self._path: str | None = None
        self.search = QLineEdit()
        self.search.setObjectName("layers.search")
        self.search.setAccessibleName("Search layers")
        self.search.setPlaceholderText("Search layers")
        self.search.setClearButtonEnabled(True)
        self.view = QTreeView()
        self.view.setObjectName("layers.tree")
        self.view.setAccessibleName("Layers")
        self.view.setUniformRowHeights(True)
        self.view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.view.setIndentation(theme.scaled(12))
        self.view.setItemDelegate(_Look(self.view))
        self.view.setAllColumnsShowFocus(True)
        # Layers of one block differ at the end of their names.
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._items = LayerItems(self)
        self.view.setModel(self._items)
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._take_first)
        self.view.selectionModel().currentChanged.connect(self._moved)
        for signal in (self.view.collapsed, self.view.expanded):
            signal.connect(self._folded)

    def set_model(self, model: OpenedModel | None, allowed: Allowed | None = None) -> None:
        """Show a model's layers.

        Args:
            allowed: which layers can be chosen; the others are shown, but gray.
        """
        self._quiet = True
        self.view.setUpdatesEnabled(False)
        self._items.show(model, allowed)
        self.view.expandAll()
        self._measure()
        self.view.setUpdatesEnabled(True)
        self._quiet = False
        self.state_changed.emit(False)

    def view_state(self) -> FoldedLayers | None:
        """The branches that a person has closed; None: all are open."""
        shown = self._items.branches().items()
        closed = tuple(path for path, index in shown if not self.view.isExpanded(index))
        return FoldedLayers(closed) if closed else None

    def show_state(self, state: FoldedLayers | None) -> bool:
        """Close those; False: the layers on show have none of them."""
        closed, shown = set(state.closed if state is not None else ()), self._items.branches()
        self._quiet = True
        for path, index in shown.items():
            self.view.setExpanded(index, path not in closed)
        self._quiet = False
        return not closed or not closed.isdisjoint(shown)

    def _folded(self, _index: QModelIndex) -> None:
        if not self._quiet:
            self.state_changed.emit(True)

    @property
    def current(self) -> str | None:
        """The path of the layer that is marked."""
        path = self.view.currentIndex().data(PATH)
        return str(path) if path else None

    def set_current(self, path: str | None) -> None:
        """Mark a layer and bring it into view; nothing is emitted."""
        self._path = path
        if path == self.current:
            return
        self._quiet = True
        index = self._items.index_of(path)
        flags = QItemSelectionModel.SelectionFlag
        if index.isValid():
            self.view.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.view.scrollTo(index)
        else:
            self.view.selectionModel().clear()
        self._quiet = False

    def step(self, by: int) -> None:
        """Go on to the next layer that can be chosen, or back to the last."""
        index = self._items.beside(self.view.currentIndex(), by)
        if index.isValid():
            self.view.setCurrentIndex(index)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    def _measure(self) -> None:
        # The names need the room more than the shapes do.
        metrics = QFontMetrics(theme.font(11, figures=True))
        width = metrics.horizontalAdvance(self._items.widest_shape) + theme.scaled(18)
        self.view.header().resizeSection(1, max(theme.scaled(56), width))

    def _find(self, text: str) -> None:
        self._quiet = True
        self._items.find(text)
        self.view.expandAll()
        self._quiet = False
        self.state_changed.emit(False)
        self.set_current(self._path)

    def _take_first(self) -> None:
        """Return in the search field, as in that of classes."""
        first = self._items.beside(QModelIndex(), 1)
        if self.search.text().strip() and first.isValid():
            self.view.setCurrentIndex(first)

    def _moved(self, index: QModelIndex) -> None:
        path = index.data(PATH) if index.isValid() else None
        if path and not self._quiet:
            self._path = str(path)
            self.chosen.emit(str(path))
