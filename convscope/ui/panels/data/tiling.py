"""Where the tiles of a grid lie, and the pictures in them that are kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPixmap

GAP, MARGIN = 8, 4
SIZES = (32, 40, 48, 56, 72, 84, 96, 112, 128, 160, 192, 224)  # pixels of a tile, as designed
# Thumbnails of large pictures are made in these sizes only, so that enlarging a little loads nothing anew.
_SOURCES = (64, 96, 128, 192, 256, 384, 512)
_PIXMAP_BYTES = 32 * 2**20


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


def fitted(place: QRect, width: int, height: int) -> QRect:
    """A picture of this size, as large as a place allows at its own proportions, in the middle of it."""
    share = min(place.width() / width, place.height() / height)
    across, down = max(1, round(width * share)), max(1, round(height * share))
    left, top = (place.width() - across) // 2, (place.height() - down) // 2
    return QRect(place.left() + left, place.top() + top, across, down)


class Pixmaps:
    """The pictures painted last, within 32 MB."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], QPixmap] = OrderedDict()
        self.bytes = 0

    def get(self, index: int, size: int) -> QPixmap | None:
        """An image's picture of this size, if it is kept."""
        found = self._kept.get((index, size))
        if found is not None:
            self._kept.move_to_end((index, size))
        return found

    def put(self, index: int, size: int, pixels: NDArray[np.uint8]) -> QPixmap:
        """Keep a picture, uint8 H×W×3."""
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
        pixmap = self._kept[(index, size)] = QPixmap.fromImage(image)
        self.bytes += 4 * height * width
        while self.bytes > _PIXMAP_BYTES and len(self._kept) > 1:
            gone = self._kept.popitem(last=False)[1]
            self.bytes -= 4 * gone.height() * gone.width()
        return pixmap

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.bytes = 0
