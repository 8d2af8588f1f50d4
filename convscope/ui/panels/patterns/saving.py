"""What leaves the panel: pictures as PNG, exact numbers, the evolution as a moving picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QWidget

from convscope.engine.interpret.feature_visualization.export import grid_picture, save_evolution
from convscope.imaging.io.save import save_npy, save_png
from convscope.ui.export.save_menu import Saved, SaveMenu
from convscope.ui.panels.patterns.view_model import PatternsViewModel

KINDS = (
    Saved("pattern", "This pattern as PNG…", ".png", "Ctrl+S"),
    Saved("numbers", "This pattern as .npy, exact…", ".npy"),
    Saved("gif", "Its evolution as GIF…", ".gif"),
    Saved("webp", "Its evolution as WebP…", ".webp"),
    Saved("grid", "The grid as PNG…", ".png"),
    Saved("grid_numbers", "The grid as .npy, exact…", ".npy"),
    Saved("sheet", "The contact sheet as PNG…", ".png"),
)


class PatternsSaving(SaveMenu):
    """Saves what is on show."""

    def __init__(self, view_model: PatternsViewModel, parent: QWidget) -> None:
        says = "Save pictures, numbers or the evolution"
        super().__init__(view_model.context, "patterns", says, KINDS, parent)
        self._model = view_model

    def possible(self, what: str) -> bool:
        """Whether there is such a thing now."""
        grown = self._model.grown
        return {
            "pattern": grown.pixels is not None,
            "numbers": bool(grown.large),
            "gif": len(grown.evolution.frames) > 1,
            "webp": len(grown.evolution.frames) > 1,
            "grid": bool(grown.grid),
            "grid_numbers": bool(grown.grid),
            "sheet": grown.sheet is not None,
        }[what]

    def stem(self, what: str) -> str:
        """The model's and the layer's name."""
        return self._model.grown.name

    def writer(self, what: str) -> Callable[[str], None]:
        """Writes to a path what is on show now."""
        grown = self._model.grown
        pixels, large, grid, sheet = grown.pixels, grown.large, grown.grid, grown.sheet
        frames = list(grown.evolution.frames)

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
