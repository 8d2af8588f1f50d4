"""Painting a picture in its view: the kept rendering, frames around pixels, the caption."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPen

from convscope.imaging.lab.ring import Ring
from convscope.ui import theme
from convscope.ui.canvas.pixel_numbers import has_numbers, write_numbers
from convscope.ui.canvas.raster import render
from convscope.ui.canvas.viewport import Viewport

Taps = tuple[tuple[int, ...], tuple[int, ...]]
"""Rows and columns of a picture: every row with every column is read."""

# Screen points: the least gap between two taps that can be seen, and the least size of a tap.
LEAST_GAP, LEAST_TAP = 4.0, 2.0


# A pixel so large has room for a mark inside it.
LARGE_PIXEL = 20.0


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
        small: NDArray[np.uint8] | None = None,
    ) -> None:
        """Paint it, with its numbers where the pixels are large enough.

        Args:
            ratio: screen pixels a point.
            pixels: uint8, H×W or H×W×3.
            values: the numbers to write instead of the pixels', H×W or H×W×channels.
            smooth: enlarged pixels are interpolated.
            small: the picture averaged down to the size of the view, if somebody has it already.
        """
        key = (view.scale, view.left, view.top, view.view_width, view.view_height, ratio)
        if self._made is None or key != self._key:
            image, x, y = render(pixels, view, ratio, smooth=smooth, small=small)
            image.setDevicePixelRatio(ratio)
            self._made, self._key = (image, x, y), key
            if numbers and has_numbers(view.scale, pixels, values):
                write_numbers(image, x / ratio, y / ratio, pixels, values, view)
        image, x, y = self._made
        painter.drawImage(QPointF(x / ratio, y / ratio), image)


def paint_edge(painter: QPainter, view: Viewport, colour: QColor) -> None:
    """A hairline around the picture."""
    painter.setPen(QPen(colour, 0))
    painter.drawRect(
        QRectF(view.left - 1, view.top - 1, view.width * view.scale + 1, view.height * view.scale + 1)
    )


HALF_FRAME = 1.5
"""Half of a frame's width in screen points, the line that sets it off from the picture included."""


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
    left, right = _line(x0, wide, least, view.view_width)
    top, bottom = _line(y0, high, least, view.view_height)
    area = QRectF(left, top, right - left, bottom - top)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 200) if colour.lightness() < 128 else QColor(0, 0, 0, 160), 3))
    painter.drawRect(area)
    painter.setPen(QPen(colour, 1.5))
    painter.drawRect(area)


def _line(start: float, long: float, least: float, room: float) -> tuple[float, float]:
    """Where a frame begins and ends along one axis, so that its lines at the border of the view are whole."""
    more = max(0.0, least - long) / 2
    first, last = start - more, start + long + more
    # An end that is scrolled out of the view stays out.
    if start > -0.5 and first < HALF_FRAME:
        first, last = HALF_FRAME, max(last, HALF_FRAME + least)
    if start + long < room + 0.5 and last > room - HALF_FRAME:
        first, last = min(first, room - HALF_FRAME - least), room - HALF_FRAME
    return first, last


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


def paint_ring(
    painter: QPainter, view: Viewport, ring: Ring, renderings: Sequence[Rendering], ratio: float
) -> None:
    """Draw what is padded around a picture: veiled, with a dashed line around it.

    Args:
        renderings: kept between paints, one a strip.
        ratio: screen pixels a point.
    """
    colours = theme.tokens()
    above, below, left, right = view.margins
    x0, y0 = view.left, view.top
    x1, y1 = x0 + view.width * view.scale, y0 + view.height * view.scale
    outer = QRectF(x0 - left, y0 - above, left + x1 - x0 + right, above + y1 - y0 + below)
    corners = (
        (x0 - left, y0 - above),
        (x0 - left, y1),
        (x0 - left, y0),
        (x1, y0),
    )
    for strip, numbers, corner, kept in zip(ring.pixels, ring.values, corners, renderings, strict=True):
        height, width = strip.shape[:2]
        if not height or not width:
            continue
        if min(side for side in ring.amounts if side) * view.scale >= 1.5 * view.frame:
            part = Viewport(width, height, view.view_width, view.view_height, view.scale, fitted=False)
            part.centre_x = (view.view_width / 2 - corner[0]) / view.scale
            part.centre_y = (view.view_height / 2 - corner[1]) / view.scale
            if min(part.visible()[2:]) > 0:
                kept.paint(painter, part, ratio, strip, numbers)
    veil = QColor(colours.window)
    band = QPainterPath()
    band.addRect(outer)
    inner = QPainterPath()
    inner.addRect(QRectF(x0, y0, x1 - x0, y1 - y0))
    band = band.subtracted(inner)
    if min(side for side in ring.amounts if side) * view.scale < 1.5 * view.frame:
        # Too thin for its pixels: a frame that says that there is one.
        mean = QColor(*(int(level) for level in _mean_colour(ring)))
        painter.fillPath(band, mean)
        painter.fillPath(band, QBrush(QColor(colours.accent), Qt.BrushStyle.BDiagPattern))
        return
    veil.setAlpha(90)
    painter.fillPath(band, veil)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DashLine))
    painter.drawRect(QRectF(x0, y0, x1 - x0, y1 - y0))


def _mean_colour(ring: Ring) -> NDArray[np.float64]:
    strip = next(strip for strip in ring.pixels if strip.size)
    mean = strip.reshape(-1, 1 if strip.ndim == 2 else 3).mean(axis=0)
    return np.repeat(mean, 3) if mean.size == 1 else mean


def paint_peak(painter: QPainter, view: Viewport, place: tuple[int, int]) -> None:
    """Mark the pixel of the largest value: lines that point at it, or the corners of one that is large."""
    x, y = view.to_screen(place[1] + 0.5, place[0] + 0.5)
    if view.scale >= LARGE_PIXEL:
        half, arm = view.scale / 2 - 3, min(view.scale / 5, 16.0)
        lines = [
            QLineF(x + dx * half, y + dy * half, x + dx * (half - along), y + dy * (half - arm + along))
            for dx in (-1, 1)
            for dy in (-1, 1)
            for along in (0.0, arm)
        ]
    else:
        inner = max(view.scale / 2 + 2, 6.0)
        lines = [
            QLineF(x + dx * inner, y + dy * inner, x + dx * (inner + 7), y + dy * (inner + 7))
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
    for colour, width in ((QColor(0, 0, 0, 200), 4.0), (QColor("#FACC15"), 2.0)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines(lines)


def shortened(metrics: QFontMetrics, words: str, room: int) -> str:
    """A caption that fits: the name of "a name · 300 × 451" is cut in its middle, the rest stays.

    Of three things the one in the middle is left out before a name or a number is cut.
    """
    if metrics.horizontalAdvance(words) <= room:
        return words
    for mark in ("  ·  ", " · ", ", "):
        first, *between = words.split(mark)
        if len(between) > 1 and metrics.horizontalAdvance(f"{first}{mark}{between[-1]}") <= room:
            return f"{first}{mark}{between[-1]}"
        name, found, rest = words.rpartition(mark)
        left = room - metrics.horizontalAdvance(found + rest)
        if found and left > 3 * metrics.averageCharWidth():
            return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, left) + found + rest
    return metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)


def paint_caption(painter: QPainter, area: QRect, left: str, right: str, *, bright: bool) -> bool:
    """The words below a picture; those on the left are shortened.

    Args:
        bright: those on the right are what a person reads just now.

    Returns:
        whether those on the left are there whole.
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
    room = inner.width() - metrics.horizontalAdvance(right) - theme.GAP
    if not bright and room < QFontMetrics(theme.font(11)).horizontalAdvance(left):
        # What the picture is says more than how large it is drawn.
        right, room = "", inner.width()
    painter.drawText(inner, align | Qt.AlignmentFlag.AlignRight, right)
    words = ""
    if room > theme.scaled(32):
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        painter.setPen(QColor(colours.secondary))
        words = shortened(metrics, left, room)
        painter.drawText(QRect(inner.topLeft(), QPoint(inner.left() + room, inner.bottom())), align, words)
    return words == left
