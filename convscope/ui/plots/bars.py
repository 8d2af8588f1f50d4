"""A short sequence of numbers as bars, with a window that slides over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.imaging.numerals import numeral
from convscope.ui import theme

LARGEST_BAR = 56
# From here on the beginning of a long name says more than nothing.
ELIDED = 36


class BarsView(QWidget):
    """One bar a number, up from 0 or down, each with its number where there is room.

    Signals:
        hovered: the index under the cursor, or None.
        clicked: the index.
    """

    hovered = Signal(object)
    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[np.float64] = np.zeros(0)
        self._labels: tuple[str, ...] = ()
        self._window: tuple[int, int] | None = None
        self._quiet = 0, 0
        self._ends: tuple[float, float] | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Bars")

    def set_bars(
        self,
        values: ArrayLike,
        labels: Sequence[str] = (),
        *,
        ends: tuple[float, float] | None = None,
        quiet: tuple[int, int] = (0, 0),
    ) -> None:
        """Show numbers.

        Args:
            values: 1-D.
            labels: what stands under each bar; its index without.
            ends: the smallest and the largest value that there is room for, so that two views with the same
                ends are on one scale; None for those of the values.
            quiet: how many bars at the beginning and at the end are border, not data.
        """
        self._values = np.array(values, np.float64).ravel()
        self._labels, self._ends, self._quiet = tuple(labels), ends, quiet
        if self._hover is not None and self._hover >= len(self._values):
            self._hover = None
        self.setAccessibleDescription(" ".join(numeral(value) for value in self._values[:64].tolist()))
        self.update()

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value that there is room for."""
        if self._ends is not None:
            return self._ends
        return self.ends_of(self._values)

    @staticmethod
    def ends_of(values: NDArray[np.floating[Any]]) -> tuple[float, float]:
        """The smallest and the largest of numbers, those that are none left out; 0 and 0 without any."""
        known = values[np.isfinite(values)]
        return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)

    def set_window(self, start: int, count: int) -> None:
        """Frame `count` bars from `start` on."""
        self._window = (start, count)
        self.update()

    def clear_window(self) -> None:
        self._window = None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(120))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(120), theme.scaled(64))

    def bar_rect(self, index: int) -> QRectF:
        """The place of a bar with its number and label, from top to bottom."""
        count = max(1, len(self._values))
        width = min(self.width() / count, theme.scaled(LARGEST_BAR))
        left = (self.width() - width * count) / 2
        return QRectF(left + index * width, 0, width, self.height())

    def index_at(self, x: float) -> int | None:
        """The bar at a place of the widget."""
        first = self.bar_rect(0)
        index = int((x - first.left()) // first.width())
        return index if 0 <= index < len(self._values) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.index_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(index)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.update()
            self.hovered.emit(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._values):
            return
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setFont(theme.font(11, figures=True))
        line = painter.fontMetrics().height()
        # What is no number is written, and has no height.
        heights = np.where(np.isfinite(self._values), self._values, 0.0)
        least, most = self.ends
        largest = max(-least, most) or 1.0
        low, high = min(0.0, least / largest), max(0.0, most / largest)
        span = max(1e-9, high - low)
        # A line of numbers above and below the bars, and one of labels at the foot.
        top, room = float(line), max(4.0, self.height() - 3.0 * line)
        zero = top + high / span * room
        width = self.bar_rect(0).width()
        centre = Qt.AlignmentFlag.AlignCenter
        for index, (told, value) in enumerate(zip(self._values.tolist(), heights.tolist(), strict=True)):
            place = self.bar_rect(index)
            height = abs(value) / largest / span * room
            bar = QRectF(place.left() + 1, zero - height if value >= 0 else zero, max(1.0, width - 2), height)
            colour = QColor(colours.positive if value >= 0 else colours.negative)
            if colours.dark and value < 0:
                colour = colour.lighter(140)
            border = index < self._quiet[0] or index >= len(self._values) - self._quiet[1]
            colour.setAlpha(90 if border else 255 if index == self._hover else 200)
            painter.fillRect(bar, colour)
            text = numeral(told, 4)
            if painter.fontMetrics().horizontalAdvance(text) <= width:
                painter.setPen(QColor(colours.text))
                y = bar.top() - line if value >= 0 else bar.bottom()
                painter.drawText(QRectF(place.left(), y, width, line), centre, text)
            label = self._labels[index] if index < len(self._labels) else str(index - self._quiet[0])
            if width >= theme.scaled(ELIDED):
                label = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, int(width) - 2)
            if painter.fontMetrics().horizontalAdvance(label) + 2 <= width and not border:
                painter.setPen(QColor(colours.secondary))
                painter.drawText(QRectF(place.left(), self.height() - line, width, line), centre, label)
        painter.setPen(QColor(colours.secondary))
        painter.drawLine(QPointF(self.bar_rect(0).left(), zero), QPointF(place.right(), zero))
        if self._window is not None:
            start, count = self._window
            first, last = self.bar_rect(start), self.bar_rect(start + count - 1)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(first.united(last).adjusted(1, 1, -1, -1.0 - line), 4, 4)
        painter.end()
