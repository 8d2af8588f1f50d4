"""The layers panel: from a layer's click to its painted mosaic, against matplotlib's grid, and what stays."""

from __future__ import annotations

import os
import statistics
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.apart import apart
from tests.benchmarks.registry import Case, Reading, benchmark

ROOT = Path(__file__).parents[2]
# Layers of the shipped ImageNet network at 224, and one of 512 maps.
CLICKS = {
    "block2a_expand_relu6": "96 maps of 112×112",
    "block4b_expand_relu6": "480 maps of 14×14",
    "top_conv": "1,280 maps of 7×7",
    "wide": "512 maps of 14×14",
}


def _apart(*words: str) -> float:
    """The number that this module prints when it is run with these words."""
    return apart("layers", *words)[-1]


@cache
def _tiny() -> float:
    """All of them once, on a small network, in one process: that they run is what the tests want to know."""
    return _apart("tiny", "wide", "")


for _path, _says in CLICKS.items():

    def _click(small: bool, path: str = _path) -> Reading:
        """The median from a layer's choice to its paint, everything at hand."""
        return Reading(_tiny() if small else _apart("click", path, "15"), "ms")

    benchmark(f"layer click to painted mosaic, {_says}", target="≤ 50 ms", most=50)(_click)


@benchmark("unfold between two layers of the network for digits, the slowest", target="≤ 100 ms", most=100)
def unfolding(small: bool) -> Reading:
    """The median of each gap, all layers at hand."""
    from convscope.engine.interpret.activations.activations import look
    from convscope.engine.interpret.network.unfolded import hold, unfold
    from convscope.engine.models.graph.columns import columns
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.runtime import start
    from convscope.imaging.samples import load_sample

    start()
    model = open_model("digits")
    found, all_ = look(model, load_sample("digit-7")), columns(model)
    slowest = 0.0
    for column in all_[1:]:
        taken = []
        for channel in range(1 if small else min(10, column.channels)):
            begin = time.perf_counter()
            hold(unfold(found, all_, column, channel), (0, 0))
            taken.append(time.perf_counter() - begin)
        slowest = max(slowest, statistics.median(taken))
    return Reading(slowest * 1e3, "ms")


@benchmark("mosaic of 64 maps of 56×56, numbers to screen", target="≤ 0.05 × matplotlib's imshow", most=0.05)
def against_matplotlib(small: bool) -> Case:
    """Normalise, lay out and paint: the lectures' loop and imshow, against ours."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QImage, QPainter

    from convscope.engine.interpret.activations.layer_maps import maps_of
    from convscope.engine.interpret.activations.normalise import to_levels
    from convscope.imaging.colormaps import apply_colormap
    from convscope.imaging.mosaic import mosaic
    from convscope.ui.qimage import to_image

    count, size = (8, 8) if small else (64, 56)
    activation = np.random.default_rng(0).gamma(1, 1, (1, size, size, count)).astype(np.float32)
    across = 16

    def ours() -> Any:
        maps = maps_of("layer", activation[0])
        levels = to_levels([maps], "lectures")[0].levels
        grid = mosaic(levels, across, gap=0)[0]
        picture = to_image(apply_colormap(grid, "viridis"))
        screen = QImage(QSize(across * size, -(-count // across) * size), QImage.Format.Format_RGB32)
        painter = QPainter(screen)
        painter.drawImage(0, 0, picture)
        painter.end()
        return grid

    def lectures() -> Any:
        rows = -(-count // across)
        width = min(across, count)
        display_grid = np.zeros((size * rows, width * size))
        for row in range(rows):
            for column in range(width):
                index = row * across + column
                channel_image = activation[0, :, :, index].copy()
                channel_image -= channel_image.mean()
                channel_image /= channel_image.std()
                channel_image *= 64
                channel_image += 128
                channel_image = np.clip(channel_image, 0, 255).astype("uint8")
                display_grid[row * size : (row + 1) * size, column * size : (column + 1) * size] = (
                    channel_image
                )
        scale = 1.0 / size
        figure = pyplot.figure(figsize=(scale * display_grid.shape[1], scale * display_grid.shape[0]))
        pyplot.grid(False)
        pyplot.imshow(display_grid, aspect="auto", cmap="viridis")
        figure.canvas.draw()
        pyplot.close(figure)
        return display_grid

    def alike(made: Any, theirs: Any) -> None:
        assert made.shape == theirs.shape
        assert np.abs(made.astype(float) - theirs).max() <= 1

    return Case(ours, lectures, alike)


@benchmark("memory after 200 clicks on layers and maps", target="≤ 20 MB", most=20)
def growth(small: bool) -> Reading:
    """Resident memory after 200 clicks against that after the first 40."""
    return Reading(_tiny() if small else _apart("memory", "200"), "MB")


@benchmark("longest stall of the event loop, first look at a model", target="≤ 200 ms", most=200)
def first_look_stall(small: bool) -> Reading:
    """The longest time between two turns of the event loop while the first look and its tracing run."""
    return Reading(_tiny() if small else _apart("stall"), "ms")


# -- in the process apart ----------------------------------------------------------------------------------


def _desk(wide: bool) -> Any:
    from convscope.engine import runtime
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.samples import load_sample
    from convscope.ui import theme
    from convscope.ui.application import make_application
    from convscope.ui.main_window import MainWindow
    from convscope.workspace.workspace import Workspace

    app = make_application()
    theme.apply("light")
    runtime.start()
    if wide:
        import keras

        inputs = keras.Input((14, 14, 3))
        other = keras.layers.Conv2D(8, 3, padding="same", name="other")(inputs)
        made = keras.layers.Conv2D(512, 3, padding="same", activation="relu", name="wide")(other)
        model = OpenedModel(keras.Model(inputs, made))
    else:
        model = open_model("imagenet")
    window = MainWindow(Workspace([load_sample("cat")]))
    window.resize(1440, 900)
    window.show_panel("layers")
    window.show()
    return app, window, model


def _settle(app: Any, window: Any) -> None:
    quiet = time.perf_counter()
    while time.perf_counter() - quiet < 0.1:
        app.processEvents()
        if not window.jobs.idle():
            quiet = time.perf_counter()


def _one_click(app: Any, window: Any, path: str) -> float:
    """Seconds from the choice of a layer to the paint of its maps."""
    from PySide6.QtCore import QEventLoop

    panel = window.panel()
    model = panel.view_model
    start = time.perf_counter()
    window.workspace.choose_layer(path)
    while model.maps is None or model.maps.path != path:
        # Waiting, as the real event loop does: one that spins takes the worker's time.
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    panel.stage.panes[0].mosaic.viewport().repaint()
    return time.perf_counter() - start


def _stall(app: Any, window: Any, model: Any, seconds: float = 8.0) -> float:
    """The longest pause of a timer of 5 ms, in ms."""
    from PySide6.QtCore import QEventLoop, QTimer

    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(5)
    window.workspace.add_model(model)
    ticks.clear()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    timer.stop()
    return float(np.diff(ticks).max() * 1e3)


def _clicks(app: Any, window: Any, path: str, rounds: int) -> float:
    """The median of several clicks on a layer from another one, in ms."""
    slots = window.workspace.model.program.slots
    rest = next(p for p in ("stem_bn", "other") if p in slots)
    taken = []
    for _ in range(rounds):
        _one_click(app, window, rest)
        _settle(app, window)
        taken.append(_one_click(app, window, path))
        _settle(app, window)
    return statistics.median(taken) * 1e3


def _growth(app: Any, window: Any, rounds: int) -> float:
    """What clicks on layers and maps leave in memory, in MB, after as many fifths to warm up."""
    from tests.benchmarks.window import _resident

    slots = window.workspace.model.program.slots
    paths = [path for path in slots if path not in ("input", "image")]

    def visit(number: int) -> None:
        _one_click(app, window, paths[(7 * number) % len(paths)])
        window.panel().view_model.choose(number % 8)
        _settle(app, window)

    for number in range(rounds // 5):
        visit(number)
    before = _resident()
    for number in range(rounds // 5, rounds + rounds // 5):
        visit(number)
    return _resident() - before


def _main(words: list[str]) -> float:
    app, window, model = _desk("wide" in words)
    if words[0] == "stall":
        figure = _stall(app, window, model)
    elif words[0] == "tiny":
        _stall(app, window, model, 0.2)
        _settle(app, window)
        _growth(app, window, 2)
        figure = _clicks(app, window, "wide", 1)
    else:
        window.workspace.add_model(model)
        _settle(app, window)
        if words[0] == "click":
            figure = _clicks(app, window, words[1], int(words[2]))
        else:
            figure = _growth(app, window, int(words[1]))
    window.close()
    return figure


if __name__ == "__main__":
    print(_main(sys.argv[1:]), flush=True)
    # The lanes are daemons; nothing here is worth a tidy end of Qt's.
    os._exit(0)
