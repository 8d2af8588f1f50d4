"""Between two layers as a person uses it: click, hold a pixel, let the window slide, read softmax, close."""

from __future__ import annotations

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QSlider

from convscope.engine.interpret.network.unfolded import HeldPixel, Unfolded
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.ui.panels.layers.network.unfolded_canvas import UnfoldedCanvas
from convscope.ui.panels.layers.network.unfolded_page import UnfoldedPage
from convscope.ui.panels.layers.network.view import NetworkCanvas


class Between:
    """The page "Network" on the digit 3, and what is open between two of its columns."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.press("layers.page.network")
        desk.settle()
        self.network = desk.find(NetworkCanvas, "layers.network.picture")
        self.canvas = desk.find(UnfoldedCanvas, "layers.unfold.picture")
        self.page = desk.panel.network_page.between
        assert isinstance(self.page, UnfoldedPage)

    def open(self, column: str) -> None:
        """Click the gap before a column."""
        rect = self.network.gap_rect(column)
        assert rect is not None
        self.click(self.network, rect.center().toPoint())

    def click(self, canvas: NetworkCanvas | UnfoldedCanvas, at: QPoint) -> None:
        self.desk.qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        self.desk.settle()

    def pixel(self, kind: str, index: int, row: int, column: int) -> None:
        """Click a pixel of a map."""
        at = self.canvas.pixel_point(kind, index, row, column)  # type: ignore[arg-type]
        assert at is not None
        self.click(self.canvas, at.toPoint())

    @property
    def unfolded(self) -> Unfolded:
        assert self.canvas.frame is not None
        return self.canvas.frame.unfolded

    @property
    def held(self) -> HeldPixel:
        assert self.canvas.held is not None
        return self.canvas.held

    @property
    def said(self) -> str:
        return self.desk.text("layers.unfold.said")


@pytest.fixture
def between(desk: Desk) -> Between:
    return Between(desk)


def test_a_click_between_two_layers_opens_the_held_map(between: Between) -> None:
    rect = between.network.tile_rect("conv2d_1", 9)
    assert rect is not None
    between.click(between.network, rect.center().toPoint())
    between.open("conv2d_1")
    assert between.canvas.isVisible() and not between.network.isVisible()
    assert between.unfolded.channel == 9
    assert between.desk.text("layers.unfold.title") == "MaxPooling2D 2×2 → Conv2D 3×3, map 9"


def test_a_pixel_is_held_through_all_maps(between: Between) -> None:
    between.open("conv2d_1")
    between.pixel("stage", 0, 7, 4)
    held = between.held
    assert held.at == (7, 4) and held.places == ((7, 4), (7, 4), (7, 4), (3, 2))
    assert between.said.startswith("Row 7, column 4: Sum ") and "→ relu" in between.said
    np.testing.assert_allclose(held.products.sum(), held.total)
    # A pixel of an input holds that input's product, and the place whose window has it in its middle.
    term = next(one.index for one in between.canvas.areas if one.kind == "input")
    between.pixel("input", term, 5, 6)
    assert between.held.term == term and between.held.at == (4, 5)
    between.pixel("stage", 3, 0, 0)
    assert between.held.places[-1] == (0, 0)
    between.desk.qtbot.keyClick(between.canvas, Qt.Key.Key_Down)
    assert between.held.at[0] in (1, 2)


def test_the_window_slides_steps_and_is_scrubbed(between: Between) -> None:
    between.open("conv2d_2")
    slide = between.desk.find(QSlider, "layers.unfold.position")
    assert slide.maximum() == 8
    between.desk.press("layers.unfold.start")
    between.desk.press("layers.unfold.forward")
    assert between.held.at == (0, 1) and slide.value() == 1
    play = between.desk.find(QAbstractButton, "layers.unfold.play")
    between.desk.press("layers.unfold.play")
    assert between.page.playing and play.accessibleName() == "Pause" and between.page.timer.interval() <= 120
    between.desk.until(lambda: not between.page.playing)
    assert between.held.at == (2, 2) and play.accessibleName() == "Slide the window"
    slide.sliderMoved.emit(3)
    assert between.held.at == (1, 0)


def test_what_the_window_has_not_come_to_is_faint(between: Between) -> None:
    between.open("conv2d")
    between.page.view_model.go(0)
    still = between.canvas.grab().toImage()
    between.canvas.show_held(between.held, sliding=True)
    faint = between.canvas.grab().toImage()
    at = between.canvas.pixel_point("stage", 2, 20, 13)
    assert at is not None
    point = at.toPoint()
    assert faint.pixelColor(point).lightness() != still.pixelColor(point).lightness()


def test_softmax_step_by_step(between: Between) -> None:
    between.open("dense_1")
    steps = between.unfolded.softmax
    assert steps is not None and between.unfolded.channel == 3
    assert steps.probabilities.sum() == pytest.approx(1)
    assert steps.exponentials.sum() == pytest.approx(steps.total)
    assert between.desk.text("layers.unfold.title") == "Dense 64 → Dense 10, class 3"
    rect = between.canvas.area("class", 8)
    assert rect is not None
    between.click(between.canvas, rect.center().toPoint())
    assert between.unfolded.channel == 8
    term = next(one for one in between.canvas.areas if one.kind == "term")
    between.click(between.canvas, term.rect.center().toPoint())
    assert between.held.term == term.index
    assert not between.page.window_bar.isVisible()


def test_flatten_shows_where_a_number_comes_from(between: Between) -> None:
    between.open("flatten")
    between.pixel("source", 37, 1, 2)
    assert between.unfolded.channel == (1 * 3 + 2) * 64 + 37
    assert between.said.startswith("Number 357 is row 1, column 2 of map 37 of conv2d_2: ")
    rect = between.canvas.area("flat", 0)
    assert rect is not None
    between.click(between.canvas, (rect.topLeft()).toPoint() + QPoint(3, 3))
    assert between.unfolded.channel == 0


def test_it_closes_by_escape_and_by_its_button(between: Between) -> None:
    for close in (
        lambda: between.desk.qtbot.keyClick(between.canvas, Qt.Key.Key_Escape),
        lambda: between.desk.press("layers.unfold.close"),
    ):
        between.open("max_pooling2d")
        assert between.canvas.isVisible()
        close()
        between.desk.settle()
        assert between.network.isVisible() and not between.canvas.isVisible()


def test_the_exact_sum_is_one_click_further(between: Between) -> None:
    """Of the held value, to the same number; of a layer that is chosen already, too."""
    for at in ((7, 4), (3, 9)):
        between.desk.press("layers.page.network")
        between.desk.settle()
        if not between.canvas.isVisible():
            between.open("conv2d_1")
        between.pixel("stage", 0, *at)
        expected = between.held.values[1]
        between.desk.press("layers.unfold.sum")
        between.desk.settle()
        model = between.desk.panel.view_model
        assert model.page.value == "maps" and between.desk.workspace.layer == "conv2d_1"
        assert model.channel == 0 and model.tab.value == "sum"
        told = between.desk.panel.inspector.sum.sum
        assert told is not None and (told.row, told.column) == at
        assert told.total == pytest.approx(expected, abs=1e-9)


def test_a_folded_block_shows_its_last_part_and_offers_to_unfold(between: Between) -> None:
    between.desk.workspace.add_model(small_blocks())
    between.desk.settle()
    assert between.network.shown is not None
    column = next(one for one in between.network.shown.columns if one.parts)
    between.open(column.id)
    assert between.unfolded.before and "of this block come before" in between.said
    between.desk.press("layers.unfold.block")
    between.desk.settle()
    assert between.network.isVisible()
    assert all(one.id != column.id for one in between.network.shown.columns)


def small_blocks() -> OpenedModel:
    """Twenty layers in blocks of five, each with a skip around it."""
    import keras
    from keras import layers

    start()
    inputs = keras.Input((16, 16, 1))
    maps = layers.Conv2D(3, 3, padding="same", name="stem")(inputs)
    for block in range(1, 7):
        made = layers.Conv2D(3, 3, padding="same", name=f"block{block}_first")(maps)
        made = layers.ReLU(name=f"block{block}_relu")(made)
        made = layers.Conv2D(3, 3, padding="same", name=f"block{block}_second")(made)
        maps = layers.Add(name=f"block{block}_add")([maps, made])
    scores = layers.Dense(3, "softmax", name="scores")(layers.GlobalAveragePooling2D(name="mean")(maps))
    return OpenedModel(keras.Model(inputs, scores), name="blocks")
