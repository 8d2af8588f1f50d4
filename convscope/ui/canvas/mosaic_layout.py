"""Where the tiles of a mosaic lie: how many in a row, how large, and which one is at a place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect

GAP = 4
SMALLEST, LARGEST = 16, 512


@dataclass(frozen=True)
class Layout:
    """Tiles of one size in rows, in points of the mosaic's own plane (row 0 at the top).

    Attributes:
        count: tiles.
        width, height: of a tile without its caption.
        caption: height of the line under it; 0 without.
        columns: tiles in a row.
    """

    count: int
    width: int
    height: int
    caption: int
    columns: int

    @property
    def step(self) -> int:
        """From one row to the next."""
        return self.height + self.caption + GAP

    @property
    def total(self) -> int:
        """Height of all rows."""
        return max(0, math.ceil(self.count / self.columns) * self.step - GAP)

    def rect(self, index: int) -> QRect:
        """Where a tile lies, its caption not counted in."""
        row, column = divmod(index, self.columns)
        return QRect(column * (self.width + GAP), row * self.step, self.width, self.height)

    def index_at(self, position: QPointF) -> int | None:
        """The tile at a place, its caption counted in."""
        row, y = divmod(position.y(), self.step)
        column, x = divmod(position.x(), self.width + GAP)
        index = int(row) * self.columns + int(column)
        inside = x < self.width and y < self.step - GAP and 0 <= column < self.columns and row >= 0
        return index if inside and index < self.count else None

    def between(self, top: int, bottom: int) -> range:
        """The tiles of all rows that lie between two heights."""
        first = max(0, top // self.step) * self.columns
        last = (bottom // self.step + 1) * self.columns
        return range(first, max(first, min(last, self.count)))


def columns_in(width: int, tile: int, count: int) -> int:
    """As many tiles in a row as there is room for; at least one."""
    return max(1, min((width + GAP) // (tile + GAP), count or 1))


def fitting_tile(
    count: int,
    width: int,
    height: int,
    *,
    shape: float,
    caption: int,
    caption_from: int,
    low: int,
    high: int,
    columns: int | None = None,
) -> int:
    """The largest width of a tile at which all are on show; the smallest legible one if there is none.

    Args:
        width, height: the room.
        shape: height of a tile by its width.
        caption: height of the line under a tile.
        caption_from: so wide a tile must be to have one.
        low, high: the smallest legible and the largest sensible width.
        columns: so many in a row, then tiles may be smaller than `low`; None: as many as fit best.
    """
    best = float(min(low, width))
    for across in range(1, max(1, count) + 1) if columns is None else (columns,):
        tile = (width + GAP) / across - GAP
        if tile < low:
            best = min(best, max(float(SMALLEST), tile)) if columns is not None else best
            break
        rows = math.ceil(max(1, count) / across)
        room = (height + GAP) / rows - GAP
        named, bare = (min(tile, space / shape, float(high)) for space in (room - caption, room))
        # Tiles too small for captions have the captions' room as well.
        best = max(best, named if named >= caption_from else min(bare, caption_from - 1))
    return math.floor(best)
