"""Short ways to drive the model panel by the names of its controls."""

from __future__ import annotations

from functools import cache

from driver import Driver
from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtWidgets import QTreeView
from pytestqt.qtbot import QtBot

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.model.graph.view import GraphView
from convscope.ui.panels.model.layers.facts import FactGrid
from convscope.ui.panels.model.panel import ModelPanel


@cache
def model_of(name: str) -> OpenedModel:
    """A model, opened once for all tests: nothing in the panel changes it."""
    return open_model(name)


class Story(Driver):
    """The window with its model panel."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, ModelPanel)
        self.panel = panel

    def open(self, model: OpenedModel | str) -> OpenedModel:
        """Make a model the current one, as opening it does."""
        opened = model_of(model) if isinstance(model, str) else model
        self.workspace.add_model(opened)
        self.settle()
        return opened

    def fact(self, name: str) -> str:
        """One of the chosen layer's facts."""
        return self.find(FactGrid, "model.facts").value(name)

    def total(self, name: str) -> str:
        """One of the model's sums."""
        return self.find(FactGrid, "model.totals").value(name)

    def rows(self) -> list[list[str]]:
        """The table's rows on show, branches opened."""
        view = self.find(QTreeView, "model.layers")
        found = []
        index = view.model().index(0, 0)
        while index.isValid():
            found.append([index.siblingAtColumn(column).data() for column in range(5)])
            index = view.indexBelow(index)
        return found

    def click_row(self, name: str) -> None:
        """Click a layer in the table."""
        view = self.find(QTreeView, "model.layers")
        index = view.model().index(0, 0)
        while index.isValid() and index.data() != name:
            index = view.indexBelow(index)
        assert index.isValid(), name
        view.scrollTo(index)
        place = view.visualRect(index).center()
        self.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def current_row(self) -> str:
        """The marked layer in the table."""
        view = self.find(QTreeView, "model.layers")
        assert isinstance(view.selectionModel(), QItemSelectionModel)
        return str(view.currentIndex().siblingAtColumn(0).data())

    @property
    def graph(self) -> GraphView:
        """The drawn network."""
        return self.find(GraphView, "model.graph")

    def click_box(self, path: str) -> None:
        """Click a layer's box in the graph."""
        place: QPointF = self.graph.position_of(path)
        at = QPoint(round(place.x()), round(place.y()))
        self.qtbot.mouseClick(self.graph, Qt.MouseButton.LeftButton, pos=at)
        self.settle()
