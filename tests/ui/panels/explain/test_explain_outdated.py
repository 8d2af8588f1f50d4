"""What answers another question is dim and says so, and its job ends within a pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from explain_helpers import LONG, child, panel_of, press, settle, tick_only
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.result import Attribution
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.main_window import MainWindow
from convscope.ui.plots.class_bars import ClassBars


class Passes:
    """Counts how often a network is asked about an image by the maps of the panel."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._counts: dict[str, int] = {}
        for name in ("scores", "input_gradients", "layer_gradient"):
            monkeypatch.setattr(AttributionContext, name, self._counting(getattr(AttributionContext, name)))

    def of(self, name: str) -> int:
        """Passes of an image so far."""
        return self._counts.get(name, 0)

    def _counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(look: AttributionContext, *arguments: Any, **options: Any) -> Any:
            self._counts[look.image.name] = self._counts.get(look.image.name, 0) + 1
            return method(look, *arguments, **options)

        return counted


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    return Passes(monkeypatch)


@contextmanager
def engine_held(window: MainWindow, qtbot: QtBot) -> Iterator[None]:
    """Keep the lane that answers busy with something else."""
    begun, go = threading.Event(), threading.Event()

    def work(_task: Task) -> None:
        begun.set()
        go.wait(300)

    window.jobs.submit("engine", work, title="Something else", quiet=True)
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    try:
        yield
    finally:
        go.set()


def veil(window: MainWindow, name: str) -> str:
    """What lies over a part; "" where nothing does."""
    found = child(window, Veil, name)
    assert found.isHidden() == (not found.words)
    return found.words


def contrast(widget: QWidget) -> float:
    """How strongly what is seen of it stands out."""
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return float(pixels[..., :3].std())


def growing(window: MainWindow, qtbot: QtBot, method: str) -> None:
    """Wait until a slow map has begun to grow."""
    came: list[float] = []

    def arrived(made: object) -> None:
        if isinstance(made, Attribution) and made.method == method:
            came.append(made.done)

    view_model = panel_of(window).view_model
    view_model.map_arrived.connect(arrived)
    qtbot.waitUntil(lambda: bool(came), timeout=LONG)
    view_model.map_arrived.disconnect(arrived)
    assert came[-1] < 1


SLOW = {"occlusion": {"stride": 10.0}, "rise": {"masks": 8000}, "integrated-gradients": {"steps": 400}}


@pytest.mark.parametrize("method", SLOW)
def test_with_a_slow_map_in_work_another_image_is_answered_at_once(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, passes: Passes, method: str
) -> None:
    """`passes` counts batches: the job of the old image ends within one."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel = panel_of(window)
    panel.view_model.ask(methods=("grad-cam", method), settings={method: SLOW[method]})
    growing(window, qtbot, method)
    old, new = window.workspace.images[:2]
    bright = contrast(panel.grid)
    window.workspace.select_image(new.id)
    before = passes.of(old.name)
    # Before the event loop turns.
    words = veil(window, "explain.wall.veil")
    assert old.name in words and new.name in words
    assert contrast(panel.grid) < 0.55 * bright
    assert child(window, ClassBars, "explain.classes").outdated == f"Still of {old.name}."
    assert child(window, QLabel, "explain.explained").text() == "…"
    assert child(window, QLabel, "explain.facts").text() == "working…"
    assert panel.view_model.attribution() is None
    settle(qtbot, window)
    assert passes.of(old.name) <= before + 1
    assert (
        veil(window, "explain.wall.veil") == "" and not child(window, ClassBars, "explain.classes").outdated
    )
    assert {one.pixels.tobytes() for one in panel.view_model.maps} == {
        panel.view_model.explained.prepared.pixels.tobytes()
    }
    assert [one.done for one in panel.view_model.maps] == [1, 1]
    assert not window.status.findChildren(QWidget, "status.job")


def test_quick_maps_are_given_up_within_a_pass(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those in the lane of short jobs, and before anything was shown."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, old = panel_of(window).view_model, window.workspace.image
    begun, go, asked = threading.Event(), threading.Event(), []
    plain = AttributionContext.input_gradients

    def slowly(look: AttributionContext, *arguments: Any, **options: Any) -> Any:
        asked.append(look.image.name)
        if look.image is old:
            begun.set()
            go.wait(300)
        return plain(look, *arguments, **options)

    monkeypatch.setattr(AttributionContext, "input_gradients", slowly)
    view_model.ask(methods=("gradient-x-input", "guided-backprop", "guided-grad-cam"))
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    window.workspace.select_image(window.workspace.images[1].id)
    go.set()
    settle(qtbot, window)
    assert asked.count(old.name) == 1, "the pass in work and none after it"
    assert (
        len(view_model.maps) == 3
        and view_model.explained is not None
        and view_model.explained.image is window.workspace.image
    )


@pytest.mark.parametrize("what", ["model", "class", "setting", "method"])
def test_a_slow_map_that_answers_nothing_any_more_ends_within_a_pass(
    window: MainWindow,
    digits: OpenedModel,
    garments: OpenedModel,
    qtbot: QtBot,
    passes: Passes,
    what: str,
) -> None:
    window.workspace.add_model(garments)
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, image = panel_of(window).view_model, window.workspace.image
    view_model.ask(methods=("rise",), settings={"rise": {"masks": 8000}})
    growing(window, qtbot, "rise")
    left = next(job for job in window.jobs.running() if job.title.startswith("RISE"))
    before = passes.of(image.name)
    if what == "model":
        window.workspace.select_model(garments.id)
        assert all(word in veil(window, "explain.wall.veil") for word in (digits.name, garments.name))
    elif what == "class":
        view_model.ask(index=3)
    elif what == "setting":
        view_model.set_setting("rise", "masks", 50)
    else:
        view_model.ask(methods=("saliency",))
    # Whatever runs from now on is asked to: nothing of the old map.
    assert left.task.cancelled
    if what == "model":
        # Another network is no other image: its own passes are counted as well.
        return
    settle(qtbot, window)
    made = passes.of(image.name) - before
    # 8000 masks are 32 batches; 50 are one.
    most = {"class": 40, "setting": 4, "method": 4}[what]
    assert made <= most
    assert left.state == "cancelled"


def test_everything_is_dim_until_it_is_answered(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    """In all three views, and in the other panels that tell the classes."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    panel, view_model = panel_of(window), panel_of(window).view_model
    press(qtbot, child(window, QToolButton, "explain.view.large"))
    settle(qtbot, window)
    old, new = window.workspace.images[:2]
    view = child(window, ImageView, "explain.large.view")
    shown = view.parentWidget()
    bright = contrast(shown)
    with engine_held(window, qtbot):
        window.workspace.select_image(new.id)
        qtbot.wait(20)
        assert old.name in veil(window, "explain.large.veil") and contrast(shown) < 0.55 * bright
        press(qtbot, child(window, QToolButton, "explain.view.truth"))
        assert old.name in veil(window, "explain.truth.veil")
        assert panel.checks.view_model.curves is None and panel.checks.view_model.agreement is None
        assert not panel.checks.run_curves.isEnabled() and not panel.checks.run_randomised.isEnabled()
        press(qtbot, child(window, QToolButton, "explain.view.wall"))
        assert old.name in veil(window, "explain.wall.veil")
        # Nothing of the old image can be saved under the new one's name.
        commands = {one.id: one.enabled for one in panel.exports.commands()}
        assert not any(commands[name] for name in commands if name.startswith("explain.save"))
        window.show_panel("model")
        bars = child(window, ClassBars, "model.classes")
        assert bars.outdated == f"Still of {old.name}." or not bars.rows
        window.show_panel("explain")
    settle(qtbot, window)
    for name in ("wall", "large", "truth"):
        press(qtbot, child(window, QToolButton, f"explain.view.{name}"))
        settle(qtbot, window)
        assert veil(window, f"explain.{name}.veil") == ""
    assert view_model.explained is not None and view_model.explained.image is new


def test_the_classes_of_the_model_panel_are_dim_under_another_image(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    window.show_panel("model")
    settle(qtbot, window)
    bars, reason = child(window, ClassBars, "model.classes"), child(window, QLabel, "model.reason")
    old, new = window.workspace.images[:2]
    assert bars.rows and old.name in reason.text()
    with engine_held(window, qtbot):
        window.workspace.select_image(new.id)
        assert bars.outdated == f"Still of {old.name}." and old.name not in reason.text()
        # Back again, they answer.
        window.workspace.select_image(old.id)
        assert bars.outdated == ""
        window.workspace.select_image(new.id)
    settle(qtbot, window)
    assert bars.outdated == "" and new.name in reason.text()


def test_a_panel_that_was_left_comes_back_dim(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    old, new = window.workspace.images[:2]
    window.show_panel("kernels")
    window.workspace.select_image(new.id)
    settle(qtbot, window)
    with engine_held(window, qtbot):
        window.show_panel("explain")
        assert old.name in veil(window, "explain.wall.veil")
        assert child(window, ClassBars, "explain.classes").outdated
    settle(qtbot, window)
    assert veil(window, "explain.wall.veil") == ""


def test_another_class_is_on_the_wall_at_once_and_the_strip_waits_for_it(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    """The tiles of the old class do not stand as if they were of the new one."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, wall = panel_of(window).view_model, child(window, MosaicView, "explain.wall")
    strip = view_model.stage_maps
    with engine_held(window, qtbot):
        view_model.ask(index=5)
        assert {request.target.index for request in view_model.requests if request.target} == {5}
        assert [wall.caption(n) for n in range(1, 3)] == ["Grad-CAM …", "LayerCAM …"]
        assert veil(window, "explain.stages.veil") and veil(window, "explain.wall.veil") == ""
        assert child(window, QLabel, "explain.facts").text() == "working…"
        press(qtbot, child(window, QToolButton, "explain.view.large"))
        assert "Grad-CAM" in veil(window, "explain.large.veil")
    settle(qtbot, window)
    assert veil(window, "explain.stages.veil") == veil(window, "explain.large.veil") == ""
    assert view_model.stage_maps is not strip and {one.target.index for one in view_model.stage_maps} == {5}


def test_curves_of_another_map_end_with_it(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, passes: Passes
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    press(qtbot, child(window, QToolButton, "explain.view.truth"))
    truth = panel_of(window).checks
    press(qtbot, truth.run_randomised)
    qtbot.waitUntil(lambda: truth.view_model.randomised is not None, timeout=LONG)
    window.workspace.select_image(window.workspace.images[1].id)
    assert (
        truth.view_model.randomised is None
        and not child(window, MosaicView, "explain.truth.maps").isVisible()
    )
    assert all(job.task.cancelled for job in window.jobs.running() if job.key == "explain.randomised")
    settle(qtbot, window)
    assert truth.view_model.randomised is None


def test_a_failed_explanation_leaves_nothing_standing(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is told, and the wall of the image before stays dim."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    new = window.workspace.images[1]

    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("convscope.ui.panels.explain.map_jobs.QuickMaps.run", broken)
    window.workspace.select_image(new.id)
    settle(qtbot, window)
    assert veil(window, "explain.wall.veil") == f"{new.name} could not be explained."


def test_a_drag_shows_something_while_it_lasts(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    """Each step of a drag would give up the map of the last one before it is there."""
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model = panel_of(window).view_model
    view_model.ask(methods=("smooth-grad",), settings={"smooth-grad": {"samples": 32}})
    settle(qtbot, window)
    came: list[float] = []
    view_model.map_arrived.connect(lambda made: came.append(made.settings["noise"]))
    noise = 5.0

    def drag() -> bool:
        """One more step of a drag that does not end before two pictures of it have come."""
        nonlocal noise
        noise = round(noise + 0.001, 3)
        view_model.set_setting("smooth-grad", "noise", noise)
        return len(set(came)) >= 2

    qtbot.waitUntil(drag)
    settle(qtbot, window)
    assert came[-1] == noise


def test_the_explained_class_follows_the_combo(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.add_model(digits)
    tick_only(qtbot, window, "grad-cam")
    settle(qtbot, window)
    with engine_held(window, qtbot):
        count = child(window, QComboBox, "explain.count")
        count.setCurrentIndex(count.findData("3"))
        assert child(window, MosaicView, "explain.wall").count == 3
    settle(qtbot, window)
    assert len(panel_of(window).view_model.maps) == 3
    assert load_sample("digit-2").name == window.workspace.image.name
