"""The tiles of a mosaic as they are painted: each made ready for its size once, its caption under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter

from convscope.imaging.shrink import shrink
from convscope.ui import theme
from convscope.ui.canvas.mosaic_layout import Layout
from convscope.ui.canvas.raster import to_image

CAPTION_HEIGHT = 16
# A smaller picture is looked at pixel by pixel even where it is a photograph.
SMOOTH_FROM = 64
# So much of a caption must be left for it to be worth reading.
_LEAST_LETTERS = 5


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
        if self._most_lines == 1:
            return 1
        metrics = QFontMetrics(theme.font(11))
        wide = any(metrics.horizontalAdvance(words) > width for words in self.captions)
        return self._most_lines if wide else 1

    @property
    def shape(self) -> float:
        """Height of a tile by its width: that of the first map."""
        if not self.maps:
            return 1.0
        height, width = self.maps[0].shape[:2]
        return min(4.0, max(0.25, height / width))

    def rendered(self, layout: Layout, top: int, size: QSize, ratio: float) -> QImage:
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
        metrics = painter.fontMetrics()
        for index in layout.between(top, top + size.height()):
            place = layout.rect(index).translated(0, -top)
            image = self._image(index)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth(index))
            painter.drawImage(QRectF(place), image)
            if layout.caption:
                below = QRect(place.left(), place.bottom() + 1, place.width(), layout.caption)
                lines = fitting_lines(metrics, self.caption(index), place.width(), self.lines(place.width()))
                step = theme.scaled(CAPTION_HEIGHT)
                for number, words in enumerate(lines):
                    line = QRect(below.left(), below.top() + number * step, below.width(), step)
                    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)
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


def fitting_words(metrics: QFontMetrics, words: str, width: int) -> str:
    """A caption whole, or cut at its end with an ellipsis; nothing where next to nothing would be left.

    Of two things with a wide gap between them ("7×7  conv2d") the first is told where both are too wide.
    """
    if metrics.horizontalAdvance(words) <= width:
        return words
    words = words.partition("  ")[0]
    if metrics.horizontalAdvance(words) <= width:
        return words
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, width)
    return shown if len(shown) > _LEAST_LETTERS else ""


def fitting_lines(metrics: QFontMetrics, words: str, width: int, lines: int = 1) -> list[str]:
    """A caption in lines, broken where it names two things ("Grad-CAM: tabby", "7×7  conv2d"), else by words.

    What is still too wide is cut: a name in its middle, words at their end.
    """
    if lines == 1 or metrics.horizontalAdvance(words) <= width:
        return [fitting_words(metrics, words, width)]
    for mark in (": ", "  "):
        first, found, rest = words.partition(mark)
        if found:
            first += mark.strip()
            if " " not in rest and metrics.horizontalAdvance(rest) > width:
                rest = metrics.elidedText(rest, Qt.TextElideMode.ElideMiddle, width)
            return [fitting_words(metrics, first, width), fitting_words(metrics, rest, width)]
    left, taken = words.split(" "), ""
    while left and metrics.horizontalAdvance(f"{taken} {left[0]}".strip()) <= width:
        taken = f"{taken} {left.pop(0)}".strip()
    if not taken:
        return [fitting_words(metrics, words, width)]
    return [taken, *fitting_lines(metrics, " ".join(left), width, lines - 1)]
