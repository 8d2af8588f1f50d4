"""The tiles of a mosaic as they are painted: each made ready for its size once, its caption under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from convscope.imaging.shrink import shrink
from convscope.ui import theme
from convscope.ui.canvas.mosaic_labels import lines_under, paint_label
from convscope.ui.canvas.tile_layout import TileLayout
from convscope.ui.qimage import to_image

# A smaller picture is looked at pixel by pixel even where it is a photograph.
SMOOTH_FROM = 64


class Tiles:
    """Pictures and their captions.

    Args:
        photographs: enlarged pictures are smoothed, unless they are smaller than `SMOOTH_FROM` pixels; else
            each of their pixels is a sharp square, as a feature map's must be.
        caption_lines: captions that are wider than their tile may take so many lines.
    """

    def __init__(self, photographs: bool = False, caption_lines: int = 1) -> None:
        self.photographs = photographs
        self._most_lines = caption_lines
        self.maps: list[NDArray[np.uint8]] = []
        self.captions: tuple[str, ...] = ()
        self._images: list[QImage | None] = []
        self._size = QSize()

    def set_maps(self, maps: Sequence[NDArray[np.uint8]], captions: Sequence[str]) -> None:
        """Replace all; the arrays are kept, not copied."""
        self.maps, self.captions = list(maps), tuple(captions)
        self._images = [None] * len(self.maps)

    def set_map(self, index: int, pixels: NDArray[np.uint8], caption: str | None) -> None:
        """Replace one; None: its caption stays."""
        self.maps[index], self._images[index] = pixels, None
        if caption is not None:
            captions = list(self.captions) + [""] * (len(self.maps) - len(self.captions))
            captions[index] = caption
            self.captions = tuple(captions)

    def caption(self, index: int) -> str:
        """The words of a map; its index without."""
        return (self.captions[index] if index < len(self.captions) else "") or str(index)

    def lines(self, width: int) -> int:
        """How many lines the captions take under tiles of this width."""
        return lines_under(self.captions, width, self._most_lines)

    @property
    def shape(self) -> float:
        """Height of a tile by its width: that of the first map."""
        if not self.maps:
            return 1.0
        height, width = self.maps[0].shape[:2]
        return min(4.0, max(0.25, height / width))

    def rendered(self, layout: TileLayout, top: int, size: QSize, ratio: float) -> QImage:
        """What is on show of the mosaic in a viewport.

        Args:
            top: how far it is scrolled down.
            size: of the viewport, in points.
            ratio: device pixels a point.
        """
        tile = QSize(round(layout.width * ratio), round(layout.height * ratio))
        if tile != self._size:
            self._images, self._size = [None] * len(self.maps), tile
        colours = theme.tokens()
        frame = QImage(size * ratio, QImage.Format.Format_RGB32)
        frame.setDevicePixelRatio(ratio)
        frame.fill(QColor(colours.window))
        painter = QPainter(frame)
        painter.setFont(theme.font(11))
        painter.setPen(QColor(colours.secondary))
        for index in layout.between(top, top + size.height()):
            place = layout.rect(index).translated(0, -top)
            image = self._image(index)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth(index))
            painter.drawImage(QRectF(place), image)
            if layout.caption:
                paint_label(painter, place, self.caption(index), self.lines(place.width()))
        painter.end()
        return frame

    def _image(self, index: int) -> QImage:
        """A map at most as large as it is shown: reduced ones are averaged, once."""
        image = self._images[index]
        if image is None:
            pixels = self.maps[index]
            height, width = self._size.height(), self._size.width()
            if pixels.shape[0] > height and pixels.shape[1] > width:
                pixels = shrink(pixels, height, width)
            image = self._images[index] = to_image(pixels)
        return image

    def _smooth(self, index: int) -> bool:
        return self.photographs and min(self.maps[index].shape[:2]) >= SMOOTH_FROM
