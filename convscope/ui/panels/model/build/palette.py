"""The palette: every kind of layer, searchable; double-click, Return or drag it into the list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem, QWidget

from convscope.engine.models.layer_specs import KINDS, palette
from convscope.engine.models.layer_specs.categories import CATEGORIES
from convscope.ui import theme
from convscope.ui.forms.form import caption, heading, search_field, vertical
from convscope.ui.panels.model.build.rows import KIND


class _Kinds(QListWidget):
    """The list itself, which can be dragged out of."""

    chosen = Signal(str)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        data = QMimeData()
        data.setData(KIND, str(items[0].data(Qt.ItemDataRole.UserRole)).encode())
        return data

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))
        else:
            super().keyPressEvent(event)


class Palette(QWidget):
    """Kinds of layers by category.

    Signals:
        chosen: a kind to add.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._zoom = theme.zoom()
        self.search = search_field("model.build.search", "Search layers", "Search", self._filter)
        self.search.returnPressed.connect(self._first)
        self.list = _Kinds()
        self.list.setObjectName("model.build.palette")
        self.list.setAccessibleName("Kinds of layers")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setDragEnabled(True)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.chosen.connect(self.chosen)
        self.list.itemDoubleClicked.connect(self._double_clicked)
        self.list.itemEntered.connect(self._tell)
        self.list.currentItemChanged.connect(lambda item, _before: self._tell(item))
        self.about = caption("model.build.about", "Double-click a layer, or drag it to its place.")
        self.about.setMinimumHeight(theme.scaled(44))
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        vertical(self, heading("Add a layer"), self.search, (self.list, 1), self.about)
        self._fill()
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and theme.zoom() != self._zoom:
            self._measure()

    def _measure(self) -> None:
        self._zoom = theme.zoom()
        for row in range(self.list.count()):
            item = self.list.item(row)
            title = item.data(Qt.ItemDataRole.UserRole) is None
            item.setSizeHint(QSize(0, theme.scaled(26 if title else 22)))
            if title:
                item.setFont(theme.font(11))

    def _fill(self) -> None:
        for category in [each.name for each in sorted(CATEGORIES.values(), key=lambda each: each.place)]:
            title = QListWidgetItem(category)
            title.setFlags(Qt.ItemFlag.NoItemFlags)
            title.setTextAlignment(Qt.AlignmentFlag.AlignBottom)
            self.list.addItem(title)
            for kind in palette():
                if kind.category == category:
                    item = QListWidgetItem(kind.title or kind.name)
                    item.setData(Qt.ItemDataRole.UserRole, kind.name)
                    item.setToolTip(kind.about)
                    self.list.addItem(item)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        title: QListWidgetItem | None = None
        for row in range(self.list.count()):
            item = self.list.item(row)
            name = item.data(Qt.ItemDataRole.UserRole)
            if name is None:
                title = item
                title.setHidden(True)
                continue
            kind = KINDS[name]
            told = f"{item.text()} {kind.category} {kind.about}".lower()
            item.setHidden(not all(word in told for word in words))
            if title is not None and not item.isHidden():
                title.setHidden(False)

    def _first(self) -> None:
        """Return in the search field adds the best that was found: one of that name before one about it."""
        items = [self.list.item(row) for row in range(self.list.count())]
        found = [item for item in items if not item.isHidden() and item.data(Qt.ItemDataRole.UserRole)]
        typed = self.search.text().strip().lower()
        if found and typed:
            best = max(found, key=lambda item: _likeness(item.text().lower(), typed))
            self.chosen.emit(str(best.data(Qt.ItemDataRole.UserRole)))

    def _double_clicked(self, item: QListWidgetItem) -> None:
        if item.data(Qt.ItemDataRole.UserRole):
            self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))

    def _tell(self, item: QListWidgetItem | None) -> None:
        kind = KINDS.get(str(item.data(Qt.ItemDataRole.UserRole))) if item is not None else None
        if kind is not None:
            self.about.setText(kind.about)


def _likeness(name: str, typed: str) -> int:
    return (name == typed) * 4 + name.startswith(typed) * 2 + (typed in name)
