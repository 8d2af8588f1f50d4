"""What a chart is drawn on, and how its numbers are written."""

from __future__ import annotations

import math
import time

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from convscope.ui import theme

# More dots than these would touch each other.
MOST_DOTS = 200


class Plot(pg.PlotWidget):
    """A plot that tells where the cursor is; a double click fits, the right button copies or saves.

    Attributes:
        measured: whether painting is measured; asking for the time of a thread costs time itself.
        spent: seconds of this thread that measured paintings have taken so far.
    """

    measured = False
    spent = 0.0

    moved = Signal(object)
    doubled = Signal()
    asked = Signal(object)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.thread_time() if self.measured else 0.0
        super().paintEvent(event)
        if self.measured:
            self.spent += time.thread_time() - began

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.moved.emit(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.moved.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.doubled.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.asked.emit(event.globalPos())


class CurveItem(pg.PlotCurveItem):
    """A curve whose bounds are all that is on show: nobody asks for its own, which take long to find."""

    def boundingRect(self) -> QRectF:
        """In the units of the axes."""
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()


class DotsItem(pg.GraphicsObject):
    """A dot at each point of a curve, as long as they are few.

    Args:
        colour: #RRGGBB.
        radius: in pixels.
    """

    def __init__(self, colour: str, radius: float) -> None:
        super().__init__()
        self._colour, self._radius = QColor(colour), radius
        self._points: list[QPointF] = []

    def set_points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Where the dots are; a value that is no number has none."""
        few = len(x) <= MOST_DOTS
        pairs = zip(x.tolist(), y.tolist(), strict=True) if few else ()
        self._points = [QPointF(a, b) for a, b in pairs if math.isfinite(b)]
        self.update()

    def boundingRect(self) -> QRectF:
        """In the units of the axes."""
        box = self.getViewBox()
        return QRectF() if box is None else box.viewRect()

    def viewTransformChanged(self) -> None:
        """Another range: other bounds."""
        self.prepareGeometryChange()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Round on the screen, whatever the axes."""
        to_screen = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        for point in self._points:
            painter.drawEllipse(to_screen.map(point), self._radius, self._radius)


def short(value: float) -> str:
    """A number in six letters: "0.003", "2.9e−4"."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}" if abs(value) >= 10 else f"{value:.2g}"
    mantissa, power = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(power)}".replace("-", "−")


def rounded(step: float) -> float:
    """The next number of the form 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in (1.0, 2.0, 5.0, 10.0) if power * digit >= step * 0.999)


def upright(x: float, words: str, colour: str, dashes: list[float], height: float) -> pg.InfiniteLine:
    """An upright line with its name beside it, at a share of the chart's height."""
    pen = pg.mkPen(colour, width=1)
    pen.setDashPattern(dashes)
    options = {"color": colour, "position": height, "anchors": [(0, 0.5), (1, 0.5)]}
    line = pg.InfiniteLine(x, angle=90, pen=pen, label=words, labelOpts=options)
    line.label.setFont(theme.font(11))
    line.setZValue(30)
    return line
