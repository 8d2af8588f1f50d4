"""Two pictures at one place, with a divider to drag between them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.picture_paint import Rendering
from convscope.ui.canvas.viewport import Viewport

GRIP = 8


class DividerView(ImageView):
    """A picture before on the left of the divider and one after on its right, zoomed and panned as one.

    Everything else is as in an `ImageView` of the picture after. Shift with the left and right arrows moves
    the divider.

    Signals:
        divided: a person moved the divider: its `share`.
    """

    divided = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before: NDArray[np.uint8] | None = None
        self._before_rendering = Rendering()
        self._share = 0.5
        self._dividing = False
        self._names = ("before", "after")
        self.setAccessibleName("Before and after")

    def set_pair(
        self,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        values: NDArray[Any] | None = None,
        small: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show two pictures, uint8 H×W or H×W×3; their sizes may differ, both fill the same place.

        The arrays are kept, not copied. `values` are what is read out of the picture after, `small` is that
        averaged down already.
        """
        if before is not self._before:
            self._before = before
            self._before_rendering.clear()
        self.set_pixels(after, values, small)

    def set_names(self, before: str, after: str) -> None:
        """What the two sides are called."""
        self._names = (before, after)
        self.update()

    @property
    def share(self) -> float:
        """Where the divider stands: 0 at the left, 1 at the right."""
        return self._share

    def set_share(self, share: float) -> None:
        self._share = min(1.0, max(0.0, share))
        self.update()

    def divider_x(self) -> float:
        """The divider's place in the widget: between the edges of the picture, as far as it is on show."""
        left = max(0.0, self.view.left)
        right = min(self.view.view_width, self.view.left + self.view.width * self.view.scale)
        return left + self._share * (right - left)

    def _set_divider_x(self, x: float) -> None:
        left = max(0.0, self.view.left)
        right = min(self.view.view_width, self.view.left + self.view.width * self.view.scale)
        self._divide((x - left) / (right - left) if right > left else 0.5)

    def _divide(self, share: float) -> None:
        before = self._share
        self.set_share(share)
        if self._share != before:
            self.divided.emit(self._share)

    def _grips(self, position: QPointF) -> bool:
        return (
            self.pixels is not None
            and position.y() < self.view.view_height
            and abs(position.x() - self.divider_x()) <= GRIP
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grips(event.position()):
            self._dividing = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dividing:
            self._set_divider_x(event.position().x())
            return
        super().mouseMoveEvent(event)
        if event.buttons() == Qt.MouseButton.NoButton:
            if self._grips(event.position()):
                self.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dividing:
            self._dividing = False
        else:
            super().mouseReleaseEvent(event)

    def double_clicked(self, position: QPointF) -> bool:
        """On the divider: back to the middle."""
        grips = self._grips(position)
        if grips:
            self._divide(0.5)
        return grips

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02}.get(Qt.Key(event.key()))
        if step and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._divide(self._share + step)
        else:
            super().keyPressEvent(event)

    def _paint_picture(self, painter: QPainter) -> None:
        super()._paint_picture(painter)
        if self._before is None:
            return
        colours, at = theme.tokens(), self.divider_x()
        height, width = self._before.shape[:2]
        other = Viewport(int(width), int(height), self.view.view_width, self.view.view_height)
        other.follow(self.view)
        left = QRectF(0, 0, at, self.view.view_height)
        painter.save()
        painter.setClipRect(left)
        painter.fillRect(left, QColor(colours.window))
        ratio = self.devicePixelRatioF()
        self._before_rendering.paint(painter, other, ratio, self._before, numbers=False)
        painter.restore()
        self._paint_divider(painter, at, colours)

    def _paint_divider(self, painter: QPainter, at: float, colours: theme.Tokens) -> None:
        top = max(0.0, self.view.top)
        bottom = min(self.view.view_height, self.view.top + self.view.height * self.view.scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 120), 3))
        painter.drawLine(QPointF(at, top), QPointF(at, bottom))
        painter.setPen(QPen(QColor("#FFFFFF"), 1.5))
        painter.drawLine(QPointF(at, top), QPointF(at, bottom))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QPointF(at, (top + bottom) / 2), 7, 7)
        painter.setFont(theme.font(11))
        metrics = painter.fontMetrics()
        height = metrics.height() + 4
        for name, side in zip(self._names, (-1, 1), strict=True):
            width = metrics.horizontalAdvance(name) + 12
            area = QRectF(at + GRIP if side > 0 else at - GRIP - width, top + GRIP, width, height)
            if area.left() < 0 or area.right() > self.view.view_width:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 140))
            painter.drawRoundedRect(area, 4, 4)
            painter.setPen(QColor("#FFFFFF"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
