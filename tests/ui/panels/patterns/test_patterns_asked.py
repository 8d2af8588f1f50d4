"""What is asked of patterns: said in numbers that are in force, taken back in order, never left standing."""

from __future__ import annotations

import numpy as np
from patterns_helpers import Growing
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox

from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.image_view import ImageView


def wide() -> OpenedModel:
    """A network of pictures that are not small, whose large patterns take more steps than its grid."""
    import keras

    layers = [keras.Input((112, 112, 1)), keras.layers.Conv2D(2, 3, strides=4, name="conv")]
    return OpenedModel(keras.Sequential([*layers, keras.layers.Conv2D(3, 3, strides=4, name="conv2")]))


def back(growing: Growing) -> None:
    """Press Ctrl+Z."""
    growing.qtbot.keyClick(growing.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    growing.settle()


def test_the_steps_that_are_told_are_those_in_force(growing: Growing) -> None:
    """96 (auto) stood beside step 2 of 64."""
    growing.workspace.add_model(wide())
    growing.view_model.edit(settings=PatternSettings(size=32))
    growing.settle()
    steps = growing.find(QSpinBox, "patterns.steps")
    # A tile of the grid is shown large: it takes as many steps as the grid.
    assert growing.text("patterns.step") == "step 64 of 64" and steps.text() == "64 (auto)"
    assert growing.text("patterns.facts").endswith("filters · 64 steps each")
    growing.press("patterns.start")
    assert growing.text("patterns.step") == "step 96 of 96" and steps.text() == "96 (auto)"
    assert growing.text("patterns.facts").endswith("filters · 64 steps each")
    # Another grid begins with its tiles again.
    growing.workspace.choose_layer("conv")
    growing.settle()
    assert growing.text("patterns.step") == "step 64 of 64" and steps.text() == "64 (auto)"
    # A number that a person set holds for both.
    growing.spin("patterns.steps", 3)
    assert steps.text() == "3" and growing.text("patterns.step") == "step 3 of 3"
    assert growing.text("patterns.facts") == "2 filters"


def test_what_was_set_and_chosen_is_taken_back_in_order(growing: Growing) -> None:
    model = growing.view_model
    growing.workspace.choose_layer("conv2d_1")
    growing.settle()
    growing.tile(5)
    growing.press("patterns.recipe.classic")
    growing.press("patterns.side.negative")
    growing.press("patterns.source.classes")
    states = [
        (
            "Show the classes",
            lambda: model.source == "layers" and model.objectives[0].kind == "channel",
        ),
        (
            "Change positive and negative",
            lambda: model.options.side == "positive" and not model.objectives[0].negative,
        ),
        ("Change the recipe", lambda: model.options.settings.recipe == "clear"),
        ("Choose filter 5", lambda: growing.text("patterns.large.title") == "conv2d_1 · filter 0"),
    ]
    for label, then in states:
        assert growing.workspace.undo_label == label
        back(growing)
        assert then(), label
    for _ in states:
        growing.workspace.redo()
        growing.settle()
    assert model.source == "classes" and model.options.side == "negative"
    assert model.options.settings.recipe == "classic"
    back(growing)
    assert growing.text("patterns.large.title") == "conv2d_1 · filter 5, negative"


def test_a_slider_that_is_dragged_is_one_step(growing: Growing) -> None:
    before = growing.workspace.undo_label
    for value in (0.2, 0.4, 0.6):
        growing.view_model.edit_settings(variation=value)
    growing.settle()
    assert growing.workspace.undo_label == "Change the variation" != before
    back(growing)
    assert growing.view_model.options.settings.variation == 0 and growing.workspace.undo_label == before


def test_each_network_keeps_what_was_chosen_of_it(growing: Growing, digits: OpenedModel) -> None:
    growing.press("patterns.source.classes")
    growing.tile(4)
    garments = open_model("garments")
    growing.workspace.add_model(garments)
    growing.settle()
    assert growing.view_model.selected == 0
    growing.workspace.select_model(digits.id)
    growing.settle()
    assert growing.view_model.selected == 4
    growing.workspace.remove_model(garments.id)
    growing.settle()
    assert growing.workspace.document.known(f"patterns.selection.{garments.id}") is None


def test_another_sheet_does_not_begin_under_the_last_one(growing: Growing) -> None:
    growing.view_model.edit(show="sheet")
    growing.settle()
    sheet = growing.find(ImageView, "patterns.sheet")
    assert growing.view_model.grown.sheet is not None and len(np.unique(sheet.pixels)) > 10
    growing.view_model.edit(settings=PatternSettings("classic", steps=9000))
    # At once: nothing of the other recipe is left on show, or to be saved.
    assert len(np.unique(sheet.pixels)) == 1 and growing.view_model.grown.sheet is None
    growing.view_model.edit(show="16", settings=growing.few)
    growing.settle()


def test_a_live_picture_does_not_starve_its_dream(growing: Growing) -> None:
    """Each frame began the growing anew, which so never ended."""
    growing.view_model.dream()
    growing.settle()
    image = growing.workspace.image
    ended: list[bool] = []
    growing.view_model.growth.large_ended.connect(ended.append)
    for number in range(1, 8):
        growing.workspace.update_image(type(image)(np.roll(image.values, number), image.name))
        growing.qtbot.wait(1)
    last = growing.workspace.image
    growing.settle()
    assert True in ended and False not in ended
    # The newest frame is dreamt of in the end.
    assert growing.view_model._large is not None and growing.view_model._large.start is last.pixels


def test_other_filters_than_there_are_do_not_stay_asked_for(growing: Growing) -> None:
    """The other end of a way is kept for layers that have it."""
    growing.workspace.choose_layer("conv2d_1")
    growing.view_model.edit(show="between", other=63)
    growing.settle()
    assert growing.view_model.objectives[-1].other == 63
    growing.workspace.choose_layer("conv2d")
    growing.settle()
    assert growing.view_model.objectives[-1].other == 31
    growing.workspace.choose_layer("conv2d_1")
    growing.settle()
    assert growing.view_model.objectives[-1].other == 63


def test_patterns_of_the_numbers_of_a_chosen_output(growing: Growing) -> None:
    """What was chosen of one output's classes is not asked of another's numbers."""
    import keras

    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    kind = layers.Dense(3, "softmax", name="kind")(values)
    net = keras.Model(inputs, {"kind": kind, "age": layers.Dense(1, name="age")(values)}, name="two")
    model = OpenedModel(net)
    growing.workspace.add_model(model)
    growing.view_model.edit(settings=Growing.few)
    growing.settle()
    growing.press("patterns.source.classes")
    growing.tile(2)
    assert growing.text("patterns.title") == "Classes of kind"
    growing.workspace.replace_model(model.with_(output="age"), "Show the output age")
    growing.settle()
    assert growing.panel.source.switch.button("classes").text() == "Values"
    assert growing.text("patterns.title") == "Values of age"
    assert growing.text("patterns.facts").startswith("1 number")
    grid = growing.panel.centre.grid
    assert [grid.caption(tile) for tile in range(grid.count)] == ["age"]
    assert growing.panel.centre.controls.show_what.itemText(0) == "Values"
    back(growing)
    assert growing.text("patterns.title") == "Classes of kind"
