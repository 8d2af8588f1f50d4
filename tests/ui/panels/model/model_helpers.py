"""Short ways to drive the model panel by the names of its controls."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QTreeView, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.model import ModelPanel
from convscope.ui.panels.model.graph_view import GraphView
from convscope.ui.panels.model.layer_facts import FactGrid

Found = TypeVar("Found", bound=QWidget)


@cache
def model_of(name: str) -> OpenedModel:
    """A model, opened once for all tests: nothing in the panel changes it."""
    return open_model(name)


class Story:
    """The window, its model panel, and what a person does with them."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        panel = window.panel()
        assert isinstance(panel, ModelPanel)
        self.panel = panel
        self.session = window.session

    def settle(self) -> None:
        """Wait until what was asked for is on show."""
        self.qtbot.waitUntil(self.window.jobs.idle, timeout=60_000)
        self.qtbot.wait(1)
        self.qtbot.waitUntil(self.window.jobs.idle, timeout=60_000)

    def open(self, model: OpenedModel | str) -> OpenedModel:
        """Make a model the current one, as opening it does."""
        opened = model_of(model) if isinstance(model, str) else model
        self.session.add_model(opened)
        self.settle()
        return opened

    def find(self, kind: type[Found], name: str) -> Found:
        """A control by its name."""
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        """Click a button."""
        button = self.find(QAbstractButton, name)
        assert button.isEnabled() and button.isVisible(), name
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def text(self, name: str) -> str:
        """What a label says."""
        return self.find(QLabel, name).text().replace("\u200b", "")

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
