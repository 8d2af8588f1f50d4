"""A camera as a source of images: a thread reads it and keeps the newest frame only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.image import Image

CameraState = Literal["closed", "opening", "running", "failed"]

MISSING = "No camera was found: connect one, or check that no other program uses it."
STOPPED = "The camera stopped sending pictures: check its cable, then start it again."
_MISSED_FRAMES = 25
_PAUSE_S = 0.01  # also bounds the frame rate of a device that never waits


class Device(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool:
        """Whether there is a device."""
        ...

    def read(self) -> tuple[bool, Any]:
        """Wait for a frame: (True, uint8 H×W×3 BGR), or (False, None)."""
        ...

    def release(self) -> None: ...


def _open_with_opencv(index: int) -> Device:
    return cv2.VideoCapture(index)


class Camera:
    """One camera. Use from any thread; `close` ends the reading thread.

    Args:
        index: which camera of the machine, from 0.
        open_device: opens it; replaced in tests.
    """

    def __init__(self, index: int = 0, open_device: Callable[[int], Device] = _open_with_opencv) -> None:
        self._index = index
        self._open_device = open_device
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._state: CameraState = "closed"
        self._error = ""
        self._frame: NDArray[np.uint8] | None = None
        self._image: Image | None = None
        self._frozen = False

    @property
    def state(self) -> CameraState:
        """Whether it is closed, being opened, running, or has failed: then `error` says why."""
        return self._state

    @property
    def error(self) -> str:
        """One sentence on why it failed, or nothing."""
        return self._error

    @property
    def frozen(self) -> bool:
        """Whether the picture stands still."""
        return self._frozen

    def available(self) -> bool:
        """Whether there is a camera; opens it for that, which may take a second."""
        if self._state == "running":
            return True
        try:
            device = self._open_device(self._index)
            try:
                return device.isOpened()
            finally:
                device.release()
        except Exception:  # a driver may raise anything; then there is no camera to use
            return False

    def start(self) -> None:
        """Begin to read, in a thread of its own; returns at once, and does nothing if it already reads."""
        with self._lock:
            if self._state in ("opening", "running"):
                return
            self._state, self._error = "opening", ""
            self._frame = self._image = None
            self._frozen = False
            # Each run has its own event, so that a thread stuck in a driver can never come back to life.
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._read, args=(self._stop,), name="convscope-camera", daemon=True
            )
            self._thread.start()

    def latest(self) -> Image | None:
        """The newest frame, RGB; the same object until there is a newer one; None before the first."""
        with self._lock:
            if self._frame is not None and not self._frozen:
                self._image = Image(self._frame, "camera")
                self._frame = None
            return self._image

    def freeze(self, frozen: bool = True) -> None:
        """Let the picture stand still at the newest frame, or go on."""
        self.latest()
        with self._lock:
            self._frozen = frozen

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop reading and let the device go; the last picture stays.

        Waits for the thread, at most `timeout_s` for a driver that hangs.
        """
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
            self._state = "closed"
        if thread is not None:
            thread.join(timeout_s)

    def _read(self, stop: threading.Event) -> None:
        device: Device | None = None
        error = MISSING
        try:
            device = self._open_device(self._index)
            if device.isOpened():
                self._become("running", stop)
                error = STOPPED
                self._read_frames(device, stop)
        except Exception as problem:  # a driver may raise anything, and the user must hear of it
            error = f"The camera failed: {problem}".rstrip(".") + "; connect it again."
        finally:
            if device is not None:
                with suppress(Exception):  # the reason above is the one to tell
                    device.release()
            self._become("failed", stop, error)

    def _read_frames(self, device: Device, stop: threading.Event) -> None:
        """Until stopped, or too many frames in a row are missing."""
        missed = 0
        while not stop.is_set() and missed < _MISSED_FRAMES:
            good, frame = device.read()
            missed = 0 if good else missed + 1
            if good and not stop.is_set():
                colours = np.asarray(
                    frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8
                )
                with self._lock:
                    self._frame = colours
            stop.wait(_PAUSE_S)

    def _become(self, state: CameraState, stop: threading.Event, error: str = "") -> None:
        with self._lock:
            if not stop.is_set():
                self._state, self._error = state, error
