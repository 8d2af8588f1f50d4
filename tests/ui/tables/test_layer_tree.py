"""The layers of a model as a tree: branches, search, and its look in another theme and at another zoom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo
from convscope.ui import theme
from convscope.ui.tables.layer_items import PATH
from convscope.ui.tables.layer_tree import FoldedLayers, LayerTree


def strongest(tree: LayerTree, ground: str) -> float:
    """The largest difference in lightness to the ground among the pixels of the first layer's shape."""
    cell = tree.view.visualRect(tree.view.model().index(0, 1))
    seen = tree.view.viewport().grab(QRect(cell.center().x(), cell.top(), cell.width() // 2, cell.height()))
    image, plain = seen.toImage(), QColor(ground).lightnessF()
    return max(
        abs(image.pixelColor(x, y).lightnessF() - plain)
        for x in range(image.width())
        for y in range(image.height())
    )


def test_shapes_can_be_read_in_the_other_theme_and_have_room_at_another_zoom(qtbot: QtBot) -> None:
    """They kept the colour and the size that they had when the model was opened."""
    layers = (
        LayerInfo("conv", "conv", "Conv2D", shape=(128, 128, 1024)),
        LayerInfo("pool", "pool", "MaxPooling2D", shape=(13, 13, 32)),
    )
    tree = LayerTree()
    qtbot.addWidget(tree)
    tree.resize(320, 200)
    tree.show()
    tree.set_model(cast(OpenedModel, SimpleNamespace(layers=layers)))
    try:
        for choice, zoom in (("light", 1.0), ("dark", 1.0), ("dark", 1.8), ("light", 1.0)):
            colours = theme.apply("dark" if choice == "dark" else "light", zoom)
            wanted = abs(QColor(colours.secondary).lightnessF() - QColor(colours.panel).lightnessF())
            assert strongest(tree, colours.panel) > 0.85 * wanted
            letters = QFontMetrics(theme.font(11, figures=True))
            assert tree.view.columnWidth(1) >= letters.horizontalAdvance("128×128×1024") + theme.scaled(8)
            assert tree.view.columnWidth(1) < letters.horizontalAdvance("128×128×1024") + theme.scaled(30)
    finally:
        theme.apply("light")


def nested(*paths: str, groups: tuple[str, ...] = ()) -> OpenedModel:
    """What the tree reads of a model with these layers."""
    layers = tuple(
        LayerInfo(
            path, path.rpartition("/")[2], "Add" if "add" in path else "Conv2D", path.rpartition("/")[0]
        )
        for path in paths
    )
    program = SimpleNamespace(groups=dict.fromkeys(groups, "Functional"))
    return cast(OpenedModel, SimpleNamespace(layers=layers, program=program))


def rows(tree: LayerTree, parent: QModelIndex | None = None) -> list[str]:
    """All that can be seen, from top to bottom, indented."""
    model, above = tree.view.model(), parent or QModelIndex()
    seen = []
    for row in range(model.rowCount(above)):
        index = model.index(row, 0, above)
        seen += [index.data(), *(f" {name}" for name in rows(tree, index))]
    return seen


@pytest.fixture
def tree(qtbot: QtBot) -> LayerTree:
    tree = LayerTree()
    qtbot.addWidget(tree)
    tree.show()
    return tree


BASE = ("first", "base/conv1", "base/inner/conv2", "base/add", "top/conv", "scores")
GROUPS = ("base", "base/inner", "top")


def test_branches_stand_where_their_first_layer_does(tree: LayerTree) -> None:
    tree.set_model(nested(*BASE, groups=GROUPS))
    whole = ["first", "base", " conv1", " inner", "  conv2", " add", "top", " conv", "scores"]
    assert rows(tree) == whole
    branch = tree.view.model().index(1, 0)
    assert not branch.data(PATH) and not branch.flags() & Qt.ItemFlag.ItemIsSelectable
    assert branch.data(Qt.ItemDataRole.ToolTipRole) == "base\nFunctional"
    leaf = tree.view.model().index(0, 0, branch)
    assert leaf.data(PATH) == "base/conv1"
    assert leaf.data(Qt.ItemDataRole.AccessibleTextRole).startswith("base/conv1, Conv2D, output ")


def test_a_search_leaves_what_it_finds_and_the_chosen_layer_comes_back(tree: LayerTree) -> None:
    told: list[str] = []
    tree.chosen.connect(told.append)
    tree.set_model(nested(*BASE, groups=GROUPS))
    tree.set_current("base/inner/conv2")
    for text, left in (
        ("conv", ["first", "base", " conv1", " inner", "  conv2", "top", " conv", "scores"]),
        (" ADD ", ["base", " add"]),
        ("inner", ["base", " inner", "  conv2"]),
        ("nowhere", []),
    ):
        tree.search.setText(text)
        assert rows(tree) == left
        assert tree.current == ("base/inner/conv2" if "  conv2" in left else None)
    tree.search.clear()
    assert tree.current == "base/inner/conv2"
    tree.search.setText("add")
    tree.set_model(nested("a", "b/add", groups=("b",)))
    assert rows(tree) == ["b", " add"] and tree.current is None
    assert told == []


def test_the_layer_that_was_chosen_in_a_search_stays(tree: LayerTree, qtbot: QtBot) -> None:
    tree.set_model(nested(*BASE, groups=GROUPS), lambda info: info.kind == "Conv2D")
    tree.set_current("first")
    tree.search.setText("base")
    with qtbot.waitSignal(tree.chosen) as chosen:
        tree.step(1)
    assert chosen.args == ["base/conv1"]
    tree.step(1)
    # The sum cannot be chosen.
    tree.step(1)
    assert tree.current == "base/inner/conv2"
    tree.search.clear()
    assert tree.current == "base/inner/conv2"
    tree.step(1)
    assert tree.current == "top/conv"


def test_steps_go_through_closed_branches_and_begin_with_the_first_that_is_found(tree: LayerTree) -> None:
    tree.set_model(nested(*BASE, groups=GROUPS))
    tree.set_current("base/inner/conv2")
    tree.view.collapseAll()
    for by, path in ((1, "base/add"), (1, "top/conv"), (-1, "base/add"), (-1, "base/inner/conv2")):
        tree.step(by)
        assert tree.current == path and tree.view.visualRect(tree.view.currentIndex()).isValid()
    tree.view.collapseAll()
    tree.step(-1)
    assert tree.current == "base/conv1"
    for text, first in (("inner", "base/inner/conv2"), ("add", "base/add"), ("scores", "scores")):
        tree.search.clear()
        tree.set_current(None)
        tree.search.setText(text)
        tree.step(-1)
        assert tree.current is None
        tree.step(1)
        assert tree.current == first


def test_return_in_the_search_takes_the_first_layer_that_is_found(tree: LayerTree, qtbot: QtBot) -> None:
    told: list[str] = []
    tree.chosen.connect(told.append)
    tree.set_model(nested(*BASE, groups=GROUPS), lambda info: info.name != "conv1")
    qtbot.keyClick(tree.search, Qt.Key.Key_Return)
    for text in ("conv", "nowhere", "sco"):
        tree.search.setText(text)
        qtbot.keyClick(tree.search, Qt.Key.Key_Return)
    # A search is in kinds, too: the first is a Conv2D.
    assert told == ["first", "scores"] and tree.current == "scores"


def test_qt_finds_the_tree_consistent(tree: LayerTree) -> None:
    tester = QAbstractItemModelTester(
        tree.view.model(), QAbstractItemModelTester.FailureReportingMode.Fatal, tree
    )
    for model in (nested(*BASE, groups=GROUPS), None, nested("a"), nested(*BASE, groups=GROUPS)):
        tree.set_model(model)
        for text in ("conv", "add", "x", ""):
            tree.search.setText(text)
    assert tester.model() is tree.view.model()


def test_the_branches_that_a_person_closed_are_closed_again(qtbot: QtBot) -> None:
    first, second = LayerTree(), LayerTree()
    for tree in (first, second):
        qtbot.addWidget(tree)
    told: list[bool] = []
    first.state_changed.connect(told.append)
    first.set_model(nested(*BASE, groups=GROUPS))
    assert first.view_state() is None and told == [False]
    branch = next(iter(first._items.branches()))
    first.view.collapse(first._items.branches()[branch])
    state = first.view_state()
    assert state == FoldedLayers((branch,)) and told[-1]
    assert not second.show_state(state), "there are no layers yet"
    second.set_model(nested(*BASE, groups=GROUPS))
    assert second.show_state(state) and second.view_state() == state
    assert second.show_state(None) and second.view_state() is None
