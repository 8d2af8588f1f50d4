"""Before on the left of the divider, after on its right."""

from __future__ import annotations

import numpy as np
import pytest
from gestures import double_click, drag, wheel
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from convscope.ui.canvas.divider_view import DividerView


@pytest.fixture
def view(qtbot: QtBot) -> DividerView:
    view = DividerView()
    qtbot.addWidget(view)
    view.resize(600, 422)
    view.set_pair(np.full((200, 300, 3), (200, 0, 0), np.uint8), np.full((100, 150), 50, np.uint8))
    view.show()
    return view


def reds(view: DividerView, y: int = 320) -> list[bool]:
    image = view.grab().toImage()
    return [QColor(image.pixel(x, y)).red() == 200 for x in range(600)]


def test_each_side_shows_its_picture(view: DividerView) -> None:
    row = reds(view)
    assert all(row[5:295])
    assert not any(row[305:])


def test_the_divider_is_dragged_and_comes_back_by_a_double_click(view: DividerView) -> None:
    drag(view, QPointF(300, 100), QPointF(150, 100))
    assert view.share == pytest.approx(0.25)
    assert view.view.fitted
    row = reds(view)
    assert all(row[5:145])
    assert not any(row[155:])
    drag(view, QPointF(150, 100), QPointF(-50, 100))
    assert view.share == 0.0
    double_click(view, QPointF(1, 100))
    assert view.share == 0.5


def test_both_zoom_as_one_and_panning_still_works(view: DividerView) -> None:
    wheel(view, QPointF(100, 100), 3)
    scale = view.view.scale
    drag(view, QPointF(500, 200), QPointF(480, 200))
    assert view.view.scale == scale
    assert view.share == 0.5
    assert all(reds(view)[5:295])


def test_shift_and_arrows_move_the_divider(view: DividerView, qtbot: QtBot) -> None:
    for _ in range(5):
        qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.share == pytest.approx(0.6)
    qtbot.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.share == pytest.approx(0.58)
