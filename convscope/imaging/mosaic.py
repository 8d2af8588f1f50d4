"""Many small maps as one picture: one painting for all of them, and a click found by division."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MosaicLayout:
    """Where each of `count` tiles of `height` × `width` pixels lies: row by row, `gap` pixels apart."""

    count: int
    height: int
    width: int
    columns: int
    gap: int = 1

    @property
    def rows(self) -> int:
        return ceil(self.count / self.columns)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the whole in pixels."""
        gap = self.gap
        return (
            self.rows * (self.height + gap) - gap,
            min(self.columns, self.count) * (self.width + gap) - gap,
        )

    def corner(self, index: int) -> tuple[int, int]:
        """(row, column) in pixels of a tile's top left."""
        row, column = divmod(index, self.columns)
        return (row * (self.height + self.gap), column * (self.width + self.gap))

    def index_at(self, row: float, column: float) -> int | None:
        """The tile under a pixel of the mosaic, or None in a gap or outside."""
        if row < 0 or column < 0:
            return None
        tile_row, y = divmod(row, self.height + self.gap)
        tile_column, x = divmod(column, self.width + self.gap)
        index = int(tile_row) * self.columns + int(tile_column)
        inside = y < self.height and x < self.width and tile_column < self.columns and index < self.count
        return index if inside else None


def mosaic(
    maps: NDArray[np.uint8], columns: int, *, gap: int = 1, background: int = 0
) -> tuple[NDArray[np.uint8], MosaicLayout]:
    """Lay maps side by side.

    Args:
        maps: uint8, n×H×W or n×H×W×3.
        columns: tiles in a row (16 in the lectures).
        gap: pixels between tiles, of level `background`.

    Returns:
        The picture, uint8 (its height and width in `MosaicLayout.size`), and where everything is.
    """
    count, height, width = maps.shape[:3]
    layout = MosaicLayout(count, height, width, columns, gap)
    across, rows = min(columns, count), layout.rows
    padded = np.full((rows * across, height + gap, width + gap, *maps.shape[3:]), background, np.uint8)
    padded[:count, :height, :width] = maps
    grid = padded.reshape(rows, across, *padded.shape[1:]).swapaxes(1, 2)
    full = grid.reshape(rows * (height + gap), across * (width + gap), *maps.shape[3:])
    return np.ascontiguousarray(full[: full.shape[0] - gap, : full.shape[1] - gap]), layout
