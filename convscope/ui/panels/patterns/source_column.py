"""The left column: the layers, or the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSortFilterProxyModel, QStringListModel, Qt
from PySide6.QtWidgets import QLineEdit, QListView, QStackedWidget, QWidget

from convscope.engine.interpret.feature_visualization.objectives import has_units
from convscope.ui import naming, theme
from convscope.ui.forms.form import as_panel, segmented, vertical
from convscope.ui.panels.patterns.view_model import PatternsViewModel
from convscope.ui.tables.layer_tree import LayerTree
from convscope.ui.view_state import keep_text

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel

SOURCES = (
    ("layers", "Layers", "Patterns of a layer's filters"),
    ("classes", "Classes", "Patterns of the network's classes"),
)


class SourceColumn(QWidget):
    """A switch over the layer tree and the list of classes."""

    def __init__(self, view_model: PatternsViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self._model = view_model
        context = view_model.context
        self._build()
        view_model.model_changed.connect(self._show_model)
        view_model.source_changed.connect(self._show_source)
        context.listen(context.workspace.layer_changed, self.tree.set_current)
        for field, part in (
            (self.tree.search, view_model.layer_search),
            (self.search, view_model.class_search),
        ):
            keep_text(field, part, context)
        self._show_model(context.workspace.model)
        self._show_source(view_model.source)

    def _show_model(self, model: OpenedModel | None) -> None:
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
        self.tree.set_current(self._model.context.workspace.layer)

    def _show_source(self, name: str) -> None:
        self.switch.set_value(name)
        self.stack.setCurrentIndex(0 if name == "layers" else 1)

    def _pick(self) -> None:
        index = self.classes.currentIndex()
        if index.isValid():
            self._model.choose_class(self._proxy.mapToSource(index).row())

    def _take_first(self) -> None:
        if self._proxy.rowCount():
            self.classes.setCurrentIndex(self._proxy.index(0, 0))
            self._pick()

    def _build(self) -> None:
        column = vertical(self, margins=theme.GAP)
        self.switch = segmented("patterns.source", "Patterns of", SOURCES, wide=True)
        self.switch.changed.connect(self._model.show_source)
        column.addWidget(self.switch)
        self.tree = LayerTree()
        self.tree.search.setObjectName("patterns.search")
        self.tree.view.setObjectName("patterns.tree")
        self.tree.chosen.connect(self._model.context.workspace.choose_layer)
        self._names = QStringListModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._names)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = naming.give(QLineEdit(), "patterns.find_class", "Search classes")
        self.search.setPlaceholderText("Search classes")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda text: self._proxy.setFilterFixedString(text.strip()))
        self.search.returnPressed.connect(self._take_first)
        self.classes = naming.give(QListView(), "patterns.classes", "Classes")
        self.classes.setUniformItemSizes(True)
        self.classes.setSpacing(3)
        self.classes.setFrameShape(QListView.Shape.NoFrame)
        self.classes.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.classes.setModel(self._proxy)
        self.classes.clicked.connect(lambda _index: self._pick())
        self.classes.activated.connect(lambda _index: self._pick())
        page = QWidget()
        vertical(page, self.search, (self.classes, 1))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.tree)
        self.stack.addWidget(page)
        column.addWidget(self.stack, 1)
