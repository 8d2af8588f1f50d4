"""The camera, with a device that the test drives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from convscope.imaging.io.camera import MISSING, STOPPED, Camera


class FakeDevice:
    """Sends frames 1, 2, 3 … whose pixels hold their number; each field says how it misbehaves."""

    def __init__(self, opened: bool = True, frames: int = 10**6, error: str = "", gray: bool = False) -> None:
        self.opened = opened
        self.frames = frames
        self.error = error
        self.gray = gray
        self.sent = 0
        self.released = 0

    def isOpened(self) -> bool:
        return self.opened

    def read(self) -> tuple[bool, object]:
        if self.error:
            raise RuntimeError(self.error)
        if self.sent >= self.frames:
            return False, None
        self.sent += 1
        if self.gray:
            return True, np.full((4, 6), self.sent % 256, np.uint8)
        return True, np.full((4, 6, 3), (1, 2, self.sent % 256), np.uint8)

    def release(self) -> None:
        self.released += 1


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def started() -> Iterator[Callable[[FakeDevice], Camera]]:
    """Starts cameras on fake devices; closes them, and checks that no thread is left."""
    threads = threading.active_count()
    cameras: list[Camera] = []

    def start(device: FakeDevice) -> Camera:
        camera = Camera(3, lambda index: device)
        cameras.append(camera)
        camera.start()
        return camera

    yield start
    for camera in cameras:
        camera.close()
    assert threading.active_count() == threads


Start = Callable[[FakeDevice], Camera]


def test_the_newest_frame_in_rgb(started: Start) -> None:
    device = FakeDevice()
    camera = started(device)
    wait_for(lambda: device.sent >= 5)
    sent = device.sent
    image = camera.latest()
    assert camera.state == "running"
    assert image is not None
    assert (image.name, image.path, image.values.shape) == ("camera", None, (4, 6, 3))
    # BGR (1, 2, n) became RGB, and older frames were dropped.
    assert image.values[0, 0].tolist()[1:] == [2, 1]
    assert image.values[0, 0, 0] >= sent - 1
    wait_for(lambda: camera.latest() is not image)


def test_the_same_object_until_there_is_a_newer_frame(started: Start) -> None:
    device = FakeDevice(frames=1)
    camera = started(device)
    wait_for(lambda: camera.latest())
    assert camera.latest() is camera.latest()


def test_gray_devices(started: Start) -> None:
    camera = started(FakeDevice(gray=True))
    wait_for(lambda: camera.latest())
    image = camera.latest()
    assert image is not None and image.values.shape == (4, 6)


def test_freeze_and_go_on(started: Start) -> None:
    device = FakeDevice()
    camera = started(device)
    wait_for(lambda: camera.latest())
    camera.freeze()
    still = camera.latest()
    sent = device.sent
    wait_for(lambda: device.sent > sent + 3)
    assert camera.frozen and camera.latest() is still
    camera.freeze(False)
    wait_for(lambda: camera.latest() is not still)
    assert not camera.frozen


def test_close_lets_the_device_go_and_start_takes_it_again(started: Start) -> None:
    device = FakeDevice()
    camera = started(device)
    camera.start()
    wait_for(lambda: camera.latest())
    camera.close()
    assert (camera.state, device.released) == ("closed", 1)
    last, sent = camera.latest(), device.sent
    assert last is not None
    camera.close()
    assert device.sent == sent
    camera.start()
    wait_for(lambda: device.sent > sent)
    camera.close()
    assert device.released == 2


def test_no_camera(started: Start) -> None:
    device = FakeDevice(opened=False)
    camera = started(device)
    wait_for(lambda: camera.state == "failed")
    assert camera.error == MISSING
    assert camera.latest() is None
    assert device.released == 1


def test_a_camera_that_is_unplugged(started: Start) -> None:
    camera = started(FakeDevice(frames=2))
    wait_for(lambda: camera.state == "failed")
    assert camera.error == STOPPED
    assert camera.latest() is not None


def test_a_driver_that_raises(started: Start) -> None:
    camera = started(FakeDevice(error="bus error."))
    wait_for(lambda: camera.state == "failed")
    assert camera.error == "The camera failed: bus error; connect it again."


def test_a_driver_that_sends_something_else(started: Start) -> None:
    class Strange(FakeDevice):
        def read(self) -> tuple[bool, object]:
            return True, np.zeros((4, 6, 2), np.uint8)

    camera = started(Strange())
    wait_for(lambda: camera.state == "failed")
    assert camera.error.startswith("The camera failed: ")
    assert camera.latest() is None


def test_a_driver_that_hangs_does_not_hold_up_the_closing() -> None:
    go_on = threading.Event()

    class Hanging(FakeDevice):
        def read(self) -> tuple[bool, object]:
            go_on.wait()
            return super().read()

    device = Hanging()
    camera = Camera(open_device=lambda index: device)
    camera.start()
    wait_for(lambda: camera.state == "running")
    camera.close(timeout_s=0.01)
    assert camera.state == "closed"
    go_on.set()
    wait_for(lambda: device.released)
    # What came too late changes nothing.
    assert camera.latest() is None and camera.state == "closed"


def test_available() -> None:
    def fails(index: int) -> FakeDevice:
        raise RuntimeError("no driver")

    device = FakeDevice()
    assert Camera(open_device=lambda index: device).available()
    assert device.released == 1
    assert not Camera(open_device=lambda index: FakeDevice(opened=False)).available()
    assert not Camera(open_device=fails).available()


def test_opencv_says_nothing_about_a_missing_camera(capfd: pytest.CaptureFixture[str]) -> None:
    camera = Camera(97)
    assert not camera.available()
    camera.start()
    wait_for(lambda: camera.state == "failed")
    camera.close()
    assert capfd.readouterr() == ("", "")
