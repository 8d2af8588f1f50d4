"""What a person set on the panel is taken back in order, and done again."""

from __future__ import annotations

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QWidget

from convscope.core.words import percent
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.image_view import ImageView


def back(desk: Desk) -> None:
    """Press Ctrl+Z."""
    desk.qtbot.keyClick(desk.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.settle()


def test_looks_comparisons_and_weights_in_order(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    desk.tile(4)
    bias = desk.find(QDoubleSpinBox, "layers.bias")
    own = float(digits.keras.get_layer("conv2d").get_weights()[1][4])
    desk.pick("layers.normalisation", "layer")
    desk.pick("layers.colormap", "gray")
    desk.pick("layers.beside", desk.workspace.images[1].id)
    desk.pick("layers.sort", "difference")
    bias.setValue(1.0)
    desk.settle()
    desk.pick("layers.beside", "original")
    states = [
        (
            "Compare",
            lambda: len(desk.frame.sides) == 2 and desk.frame.sides[1].forward.title == "digit-7.png",
        ),
        ("Change a bias", lambda: bias.value() == pytest.approx(own, abs=1e-5)),
        ("Change the order", lambda: desk.frame.display.sort == "index"),
        ("Compare", lambda: len(desk.frame.sides) == 1),
        ("Change the colours", lambda: desk.frame.display.colormap == "viridis"),
        ("Change the normalisation", lambda: desk.frame.display.normalisation == "lectures"),
    ]
    for label, then in states:
        assert desk.workspace.undo_label == label
        back(desk)
        assert then(), label
        # The controls say what is on show.
        for name, value in (
            ("layers.normalisation", desk.frame.display.normalisation),
            ("layers.colormap", desk.frame.display.colormap),
            ("layers.sort", desk.frame.display.sort),
        ):
            assert desk.find(QComboBox, name).currentData() == value
    assert desk.workspace.undo_label is None
    for _ in states:
        desk.workspace.redo()
        desk.settle()
    assert desk.frame.display.normalisation == "layer" and desk.frame.display.colormap == "gray"
    assert bias.value() == 1.0 and desk.frame.sides[1].forward.title == "before the edit"


def test_a_reset_is_taken_back_too(desk: Desk) -> None:
    desk.layer("conv2d")
    desk.tile(4)
    bias = desk.find(QDoubleSpinBox, "layers.bias")
    bias.setValue(2.0)
    desk.settle()
    desk.press("layers.reset")
    assert not desk.panel.view_model.weights.now and bias.value() != 2.0
    back(desk)
    assert desk.panel.view_model.weights.now and bias.value() == 2.0
    assert desk.find(QWidget, "layers.edits").isVisible()


def test_weights_belong_to_their_model(desk: Desk, digits: OpenedModel) -> None:
    """They were lost when another model was looked at in between."""
    desk.layer("conv2d")
    desk.tile(4)
    desk.find(QDoubleSpinBox, "layers.bias").setValue(2.0)
    desk.settle()
    edited = desk.frame.maps.tiles[4].copy()
    other = open_model("garments")
    desk.workspace.add_model(other)
    desk.settle()
    assert desk.frame.first.forward.model is other and not desk.find(QWidget, "layers.edits").isVisible()
    desk.workspace.select_model(digits.id)
    desk.settle()
    desk.layer("conv2d")
    assert desk.find(QWidget, "layers.edits").isVisible()
    np.testing.assert_array_equal(desk.frame.maps.tiles[4], edited)
    # Of a model that was closed nothing is kept.
    desk.workspace.remove_model(digits.id)
    desk.settle()
    assert desk.workspace.document.known(f"layers.weights.{digits.id}") is None
    assert not desk.panel.view_model.weights.now


def test_what_the_copy_says_is_of_the_image_on_show(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    desk.tile(4)
    desk.find(QDoubleSpinBox, "layers.bias").setValue(2.0)
    desk.settle()
    first = desk.text("layers.edit_words")
    assert digits.predict(desk.workspace.images[0]).classes[0].name in first
    desk.workspace.select_image(desk.workspace.images[1].id)
    desk.settle()
    second = desk.text("layers.edit_words")
    best = digits.predict(desk.workspace.images[1]).classes[0]
    assert f"{best.name} {percent(best.probability)} →" in second and second != first


def test_elsewhere_nothing_of_it_is_taken_back(desk: Desk) -> None:
    desk.pick("layers.colormap", "gray")
    desk.window.show_panel("kernels")
    desk.workspace.undo()
    desk.window.show_panel("layers")
    desk.settle()
    assert desk.frame.display.colormap == "gray"


def test_the_opacity_of_a_map_over_its_image_is_taken_back_with_the_picture(desk: Desk) -> None:
    desk.layer("conv2d")
    view = desk.find(ImageView, "layers.image")
    assert view.pixels is not None
    first = view.pixels.copy()
    for percents in (70, 80, 90):
        desk.slide("layers.opacity.slider", percents)
    assert not np.array_equal(view.pixels, first)
    # A drag is one step.
    back(desk)
    assert np.array_equal(view.pixels, first)
    assert desk.find(QDoubleSpinBox, "layers.opacity.box").value() == 50
    assert desk.workspace.undo_label is None
    desk.workspace.redo()
    desk.settle()
    assert desk.find(QDoubleSpinBox, "layers.opacity.box").value() == 90
