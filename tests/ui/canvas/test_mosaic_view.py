"""Many maps in one view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gestures import click, double_click, drag, move, wheel
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication
from pytestqt.qtbot import QtBot

from convscope.imaging.mosaic_labels import fitting_lines, fitting_words
from convscope.ui import theme
from convscope.ui.canvas.mosaic_labels import CAPTION_HEIGHT, ShownLetters
from convscope.ui.canvas.mosaic_view import CAPTIONS_FROM, GAP, SMALLEST_FIT, MosaicView

Maker = Callable[..., MosaicView]


@pytest.fixture
def made(qtbot: QtBot) -> Maker:
    def make(count: int, height: int = 14, width: int = 14, captions: bool = False) -> MosaicView:
        view = MosaicView()
        qtbot.addWidget(view)
        view.resize(600, 400)
        maps = [np.full((height, width), index % 256, np.uint8) for index in range(count)]
        view.set_maps(maps, [f"map {index}" for index in range(count)] if captions else ())
        view.show()
        return view

    return make


def centre(view: MosaicView, index: int) -> QPointF:
    return QPointF(view.tile_rect(index).center())


@pytest.mark.parametrize(("count", "height", "width"), [(1, 14, 14), (6, 30, 45), (64, 7, 7), (512, 14, 14)])
def test_every_tile_on_show_is_painted_and_hit(made: Maker, count: int, height: int, width: int) -> None:
    view = made(count, height, width)
    image = view.viewport().grab().toImage()
    for index in {0, count // 3, count - 1}:
        at = centre(view, index)
        if not view.viewport().rect().contains(at.toPoint()):
            continue
        assert view.index_at(at) == index
        assert QColor(image.pixel(at.toPoint())).red() == index % 256
    gap = view.tile_rect(0).right() + 2
    assert view.index_at(QPointF(gap, 5)) is None


def test_fit_shows_all_that_can_be_legible(made: Maker) -> None:
    few = made(24)
    assert few.verticalScrollBar().maximum() == 0
    assert few.tile_rect(23).bottom() <= few.viewport().height()
    many = made(512)
    assert many.tile_size()[0] >= SMALLEST_FIT
    assert many.verticalScrollBar().maximum() > 0


def test_a_click_chooses_and_a_drag_scrolls(made: Maker) -> None:
    view = made(512)
    chosen: list[int] = []
    view.chosen.connect(chosen.append)
    click(view.viewport(), centre(view, 17))
    assert chosen == [17]
    assert view.selected == 17
    drag(view.viewport(), QPointF(300, 300), QPointF(300, 200))
    assert chosen == [17]
    assert view.verticalScrollBar().value() == 100


def test_the_wheel_zooms_at_the_cursor_and_a_double_click_fits(made: Maker) -> None:
    view = made(512)
    fitted = view.tile_size()
    at = centre(view, 100)
    wheel(view.viewport(), at, 3)
    assert view.tile_size()[0] == pytest.approx(2 * fitted[0], abs=1)
    place = view.tile_rect(100)
    assert abs(place.center().y() - at.y()) <= place.height()
    double_click(view.viewport(), at)
    assert view.tile_size() == fitted


def test_hovering_tells_the_map(made: Maker) -> None:
    view = made(6)
    read: list[object] = []
    view.hovered.connect(read.append)
    move(view.viewport(), centre(view, 4))
    move(view.viewport(), centre(view, 4) + QPointF(1, 1))
    move(view.viewport(), QPointF(599, 399))
    assert read == [4, None]


def test_hovering_tells_the_size_of_what_a_picture_shows_and_never_that_of_the_picture() -> None:
    view = MosaicView()
    tiles = [np.zeros((96, 96), np.uint8)] * 2
    view.set_maps(tiles, ["a", "b"], sizes=[(28, 28), ()])
    assert (view.words(0), view.words(1)) == ("a  ·  28 × 28", "b")
    view.set_map(0, tiles[0], "c")
    assert view.words(0) == "c  ·  28 × 28"
    view.set_maps(tiles)
    assert view.words(1) == "1"


def test_keys_choose_scroll_into_view_and_zoom(made: Maker, qtbot: QtBot) -> None:
    view = made(512)
    chosen: list[int] = []
    view.chosen.connect(chosen.append)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert chosen == [0, 1, 1 + view.columns()]
    for _ in range(20):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected is not None
    assert view.viewport().rect().contains(view.tile_rect(view.selected))
    before = view.tile_size()[0]
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.tile_size()[0] > before
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.tile_size()[0] == before


def test_new_maps_of_the_same_number_keep_place_and_choice(made: Maker) -> None:
    view = made(512)
    view.select(400)
    value = view.verticalScrollBar().value()
    assert value > 0
    view.set_maps([np.full((14, 14, 3), 9, np.uint8)] * 512)
    assert (view.selected, view.verticalScrollBar().value()) == (400, value)
    view.set_maps([np.zeros((3, 3), np.uint8)])
    assert view.selected is None


def test_one_map_can_be_replaced(made: Maker) -> None:
    view = made(4)
    view.viewport().grab()
    view.set_map(2, np.full((14, 14, 3), (0, 255, 0), np.uint8), "new")
    image = view.viewport().grab().toImage()
    assert QColor(image.pixel(centre(view, 2).toPoint())).getRgb()[:3] == (0, 255, 0)
    assert view.caption(2) == "new"
    assert view.caption(1) == "1"


def test_captions_have_their_room(made: Maker) -> None:
    view = made(6, captions=True)
    assert view.tile_rect(0).bottom() + 16 < view.tile_rect(view.columns()).top() + 1
    assert view.caption(3) == "map 3"


def test_the_menu_copies_a_map(made: Maker) -> None:
    view = made(4, 5, 8)
    menu = view.menu(3)
    menu.actions()[0].trigger()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (8, 5)
    assert QColor(image.pixel(0, 0)).red() == 3
    menu.close()


def test_no_maps_paint_and_ignore(made: Maker, qtbot: QtBot) -> None:
    view = made(0)
    assert not view.viewport().grab().isNull()
    click(view.viewport(), QPointF(5, 5))
    assert not wheel(view.viewport(), QPointF(5, 5), 1)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected is None


def test_a_caption_is_whole_or_elided_or_left_out(made: Maker) -> None:
    metrics = QFontMetrics(theme.font(11))
    letters = ShownLetters(metrics)
    whole = "African elephant"
    assert fitting_words(letters, whole, metrics.horizontalAdvance(whole)) == whole
    cut = fitting_words(letters, whole, metrics.horizontalAdvance("African ele"))
    assert cut.endswith("…") and whole.startswith(cut[:-1]) and len(cut) > 5
    # "Af…" tells nobody anything.
    assert fitting_words(letters, whole, metrics.horizontalAdvance("Afr…")) == ""
    assert fitting_words(letters, "17", metrics.horizontalAdvance("17")) == "17"


def test_the_last_caption_is_not_cut_at_the_foot(made: Maker) -> None:
    view = made(30, captions=True)
    view.zoom(3)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    foot = view.tile_rect(29).bottom() + CAPTION_HEIGHT
    assert foot <= view.viewport().height()


@pytest.mark.parametrize(
    ("photographs", "size", "smooth"), [(True, 64, True), (True, 28, False), (False, 64, False)]
)
def test_only_photographs_are_smoothed(qtbot: QtBot, photographs: bool, size: int, smooth: bool) -> None:
    """A feature map's pixels stay sharp squares; so do those of a digit of 28×28."""
    view = MosaicView(photographs=photographs)
    qtbot.addWidget(view)
    view.resize(420, 420)
    checks = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    view.set_maps([np.repeat(checks[..., None], 3, axis=2)])
    view.show()
    image = view.viewport().grab(view.tile_rect(0)).toImage()
    middle = image.height() // 2
    shades = {QColor(image.pixel(x, middle)).red() for x in range(image.width())}
    assert (len(shades) > 2) == smooth


def test_tiles_too_small_for_captions_take_their_room(made: Maker) -> None:
    """Else a third of the mosaic stays empty, as it did for 96 maps."""
    bare, named = made(96), made(96, captions=True)
    assert named.tile_size()[0] < CAPTIONS_FROM and named.tile_size() == bare.tile_size()
    assert named.tile_rect(95).bottom() <= named.viewport().height()


def test_one_map_alone_takes_the_room(made: Maker) -> None:
    view = made(1, 40, 60)
    view.resize(900, 700)
    width, height = view.tile_size()
    assert width == view.viewport().width() and height == pytest.approx(width * 40 / 60, abs=1)
    view.zoom(1.5)
    assert view.tile_size()[0] == width
    view.zoom(0.5)
    assert view.tile_size()[0] == width // 2


def test_a_caption_is_broken_where_it_names_two_things(qtbot: QtBot) -> None:
    metrics = QFontMetrics(theme.font(11))
    letters = ShownLetters(metrics)

    def wide(words: str) -> int:
        return metrics.horizontalAdvance(words)

    room = wide("Egyptian cat") + 2
    assert fitting_lines(letters, "Grad-CAM: Egyptian cat", 500, 2) == ["Grad-CAM: Egyptian cat"]
    assert fitting_lines(letters, "Grad-CAM: Egyptian cat", room, 2) == [
        "Grad-CAM:",
        "Egyptian cat",
    ]
    assert fitting_lines(letters, "7×7  block4b_add", wide("block4b_add"), 2) == [
        "7×7",
        "block4b_add",
    ]
    assert fitting_lines(letters, "what the network saw", wide("what the network"), 2) == [
        "what the network",
        "saw",
    ]
    # Three lines hold an image's class and what it was taken for.
    mistake = "Pullover with long sleeves → Sneaker for running 12 %"
    lines = fitting_lines(letters, mistake, wide("sleeves → Sneaker"), 3)
    assert lines == ["Pullover with long", "sleeves → Sneaker", "for running 12 %"]
    # In one line the first of two things is told, and hovering tells both.
    assert fitting_lines(letters, "7×7  block4b_add", wide("7×7 …"), 1) == ["7×7"]


def test_captions_take_two_lines_where_one_is_too_narrow(qtbot: QtBot) -> None:
    view = MosaicView(caption_lines=2)
    qtbot.addWidget(view)
    maps = [np.zeros((8, 8), np.uint8)] * 2
    view.resize(900, 460)
    view.show()
    qtbot.waitExposed(view)
    view.set_maps(maps, ["Grad-CAM: Egyptian cat", "Saliency: Egyptian cat"], 2)
    one = view.tile_rect(0).height()
    assert view.tile_rect(0).width() > 300
    view.resize(170, 460)
    # Both lines have room, and the next row begins below them.
    view.set_maps([*maps, *maps], ["Grad-CAM: Egyptian cat"] * 4, 2)
    down = view.tile_rect(2).top() - view.tile_rect(0).bottom() - 1
    assert down == 2 * theme.scaled(CAPTION_HEIGHT) + GAP and view.tile_rect(0).height() < one
