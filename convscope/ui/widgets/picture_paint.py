"""Painting a picture in its view: the kept rendering, frames around pixels, the caption."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from convscope.ui import theme
from convscope.ui.widgets.pixel_numbers import NUMBERS_FROM, write_numbers
from convscope.ui.widgets.raster import render
from convscope.ui.widgets.viewport import Viewport

Taps = tuple[tuple[int, ...], tuple[int, ...]]
"""Rows and columns of a picture: every row with every column is read."""

# Screen points: the least gap between two taps that can be seen, and the least size of a tap.
LEAST_GAP, LEAST_TAP = 4.0, 2.0


class Rendering:
    """The visible part of a picture at the zoom in force, kept until either changes."""

    def __init__(self) -> None:
        self._made: tuple[QImage, int, int] | None = None
        self._key: tuple[object, ...] = ()

    def clear(self) -> None:
        """The picture or the theme is another one."""
        self._made = None

    def paint(
        self,
        painter: QPainter,
        view: Viewport,
        ratio: float,
        pixels: NDArray[np.uint8],
        values: NDArray[Any] | None = None,
        *,
        numbers: bool = True,
        smooth: bool = False,
    ) -> None:
        """Paint it, with its numbers where the pixels are large enough.

        Args:
            ratio: screen pixels a point.
            pixels: uint8, H×W or H×W×3.
            values: the numbers to write instead of the pixels', H×W or H×W×channels.
            smooth: enlarged pixels are interpolated.
        """
        key = (view.scale, view.left, view.top, view.view_width, view.view_height, ratio)
        if self._made is None or key != self._key:
            image, x, y = render(pixels, view, ratio, smooth=smooth)
            image.setDevicePixelRatio(ratio)
            self._made, self._key = (image, x, y), key
            if numbers and view.scale >= NUMBERS_FROM:
                write_numbers(image, x / ratio, y / ratio, pixels, values, view)
        image, x, y = self._made
        painter.drawImage(QPointF(x / ratio, y / ratio), image)


def paint_edge(painter: QPainter, view: Viewport, colour: QColor) -> None:
    """A hairline around the picture."""
    painter.setPen(QPen(colour, 0))
    painter.drawRect(
        QRectF(view.left - 1, view.top - 1, view.width * view.scale + 1, view.height * view.scale + 1)
    )


def paint_box(
    painter: QPainter, view: Viewport, box: tuple[float, float, float, float], colour: QColor, least: float
) -> None:
    """Frame a window of the picture.

    Args:
        box: row, column, height, width in its pixels.
        least: screen points that the frame is large at least: a window of a few pixels in a reduced picture
            would be lost.
    """
    row, column, height, width = box
    x0, y0 = view.to_screen(column, row)
    wide, high = width * view.scale, height * view.scale
    more_x, more_y = max(0.0, least - wide) / 2, max(0.0, least - high) / 2
    area = QRectF(x0, y0, wide, high).adjusted(-more_x, -more_y, more_x, more_y)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 200) if colour.lightness() < 128 else QColor(0, 0, 0, 160), 3))
    painter.drawRect(area)
    painter.setPen(QPen(colour, 1.5))
    painter.drawRect(area)


def paint_window(
    painter: QPainter,
    view: Viewport,
    box: tuple[float, float, float, float],
    taps: Taps | None,
    colour: QColor,
    least: float,
) -> None:
    """Frame a window of the picture; where it has gaps, mark the pixels that are read.

    Args:
        box, least: as for `paint_box`.
        taps: what is read of it; None: all, as also where the gaps are too small to be seen.
    """
    rows, columns = taps or ((), ())
    gaps = [after - before for before, after in (*pairwise(rows), *pairwise(columns))]
    if not gaps or min(gaps) * view.scale < LEAST_GAP:
        paint_box(painter, view, box, colour, least)
        return
    row, column, height, width = box
    x0, y0 = view.to_screen(column, row)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
    painter.drawRect(QRectF(x0, y0, width * view.scale, height * view.scale))
    side = max(view.scale, LEAST_TAP)
    spots = []
    for at_row in rows:
        for at_column in columns:
            x, y = view.to_screen(at_column + 0.5, at_row + 0.5)
            spots.append(QRectF(x - side / 2, y - side / 2, side, side))
    if side < 3 * LEAST_TAP:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRects(spots)
        return
    light = colour.lightness() < 128
    painter.setPen(QPen(QColor(255, 255, 255, 200) if light else QColor(0, 0, 0, 160), 3))
    painter.drawRects(spots)
    painter.setPen(QPen(colour, 1.5))
    painter.drawRects(spots)


def paint_caption(painter: QPainter, area: QRect, left: str, right: str, *, bright: bool) -> None:
    """The words below a picture; those on the left are shortened.

    Args:
        bright: those on the right are what a person reads just now.
    """
    colours = theme.tokens()
    painter.fillRect(area, QColor(colours.panel))
    painter.setPen(QColor(colours.line))
    painter.drawLine(area.topLeft(), area.topRight())
    # What is read under the pointer keeps its place.
    painter.setFont(theme.font(11, figures=True))
    metrics = painter.fontMetrics()
    inner = area.adjusted(theme.GAP, 0, -theme.GAP, 0)
    align = Qt.AlignmentFlag.AlignVCenter
    painter.setPen(QColor(colours.text if bright else colours.secondary))
    painter.drawText(inner, align | Qt.AlignmentFlag.AlignRight, right)
    room = inner.width() - metrics.horizontalAdvance(right) - theme.GAP
    if room > theme.scaled(32):
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        painter.setPen(QColor(colours.secondary))
        words = metrics.elidedText(left, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(inner.topLeft(), QPoint(inner.left() + room, inner.bottom())), align, words)
