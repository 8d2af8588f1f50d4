"""Whatever was set in the panel is taken back and done again, in order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from explain_helpers import child, panel_of, press, settle, tick_only
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSlider,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import OpenedModel
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain.request import ExplainRequest
from convscope.ui.plots.class_bars import ClassBars


def keys(qtbot: QtBot, window: MainWindow, key: Qt.Key, *, shift: bool = False) -> None:
    """Ctrl and a key, wherever the focus is."""
    window.setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, key, modifiers)


def controls(window: MainWindow) -> dict[str, object]:
    """What all controls of the panel say."""
    panel = panel_of(window)
    said: dict[str, object] = {}
    for widget in panel.findChildren(QWidget):
        name = widget.objectName()
        if isinstance(widget, QCheckBox):
            said[name] = widget.isChecked()
        elif isinstance(widget, QComboBox):
            said[name] = widget.currentData()
        elif isinstance(widget, QDoubleSpinBox | QSlider):
            said[name] = widget.value()
        elif isinstance(widget, QToolButton) and widget.isCheckable() and not name.startswith("explain.view"):
            said[name] = widget.isChecked()
    said["minus"] = child(window, QLineEdit, "explain.minus").text()
    # The size of the outline's threshold is remembered while there is no outline.
    said.pop("explain.threshold.box", None)
    said.pop("explain.threshold.slider", None)
    return said


def alike(now: dict[str, object], before: dict[str, object]) -> None:
    """The controls say the same; a method that is looked at brings its own."""
    both = now.keys() & before.keys()
    assert {name: now[name] for name in both} == {name: before[name] for name in both}


def choose(window: MainWindow, name: str, data: object) -> None:
    """Pick in a combo box."""
    box = child(window, QComboBox, name)
    box.setCurrentIndex(box.findData(data))


def test_every_setting_is_taken_back_and_done_again_in_order(
    window: MainWindow, garments: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(garments)
    settle(qtbot, window)
    panel, view_model, workspace = panel_of(window), panel_of(window).view_model, window.workspace
    bars = child(window, ClassBars, "explain.classes")
    layers = child(window, QComboBox, "explain.layer")
    other = garments.classes[bars.rows[1].index]

    def third_row() -> None:
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row_rect(2).center().toPoint())

    def minus() -> None:
        field = child(window, QLineEdit, "explain.minus")
        field.setFocus()
        qtbot.keyClicks(field, str(bars.rows[1].index))
        qtbot.keyClick(field, Qt.Key.Key_Return)

    def drag() -> None:
        slider = child(window, QSlider, "explain.opacity.slider")
        for value in (70, 60, 45):
            slider.setValue(value)

    def steps() -> None:
        slider = child(window, QSlider, "explain.parameter.samples.slider")
        for value in (2, 5, 4):
            slider.setValue(value)

    acts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("Show SmoothGrad", lambda: press(qtbot, child(window, QCheckBox, "explain.method.smooth-grad"))),
        ("Hide Eigen-CAM", lambda: press(qtbot, child(window, QCheckBox, "explain.method.eigen-cam"))),
        ("Change the number of classes", lambda: choose(window, "explain.count", "2")),
        (f"Explain {garments.classes[bars.rows[2].index]}", third_row),
        (f"Subtract {other}", minus),
        (f"Explain by {layers.itemData(2)}", lambda: choose(window, "explain.layer", layers.itemData(2))),
        ("Change the opacity", drag),
        ("Change the colours", lambda: choose(window, "explain.colormap", "magma")),
        (
            "Show the true size of maps",
            lambda: press(qtbot, child(window, QToolButton, "explain.how.nearest")),
        ),
        ("Outline the hottest region", lambda: press(qtbot, child(window, QCheckBox, "explain.outline"))),
        ("Make the opacity even", lambda: press(qtbot, child(window, QToolButton, "explain.blend.even"))),
        ("SmoothGrad: change samples", steps),
    )
    states = [(view_model.request, view_model.style, controls(window))]
    for said, act in acts:
        if act is steps:
            view_model.select(next(one for one in view_model.requests if one.method == "smooth-grad"))
            states[-1] = (view_model.request, view_model.style, controls(window))
        act()
        settle(qtbot, window)
        assert workspace.undo_label == said
        states.append((view_model.request, view_model.style, controls(window)))
    for question, style, shown in states[-2::-1]:
        keys(qtbot, window, Qt.Key.Key_Z)
        settle(qtbot, window)
        assert (view_model.request, view_model.style) == (question, style)
        alike(controls(window), shown)
    assert view_model.request.methods == ExplainRequest().methods
    for number, (question, style, shown) in enumerate(states[1:]):
        keys(qtbot, window, Qt.Key.Key_Y if number % 2 else Qt.Key.Key_Z, shift=not number % 2)
        settle(qtbot, window)
        assert (view_model.request, view_model.style) == (question, style)
        alike(controls(window), shown)
    assert {one.method for one in view_model.maps} >= {"smooth-grad", "grad-cam"}
    assert panel.grid.tiles.caption(1).endswith(f"− {other}")


def test_choosing_an_image_is_a_step_among_the_others(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, (first, second) = panel_of(window).view_model, window.workspace.images[:2]
    tick_only(qtbot, window, "grad-cam", "layer-cam", "eigen-cam")
    settle(qtbot, window)
    window.workspace.select_image(second.id)
    settle(qtbot, window)
    press(qtbot, child(window, QCheckBox, "explain.method.layer-cam"))
    settle(qtbot, window)
    keys(qtbot, window, Qt.Key.Key_Z)
    settle(qtbot, window)
    assert window.workspace.image is second and len(view_model.request.methods) == 3
    keys(qtbot, window, Qt.Key.Key_Z)
    settle(qtbot, window)
    assert (
        window.workspace.image is first
        and view_model.explained is not None
        and view_model.explained.image is first
    )
    keys(qtbot, window, Qt.Key.Key_Z)
    settle(qtbot, window)
    assert "saliency" in view_model.request.methods


def test_classes_and_layers_are_those_of_their_network(
    window: MainWindow, digits: OpenedModel, garments: OpenedModel, qtbot: QtBot
) -> None:
    """What is done again before another network says nothing about that one's classes and layers."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    layer = view_model.layers[0].path
    view_model.ask(index=3, layer=layer)
    settle(qtbot, window)
    window.workspace.undo()
    settle(qtbot, window)
    window.workspace.add_model(garments)
    settle(qtbot, window)
    window.workspace.redo()
    settle(qtbot, window)
    assert (view_model.request.index, view_model.request.layer) == (None, None)
    assert len(view_model.maps) == 4 and {one.target_words for one in view_model.maps} <= {
        garments.classes[view_model.explained.prediction.classes[0].index],
        "any class",
    }
    # Back at their own network they hold again.
    window.workspace.select_model(digits.id)
    settle(qtbot, window)
    assert (view_model.request.index, view_model.request.layer) == (3, layer)


@pytest.mark.parametrize("view", ["wall", "large"])
def test_an_undone_style_is_painted(window: MainWindow, digits: OpenedModel, qtbot: QtBot, view: str) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    press(qtbot, child(window, QToolButton, f"explain.view.{view}"))
    settle(qtbot, window)

    def pixels() -> np.ndarray:
        shown = panel.grid.pixels(1) if view == "wall" else panel.large.view.pixels
        return np.array(shown)

    before = pixels()
    choose(window, "explain.colormap", "magma")
    settle(qtbot, window)
    assert not np.array_equal(pixels(), before)
    keys(qtbot, window, Qt.Key.Key_Z)
    settle(qtbot, window)
    np.testing.assert_array_equal(pixels(), before)
    assert QApplication.focusWidget() is not None


def test_what_is_large_is_taken_back(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    press(qtbot, child(window, QToolButton, "explain.view.large"))
    settle(qtbot, window)

    def shown() -> tuple[tuple[int, ...], bool]:
        settle(qtbot, window)
        pixels = panel.large.view.pixels
        assert pixels is not None
        return pixels.shape[:2], child(window, QCheckBox, "explain.large.whole").isChecked()

    first = shown()
    press(qtbot, child(window, QToolButton, "explain.large.what.map"))
    small = shown()
    assert small[0] != first[0]
    child(window, QCheckBox, "explain.large.whole").click()
    assert shown() == (small[0], True)
    for then in (small, first):
        keys(qtbot, window, Qt.Key.Key_Z)
        assert shown() == then
    assert child(window, QToolButton, "explain.large.what.overlay").isChecked()
    keys(qtbot, window, Qt.Key.Key_Y)
    assert shown() == small
