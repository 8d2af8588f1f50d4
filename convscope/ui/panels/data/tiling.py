"""Where the tiles of a grid lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect

GAP, MARGIN = 8, 4
SIZES = (32, 40, 48, 56, 72, 84, 96, 112, 128, 160, 192, 224)  # pixels of a tile, as designed
# Thumbnails of large pictures are made in these sizes only, so that enlarging a little loads nothing anew.
_SOURCES = (64, 96, 128, 192, 256, 384, 512)


def tile_side(wanted: int, native: int | None, ratio: float) -> int:
    """The side of a tile in screen points: as wanted, or a whole multiple of a small image's own size.

    Args:
        native: the longer side of every image in pixels; None where they differ.
        ratio: pixels a screen point.
    """
    if native is None or 0.75 * native > wanted * ratio:
        return wanted
    return max(8, round(max(1, round(wanted * ratio / native)) * native / ratio))


def source_side(tile: int, native: int | None, ratio: float) -> int:
    """The side of the thumbnails for such tiles, in pixels."""
    needed = tile * ratio
    if native is not None and native <= needed + 1:
        return native
    return next((size for size in _SOURCES if size >= needed), _SOURCES[-1])


@dataclass(frozen=True)
class Tiling:
    """Square tiles in rows, each with a line of words below; all in screen points.

    Attributes:
        tile: the side of a tile.
        caption: the height of the words, or 0.
        width, height: of the view.
        count: how many tiles there are.
        scroll: how far the view is scrolled down.
    """

    tile: int
    caption: int
    width: int
    height: int
    count: int
    scroll: int

    @property
    def columns(self) -> int:
        """Tiles in a row."""
        return max(1, (self.width - 2 * MARGIN + GAP) // (self.tile + GAP))

    @property
    def row_height(self) -> int:
        """From one row to the next."""
        return self.tile + self.caption + GAP

    @property
    def pitch(self) -> float:
        """From one tile to the next in a row; what room is left over goes between them."""
        if self.columns == 1 or self.count < self.columns:
            return self.tile + GAP
        return (self.width - 2 * MARGIN - self.tile) / (self.columns - 1)

    @property
    def range(self) -> int:
        """How far the view can be scrolled."""
        rows = math.ceil(self.count / self.columns)
        return max(0, rows * self.row_height + 2 * MARGIN - GAP - self.height)

    def rect(self, position: int) -> QRect:
        """Where a tile lies in the view."""
        row, column = divmod(position, self.columns)
        y = MARGIN + row * self.row_height - self.scroll
        return QRect(MARGIN + int(column * self.pitch), y, self.tile, self.tile)

    def position_at(self, point: QPointF) -> int | None:
        """The tile under a point of the view, its words counted in."""
        row, y = divmod(point.y() - MARGIN + self.scroll, self.row_height)
        column, x = divmod(point.x() - MARGIN, self.pitch)
        if x >= self.tile or y >= self.row_height - GAP or row < 0 or not 0 <= column < self.columns:
            return None
        position = int(row) * self.columns + int(column)
        return position if position < self.count else None

    def span(self) -> tuple[int, int]:
        """The first tile on show, and the one behind the last."""
        top = self.scroll - MARGIN
        first = max(0, top // self.row_height) * self.columns
        last = (max(0, top + self.height - 1) // self.row_height + 1) * self.columns
        return first, min(last, self.count)
