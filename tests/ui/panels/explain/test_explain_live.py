"""What is live is followed: a frame's wall is finished, then the newest frame is taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from explain_helpers import LONG, child, panel_of, press, settle
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from convscope.core.task import Task
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.io.camera import Camera
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.explain.map_jobs import StartedMaps
from convscope.ui.sources.camera_view import CameraView


class Device:
    """A camera whose bar moves on by a pixel with every frame; the first pixel counts the frames."""

    def __init__(self) -> None:
        self.sent = 0
        self.going = threading.Event()
        self.going.set()

    def isOpened(self) -> bool:
        return True

    def read(self) -> tuple[bool, Any]:
        self.going.wait(10)
        self.sent += 1
        frame = np.zeros((56, 56, 3), np.uint8)
        at = self.sent % 40
        frame[8:48, at : at + 8] = 255
        frame[0, 0] = self.sent % 256
        return True, frame

    def release(self) -> None:
        self.going.set()


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def camera(
    window: MainWindow, device: Device, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CameraView]:
    """The camera's controls on that device; not started yet."""

    def view(*arguments: Any) -> CameraView:
        return CameraView(*arguments, make_camera=lambda index: Camera(index, lambda _: device))

    monkeypatch.setattr("convscope.ui.sources.sources.CameraView", view)
    window.sources.camera()
    found = window.findChild(CameraView)
    assert found is not None
    yield found
    device.going.set()
    found.close()
    settle(qtbot, window)
    qtbot.waitUntil(
        lambda: not [one for one in threading.enumerate() if one.name == "convscope-camera"], timeout=LONG
    )


def frames(window: MainWindow) -> list[Image]:
    """The pictures whose walls are hung from now on; each wall must be whole and of one picture."""
    view_model, seen = panel_of(window).view_model, []

    def begun(made: StartedMaps) -> None:
        # Another question about the same picture is no frame.
        if view_model.live and made.explained.image not in seen[-1:]:
            seen.append(made.explained.image)
            quick = [one for one in made.requests if one.method not in ("occlusion", "rise")]
            answers = [view_model.attribution(request) for request in quick]
            assert all(one is not None and one.done == 1 for one in answers)
            assert {one.pixels.tobytes() for one in answers if one} == {
                made.explained.prepared.pixels.tobytes()
            }

    view_model.maps_started.connect(begun)
    return seen


def number(image: Image) -> int:
    """Which frame it is."""
    return int(image.pixels[0, 0, 0])


def test_the_camera_does_not_starve_the_wall(
    camera: CameraView, window: MainWindow, digits: OpenedModel, device: Device, qtbot: QtBot
) -> None:
    """It sends frames faster than walls are made: whole walls are hung, each of a newer frame."""
    seen = frames(window)
    window.workspace.add_model(digits)
    qtbot.waitUntil(lambda: len(seen) >= 6, timeout=LONG)
    numbers = [number(image) for image in seen]
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    assert child(window, QLabel, "explain.live").isVisible()
    # Nothing flickers: what is followed is never dim.
    assert child(window, Veil, "explain.wall.veil").isHidden()
    device.going.clear()
    settle(qtbot, window)
    # The newest frame is answered at last, and is what the wall shows.
    assert (
        seen[-1] is window.workspace.image
        and panel_of(window).view_model.explained.image is window.workspace.image
    )
    wall = child(window, MosaicView, "explain.wall")
    shown = np.asarray(panel_of(window).view_model.explained.prepared.pixels)
    np.testing.assert_array_equal(wall.pixels(0)[..., 0], shown if shown.ndim == 2 else shown[..., 0])


def test_what_takes_long_waits_for_a_still_picture(
    camera: CameraView, window: MainWindow, digits: OpenedModel, device: Device, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    panel_of(window).view_model.ask(methods=("grad-cam", "rise"))
    seen = frames(window)
    qtbot.waitUntil(lambda: len(seen) >= 4, timeout=LONG)
    wall, view_model = child(window, MosaicView, "explain.wall"), panel_of(window).view_model
    qtbot.waitUntil(lambda: wall.caption(2) == "RISE: waits for a still picture", timeout=LONG)
    press(qtbot, child(camera, QPushButton, "camera.freeze"))
    settle(qtbot, window)
    assert [one.method for one in view_model.maps] == ["grad-cam", "rise"]
    assert view_model.explained is not None and view_model.explained.image is window.workspace.image
    assert wall.caption(2).startswith("RISE: ") and "waits" not in wall.caption(2)


def test_another_image_that_a_person_chooses_supersedes_the_camera_at_once_and_stays(
    camera: CameraView, window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    seen = frames(window)
    window.workspace.add_model(digits)
    qtbot.waitUntil(lambda: len(seen) >= 2, timeout=LONG)
    chosen = window.workspace.images[0]
    window.workspace.select_image(chosen.id)
    assert chosen.name in child(window, Veil, "explain.wall.veil").words
    before = len(seen)
    qtbot.waitUntil(lambda: len(panel_of(window).view_model.maps) == 4, timeout=LONG)
    assert panel_of(window).view_model.explained.image is chosen and len(seen) == before
    assert not child(window, QLabel, "explain.live").isVisible()
    # The camera goes on in its place of the strip, and fetches nobody back.
    place = next(image for image in window.workspace.images if image.name == "camera")
    qtbot.waitUntil(
        lambda: next(image for image in window.workspace.images if image.id == place.id) is not place,
        timeout=LONG,
    )
    assert window.workspace.image is chosen
    window.workspace.select_image(place.id)
    qtbot.waitUntil(lambda: len(seen) >= before + 2, timeout=LONG)


def test_a_question_about_something_live_does_not_wait_for_the_wall(
    camera: CameraView, window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    seen = frames(window)
    window.workspace.add_model(digits)
    qtbot.waitUntil(lambda: len(seen) >= 2, timeout=LONG)
    view_model = panel_of(window).view_model
    view_model.ask(methods=("saliency",), index=3)
    before = len(seen)
    qtbot.waitUntil(lambda: len(seen) >= before + 2, timeout=LONG)
    assert [(request.method, request.target.index) for request in view_model.requests] == [("saliency", 3)]


def test_another_question_about_something_live_dims_what_does_not_answer_it(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    view_model, veil = panel_of(window).view_model, child(window, Veil, "explain.wall.veil")
    begun, go = threading.Event(), threading.Event()

    def hold(_task: Task) -> None:
        begun.set()
        go.wait(300)

    window.jobs.submit("engine", hold, title="Something else", quiet=True)
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    window.workspace.update_image(Image(np.full((28, 28), 9, np.uint8), "drawing"))
    # The frame before is what is followed, and answers the question.
    assert veil.isHidden()
    view_model.ask(index=3)
    assert "drawing" in veil.words or view_model.explained.image.name in veil.words
    assert not veil.isHidden()
    go.set()
    settle(qtbot, window)
    assert veil.isHidden() and {one.target.index for one in view_model.maps if one.target_words == "3"} == {3}


def test_a_stroke_gives_up_what_takes_long(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    """A drawing's strokes are the person's own changes."""
    window.workspace.add_model(digits)
    view_model = panel_of(window).view_model
    view_model.ask(methods=("grad-cam", "rise"), settings={"rise": {"masks": 8000}})
    rise: list[float] = []
    view_model.map_arrived.connect(
        lambda made: rise.append(made.done) if made.request.method == "rise" else None
    )
    qtbot.waitUntil(lambda: bool(rise), timeout=LONG)
    job = next(one for one in window.jobs.running() if one.title.startswith("RISE"))
    stroke = np.zeros((28, 28), np.uint8)
    stroke[4:24, 10:14] = 255
    window.workspace.update_image(Image(stroke, "drawing"))
    assert job.task.cancelled
    view_model.ask(settings={"rise": {"masks": 100}})
    settle(qtbot, window)
    assert (
        len(view_model.maps) == 2
        and view_model.explained is not None
        and view_model.explained.image is window.workspace.image
    )
    assert not window.status.findChildren(QWidget, "status.job")
