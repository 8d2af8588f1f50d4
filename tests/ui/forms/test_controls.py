"""The switch, the slider with its box, and the strip of stages."""

from __future__ import annotations

import numpy as np
import pytest
from gestures import click, drag
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from convscope.ui.canvas.stage_strip import StageStrip
from convscope.ui.forms.segmented import Segmented
from convscope.ui.forms.slider_row import SliderRow


def test_one_of_the_segments_is_down(qtbot: QtBot) -> None:
    switch = Segmented([("a", "First"), ("b", "Second"), ("c", "Third")], "test.switch")
    qtbot.addWidget(switch)
    switch.show()
    told: list[str] = []
    switch.changed.connect(told.append)
    assert switch.value == "a"
    button = switch.findChild(QToolButton, "test.switch.b")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told == ["b"]
    qtbot.keyClick(switch, Qt.Key.Key_Right)
    qtbot.keyClick(switch, Qt.Key.Key_Right)
    assert told == ["b", "c"]
    switch.set_value("a")
    assert told == ["b", "c"]
    assert [switch.button(key).isChecked() for key in "abc"] == [True, False, False]
    with pytest.raises(KeyError):
        switch.set_value("d")


def test_keys_pass_over_segments_that_are_off(qtbot: QtBot) -> None:
    switch = Segmented([("a", "A"), ("b", "B"), ("c", "C")], "test.switch")
    qtbot.addWidget(switch)
    switch.button("b").setEnabled(False)
    qtbot.keyClick(switch, Qt.Key.Key_Right)
    assert switch.value == "c"


def test_slider_and_box_are_one_number(qtbot: QtBot) -> None:
    row = SliderRow("test.sigma", "Sigma", 0.1, 10, 0.1, 1.4, "px")
    qtbot.addWidget(row)
    told: list[float] = []
    row.changed.connect(told.append)
    slider, box = row.findChild(QSlider, "test.sigma.slider"), row.findChild(QDoubleSpinBox, "test.sigma.box")
    assert slider is not None
    assert box is not None
    assert (slider.maximum(), slider.value(), box.text()) == (99, 13, "1.4 px")
    slider.setValue(20)
    assert told == [pytest.approx(2.1)]
    box.setValue(3.0)
    assert told[-1] == 3.0
    assert slider.value() == 29
    assert row.value == 3.0
    row.set_value(99)
    assert row.value == 10
    assert slider.value() == 99
    assert len(told) == 2


def test_a_typed_number_between_the_notches_is_kept(qtbot: QtBot) -> None:
    row = SliderRow("test.angle", "Angle", -180, 180, 5, 0, "°")
    qtbot.addWidget(row)
    told: list[float] = []
    row.changed.connect(told.append)
    box = row.findChild(QDoubleSpinBox)
    assert box is not None
    box.setValue(47)
    assert told == [47]
    assert row.value == 47
    assert box.text() == "47°"


@pytest.fixture
def strip(qtbot: QtBot) -> StageStrip:
    strip = StageStrip()
    qtbot.addWidget(strip)
    picture = np.zeros((300, 451, 3), np.uint8)
    strip.set_stages(
        [("sobel-x", picture, True), ("ReLU", picture[..., 0], False), ("max 2×2", None, True)], 1
    )
    strip.resize(strip.sizeHint())
    strip.show()
    return strip


def middle(strip: StageStrip, index: int) -> QPointF:
    return QPointF(strip.card_rect(index).center())


def test_a_click_on_a_card_chooses_it(strip: StageStrip) -> None:
    told: list[int] = []
    strip.selected.connect(told.append)
    for index in (1, 0, 2):
        click(strip, middle(strip, index))
    assert told == [0, 2]
    assert "ReLU (off)" in strip.accessibleDescription()
    assert not strip.grab().isNull()


def test_dragging_moves_a_stage(strip: StageStrip) -> None:
    told: list[tuple[int, int]] = []
    strip.moved.connect(lambda start, to: told.append((start, to)))
    drag(strip, middle(strip, 0), middle(strip, 2))
    drag(strip, middle(strip, 2), middle(strip, 1))
    drag(strip, middle(strip, 1), middle(strip, 1) + QPointF(20, 0))
    drag(strip, middle(strip, 1), middle(strip, 1) + QPointF(2000, 0))
    assert told == [(0, 2), (2, 1), (1, 2)]


def test_the_eye_switches(strip: StageStrip) -> None:
    told: list[tuple[int, bool]] = []
    strip.toggled.connect(lambda index, on: told.append((index, on)))
    for index in (0, 1):
        click(strip, QPointF(strip.switch_rect(index).center()))
    assert told == [(0, False), (1, True)]


def test_keys_do_all_of_it(strip: StageStrip, qtbot: QtBot) -> None:
    told: list[object] = []
    strip.selected.connect(lambda i: told.append(("selected", i)))
    strip.moved.connect(lambda a, b: told.append(("moved", a, b)))
    strip.toggled.connect(lambda i, on: told.append(("toggled", i, on)))
    strip.removed.connect(lambda i: told.append(("removed", i)))
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.keyClick(strip, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(strip, Qt.Key.Key_Space)
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert told == [("selected", 2), ("moved", 2, 1), ("toggled", 2, False), ("removed", 2)]


def test_the_menus_add_and_remove(strip: StageStrip) -> None:
    added: list[str] = []
    removed: list[int] = []
    strip.add_requested.connect(added.append)
    strip.removed.connect(removed.append)
    menu = strip.add_menu()
    next(action for action in menu.actions() if action.objectName() == "stage.add.relu").trigger()
    menu.close()
    card = strip.card_menu(0)
    actions = {action.objectName(): action for action in card.actions()}
    assert not actions["stage.left"].isEnabled()
    actions["stage.remove"].trigger()
    card.close()
    assert (added, removed) == (["relu"], [0])


def test_the_only_stage_cannot_be_removed(strip: StageStrip, qtbot: QtBot) -> None:
    removed: list[int] = []
    strip.removed.connect(removed.append)
    strip.set_stages([("sobel-x", None, True)], 0)
    qtbot.keyClick(strip, Qt.Key.Key_Delete)
    assert removed == []
