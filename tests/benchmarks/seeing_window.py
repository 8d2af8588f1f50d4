"""The window while one looks into a network: stalls of the event loop, and memory over many clicks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.benchmarks.apart import apart, resident
from tests.benchmarks.registry import Reading, benchmark


@cache
def _clicks(small: bool) -> list[float]:
    """Longest stall at first, longest stall afterwards (ms), growth of memory (MB)."""
    return apart("seeing_window", "digits" if small else "imagenet", 12 if small else 200)


@benchmark("longest stall of the event loop on the first use of a model", target="≤ 200 ms", most=200)
def first_use(small: bool) -> Reading:
    """A network is opened; then the panels layers, explain and model are shown for the first time."""
    return Reading(_clicks(small)[0], "ms")


@benchmark("longest stall of the event loop in 200 clicks after that", target="≤ 50 ms", most=50)
def afterwards(small: bool) -> Reading:
    """Layers, maps, classes and methods in turn."""
    return Reading(_clicks(small)[1], "ms")


@benchmark("memory after 200 clicks on layers, classes and methods", target="≤ 20 MB", most=20)
def memory(small: bool) -> Reading:
    """Resident memory after 200 clicks against that after the first 40."""
    return Reading(_clicks(small)[2], "MB")


# -- in the process apart ------------------------------------------------------------------------------------


class App:
    """The window on a photograph, and a timer that tells how late the event loop is."""

    def __init__(self, width: int = 1440, height: int = 900) -> None:
        from convscope.imaging.samples import load_sample
        from convscope.ui import theme
        from convscope.ui.application import make_application
        from convscope.ui.main_window import MainWindow
        from convscope.workspace.workspace import Workspace

        # As the application sets it.
        sys.setswitchinterval(0.0005)
        self.qt: Any = make_application()
        theme.apply("light")

        from convscope.engine import runtime

        runtime.start()
        self.window = MainWindow(Workspace([load_sample("cat"), load_sample("coffee")]))
        self.window.remember_settings = False
        self.window.resize(width, height)
        self.window.show()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is under way."""
        quiet = time.perf_counter()
        while time.perf_counter() - quiet < 0.1:
            self.qt.processEvents()
            time.sleep(0.001)
            if not self.window.jobs.idle():
                quiet = time.perf_counter()

    def longest_stall(self, *actions: Callable[[], object]) -> float:
        """The longest time between two ticks of a quick timer while this is done, ms over its interval."""
        from PySide6.QtCore import QEventLoop, Qt, QTimer

        every, worst, last = 2.0, 0.0, time.perf_counter()

        def tick() -> None:
            nonlocal worst, last
            now = time.perf_counter()
            worst = max(worst, (now - last) * 1e3 - every)
            last = now

        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        timer.start(int(every))
        loop = QEventLoop()
        left = list(actions)
        quiet = time.perf_counter()

        def go_on() -> None:
            nonlocal quiet
            if not self.window.jobs.idle():
                quiet = time.perf_counter()
            elif time.perf_counter() - quiet > 0.05:
                if not left:
                    loop.quit()
                    return
                left.pop(0)()
                quiet = time.perf_counter()

        steps = QTimer()
        steps.timeout.connect(go_on)
        steps.start(5)
        last = time.perf_counter()
        loop.exec()
        steps.stop()
        timer.stop()
        return worst


def _main(name: str, clicks: int) -> tuple[float, float, float]:
    app = App()
    window, workspace = app.window, app.window.workspace

    def show(panel: str) -> Callable[[], object]:
        return lambda: window.show_panel(panel)

    # The modules are imported and the widgets made before: what is measured is the model's first use.
    for panel in ("layers", "explain", "model"):
        window.show_panel(panel)
    window.show_panel("kernels")
    app.settle()
    first = app.longest_stall(
        lambda: window.sources.engine.open_model(name), show("layers"), show("explain"), show("model")
    )
    model: Any = workspace.model
    convolutions = [info.path for info in model.layers if len(info.shape or ()) == 3 and info.path != "input"]
    methods = ("grad-cam", "layer-cam", "eigen-cam", "saliency", "hires-cam", "grad-cam++")

    def click(number: int) -> Callable[[], object]:
        def layer() -> None:
            window.show_panel("layers")
            workspace.choose_layer(convolutions[(7 * number) % len(convolutions)])

        def question() -> None:
            window.show_panel("explain")
            view_model: Any = window.panel().view_model  # type: ignore[union-attr]
            chosen = methods[number % len(methods)], methods[(number + 1) % len(methods)]
            view_model.ask(index=(37 * number) % model.head.classes, methods=chosen)

        return layer if number % 2 else question

    app.longest_stall(*(click(number) for number in range(clicks // 5)))
    before = resident()
    after = app.longest_stall(*(click(number) for number in range(clicks // 5, clicks + clicks // 5)))
    growth = resident() - before
    window.close()
    return first, after, growth


if __name__ == "__main__":
    print(*_main(sys.argv[1], int(sys.argv[2])), flush=True)
    # The lanes are daemons; nothing here is worth a tidy end of Qt's.
    os._exit(0)
