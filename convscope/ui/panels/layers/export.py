"""What leaves the panel: the mosaic and the map as PNG, the numbers as .npy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from convscope.imaging.io.save import save_npy, save_png
from convscope.imaging.mosaic import mosaic
from convscope.ui.export.exporter import Export, ExportMenu
from convscope.ui.export.writing import Write
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.detail import Detail
from convscope.ui.panels.layers.feature_maps import FeatureMaps

COLUMNS = 16
# A number is a cell large enough to be seen.
CELL = 8
GAP = 16


class MapExport(ExportMenu):
    """Saves what is on show.

    Attributes:
        maps: what is on show; of two that are compared the mosaic is of both.
        details: the chosen map first, then the other side's, if it is on show beside it.
    """

    def __init__(self, context: PanelContext, parent: QWidget) -> None:
        exports = (
            Export("mosaic", "The mosaic as PNG…", (".png",), self._mosaic, "Ctrl+S"),
            Export("map", "This map as PNG…", (".png",), self._map),
            Export("numbers", "All maps as .npy, exact…", (".npy",), self._numbers),
            Export("map_numbers", "This map as .npy, exact…", (".npy",), self._map_numbers),
        )
        super().__init__(context, "layers", "Save maps or numbers", self._name_of, exports, parent)
        self.maps: FeatureMaps | None = None
        self.details: tuple[Detail, ...] = ()

    def _name_of(self, what: str) -> str:
        """The layer's path, and the map's number."""
        maps, details = self.maps, self.details
        assert maps is not None
        stem = maps.path.replace("/", "-").replace("@", "-")
        return f"{stem}-{details[0].channel}" if details and "map" in what.split("_") else stem

    def _mosaic(self) -> Write | None:
        maps = self.maps
        return None if maps is None else lambda path, _task: _write_mosaic(maps, path)

    def _map(self) -> Write | None:
        details = self.details
        if self.maps is None or not details:
            return None
        shown = [each.pixels for each in sorted(details, key=lambda each: each.side)]
        return lambda path, _task: save_png(path, beside(shown))

    def _numbers(self) -> Write | None:
        maps, details = self.maps, self.details
        if maps is None:
            return None
        # Of what the chosen map is one of: the current image before the current model, or the other.
        found = maps.sides[details[0].side].found if details else maps.first.found
        return lambda path, _task: save_npy(path, found.value(maps.path))

    def _map_numbers(self) -> Write | None:
        details = self.details
        if self.maps is None or not details:
            return None
        return lambda path, _task: save_npy(path, details[0].values)


def _write_mosaic(maps: FeatureMaps, path: Path) -> None:
    pictures = []
    for side in maps.sides:
        tiles = side.pictures[[channel for channel in maps.order.tolist() if channel < side.maps.count]]
        if side.maps.form == "values":
            tiles = tiles.repeat(CELL, axis=1).repeat(CELL, axis=2)
        pictures.append(mosaic(tiles, COLUMNS)[0])
    save_png(path, beside(pictures))


def beside(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Pictures side by side on black, uint8 H×W×3; one alone as it is."""
    height = max(picture.shape[0] for picture in pictures)
    parts: list[NDArray[np.uint8]] = []
    for picture in pictures:
        if parts:
            parts.append(np.zeros((height, GAP, 3), np.uint8))
        below = height - picture.shape[0]
        parts.append(np.pad(picture, ((0, below), (0, 0), (0, 0))))
    return np.concatenate(parts, axis=1)
