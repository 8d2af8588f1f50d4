"""What leaves the panel: pictures as PNG, exact numbers, the evolution as a moving picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from convscope.engine.interpret.feature_visualization.export import grid_picture, save_evolution
from convscope.engine.interpret.feature_visualization.results import Pattern
from convscope.imaging.io.save import save_npy, save_png
from convscope.ui.export.save_menu import Saved, SaveMenu
from convscope.ui.panel_context import PanelContext

KINDS = (
    Saved("pattern", "This pattern as PNG…", ".png", "Ctrl+S"),
    Saved("numbers", "This pattern as .npy, exact…", ".npy"),
    Saved("gif", "Its evolution as GIF…", ".gif"),
    Saved("webp", "Its evolution as WebP…", ".webp"),
    Saved("grid", "The grid as PNG…", ".png"),
    Saved("grid_numbers", "The grid as .npy, exact…", ".npy"),
    Saved("sheet", "The contact sheet as PNG…", ".png"),
)
MOST_FRAMES = 160


class Evolution:
    """The frames of a growing picture, thinned so that they always span the whole growth."""

    def __init__(self) -> None:
        self.frames: list[NDArray[np.uint8]] = []
        self._every, self._seen = 1, 0

    def clear(self) -> None:
        """Another picture begins."""
        self.frames, self._every, self._seen = [], 1, 0

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """One more frame."""
        if self._seen % self._every == 0:
            self.frames.append(pixels)
        self._seen += 1
        if len(self.frames) > MOST_FRAMES:
            self.frames = self.frames[::2]
            self._every *= 2


class Output(SaveMenu):
    """Saves what is on show."""

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        super().__init__(context, "patterns", "Save pictures, numbers or the evolution", KINDS, parent)
        self.name = "pattern"
        self.large: tuple[Pattern, ...] = ()
        self.pixels: NDArray[np.uint8] | None = None
        self.evolution = Evolution()
        self.grid: tuple[Pattern, ...] = ()
        self.sheet: NDArray[np.uint8] | None = None

    def forget(self) -> None:
        """Another grid begins."""
        self.large, self.pixels, self.grid = (), None, ()
        self.evolution.clear()

    def possible(self, what: str) -> bool:
        """Whether there is such a thing now."""
        return {
            "pattern": self.pixels is not None,
            "numbers": bool(self.large),
            "gif": len(self.evolution.frames) > 1,
            "webp": len(self.evolution.frames) > 1,
            "grid": bool(self.grid),
            "grid_numbers": bool(self.grid),
            "sheet": self.sheet is not None,
        }[what]

    def stem(self, what: str) -> str:
        """The model's and the layer's name."""
        return self.name

    def writer(self, what: str) -> Callable[[str], None]:
        """Writes to a path what is on show now."""
        pixels, large, grid, sheet = self.pixels, self.large, self.grid, self.sheet
        frames = list(self.evolution.frames)

        def write(path: str) -> None:
            if what == "pattern" and pixels is not None:
                save_png(path, pixels)
            elif what == "numbers":
                save_npy(path, large[0].values)
            elif what in ("gif", "webp"):
                save_evolution(path, frames)
            elif what == "grid":
                save_png(path, grid_picture(grid))
            elif what == "grid_numbers":
                save_npy(path, np.stack([pattern.values for pattern in grid]))
            elif sheet is not None:
                save_png(path, sheet)

        return write
