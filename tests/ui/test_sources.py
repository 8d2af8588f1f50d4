"""Images that are drawn or come from a camera: the workspace follows live."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QSlider, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import press, small_images

from convscope.imaging.image import Image
from convscope.imaging.io.camera import MISSING, Camera
from convscope.ui.main_window import MainWindow
from convscope.ui.sources.camera_view import CameraView
from convscope.ui.sources.drawing_pad import DrawingPad
from convscope.workspace.snapshot import restore, take
from convscope.workspace.workspace import Workspace


@pytest.fixture
def pad(window: MainWindow, qtbot: QtBot) -> DrawingPad:
    """The pad, opened by its button."""
    press(qtbot, window, "strip.draw")
    found = window.findChild(DrawingPad)
    assert found is not None and found.isVisible()
    return found


def push(qtbot: QtBot, pad: DrawingPad | CameraView, name: str) -> None:
    """Click a push button."""
    qtbot.mouseClick(pad.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def draw_line(
    qtbot: QtBot, pad: DrawingPad, row: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton
) -> None:
    """A line from left to right at a height between 0 and 1."""
    surface = pad.surface
    at = [QPoint(round(surface.width() * x), round(surface.height() * row)) for x in (0.2, 0.5, 0.8)]
    qtbot.mousePress(surface, button, pos=at[0])
    for position in at[1:]:
        qtbot.mouseMove(surface, position)
    qtbot.mouseRelease(surface, button, pos=at[-1])


def test_the_pad_opens_on_a_black_28_by_28_image(pad: DrawingPad, window: MainWindow) -> None:
    image = window.workspace.image
    assert image.name == "drawing" and image.values.shape == (28, 28) and not image.values.any()
    assert len(window.workspace.images) == 4


def test_every_move_of_a_stroke_updates_the_current_image(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    frames: list[Image] = []
    window.workspace.image_changed.connect(frames.append)
    draw_line(qtbot, pad, 0.5)
    # Down, two moves; the strip keeps one image for the whole drawing.
    assert len(frames) >= 3 and frames[-1] is window.workspace.image
    assert len(window.workspace.images) == 4
    values = window.workspace.image.values
    assert values[14, 14] == 255 and values[13:15, 8:20].any() and not values[0].any()
    assert np.array_equal(values, pad.surface.canvas.render())


def test_the_pad_of_another_window_goes_on_with_the_strokes(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    draw_line(qtbot, pad, 0.3)
    one = window.workspace.image.values
    draw_line(qtbot, pad, 0.6, Qt.MouseButton.RightButton)
    draw_line(qtbot, pad, 0.8)
    later = Workspace(small_images(1))
    restore(later, take(window.workspace))
    again = DrawingPad(later)
    qtbot.addWidget(again)
    again.open_pad()
    assert len(later.images) == len(window.workspace.images) and later.image.id == window.workspace.image.id
    assert np.array_equal(again.surface.canvas.render(), pad.surface.canvas.render())
    draw_line(qtbot, again, 0.9)
    for _ in range(3):
        qtbot.mouseClick(again.findChild(QToolButton, "pad.undo"), Qt.MouseButton.LeftButton)
    assert np.array_equal(later.image.values, one)
    # Closed, it is a picture like any other: the pad begins anew.
    later.remove_image(later.image.id)
    third = DrawingPad(later)
    qtbot.addWidget(third)
    third.open_pad()
    assert not later.image.values.any()


def test_eraser_right_button_undo_and_clear(pad: DrawingPad, window: MainWindow, qtbot: QtBot) -> None:
    draw_line(qtbot, pad, 0.5)
    drawn = window.workspace.image.values
    qtbot.mouseClick(pad.findChild(QToolButton, "pad.eraser"), Qt.MouseButton.LeftButton)
    draw_line(qtbot, pad, 0.5)
    assert window.workspace.image.values[14, 14] == 0
    qtbot.mouseClick(pad.findChild(QToolButton, "pad.undo"), Qt.MouseButton.LeftButton)
    assert np.array_equal(window.workspace.image.values, drawn)
    qtbot.mouseClick(pad.findChild(QToolButton, "pad.brush"), Qt.MouseButton.LeftButton)
    draw_line(qtbot, pad, 0.5, Qt.MouseButton.RightButton)
    assert window.workspace.image.values[14, 14] == 0
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(window.workspace.image.values, drawn)
    push(qtbot, pad, "pad.clear")
    assert not window.workspace.image.values.any()


def test_what_was_drawn_is_taken_back_and_done_again_in_order(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    """Strokes, the size, a cleared pad, by the keys that people know; the window's own undo stays apart."""
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    undo, redo = (pad.findChild(QToolButton, f"pad.{name}") for name in ("undo", "redo"))
    assert not undo.isEnabled() and not redo.isEnabled()
    before = window.workspace.undo_label
    states = [window.workspace.image.values]
    for act in (
        lambda: draw_line(qtbot, pad, 0.3),
        lambda: draw_line(qtbot, pad, 0.6),
        lambda: draw_line(qtbot, pad, 0.3, Qt.MouseButton.RightButton),
        lambda: pad.findChild(QComboBox, "pad.size").setCurrentIndex(1),
        lambda: push(qtbot, pad, "pad.clear"),
    ):
        act()
        states.append(window.workspace.image.values)
    assert undo.toolTip() == "Undo: clear" and window.workspace.undo_label == before
    for state in states[-2::-1]:
        qtbot.keyClick(pad, Qt.Key.Key_Z, control)
        np.testing.assert_array_equal(window.workspace.image.values, state)
    assert not undo.isEnabled() and redo.toolTip() == "Redo: draw a stroke"
    assert pad.findChild(QComboBox, "pad.size").currentText() == "28 × 28"
    keys = ((Qt.Key.Key_Y, control), (Qt.Key.Key_Z, control | shift))
    for number, state in enumerate(states[1:]):
        qtbot.keyClick(pad, *keys[number % 2])
        np.testing.assert_array_equal(window.workspace.image.values, state)
    # A new drawing begins with nothing to take back.
    push(qtbot, pad, "pad.new")
    assert not undo.isEnabled() and not redo.isEnabled()


def test_undo_while_the_pen_is_down_gives_up_the_stroke(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    draw_line(qtbot, pad, 0.3)
    first = window.workspace.image.values
    qtbot.mousePress(pad.surface, Qt.MouseButton.LeftButton, pos=QPoint(100, 200))
    qtbot.mouseMove(pad.surface, QPoint(160, 240))
    assert not np.array_equal(window.workspace.image.values, first)
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(window.workspace.image.values, first)
    qtbot.mouseRelease(pad.surface, Qt.MouseButton.LeftButton, pos=QPoint(160, 240))
    qtbot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not window.workspace.image.values.any()


def test_a_wider_brush_paints_more(pad: DrawingPad, window: MainWindow, qtbot: QtBot) -> None:
    draw_line(qtbot, pad, 0.3)
    thin = int((window.workspace.image.values > 0).sum())
    push(qtbot, pad, "pad.clear")
    pad.findChild(QSlider, "pad.width").setValue(40)
    draw_line(qtbot, pad, 0.3)
    assert (window.workspace.image.values > 0).sum() > 2 * thin


def test_another_size_draws_the_strokes_again(pad: DrawingPad, window: MainWindow, qtbot: QtBot) -> None:
    draw_line(qtbot, pad, 0.5)
    pad.findChild(QComboBox, "pad.size").setCurrentIndex(3)
    values = window.workspace.image.values
    assert values.shape == (64, 64) and values[32, 32] == 255 and not values[5].any()


def test_a_new_drawing_leaves_the_last_one_in_the_strip(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    draw_line(qtbot, pad, 0.5)
    first = window.workspace.image
    push(qtbot, pad, "pad.new")
    assert window.workspace.image.name == "drawing 2" and first in window.workspace.images


def test_a_stroke_comes_back_to_the_drawing_wherever_the_person_has_been(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    before = window.workspace.images[0]
    window.workspace.select_image(window.workspace.images[0].id)
    draw_line(qtbot, pad, 0.5)
    assert window.workspace.images[0] is before and window.workspace.image.name == "drawing"
    window.workspace.remove_image(window.workspace.image.id)
    draw_line(qtbot, pad, 0.7)
    assert window.workspace.image.name == "drawing" and len(window.workspace.images) == 4


def test_done_closes_the_pad_and_the_button_opens_it_again_with_the_drawing(
    pad: DrawingPad, window: MainWindow, qtbot: QtBot
) -> None:
    draw_line(qtbot, pad, 0.5)
    push(qtbot, pad, "pad.done")
    assert not pad.isVisible()
    window.sources.draw()
    assert pad.isVisible() and pad.surface.canvas.strokes
    assert len(window.workspace.images) == 4


class FakeDevice:
    """A camera whose every frame is one brighter; (row 0, column 0) is pure blue in OpenCV's order."""

    def __init__(self, opened: bool = True) -> None:
        self.opened, self.released, self.frames = opened, False, 0

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.002)
        self.frames += 1
        frame = np.full((6, 8, 3), min(255, self.frames), np.uint8)
        frame[0, 0] = (255, 0, 0)
        return True, frame

    def release(self) -> None:
        self.released = True


@pytest.fixture
def device() -> FakeDevice:
    """A camera that works."""
    return FakeDevice()


@pytest.fixture
def camera(
    window: MainWindow, device: FakeDevice, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> CameraView:
    """The camera's controls on that device, opened by the button."""

    def view(*arguments: Any) -> CameraView:
        return CameraView(*arguments, make_camera=lambda index: Camera(index, lambda _: device))

    monkeypatch.setattr("convscope.ui.sources.sources.CameraView", view)
    press(qtbot, window, "strip.camera")
    found = window.findChild(CameraView)
    assert found is not None
    return found


def camera_threads() -> list[threading.Thread]:
    """The threads that read a camera."""
    return [thread for thread in threading.enumerate() if thread.name == "convscope-camera"]


def test_the_newest_frame_is_the_current_image(
    camera: CameraView, window: MainWindow, device: FakeDevice, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: window.workspace.image.name == "camera")
    first = window.workspace.image
    assert first.values.shape == (6, 8, 3) and first.values[0, 0].tolist() == [0, 0, 255]
    qtbot.waitUntil(lambda: window.workspace.image is not first)
    assert len(window.workspace.images) == 4
    assert "6 × 8 pixels" in camera.findChild(QLabel, "camera.state").text()
    push(qtbot, camera, "camera.done")
    qtbot.waitUntil(lambda: device.released and window.jobs.idle() and not camera_threads())
    assert window.workspace.image.name == "camera"


def test_freeze_and_go_on(camera: CameraView, window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.workspace.image.name == "camera")
    push(qtbot, camera, "camera.freeze")
    still = window.workspace.image
    qtbot.wait(120)
    assert window.workspace.image is still
    push(qtbot, camera, "camera.freeze")
    qtbot.waitUntil(lambda: window.workspace.image is not still)


def test_a_kept_picture_stays_while_the_camera_goes_on(
    camera: CameraView, window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: window.workspace.image.name == "camera")
    push(qtbot, camera, "camera.keep")
    assert [image.name for image in window.workspace.images[-2:]] == ["camera", "camera picture"]
    kept = window.workspace.images[-1]
    live = window.workspace.image
    qtbot.waitUntil(lambda: window.workspace.image is not live)
    assert window.workspace.image.name == "camera" and window.workspace.images[-1] is kept


def test_escape_lets_the_camera_go(camera: CameraView, device: FakeDevice, qtbot: QtBot) -> None:
    qtbot.keyClick(camera, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not camera_threads())
    assert not camera.isVisible() and device.released


def test_closing_the_window_lets_the_camera_go(
    camera: CameraView, window: MainWindow, device: FakeDevice, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: window.workspace.image.name == "camera")
    window.close()
    assert device.released and not camera_threads()


class TestWithoutACamera:
    """The control says so, and works when one is connected."""

    @pytest.fixture
    def device(self) -> FakeDevice:
        return FakeDevice(opened=False)

    def test_the_control_says_so_and_tries_again(
        self, camera: CameraView, window: MainWindow, device: FakeDevice, qtbot: QtBot
    ) -> None:
        before = window.workspace.images
        label = camera.findChild(QLabel, "camera.state")
        qtbot.waitUntil(lambda: label.text() == MISSING)
        assert window.workspace.images == before
        again = camera.findChild(QPushButton, "camera.again")
        assert again.isVisible() and not camera.findChild(QPushButton, "camera.freeze").isEnabled()
        device.opened = True
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: window.workspace.image.name == "camera")
        QApplication.processEvents()
        assert not again.isVisible()
