"""Names take the room that there is, numbers are never cut, and nothing jumps while an answer comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from driver import Driver
from model_helpers import Story, model_of
from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QScrollArea, QStyleOptionViewItem, QTreeView, QWidget

from convscope.engine.models.graph.nodes import GraphNode
from convscope.engine.models.opened import OpenedModel
from convscope.ui import theme
from convscope.ui.panels.model.graph.paint import (
    HEIGHT,
    LEAST,
    WIDEST,
    _paint_box,
    box_width,
    large_title,
    short_titles,
)
from convscope.ui.panels.model.layers.table import NameDelegate
from convscope.ui.panels.model.view_model import shared_beginnings
from convscope.ui.services.predictor import Predicted


def convnext() -> OpenedModel:
    """A small network whose layers are called like those of ConvNeXt."""
    import keras

    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1), name="image")
    for block in range(4):
        name = f"convnext_tiny_stage_0_block_{block}"
        x = layers.Conv2D(8, 3, padding="same", name=f"{name}_depthwise_convolution")(x)
        x = layers.LayerNormalization(name=f"{name}_layer_normalization")(x)
        x = layers.Dense(8, name=f"{name}_pointwise_convolution_1")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return OpenedModel(keras.Model(inputs, layers.Dense(10, name="convnext_tiny_head")(x)), name="long names")


def size(story: Driver, width: int, height: int, zoom: float = 1.0) -> None:
    story.window.set_zoom(zoom)
    story.window.resize(width, height)
    story.settle()


def cells(view: QTreeView, column: int) -> list[QModelIndex]:
    found = []
    index = view.model().index(0, 0)
    while index.isValid():
        found.append(index.siblingAtColumn(column))
        index = view.indexBelow(index)
    return found


def room(view: QTreeView, index: QModelIndex) -> int:
    return view.columnWidth(index.column()) if index.column() else view.visualRect(index).width()


def need(view: QTreeView, index: QModelIndex) -> int:
    option = QStyleOptionViewItem()
    view.initViewItemOption(option)
    return view.itemDelegateForIndex(index).sizeHint(option, index).width()


@pytest.mark.parametrize(("width", "height", "zoom"), [(1280, 800, 1.0), (1024, 700, 1.0), (1280, 800, 1.5)])
@pytest.mark.parametrize("name", ["imagenet", "long"])
def test_numbers_are_whole_and_names_have_the_slack(
    story: Story, name: str, width: int, height: int, zoom: float
) -> None:
    story.open(convnext() if name == "long" else name)
    try:
        size(story, width, height, zoom)
        view = story.find(QTreeView, "model.layers")
        header = view.header()
        assert header.length() <= view.viewport().width(), "no column reaches out of the table"
        for column in (2, 3, 4):
            if not view.isColumnHidden(column):
                assert all(need(view, cell) <= room(view, cell) for cell in cells(view, column)), column
        names = cells(view, 0)
        if any(need(view, cell) > room(view, cell) for cell in names):
            # Then no other column has room that it does not need.
            assert view.isColumnHidden(4)
            for column in (1, 2, 3):
                title = header.sectionSizeHint(column)
                needed = max(title, *(need(view, cell) for cell in cells(view, column)))
                assert header.sectionSize(column) <= needed + 12, column
        if name == "imagenet" and zoom == 1.0:
            assert all(need(view, cell) <= room(view, cell) for cell in names), "block2a_expand_relu6 is read"
    finally:
        story.window.set_zoom(1.0)


def test_a_name_that_does_not_fit_shows_what_tells_it_apart(story: Story) -> None:
    story.open(convnext())
    size(story, 1024, 700)
    view = story.find(QTreeView, "model.layers")
    delegate = view.itemDelegateForColumn(0)
    assert isinstance(delegate, NameDelegate)
    assert delegate.beginnings == (
        "convnext_tiny_stage_0_block_", "convnext_tiny_stage_0_", "convnext_tiny_stage_", "convnext_tiny_",
        "convnext_",
    )  # fmt: skip
    shown = []
    for cell in cells(view, 0):
        option = QStyleOptionViewItem()
        view.initViewItemOption(option)
        option.rect = QRect(0, 0, 150, 22)
        delegate._room = 140
        delegate.initStyleOption(option, cell)
        delegate._room = None
        shown.append(QFontMetrics(option.font).elidedText(option.text, option.textElideMode, 140))
    assert shown[0] == "image" and shown[-1] == "convnext_tiny_head", "those that fit are whole"
    assert len(set(shown)) == len(shown), "each is told from each"
    assert shown[1] == "…0_d…convolution" and shown[4] == "…1_d…convolution"


def test_beginnings_that_most_names_share() -> None:
    assert shared_beginnings([]) == ()
    assert shared_beginnings(["conv2d", "conv2d_1", "dense"]) == ()
    names = ["block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"]
    assert shared_beginnings(names) == (), "half of them is not most"
    assert shared_beginnings(["a_b", "a_c", "a_d"]) == (), "too short to matter"


@pytest.mark.parametrize("name", ["imagenet", "digits"])
def test_the_facts_need_no_scrolling_in_a_usual_window(story: Story, name: str) -> None:
    story.open(name)
    size(story, 1440, 900)
    for area in ("model.layer_column", "model.model_column"):
        bar = story.find(QScrollArea, area).verticalScrollBar()
        assert bar.maximum() == 0, area
    size(story, 1280, 800)
    assert story.find(QScrollArea, "model.layer_column").verticalScrollBar().maximum() == 0


def test_nothing_moves_when_the_answer_comes(story: Story) -> None:
    model = story.open("digits")
    whole = story.panel.whole

    def places() -> list[QPoint]:
        names = ("class_names", "save", "preprocessing", "resize", "bar.work")
        return [story.find(QWidget, f"model.{name}").mapTo(story.window, QPoint()) for name in names]

    story.settle()
    after = places()
    assert whole.classes.rows
    whole._show_prediction(None)
    story.settle()
    assert not whole.classes.rows and places() == after
    answered: Any = story.panel.context.predictor.last
    assert isinstance(answered, Predicted) and answered.model is model
    whole._show_prediction(answered)
    assert places() == after


def test_titles_of_boxes_for_afar() -> None:
    assert short_titles("Conv2D 7×7 depthwise") == ["Depthwise 7×7", "DW 7×7", "7×7"]
    assert short_titles("BatchNormalization") == ["BatchNorm", "BN"]
    assert short_titles("Dense 384") == ["Dense 384", "384"]
    assert short_titles("Own") == ["Own"]


@pytest.mark.parametrize("title", ["Conv2D 7×7 depthwise", "BatchNormalization", "Conv2D 3×3 /2", "Add"])
def test_a_title_is_no_wider_than_its_box(story: Story, title: str) -> None:
    """ "Depthwise 3×3" lost the right half of its last letter: its size was rounded up."""
    seen = set()
    for width in range(20, 220):
        for scale in (0.3, 0.5, 0.66, 0.75, 0.9):
            found = large_title(title, width / 1.3, 26, scale)
            if found is not None:
                words, letters = found
                seen.add(words)
                assert QFontMetricsF(letters).horizontalAdvance(words) <= width / 1.3
    assert seen == set(short_titles(title))


def test_boxes_are_as_wide_as_their_names(story: Story) -> None:
    from convscope.engine.models.graph.nodes import model_graph

    assert box_width(model_graph(model_of("digits"))) < box_width(model_graph(convnext())) <= WIDEST
    assert LEAST >= 9, "pixels on the screen"
    assert theme.zoom() == 1.0


def test_a_box_from_afar_has_words_as_long_as_they_can_be_read(qtbot: Any) -> None:
    """A quarter of its size is enough for nine pixels: the whole graph of a ConvNeXt in a small window."""
    node = GraphNode("x", ("x",), "Conv2D 7×7 depthwise", (), "x", "56×56×96", "Convolution", "")

    def inked(title: str) -> int:
        picture = QImage(90, 14, QImage.Format.Format_RGB32)
        picture.fill(QColor(theme.tokens().panel))
        painter = QPainter(picture)
        painter.scale(0.25, 0.25)
        place = QRectF(4, 4, WIDEST, HEIGHT)
        _paint_box(painter, replace(node, title=title), place, 0.25, False, theme.tokens())
        painter.end()
        shades = (picture.pixelColor(x, y).lightness() for x in range(8, 74) for y in range(3, 10))
        return sum(shade < 110 for shade in shades)

    assert inked("Conv2D 7×7 depthwise") > 20 and inked("") == 0
