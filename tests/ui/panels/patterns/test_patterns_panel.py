"""Stories of the patterns panel, driven as a person does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from patterns_helpers import Growing
from PIL import Image as PillowImage
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QListView, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.patterns import growth
from convscope.ui.panels.patterns.grown import MOST_FRAMES, Evolution


def test_without_a_network_the_next_step_is_a_button(qtbot: QtBot, window: MainWindow) -> None:
    button = window.findChild(QPushButton, "patterns.open_digits")
    assert button is not None and button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.workspace.model is not None)
    assert not button.isVisible()
    window.jobs.cancel_key(growth.GRID)


def test_a_grid_grows_as_soon_as_there_is_a_network(growing: Growing) -> None:
    panel = growing.panel
    assert growing.workspace.layer == "conv2d_1"
    assert [objective.index for objective in panel.view_model.objectives] == list(range(16))
    assert len(panel.view_model.grown.grid) == 16
    assert growing.text("patterns.title") == "conv2d_1"
    assert growing.text("patterns.facts").startswith("64 filters")
    # Before one is asked for, the first tile is shown large, with its score and curve.
    assert growing.text("patterns.large.title") == "conv2d_1 · filter 0"
    assert growing.text("patterns.score").startswith("Score ")
    assert "3 of 3" in growing.text("patterns.step")
    assert len(panel.detail.curve.curves[0]) == 3
    view = growing.find(ImageView, "patterns.large")
    np.testing.assert_array_equal(view.pixels, panel.view_model.grown.grid[0].pixels)


def test_a_click_grows_one_large_and_a_second_look_is_instant(
    growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.tile(5)
    assert growing.text("patterns.large.title") == "conv2d_1 · filter 5"
    first = growing.view_model.grown.large[0]
    assert first.objective.index == 5
    growing.tile(6)
    monkeypatch.setattr(growth, "ascend", lambda *_args, **_more: pytest.fail("computed again"))
    growing.tile(5)
    np.testing.assert_array_equal(growing.view_model.grown.large[0].pixels, first.pixels)
    assert growing.find(QPushButton, "patterns.continue").isEnabled()


def test_stop_and_continue(growing: Growing) -> None:
    growing.find(QSpinBox, "patterns.steps").setValue(4000)
    growing.tile(2, settle=False)
    state = lambda: growing.view_model.growth.large_state  # noqa: E731
    growing.qtbot.waitUntil(lambda: state() is not None and state().step > 5)
    start = growing.find(QPushButton, "patterns.start")
    assert start.text() == "Stop"
    growing.press("patterns.start", settle=False)
    stopped = state().step
    assert start.text() == "Start"
    assert "continue, or start again" in growing.text("patterns.score")
    growing.view_model.growth.stop_grid()
    growing.settle()
    assert state().step == stopped < 4000
    growing.press("patterns.continue", settle=False)
    growing.qtbot.waitUntil(lambda: state().step > stopped)
    growing.press("patterns.start")
    assert state().curve.shape[0] == state().step


def test_continue_at_the_end_takes_as_many_steps_again(growing: Growing) -> None:
    growing.tile(1)
    assert "3 of 3" in growing.text("patterns.step")
    growing.press("patterns.continue")
    assert "6 of 6" in growing.text("patterns.step")
    assert len(growing.view_model.grown.large[0].curve) == 6


def test_classes_are_found_by_name(growing: Growing) -> None:
    growing.press("patterns.source.classes")
    assert [objective.kind for objective in growing.view_model.objectives] == ["class"] * 10
    search = growing.find(QLineEdit, "patterns.find_class")
    growing.qtbot.keyClicks(search, "7")
    growing.qtbot.keyClick(search, Qt.Key.Key_Return)
    growing.settle()
    assert growing.text("patterns.large.title") == "7"
    assert growing.view_model.grown.large[0].objective.index == 7
    assert growing.find(QListView, "patterns.classes").model().rowCount() == 1


def test_positive_negative_and_both(growing: Growing) -> None:
    growing.press("patterns.side.both")
    assert [pattern.objective.negative for pattern in growing.view_model.grown.large] == [False, True]
    assert growing.find(ImageView, "patterns.large.hates").isVisible()
    assert len(growing.panel.detail.curve.curves) == 2
    growing.press("patterns.side.negative")
    assert all(objective.negative for objective in growing.view_model.objectives)
    assert not growing.find(ImageView, "patterns.large.hates").isVisible()
    assert growing.text("patterns.large.title").endswith("negative")


def test_recipe_and_seed_change_the_whole_grid(growing: Growing) -> None:
    before = [pattern.pixels for pattern in growing.view_model.grown.grid]
    growing.press("patterns.more")
    growing.press("patterns.dice")
    rolled = growing.view_model.options.settings.seed
    assert rolled == growing.find(QSpinBox, "patterns.seed").value()
    assert rolled == 0 or not np.array_equal(before[1], growing.view_model.grown.grid[1].pixels)
    growing.press("patterns.recipe.classic")
    assert growing.view_model.options.settings.recipe == "classic"
    growing.spin("patterns.seed", 0)
    assert not np.array_equal(before[1], growing.view_model.grown.grid[1].pixels)


def test_what_concerns_the_large_picture_leaves_the_grid_alone(growing: Growing) -> None:
    grid = growing.view_model.grown.grid
    growing.press("patterns.more")
    growing.spin("patterns.size", 40)
    assert growing.view_model.grown.large[0].pixels.shape == (40, 40)
    assert growing.view_model.grown.grid is grid
    growing.pick("patterns.aim", "neuron")
    assert growing.view_model.grown.large[0].objective.kind == "neuron"
    assert growing.view_model.grown.grid is grid


def test_deep_dream_follows_the_current_image(growing: Growing) -> None:
    growing.window.run_command("patterns.dream")
    growing.settle()
    (first,) = growing.view_model.grown.large
    assert first.objective.kind == "layer" and growing.view_model.options.from_image
    growing.workspace.select_image(growing.workspace.images[1].id)
    growing.settle()
    (second,) = growing.view_model.grown.large
    assert np.abs(first.values - second.values).mean() > 20


def test_several_and_between(growing: Growing) -> None:
    growing.tile(3)
    growing.pick("patterns.show", "several")
    assert [objective.variant for objective in growing.view_model.objectives] == list(range(6))
    assert {objective.index for objective in growing.view_model.objectives} == {3}
    growing.pick("patterns.show", "between")
    growing.spin("patterns.other", 9)
    assert growing.view_model.objectives[0].index == 3 and growing.view_model.objectives[-1].other == 9
    assert growing.panel.centre.grid.caption(7) == "100 %"
    assert len(growing.view_model.grown.grid) == 8


def test_the_contact_sheet_shows_every_convolution(growing: Growing, tmp_path: Path) -> None:
    growing.pick("patterns.show", "sheet")
    sheet = growing.find(ImageView, "patterns.sheet")
    assert sheet.isVisible() and sheet.pixels is not None
    # A click takes the filter that lies there.
    place = sheet.position_of(sheet.pixels.shape[0] - 10, 2 * 100 + 30).toPoint()
    growing.qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    growing.settle()
    assert growing.text("patterns.large.title") == "conv2d_2 · filter 2"
    assert growing.workspace.layer == "conv2d_2" and sheet.isVisible()
    path = tmp_path / "sheet.png"
    growing.panel.saving.save_to("sheet", str(path))
    growing.settle()
    with PillowImage.open(path) as saved:
        assert saved.size == (sheet.pixels.shape[1], sheet.pixels.shape[0])
    growing.pick("patterns.show", "16")
    assert growing.panel.centre.grid.isVisible()


def test_the_contact_sheet_is_of_layers_also_when_classes_are_on_show(growing: Growing) -> None:
    growing.press("patterns.source.classes")
    growing.tile(3)
    growing.pick("patterns.show", "sheet")
    # The class that was large before has gone; words say what to do.
    assert growing.text("patterns.large.title") == ""
    assert growing.text("patterns.score").startswith("Click a pattern on the sheet")
    assert (growing.find(ImageView, "patterns.large").pixels == 127).all()
    assert growing.text("patterns.title") == "Every layer"
    sheet = growing.find(ImageView, "patterns.sheet")
    place = sheet.position_of(40, 3 * 100 + 30).toPoint()
    growing.qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    growing.settle()
    assert growing.text("patterns.large.title") == "conv2d · filter 3"
    assert growing.view_model.grown.large[0].objective.kind == "channel"


def test_tiles_have_the_networks_proportions(growing: Growing) -> None:
    import keras

    tall = keras.Sequential([keras.Input((40, 10, 1)), keras.layers.Conv2D(4, 3, name="conv")])
    growing.workspace.add_model(OpenedModel(tall))
    growing.settle()
    grid = growing.panel.centre.grid
    assert growing.view_model.grown.grid[0].pixels.shape == (40, 10)
    assert all(grid.rect().contains(grid.tile_rect(number)) for number in range(4))


def test_pictures_numbers_and_the_evolution_are_saved(growing: Growing, tmp_path: Path) -> None:
    growing.tile(4)
    saving, grown = growing.panel.saving, growing.view_model.grown
    for what, ending in (
        ("pattern", ".png"),
        ("numbers", ".npy"),
        ("gif", ".gif"),
        ("webp", ".webp"),
        ("grid", ".png"),
        ("grid_numbers", ".npy"),
    ):
        assert saving.possible(what), what
        saving.save_to(what, str(tmp_path / what))
        growing.settle()
        assert (tmp_path / f"{what}{ending}").stat().st_size > 100
    assert np.load(tmp_path / "grid_numbers.npy").shape == (16, 28, 28, 1)
    np.testing.assert_array_equal(np.load(tmp_path / "numbers.npy"), grown.large[0].values)
    with PillowImage.open(tmp_path / "gif.gif") as moving:
        # Pillow joins frames that are alike in the colours of a GIF.
        assert 1 < moving.n_frames <= len(grown.evolution.frames)


def test_other_work_passes_and_the_grid_goes_on(growing: Growing) -> None:
    growing.view_model.edit(settings=growing.few.__class__(steps=1500))
    jobs = growing.window.jobs
    last = lambda: growing.view_model.growth._last  # noqa: E731
    growing.qtbot.waitUntil(lambda: last() is not None and last().step > 3)
    reached, passed = last().step, []
    jobs.submit("engine", lambda _task: "passed", title="Other work", on_done=passed.append)
    growing.qtbot.waitUntil(lambda: passed == ["passed"])
    growing.qtbot.waitUntil(lambda: last() is not None and last().step > reached)
    growing.view_model.growth.stop_grid()
    growing.settle()


def test_a_contact_sheet_holds_nothing_up_and_is_cancelled_at_once(growing: Growing) -> None:
    """Short work runs beside it, work of its lane before it goes on; a cancel does not wait for a layer."""
    jobs, panel = growing.window.jobs, growing.panel
    panel.view_model.edit(show="sheet", settings=growing.few.__class__(steps=9000))
    job = lambda: panel.view_model.growth._running.get(growth.SHEET)  # noqa: E731
    growing.qtbot.waitUntil(lambda: job() is not None and job().fraction is not None)
    first, passed = job(), []
    jobs.submit("engine", lambda _task: "beside", title="Short work", on_done=passed.append)
    growing.qtbot.waitUntil(lambda: passed == ["beside"])
    assert job() is first and first.state == "running"
    # A click on a layer asks for the same sheet: it is not begun anew.
    growing.workspace.choose_layer("conv2d")
    assert job() is first
    jobs.submit("long", lambda _task: "before", title="Long work", on_done=passed.append)
    growing.qtbot.waitUntil(lambda: passed == ["beside", "before"])
    growing.qtbot.waitUntil(
        lambda: job() is not first and job().state == "running" and job().fraction is not None,
    )
    jobs.cancel(job())
    growing.settle()
    assert panel.view_model.grown.sheet is None and not panel.view_model.growth._rows
    assert growth.SHEET not in panel.view_model.growth._running


def test_a_picture_cancelled_in_the_window_has_stopped(growing: Growing) -> None:
    """As by the button: it can be continued."""
    growing.find(QSpinBox, "patterns.steps").setValue(4000)
    growing.tile(2, settle=False)
    control = growing.view_model.growth
    growing.qtbot.waitUntil(lambda: control.large_state is not None and control.large_state.step > 1)
    control.stop_grid()
    growing.window.jobs.cancel(control._running[growth.LARGE])
    growing.settle()
    assert not control.growing
    assert growing.find(QPushButton, "patterns.start").text() == "Start"
    assert growing.find(QPushButton, "patterns.continue").isEnabled()


def test_steps_by_themselves_are_said(growing: Growing) -> None:
    """More for a network of small pictures, and as many in the grid as in the large picture."""
    import keras

    small = keras.Sequential([keras.Input((12, 12, 1)), keras.layers.Conv2D(2, 3, name="conv")])
    growing.workspace.add_model(OpenedModel(small))
    growing.spin("patterns.steps", 0)
    assert growing.find(QSpinBox, "patterns.steps").text() == "256 (auto)"
    assert len(growing.view_model.grown.grid[0].curve) == 256
    growing.press("patterns.recipe.classic")
    assert growing.find(QSpinBox, "patterns.steps").text() == "40 (auto)"


def test_a_layer_that_cannot_be_climbed_says_so_in_the_panel(growing: Growing) -> None:
    growing.workspace.choose_layer("flatten")
    growing.settle()
    problem = growing.find(QLabel, "patterns.problem")
    assert problem.isVisible()
    assert problem.text() == "flatten (Flatten) has no filters: choose a convolution or a dense layer."
    growing.workspace.choose_layer("dense")
    growing.settle()
    assert not problem.isVisible()
    assert len(growing.view_model.grown.grid) == 16


def test_networks_come_and_go(growing: Growing, digits: OpenedModel) -> None:
    growing.workspace.remove_model(growing.workspace.models[0].id)
    growing.settle()
    assert growing.find(QPushButton, "patterns.open_digits").isVisible()
    growing.workspace.add_model(digits)
    growing.workspace.update_image(Image(np.zeros((9, 9), np.uint8), "blank"))
    growing.settle()
    assert len(growing.view_model.grown.grid) == 16


@pytest.mark.parametrize("show", ["16", "sheet"])
def test_what_the_network_before_left_on_show_is_not_chosen(growing: Growing, show: str) -> None:
    import keras

    layers = keras.layers
    other = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(4, 3, name="other"), layers.Flatten(), layers.Dense(10)]
    )
    growing.press("patterns.source.classes")
    growing.pick("patterns.show", show)
    view = growing.find(ImageView, "patterns.sheet")
    target = growing.panel.centre.grid.viewport() if show == "16" else view
    place = growing.panel.centre.grid.tile_rect(3).center()
    if show == "sheet":
        place = view.position_of(40, 3 * 100 + 30).toPoint()
    growing.workspace.add_model(OpenedModel(other, classes=tuple("abcdefghij")))
    # Before it has classified the image.
    growing.qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=place)
    assert growing.workspace.layer is None and growing.view_model.grown.large == ()
    growing.settle()
    assert growing.text("patterns.problem") == ""
    growing.pick("patterns.show", "16")
    assert len(growing.view_model.grown.grid) == 10
    assert growing.text("patterns.large.title") == "a"


def test_a_base_without_classes_has_layers_only(growing: Growing) -> None:
    import keras

    base = keras.Sequential(
        [keras.Input((20, 20, 3)), keras.layers.Conv2D(4, 3, activation="relu", name="conv")]
    )
    growing.press("patterns.source.classes")
    growing.workspace.add_model(OpenedModel(base))
    growing.settle()
    assert not growing.panel.source.switch.button("classes").isEnabled()
    assert [objective.path for objective in growing.view_model.objectives] == ["conv"] * 4
    assert len(growing.view_model.grown.grid) == 4


def test_a_network_that_takes_no_images_says_so_in_the_panel(growing: Growing) -> None:
    import keras

    table = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, name="numbers")], name="table")
    growing.workspace.add_model(OpenedModel(table))
    growing.settle()
    assert growing.text("patterns.problem") == "table does not take images: its input is 6."
    growing.press("patterns.source.classes")
    growing.press("patterns.side.both")
    growing.press("patterns.start")
    assert growing.text("patterns.problem") == "table does not take images: its input is 6."
    growing.workspace.select_model(growing.workspace.models[0].id)
    growing.settle()
    assert len(growing.view_model.grown.grid) == 10


def test_narrow_windows_fold(growing: Growing) -> None:
    growing.window.resize(1024, 700)
    assert growing.panel.source.isVisible() and not growing.panel.detail.isVisible()
    growing.tile(3)
    assert growing.panel.detail.isVisible() and not growing.panel.source.isVisible()
    growing.press("patterns.fold")
    assert growing.panel.source.isVisible()


def test_every_control_has_a_name_and_says_what_it_is(growing: Growing) -> None:
    growing.press("patterns.more")
    for name in (
        "start",
        "continue",
        "aim",
        "side",
        "show",
        "recipe",
        "steps",
        "seed",
        "dice",
        "more",
        "octaves",
        "size",
        "save",
        "fold",
        "source",
        "tree",
        "search",
        "grid",
        "large",
        "curve",
    ):
        widget = growing.find(QWidget, f"patterns.{name}")
        assert widget.accessibleName() or getattr(widget, "text", str)(), name


def test_both_themes(growing: Growing) -> None:
    try:
        theme.apply("dark")
        growing.qtbot.wait(5)
        ground = growing.panel.detail.curve.plot.backgroundBrush().color().name().upper()
        assert ground == theme.tokens().panel
    finally:
        theme.apply("light")


def test_evolutions_stay_short() -> None:
    evolution = Evolution()
    for number in range(1000):
        evolution.add(np.full((2, 2), number % 256, np.uint8))
    assert MOST_FRAMES // 2 <= len(evolution.frames) <= MOST_FRAMES
    assert evolution.frames[0][0, 0] == 0


def test_the_pictures_on_show_are_those_that_were_grown(growing: Growing) -> None:
    """Not enlarged ones, so that what is read, copied or saved by the right button is the pattern itself."""
    panel = growing.panel
    for number in (0, 5):
        np.testing.assert_array_equal(
            panel.centre.grid._maps[number], panel.view_model.grown.grid[number].pixels
        )
    np.testing.assert_array_equal(
        growing.find(ImageView, "patterns.large").pixels, panel.view_model.grown.pixels
    )


def test_a_grid_cancelled_in_the_window_goes_on_by_a_button(growing: Growing) -> None:
    control, button = growing.view_model.growth, growing.find(QPushButton, "patterns.go_on")
    growing.view_model.edit(settings=PatternSettings(steps=4000))
    growing.qtbot.waitUntil(lambda: control._last is not None and control._last.step > 2)
    assert not button.isVisible()
    growing.window.jobs.cancel(control._running[growth.GRID])
    growing.settle()
    stopped = control._last.step
    assert button.isVisible()
    growing.press("patterns.go_on", settle=False)
    assert not button.isVisible()
    growing.qtbot.waitUntil(lambda: control._last is not None and control._last.step > stopped)
    growing.window.jobs.cancel(control._running[growth.GRID])
    growing.settle()
    assert button.isVisible()
    # Another grid is another matter.
    growing.view_model.edit(settings=growing.few)
    growing.settle()
    assert not button.isVisible() and len(growing.view_model.grown.grid) == 16


def test_a_contact_sheet_cancelled_in_the_window_goes_on_by_a_button(growing: Growing) -> None:
    control, button = growing.view_model.growth, growing.find(QPushButton, "patterns.go_on")
    growing.view_model.edit(show="sheet", settings=PatternSettings(steps=2))
    growing.qtbot.waitUntil(lambda: bool(control._rows))
    job = control._running.get(growth.SHEET)
    if job is not None:
        growing.window.jobs.cancel(job)
        growing.settle()
        assert button.isVisible()
        growing.press("patterns.go_on")
    assert not button.isVisible()
    assert [row.path for row in control._rows] == ["conv2d", "conv2d_1", "conv2d_2"]


def test_the_grid_shows_what_it_has_before_the_large_picture_grows(growing: Growing) -> None:
    panel, control = growing.panel, growing.view_model.growth
    seen: list[str] = []
    control.grid_frame.connect(lambda frame: seen.append("whole" if frame.patterns else "growing"))
    control.large_frame.connect(lambda _frame: seen.append("large"))
    # Of this layer nothing is on disk.
    growing.workspace.choose_layer("conv2d_2")
    panel.view_model.choose_tile(3)
    growing.settle()
    assert seen.index("growing") < seen.index("large")
    assert "whole" in seen
    # Of this one all is there, and is shown once.
    seen.clear()
    growing.workspace.choose_layer("conv2d_1")
    panel.view_model.choose_tile(3)
    growing.settle()
    assert seen[0] == "whole" and set(seen[1:]) == {"large"}


def test_with_classes_only_grids_of_classes_are_chosen(growing: Growing) -> None:
    show = growing.find(QComboBox, "patterns.show")
    growing.pick("patterns.show", "between")
    growing.press("patterns.source.classes")
    assert show.currentText() == "Classes" and not growing.panel.centre.controls.other_row.isVisible()
    # A click on a tile chooses its class.
    growing.tile(3)
    growing.pick("patterns.show", "several")
    assert {objective.index for objective in growing.view_model.objectives} == {3}
    growing.pick("patterns.show", "16")
    growing.press("patterns.source.layers")
    growing.pick("patterns.show", "64")
    growing.press("patterns.source.classes")
    assert show.currentText() == "Classes"
    growing.press("patterns.source.layers")
    assert show.currentText() == "First 64 filters"


def test_a_dense_layers_unit_is_no_neuron_of_a_map(growing: Growing) -> None:
    growing.pick("patterns.aim", "neuron")
    assert growing.view_model.grown.large[0].objective.kind == "neuron"
    growing.workspace.choose_layer("dense")
    growing.tile(2)
    assert growing.text("patterns.problem") == ""
    assert growing.view_model.grown.large[0].objective.kind == "channel"
    aim = growing.find(QComboBox, "patterns.aim")
    assert not aim.model().item(aim.findData("neuron")).isEnabled()


def test_an_image_chosen_elsewhere_is_dreamt_of_on_coming_back(growing: Growing) -> None:
    growing.window.run_command("patterns.dream")
    growing.settle()
    (first,) = growing.view_model.grown.large
    growing.window.show_panel("layers")
    growing.workspace.select_image(growing.workspace.images[1].id)
    growing.settle()
    growing.window.show_panel("patterns")
    growing.settle()
    (second,) = growing.view_model.grown.large
    assert np.abs(first.values - second.values).mean() > 20


def test_why_the_large_picture_cannot_be_stays_while_the_grid_grows(growing: Growing) -> None:
    growing.workspace.choose_layer("conv2d_2")
    growing.settle()
    panel, control = growing.panel, growing.view_model.growth
    panel.view_model.edit(settings=PatternSettings(steps=3000))
    growing.qtbot.waitUntil(lambda: control._last is not None and control._last.step > 1)
    reached = control._last.step
    panel.view_model.edit(settings=PatternSettings(steps=3000, size=8))
    growing.qtbot.waitUntil(lambda: growing.text("patterns.problem") != "")
    growing.qtbot.waitUntil(lambda: (control._last.step if control._last else 0) > reached)
    assert growing.text("patterns.problem").endswith("does not work on 8×8 pixels: choose another size.")
    panel.view_model.edit(settings=growing.few)
    growing.settle()
    assert growing.text("patterns.problem") == ""


def test_a_dead_filter_stays_a_cross_and_is_said(growing: Growing) -> None:
    """Its weights are of 1e−8 beside 0.1: any ascent would grow a lively pattern of noise."""
    import keras

    layer = keras.layers.Conv2D(6, 3, name="conv")
    net = keras.Sequential([keras.Input((12, 12, 1)), layer])
    kernel, bias = layer.get_weights()
    kernel[..., 4] *= 1e-8 / np.abs(kernel[..., 4]).max()
    layer.set_weights([kernel, bias])
    growing.workspace.add_model(OpenedModel(net))
    growing.settle()
    grid = growing.panel.centre.grid
    assert [grid.caption(n) for n in range(6)] == ["0", "1", "2", "3", "4 · dead", "5"]
    assert growing.text("patterns.facts") == "6 filters · 1 of these is dead"
    for recipe in ("classic", "clear"):
        growing.press(f"patterns.recipe.{recipe}")
        for number, pattern in enumerate(growing.view_model.grown.grid):
            assert (len(np.unique(pattern.pixels)) <= 2) == (number == 4)
        growing.tile(4)
        assert growing.text("patterns.score").startswith("It is dead: its weights are all below ")
        assert growing.text("patterns.step") == ""
        large = growing.panel.detail.views[0].pixels
        assert large is not None and len(np.unique(large)) == 2
        growing.tile(3)
        assert growing.text("patterns.score").startswith("Score ")
