"""Where tiles lie in rows: of a mosaic, of a grid of thumbnails; and which one is at a place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect

GAP = 4
SMALLEST, LARGEST = 16, 512


@dataclass(frozen=True)
class TilesInView:
    """What a person sees of many tiles.

    Attributes:
        size: what was chosen for a tile's; None: as large as it is by itself.
        down: how far it is scrolled: 0 at the top, 1 at the bottom.
        count: of so many tiles: it says nothing of more or fewer.
    """

    size: float | None
    down: float
    count: int


@dataclass(frozen=True)
class TileLayout:
    """Tiles of one size in rows, in points of a plane of their own (row 0 at the top), which may scroll.

    Attributes:
        count: tiles.
        width, height: of a tile without its caption.
        caption: height of the line under it; 0 without.
        columns: tiles in a row.
        gap: between tiles.
        margin: around all.
        room: a width over which full rows are spread; 0: they begin at the left.
    """

    count: int
    width: int
    height: int
    caption: int
    columns: int
    gap: int = GAP
    margin: int = 0
    room: int = 0

    @property
    def row_height(self) -> int:
        """From one row to the next."""
        return self.height + self.caption + self.gap

    @property
    def pitch(self) -> float:
        """From one tile to the next in a row."""
        if not self.room or self.columns == 1 or self.count < self.columns:
            return self.width + self.gap
        return (self.room - 2 * self.margin - self.width) / (self.columns - 1)

    @property
    def total(self) -> int:
        """Height of all rows."""
        rows = math.ceil(self.count / self.columns) * self.row_height
        return max(0, rows - self.gap + 2 * self.margin)

    def rect(self, index: int) -> QRect:
        """Where a tile lies, its caption not counted in."""
        row, column = divmod(index, self.columns)
        left, top = int(column * self.pitch), row * self.row_height
        return QRect(self.margin + left, self.margin + top, self.width, self.height)

    def index_at(self, position: QPointF) -> int | None:
        """The tile at a place, its caption counted in."""
        row, y = divmod(position.y() - self.margin, self.row_height)
        column, x = divmod(position.x() - self.margin, self.pitch)
        index = int(row) * self.columns + int(column)
        inside = x < self.width and y < self.row_height - self.gap and 0 <= column < self.columns and row >= 0
        return index if inside and index < self.count else None

    def between(self, top: int, bottom: int) -> range:
        """The tiles of all rows that have a part between two heights."""
        first = max(0, (top - self.margin) // self.row_height) * self.columns
        last = (max(0, bottom - 1 - self.margin) // self.row_height + 1) * self.columns
        return range(first, max(first, min(last, self.count)))


def columns_in(width: int, tile: int, gap: int = GAP) -> int:
    """As many tiles in a row as there is room for; at least one."""
    return max(1, (width + gap) // (tile + gap))


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
