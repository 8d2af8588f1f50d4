"""The left column: the layers, or the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSortFilterProxyModel, QStringListModel, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QVBoxLayout, QWidget

from convscope.engine.interpret.feature_visualization.objectives import has_units
from convscope.ui import theme
from convscope.ui.forms.form import as_panel, segmented
from convscope.ui.tables.layer_tree import LayerTree

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

SOURCES = (
    ("layers", "Layers", "Patterns of a layer's filters"),
    ("classes", "Classes", "Patterns of the network's classes"),
)


class Source(QWidget):
    """A switch over the layer tree and the list of classes.

    Signals:
        layer_chosen: a path.
        class_chosen: an index.
        source_changed: "layers" or "classes".
    """

    layer_chosen = Signal(str)
    class_chosen = Signal(int)
    source_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self._build()

    @property
    def value(self) -> str:
        """What is chosen from."""
        return self.switch.value

    def set_model(self, model: OpenedModel | None) -> None:
        """Show a network's layers and classes."""
        self.tree.set_model(model, has_units)
        self.tree.view.setRootIsDecorated(model is not None and bool(model.program.groups))
        has_classes = model is not None and model.has_head
        names = []
        if model is not None and has_classes:
            known = [model.name_of(number) for number in range(model.head.classes)]
            what = "Classes" if model.has_classes else "Values"
            self.switch.button("classes").setText(what)
            self.search.setPlaceholderText(f"Search {what.lower()}")
            self.classes.setAccessibleName(what)
            names = [name if name == str(n) else f"{n}  {name}" for n, name in enumerate(known)]
        self._names.setStringList(names)
        self.switch.button("classes").setEnabled(has_classes)
        if not has_classes and self.switch.value == "classes":
            self.switch.set_value("layers")
            self._turn("layers")

    def set_layer(self, path: str | None) -> None:
        """Mark a layer."""
        self.tree.set_current(path)

    def show_source(self, name: str) -> None:
        """Turn to layers or classes, as a click does."""
        if name != self.switch.value and self.switch.button(name).isEnabled():
            self.switch.set_value(name)
            self._turn(name)

    def _turn(self, name: str) -> None:
        self.stack.setCurrentIndex(0 if name == "layers" else 1)
        self.source_changed.emit(name)

    def _pick(self) -> None:
        index = self.classes.currentIndex()
        if index.isValid():
            self.class_chosen.emit(self._proxy.mapToSource(index).row())

    def _take_first(self) -> None:
        if self._proxy.rowCount():
            self.classes.setCurrentIndex(self._proxy.index(0, 0))
            self._pick()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        self.switch = segmented("patterns.source", "Patterns of", SOURCES, wide=True)
        self.switch.changed.connect(self._turn)
        column.addWidget(self.switch)
        self.tree = LayerTree()
        self.tree.search.setObjectName("patterns.search")
        self.tree.view.setObjectName("patterns.tree")
        self.tree.chosen.connect(self.layer_chosen)
        self._names = QStringListModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._names)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setObjectName("patterns.find_class")
        self.search.setAccessibleName("Search classes")
        self.search.setPlaceholderText("Search classes")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda text: self._proxy.setFilterFixedString(text.strip()))
        self.search.returnPressed.connect(self._take_first)
        self.classes = QListView()
        self.classes.setObjectName("patterns.classes")
        self.classes.setAccessibleName("Classes")
        self.classes.setUniformItemSizes(True)
        self.classes.setSpacing(3)
        self.classes.setFrameShape(QListView.Shape.NoFrame)
        self.classes.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.classes.setModel(self._proxy)
        self.classes.clicked.connect(lambda _index: self._pick())
        self.classes.activated.connect(lambda _index: self._pick())
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(theme.GAP)
        inside.addWidget(self.search)
        inside.addWidget(self.classes, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.tree)
        self.stack.addWidget(page)
        column.addWidget(self.stack, 1)
