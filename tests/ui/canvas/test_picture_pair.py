"""Two pictures beside or above each other."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from convscope.ui.canvas.image_view import CAPTION_HEIGHT, ImageView
from convscope.ui.canvas.picture_pair import PicturePair

BESIDE, ABOVE = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@pytest.fixture
def pair(qtbot: QtBot) -> PicturePair:
    """Without pictures, 808 × 444: two squares of 400 beside each other, over their captions."""
    made = PicturePair(ImageView(), ImageView())
    qtbot.addWidget(made)
    made.resize(808, 400 + 2 * CAPTION_HEIGHT)
    made.show()
    return made


def show(pair: PicturePair, height: int, width: int) -> None:
    """Two pictures of this size."""
    for index in range(2):
        view = pair.widget(index)
        assert isinstance(view, ImageView)
        view.set_pixels(np.zeros((height, width), np.uint8))


def scales(pair: PicturePair) -> list[float]:
    """Screen points a pixel."""
    return [view.view.scale for view in pair.findChildren(ImageView)]


@pytest.mark.parametrize(
    ("height", "width", "way", "scale"),
    [
        # Beside each other there are 400 × 422 points for each, above each other 808 × 196.
        (300, 300, BESIDE, 400 / 300),
        (451, 300, BESIDE, 422 / 451),
        (300, 451, BESIDE, 400 / 451),
        (100, 1000, ABOVE, 808 / 1000),
        (300, 900, ABOVE, 196 / 300),
    ],
)
def test_pictures_lie_as_both_are_larger(
    pair: PicturePair, qtbot: QtBot, height: int, width: int, way: Qt.Orientation, scale: float
) -> None:
    show(pair, height, width)
    assert pair.orientation() == way
    qtbot.waitUntil(lambda: len(set(pair.sizes())) == 1)
    assert scales(pair) == pytest.approx([scale, scale])
    # Whoever turns them by hand finds them as they were.
    pair.setOrientation(BESIDE if way == ABOVE else ABOVE)
    pair.arrange()
    assert pair.orientation() == way


def test_another_room_is_another_arrangement(pair: PicturePair) -> None:
    show(pair, 300, 451)
    assert pair.orientation() == BESIDE
    pair.resize(420, 800)
    assert pair.orientation() == ABOVE
    pair.resize(1400, 400)
    assert pair.orientation() == BESIDE


def test_both_are_beside_each_other_after_a_turn(pair: PicturePair) -> None:
    """They lay over each other when a panel was shown again in a window that had been made smaller."""
    show(pair, 300, 451)
    pair.resize(337, 319)
    assert pair.orientation() == ABOVE
    pair.resize(626, 319)
    assert pair.orientation() == BESIDE
    first, second = pair.widget(0).geometry(), pair.widget(1).geometry()
    assert (first.height(), second.height()) == (319, 319)
    assert second.left() == first.right() + 1 + pair.handleWidth()
    assert second.right() == 625
    assert abs(first.width() - second.width()) <= 1


def test_a_little_larger_is_not_worth_a_jump(pair: PicturePair) -> None:
    # 400/w beside each other, (196 − 22 + 22)/h above: equal at w/h = 400/196.
    for width in (408, 404, 400, 404, 408):
        show(pair, 200, width)
        assert pair.orientation() == BESIDE


def test_without_a_picture_nothing_happens(pair: PicturePair) -> None:
    pair.arrange()
    assert pair.orientation() == BESIDE
