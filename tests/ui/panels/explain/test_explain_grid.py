"""Long jobs and the wall: what grows, is cancelled, is overtaken; many classes; other networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from explain_helpers import child, panel_of, press, settle, tick_only
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import messages

from convscope.engine.interpret.attribution.picture import picture
from convscope.engine.interpret.attribution.result import Attribution
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain import grid as grid_module
from convscope.ui.panels.explain.classes import ClassField
from convscope.ui.plots.class_bars import ClassBars


def when_half_done(window: MainWindow, act: Callable[[], object]) -> list[float]:
    """Do something once, when a map has begun to grow; returns how far all maps were as they came."""
    view_model, came = panel_of(window).view_model, []

    def arrived(made: object) -> None:
        if isinstance(made, Attribution):
            first = made.done < 1 and all(done >= 1 for done in came)
            came.append(made.done)
            if first:
                act()

    view_model.map_arrived.connect(arrived)
    return came


def captions(window: MainWindow) -> list[str]:
    """Under the tiles of the wall."""
    wall = child(window, MosaicView, "explain.wall")
    return [wall.caption(number) for number in range(wall.count)]


def test_a_cancelled_map_says_so_and_is_asked_for_again(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    came = when_half_done(window, lambda: press(qtbot, child(window, QWidget, "status.job.cancel")))
    tick_only(qtbot, window, "rise", "grad-cam")
    settle(qtbot, window)
    assert not window.status.findChildren(QWidget, "status.job")
    assert 0 < min(came) < 1
    assert captions(window)[1] == f"Grad-CAM: {panel_of(window).classes.bars.rows[0].name}"
    assert captions(window)[2] == "RISE: stopped, click to go on"
    wall, view_model = child(window, MosaicView, "explain.wall"), panel_of(window).view_model
    rise = view_model.requests[1]
    partial = view_model.attribution(rise)
    assert view_model.stopped(rise) and partial is not None and partial.done < 1
    view_model.select(rise)
    assert "stopped at" in child(window, QLabel, "explain.facts").text()
    qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=wall.tile_rect(2).center())
    assert not panel_of(window).large.isVisible()
    settle(qtbot, window)
    whole = view_model.attribution(rise)
    assert whole is not None and whole.done == 1 and not view_model.stopped(rise)
    assert not np.array_equal(whole.relevance, partial.relevance)
    assert captions(window)[2].startswith("RISE: ")


def test_the_next_image_does_not_wait_for_a_long_map(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    came = when_half_done(window, lambda: window.workspace.select_image(window.workspace.images[1].id))
    tick_only(qtbot, window, "rise")
    settle(qtbot, window)
    assert view_model.explained is not None and view_model.explained.image is window.workspace.image
    one = view_model.attribution()
    assert one is not None and one.done == 1 and one.pixels is view_model.explained.prepared.pixels
    assert sum(done == 1 for done in came) == 1, "the first image's map was left unfinished"


def test_another_model_does_not_wait_for_a_long_map(
    window: MainWindow, digits: OpenedModel, garments: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    came = when_half_done(window, lambda: window.workspace.add_model(garments))
    tick_only(qtbot, window, "rise", "saliency")
    view_model.select(view_model.requests[-1])
    settle(qtbot, window)
    assert view_model.explained is not None and view_model.explained.model is garments
    assert [one.done for one in view_model.maps] == [1, 1]
    assert sum(done == 1 for done in came) == 2, "those of the second network"
    one = view_model.attribution()
    assert one is not None and one.target_words in garments.classes
    # What is over leaves nothing behind.
    window.workspace.remove_model(window.workspace.models[1].id)
    window.workspace.remove_model(window.workspace.models[0].id)
    settle(qtbot, window)
    assert child(window, QLabel, "explain.said").isVisible() and view_model.selected is None


def test_a_long_map_goes_on_while_another_method_is_ticked(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    came = when_half_done(window, lambda: view_model.ask(methods=("rise", "layer-cam")))
    tick_only(qtbot, window, "rise")
    settle(qtbot, window)
    rises = [done for done in came if done < 1]
    assert rises == sorted(rises), "it did not begin again"
    assert len(view_model.maps) == 2


def test_many_long_maps_are_one_line_in_the_status_bar(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, lines = panel_of(window).view_model, []
    view_model.map_arrived.connect(
        lambda _made: lines.append(len(window.status.findChildren(QWidget, "status.job")))
    )
    view_model.ask(methods=("integrated-gradients", "smooth-grad"), count=5)
    settle(qtbot, window)
    assert max(lines) == 1 and len(view_model.maps) == 10
    # Cancelled, what waits says so as well.
    when_half_done(window, lambda: press(qtbot, child(window, QWidget, "status.job.cancel")))
    view_model.ask(methods=("rise",), count=3)
    settle(qtbot, window)
    assert captions(window) == ["stopped, click to go on"] * 3
    view_model.resume(view_model.requests[2])
    settle(qtbot, window)
    assert [view_model.stopped(request) for request in view_model.requests] == [True, True, False]
    assert [one.target for one in view_model.maps] == [view_model.requests[2].target]


def test_a_class_is_taken_from_the_list_by_mouse_and_by_keys(
    window: MainWindow, garments: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(garments)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    boot, sneaker = garments.classes.index("Ankle boot"), garments.classes.index("Sneaker")
    for name, typed, wanted in (("explain.any", "oo", boot), ("explain.minus", "eake", sneaker)):
        field = child(window, ClassField, name)
        popup = field.completer().popup()
        assert popup is not None
        field.setFocus()
        qtbot.keyClicks(field, typed)
        qtbot.waitUntil(popup.isVisible)
        if name == "explain.any":
            place = popup.visualRect(popup.model().index(0, 0)).center()
            qtbot.mouseClick(popup.viewport(), Qt.MouseButton.LeftButton, pos=place)
        else:
            qtbot.keyClick(popup, Qt.Key.Key_Down)
            qtbot.keyClick(popup, Qt.Key.Key_Return)
        settle(qtbot, window)
        assert wanted in (view_model.request.index, view_model.request.minus)
    assert view_model.requests[0].target == ScoreTarget(boot, sneaker)
    assert child(window, QLabel, "explain.explained").text().startswith(theme.strong("Ankle boot − Sneaker"))
    assert not messages(window)
    # An empty field takes nothing off.
    child(window, QLineEdit, "explain.minus").clear()
    settle(qtbot, window)
    assert view_model.requests[0].target == ScoreTarget(boot)


def test_the_first_bar_is_the_most_probable_class_of_the_next_image_too(
    window: MainWindow, garments: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_images([load_sample("garment-boot"), load_sample("garment-trouser")])
    window.workspace.add_model(garments)
    window.workspace.select_image(window.workspace.images[2].id)
    settle(qtbot, window)
    bars, view_model = child(window, ClassBars, "explain.classes"), panel_of(window).view_model
    for row in (2, 0):
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row_rect(row).center().toPoint())
        settle(qtbot, window)
        assert view_model.requests[0].target == ScoreTarget(bars.rows[row].index)
    window.workspace.select_image(window.workspace.images[3].id)
    settle(qtbot, window)
    assert view_model.requests[0].target == ScoreTarget(garments.classes.index("Trouser"))


def test_a_wall_of_five_classes_in_a_small_window(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    window.resize(1024, 700)
    names = ("grad-cam", "layer-cam", "hires-cam", "saliency", "gradient-x-input", "guided-backprop")
    view_model = panel_of(window).view_model
    view_model.ask(methods=names)
    settle(qtbot, window)
    stages = child(window, MosaicView, "explain.stages")
    assert stages.isVisible()
    count = child(window, QComboBox, "explain.count")
    count.setCurrentIndex(count.findData("5"))
    settle(qtbot, window)
    wall, titles = child(window, MosaicView, "explain.wall"), panel_of(window).grid.titles
    assert wall.count == 30 and wall.columns() == 6 and not stages.isVisible()
    assert wall.tile_size()[0] >= 60 and wall.verticalScrollBar().maximum() == 0
    assert titles.isVisible() and len(titles.titles) == 6 and titles.titles[-1] == "Guided backprop"
    # Each tile tells its class; the columns tell the methods.
    assert captions(window)[::6] == [panel_of(window).classes.bars.rows[n].name for n in range(5)]
    # The maps of one method have one scale, which is that of the strongest class.
    for column in range(6):
        one = [
            made for request in view_model.requests[column::6] if (made := view_model.attribution(request))
        ]
        scales = [view_model.scale(made) for made in one]
        assert len(one) == 5 and all(scale == scales[0] for scale in scales)
        assert scales[0].high == pytest.approx(max(made.scale.high for made in one))
    press(qtbot, child(window, QToolButton, "explain.view.truth"))
    settle(qtbot, window)
    assert "30 maps" in child(window, QLabel, "explain.truth.alone").text()


def test_the_checks_fit_a_small_window(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    window.resize(1024, 700)
    settle(qtbot, window)
    press(qtbot, child(window, QToolButton, "explain.view.truth"))
    press(qtbot, child(window, QPushButton, "explain.truth.curves"))
    press(qtbot, child(window, QPushButton, "explain.truth.randomised"))
    settle(qtbot, window)
    truth = panel_of(window).checks
    for name in ("curves", "randomised", "areas", "verdict", "plot"):
        widget = child(window, QWidget, f"explain.truth.{name}")
        right = widget.mapTo(truth, widget.rect().topRight()).x()
        assert widget.isVisible() and right < truth.width(), name
    assert [menu for menu in truth.findChildren(QMenu) if menu.isVisible()] == []
    maps = child(window, MosaicView, "explain.truth.maps")
    assert truth.view_model.randomised is not None
    assert maps.caption(1).startswith(f"{truth.view_model.randomised.steps[0].rank:.2f}")


def test_the_wall_without_a_mouse(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    wall, view_model = child(window, MosaicView, "explain.wall"), panel_of(window).view_model
    wall.setFocus()
    qtbot.keyClick(wall, Qt.Key.Key_Right)
    assert view_model.selected is not None and view_model.selected.method == "layer-cam"
    qtbot.keyClick(wall, Qt.Key.Key_Return)
    assert panel_of(window).large.isVisible()


def test_a_network_without_maps_is_explained_by_its_input(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    import keras

    window.workspace.add_model(digits)
    settle(qtbot, window)
    assert child(window, MosaicView, "explain.stages").isVisible()
    layers = keras.layers
    net = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")], name="flat"
    )
    window.workspace.add_model(OpenedModel(net))
    tick_only(qtbot, window, "saliency", "grad-cam", "occlusion")
    settle(qtbot, window)
    assert not child(window, MosaicView, "explain.stages").isVisible()
    assert captions(window)[1] == "Grad-CAM: not possible"
    assert [one.method for one in panel_of(window).view_model.maps] == ["saliency", "occlusion"]
    assert "no layer whose maps" in child(window, QLabel, "explain.facts").text()
    assert "no layer whose maps" in child(window, QLabel, "explain.why").text()
    assert not child(window, QComboBox, "explain.layer").isEnabled()


def test_what_is_on_the_wall_stays_while_others_come(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map that is there is neither made dim nor painted again."""
    window.workspace.add_model(digits)
    tick_only(qtbot, window, "grad-cam", "saliency")
    settle(qtbot, window)
    painted = []

    def counting(one: Attribution, *args: Any, **options: Any) -> Any:
        painted.append(one.method)
        return picture(one, *args, **options)

    monkeypatch.setattr(grid_module, "picture", counting)
    view = panel_of(window).grid
    before = view.tiles.count
    shown = []
    panel_of(window).view_model.maps_started.connect(lambda _begun: shown.append(view.pixels(1)))
    first = view.pixels(1)
    tick_only(qtbot, window, "grad-cam", "saliency", "hires-cam")
    settle(qtbot, window)
    assert view.tiles.count == before + 1
    assert painted == ["hires-cam"]
    assert all(pixels is first for pixels in (*shown, view.pixels(1)))


def test_the_panel_comes_back_as_it_was(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    """Nothing is computed when all is there; what was asked for meanwhile is."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, begun = panel_of(window).view_model, []
    view_model.maps_started.connect(begun.append)
    window.show_panel("kernels")
    window.show_panel("explain")
    settle(qtbot, window)
    assert begun == [] and len(view_model.maps) == 4
    window.show_panel("kernels")
    view_model.ask(index=3)
    window.workspace.update_image(load_sample("digit-8"))
    window.show_panel("explain")
    settle(qtbot, window)
    assert begun and {one.target for one in view_model.maps} == {ScoreTarget(3)}
    assert view_model.explained is not None and view_model.explained.image is window.workspace.image


def test_the_last_style_is_the_one_on_show(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    """Also when it is the one before the last, whose pictures were still on show."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view = panel_of(window).grid
    first = view.pixels(1).copy()
    opacity = panel_of(window).method_column.opacity
    start = opacity.value
    for value in (10, 50, 90):
        opacity.set_value(value)
        opacity.changed.emit(value)
    settle(qtbot, window)
    strong = view.pixels(1).copy()
    assert not np.array_equal(strong, first)
    for value in (20, 90, 20, start):
        opacity.set_value(value)
        opacity.changed.emit(value)
    settle(qtbot, window)
    np.testing.assert_array_equal(view.pixels(1), first)


def test_tiles_that_wait_follow_the_theme(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view, view_model = panel_of(window).grid, panel_of(window).view_model
    came = when_half_done(window, lambda: press(qtbot, child(window, QWidget, "status.job.cancel")))
    tick_only(qtbot, window, "integrated-gradients", "rise")
    settle(qtbot, window)
    assert came and view_model.attribution(view_model.requests[-1]) is None
    assert captions(window)[2] == "RISE: stopped, click to go on"
    light = view.pixels(2).mean()
    theme.apply("dark")
    settle(qtbot, window)
    try:
        assert view.pixels(2).mean() < light - 50
    finally:
        theme.apply("light")
