"""A spectrum that one paints on: what is painted is taken out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.qimage import to_image


class SpectrumPad(QWidget):
    """The image's spectrum, fitted, with the mask over it.

    Signals:
        painted: (row, column) under the brush, in pixels of the spectrum.
        hovered: (row, column) of the frequency under the pointer, or None.

    Attributes:
        magnitude: |F| of every frequency, float64 H×W; None without a spectrum.
        stroke: counts the presses of the button, each of which begins a stroke.
    """

    painted = Signal(float, float)
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMouseTracking(True)
        self.magnitude: NDArray[np.float64] | None = None
        self.stroke = 0
        self._picture: QImage | None = None
        self._mask: QImage | None = None
        self._radius = 8.0
        self._pointer: QPointF | None = None

    def set_picture(
        self, pixels: NDArray[np.uint8] | None, magnitude: NDArray[np.float64] | None = None
    ) -> None:
        """The spectrum, uint8 H×W, zero frequency in the centre, and its |F|; None for nothing."""
        self._picture = None if pixels is None else to_image(pixels)
        self.magnitude = magnitude
        if pixels is None:
            self._mask = None
        self.update()

    def set_mask(self, mask: NDArray[np.float32]) -> None:
        """What is kept (1) and what is taken out (0), H×W."""
        height, width = mask.shape
        overlay = np.zeros((height, width, 4), np.uint8)
        colour = QColor(theme.tokens().bad)
        overlay[..., :3] = (colour.red(), colour.green(), colour.blue())
        overlay[..., 3] = np.rint((1 - mask) * 150)
        self._mask = QImage(overlay.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        self.update()

    def set_radius(self, radius: float) -> None:
        """The brush, in pixels of the spectrum."""
        self._radius = radius
        self.update()

    def to_pixel(self, point: QPointF) -> tuple[float, float]:
        """(row, column) of the spectrum under a point of the widget."""
        target = self._target()
        scale = self._scale()
        return ((point.y() - target.top()) / scale, (point.x() - target.left()) / scale)

    def to_point(self, row: float, column: float) -> QPointF:
        """The point of the widget over the middle of a spectrum's pixel."""
        target = self._target()
        scale = self._scale()
        return QPointF(target.left() + (column + 0.5) * scale, target.top() + (row + 0.5) * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None:
            return
        painter = QPainter(self)
        # Of a small picture each frequency stays a square of its own.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale() < 4)
        target = self._target()
        painter.drawImage(target, self._picture)
        if self._mask is not None:
            painter.drawImage(target, self._mask)
        if self._pointer is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor("#FFFFFF"), 1.5))
            radius = max(2.0, self._radius * self._scale())
            painter.drawEllipse(self._pointer, radius, radius)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.stroke += 1
        self._stroke(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self._stroke(event)
        row, column = (math.floor(place) for place in self.to_pixel(event.position()))
        inside = self.magnitude is not None and (
            0 <= row < self.magnitude.shape[0] and 0 <= column < self.magnitude.shape[1]
        )
        self.hovered.emit((row, column) if inside else None)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._pointer = None
        self.hovered.emit(None)
        self.update()

    def _stroke(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._picture is not None:
            row, column = self.to_pixel(event.position())
            if 0 <= row < self._picture.height() and 0 <= column < self._picture.width():
                self.painted.emit(row, column)

    def _scale(self) -> float:
        if self._picture is None:
            return 1.0
        return min(self.width() / self._picture.width(), self.height() / self._picture.height())

    def _target(self) -> QRectF:
        if self._picture is None:
            return QRectF(self.rect())
        scale = self._scale()
        width, height = self._picture.width() * scale, self._picture.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
