"""Thumbnails as they are painted, and where within a place."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPixmap

_PIXMAP_BYTES = 32 * 2**20


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
        self._kept.clear()
        self.bytes = 0
