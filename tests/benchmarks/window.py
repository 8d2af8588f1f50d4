"""The window: how long until it is there, from an edit to its paint, and what 500 edits leave behind.

Each is measured in a process of its own: an application is there once a process, and first paint means first.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.benchmarks.apart import apart
from tests.benchmarks.registry import Reading, benchmark

ROOT = Path(__file__).parents[2]


@benchmark("first paint of the window", target="≤ 1 s from the process's start", most=1000)
def first_paint(small: bool) -> Reading:
    """From the start of the process to the first paint, interpreter and imports included."""
    return Reading(apart("window", "start", repr(time.time()))[0], "ms")


@benchmark(
    "first paint of the window, against Qt, pyqtgraph and OpenCV", target="≤ 1.4 × a bare window", most=1.4
)
def first_paint_against_bare(small: bool) -> Reading:
    """Processor time up to the first paint, of processes in turn: ours, and a picture filtered in a label."""
    taken: dict[str, list[float]] = {"start": [], "bare": []}
    for _ in range(1 if small else 7):
        for kind, times in taken.items():
            times.append(apart("window", kind, repr(time.time()))[1])
    return Reading(statistics.median(taken["start"]) / statistics.median(taken["bare"]), "×")


@cache
def _edits(height: int, width: int, size: int, rounds: int) -> tuple[float, float]:
    """Milliseconds from an edit to its paint, and of OpenCV's bare `filter2D` with the same kernels."""
    ours, theirs = apart("window", "edit", height, width, size, rounds)
    return ours, theirs


def _edit(height: int, width: int, size: int, *, ratio: bool = False) -> Callable[[bool], Reading]:
    def make(small: bool) -> Reading:
        ours, theirs = _edits(*((96, 128) if small else (height, width)), size, 3 if small else 40)
        return Reading(ours / theirs, "×") if ratio else Reading(ours, "ms")

    return make


for _shape, _sizes in (((512, 512), {3: 16, 7: 16}), ((1080, 1920), {3: 33, 7: 33, 15: 100, 31: 100})):
    for _size, _limit in _sizes.items():
        benchmark(
            f"edit to paint, {_size}×{_size} on {_shape[1]}×{_shape[0]} RGB",
            target=f"≤ {_limit} ms",
            most=_limit,
        )(_edit(*_shape, _size))
for _size, _times in ((3, 3.0), (7, 2.0), (31, 1.3)):
    benchmark(
        f"edit to paint, {_size}×{_size} on 1920×1080 RGB, against a filter",
        target=f"≤ {_times:g} × cv2.filter2D",
        most=_times,
    )(_edit(1080, 1920, _size, ratio=True))


@benchmark("memory after 500 edits", target="the undo steps alone, ≤ 8 MB", most=8)
def growth(small: bool) -> Reading:
    """Resident memory after 500 edits against that after the first 100."""
    return Reading(*apart("window", "memory", 20 if small else 500), "MB")


# -- in the process apart ----------------------------------------------------------------------------------


def _window(image: np.ndarray[Any, Any]) -> Any:
    from convscope.imaging.image import Image
    from convscope.ui import theme
    from convscope.ui.application import make_application
    from convscope.ui.main_window import MainWindow
    from convscope.workspace.workspace import Workspace

    _watch_paints()
    # As the application sets it.
    sys.setswitchinterval(0.0005)
    app = make_application()
    theme.apply("light")
    window = MainWindow(Workspace([Image(image, "noise")]))
    window.resize(1440, 900)
    window.show_panel("kernels")
    window.show()
    _settle(app, window)
    return app, window


def _settle(app: Any, window: Any) -> None:
    quiet = time.perf_counter()
    while time.perf_counter() - quiet < 0.2:
        app.processEvents()
        if not window.jobs.idle():
            quiet = time.perf_counter()


def _one_edit(app: Any, window: Any, size: int, number: int) -> float:
    """Seconds from a weight's change to the paint of its result."""
    from PySide6.QtCore import QEventLoop

    from convscope.imaging.kernels.kernel import Kernel

    kernel = Kernel(_weights(size, number))
    before = _PAINTED[-1][1] if _PAINTED else None
    start = time.perf_counter()
    window.workspace.edit_lab(window.workspace.lab.with_kernel(kernel), "Edit weight")
    while not _PAINTED or _PAINTED[-1][1] is before:
        # Waiting, as the real event loop does: one that spins takes the worker's time.
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    new = _PAINTED[-1][1]
    done = next(at for at, pixels in _PAINTED if pixels is new)
    del _PAINTED[:-1]
    return done - start


def _weights(size: int, number: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(number).normal(size=(size, size))


# When the result's picture was painted, and which picture that was.
_PAINTED: list[tuple[float, Any]] = []


def _watch_paints() -> None:
    from convscope.ui.canvas.image_view import ImageView

    paint = ImageView.paintEvent

    def watched(view: ImageView, event: Any) -> None:
        paint(view, event)
        if view.objectName() == "kernels.result" and view.pixels is not None:
            _PAINTED.append((time.perf_counter(), view.pixels))

    ImageView.paintEvent = watched  # type: ignore[method-assign]


def _resident() -> float:
    """Resident memory in MB, without what the C library keeps of what was freed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _start(painted: Callable[[], None]) -> Any:
    from convscope.imaging.samples import load_sample
    from convscope.ui import theme
    from convscope.ui.application import make_application
    from convscope.ui.main_window import MainWindow
    from convscope.workspace.workspace import Workspace

    app = make_application()
    theme.apply("light")
    window = MainWindow(Workspace([load_sample("cat")]))
    window.first_painted.connect(painted)
    window.show()
    return app, window


def _bare(painted: Callable[[], None]) -> Any:
    """As little as the same libraries make of it: a picture and what a kernel gives, in a window."""
    import pyqtgraph
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QMainWindow

    class Pictures(pyqtgraph.GraphicsLayoutWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, painted)

    app = pyqtgraph.mkQApp()
    app.setStyle("Fusion")
    pyqtgraph.setConfigOption("imageAxisOrder", "row-major")
    source = cv2.imread(str(ROOT / "resources" / "images" / "cat.jpg"), cv2.IMREAD_COLOR_RGB)
    assert source is not None
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float64)
    result = cv2.convertScaleAbs(cv2.filter2D(source, cv2.CV_32F, sobel))
    window, pictures = QMainWindow(), Pictures()
    for column, picture in enumerate((source, result)):
        box = pictures.addViewBox(0, column, lockAspect=True, invertY=True)
        box.addItem(pyqtgraph.ImageItem(picture))
    window.setCentralWidget(pictures)
    window.resize(1440, 900)
    window.show()
    return app, window


def _main(words: list[str]) -> tuple[float, ...]:
    noise = np.random.default_rng(0)
    if words[0] in ("start", "bare"):
        painted: list[tuple[float, float]] = []

        def paint() -> None:
            painted.append(((time.time() - float(words[1])) * 1e3, time.process_time() * 1e3))

        app, window = (_start if words[0] == "start" else _bare)(paint)
        while not painted:
            app.processEvents()
        window.close()
        return painted[0]
    if words[0] == "edit":
        height, width, size, rounds = map(int, words[1:])
        image = noise.integers(0, 256, (height, width, 3)).astype(np.uint8)
        app, window = _window(image)
        values, taken, theirs = image.astype(np.float32), [], []
        for number in range(rounds):
            taken.append(_one_edit(app, window, size, number))
            _settle(app, window)
            kernel = _weights(size, number)
            start = time.perf_counter()
            cv2.filter2D(values, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
            theirs.append(time.perf_counter() - start)
        window.close()
        return statistics.median(taken) * 1e3, statistics.median(theirs) * 1e3
    rounds = int(words[1])
    app, window = _window(noise.integers(0, 256, (512, 512, 3)).astype(np.uint8))
    for number in range(rounds // 5):
        _one_edit(app, window, 3, number)
    _settle(app, window)
    before = _resident()
    for number in range(rounds - rounds // 5):
        _one_edit(app, window, 3, number)
    _settle(app, window)
    growth = _resident() - before
    window.close()
    return (growth,)


if __name__ == "__main__":
    print(*_main(sys.argv[1:]), flush=True)
    # The lanes are daemons; nothing here is worth a tidy end of Qt's.
    os._exit(0)
