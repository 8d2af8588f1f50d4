"""What leaves the panel: pictures as PNG, exact numbers, the evolution as a moving picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from convscope.engine.interpret.feature_visualization.export import grid_picture, save_evolution
from convscope.imaging.io.save import save_npy, save_png
from convscope.ui.export.exporter import Export, ExportMenu
from convscope.ui.export.writing import Write
from convscope.ui.panels.patterns.view_model import PatternsViewModel


class PatternsSaving(ExportMenu):
    """Saves what is on show."""

    def __init__(self, view_model: PatternsViewModel, parent: QWidget) -> None:
        self._model = view_model
        exports = (
            Export("pattern", "This pattern as PNG…", (".png",), self._pattern, "Ctrl+S"),
            Export("numbers", "This pattern as .npy, exact…", (".npy",), self._numbers),
            Export("gif", "Its evolution as GIF…", (".gif",), self._evolution),
            Export("webp", "Its evolution as WebP…", (".webp",), self._evolution),
            Export("grid", "The grid as PNG…", (".png",), self._grid),
            Export("grid_numbers", "The grid as .npy, exact…", (".npy",), self._grid_numbers),
            Export("sheet", "The contact sheet as PNG…", (".png",), self._sheet),
        )
        says = "Save pictures, numbers or the evolution"
        super().__init__(
            view_model.context, "patterns", says, lambda _what: view_model.grown.name, exports, parent
        )

    def _pattern(self) -> Write | None:
        pixels = self._model.grown.pixels
        return None if pixels is None else lambda path, _task: save_png(path, pixels)

    def _numbers(self) -> Write | None:
        large = self._model.grown.large
        return (lambda path, _task: save_npy(path, large[0].values)) if large else None

    def _evolution(self) -> Write | None:
        frames = list(self._model.grown.evolution.frames)
        return (lambda path, _task: save_evolution(path, frames)) if len(frames) > 1 else None

    def _grid(self) -> Write | None:
        grid = self._model.grown.grid
        return (lambda path, _task: save_png(path, grid_picture(grid))) if grid else None

    def _grid_numbers(self) -> Write | None:
        grid = self._model.grown.grid
        if not grid:
            return None
        return lambda path, _task: save_npy(path, np.stack([pattern.values for pattern in grid]))

    def _sheet(self) -> Write | None:
        sheet = self._model.grown.sheet
        return None if sheet is None else lambda path, _task: save_png(path, sheet)
