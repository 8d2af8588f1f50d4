"""How long the window stands still when its theme or its size of type changes, with all that it has made."""

from __future__ import annotations

import os
import time
from functools import cache, partial

from tests.benchmarks.apart import apart
from tests.benchmarks.registry import Reading, benchmark


@cache
def _stalls(small: bool) -> list[float]:
    """Milliseconds: the longest stall of other themes, of other zooms, and of showing the panels after that;
    and the longest paint of the whole window.
    """
    return apart("appearance", "small" if small else "all")


@benchmark("longest stall of another theme, all panels made", target="≤ 100 ms", most=100)
def another_theme(small: bool) -> Reading:
    """Light, dark and back, on every panel, at 1280×800."""
    return Reading(_stalls(small)[0], "ms")


@benchmark("longest stall of Ctrl+plus and Ctrl+minus, all panels made", target="≤ 100 ms", most=100)
def another_zoom(small: bool) -> Reading:
    """Two steps up and back, on every panel, at 1280×800."""
    return Reading(_stalls(small)[1], "ms")


@benchmark("longest stall of a panel shown after another theme and zoom", target="≤ 100 ms", most=100)
def shown_after(small: bool) -> Reading:
    """What was hidden takes the new style when it is shown."""
    return Reading(_stalls(small)[2], "ms")


for _number, _what in enumerate(("another theme", "Ctrl+plus and Ctrl+minus", "a panel shown after these")):

    @benchmark(f"longest stall of {_what}, against a paint", target="≤ 2 × the window painted", most=2)
    def against_a_paint(small: bool, number: int = _number) -> Reading:
        """The same on a machine of any speed."""
        return Reading(_stalls(small)[number] / _stalls(small)[3], "×")


def _main(words: str) -> tuple[float, float, float, float]:
    from convscope.ui.forms.segmented import Segmented
    from tests.benchmarks.seeing_window import App

    app = App(1280, 800)
    window = app.window
    window.sources.engine.open_model("digits")
    window.sources.engine.open_dataset("digits")
    app.settle()
    names = [info.name for info in window.panel_infos][: 3 if words == "small" else None]
    for name in names:
        window.show_panel(name)
        app.settle()
        for switch in window.panel().findChildren(Segmented):  # type: ignore[union-attr]
            # Those that stand for pages make them when they are first pressed.
            for key in switch.keys if switch.objectName().count(".") == 1 and switch.isVisible() else ():
                if switch.button(key).isEnabled():
                    switch.button(key).click()
                    app.settle()
    theme = zoom = shown = paint = 0.0
    for name in names:
        show = partial(window.show_panel, name)
        shown = max(shown, app.longest_stall(show))
        zoom = max(zoom, app.longest_stall(*(partial(window.zoom_by, step) for step in (1, 1, -1, -1))))
        theme = max(theme, app.longest_stall(window.toggle_theme, window.toggle_theme))
        start = time.perf_counter()
        window.grab()
        paint = max(paint, (time.perf_counter() - start) * 1e3)
    window.close()
    return theme, zoom, shown, paint


if __name__ == "__main__":
    import sys

    print(*_main(sys.argv[1]), flush=True)
    # The lanes are daemons; nothing here is worth a tidy end of Qt's.
    os._exit(0)
