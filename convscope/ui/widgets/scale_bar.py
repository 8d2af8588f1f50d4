"""What the colours of a picture stand for: a bar from the lowest to the highest value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.imaging.colormaps import COLORMAPS, ColormapName, colormap
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.widgets.raster import to_image

BAR_HEIGHT = 8
_COLOURS: dict[str, ColormapName] = {"signed": "diverging", **{name: name for name in COLORMAPS}}


class ScaleBar(QWidget):
    """Low at the left, high at the right, and 0 marked where it lies between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind, self._low, self._high = "clip", 0.0, 255.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def set_scale(self, kind: str, low: float, high: float) -> None:
        """Show a scale.

        Args:
            kind: a display mode (signed is blue to orange, all others black to white) or a colour map.
            low, high: the values of the first and the last colour.
        """
        self._kind, self._low, self._high = kind, low, high
        self.setAccessibleDescription(f"{numeral(low, 4)} to {numeral(high, 4)}")
        self.update()

    def sizeHint(self) -> QSize:
        """One bar over one line of numbers."""
        return QSize(theme.scaled(180), theme.scaled(BAR_HEIGHT + 18))

    def minimumSizeHint(self) -> QSize:
        """Room for two numbers."""
        return QSize(theme.scaled(100), theme.scaled(BAR_HEIGHT + 18))

    def colours(self) -> NDArray[np.uint8]:
        """The colours from low to high, uint8 256×3."""
        return colormap(_COLOURS.get(self._kind, "gray"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ramp, its ends and its zero."""
        theme_colours = theme.tokens()
        painter = QPainter(self)
        bar = QRect(0, 2, self.width(), theme.scaled(BAR_HEIGHT))
        ramp: QImage = to_image(np.ascontiguousarray(self.colours()[None]))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, ramp)
        painter.setPen(QColor(theme_colours.line))
        painter.drawRect(bar.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(theme_colours.secondary))
        painter.setFont(theme.font(11, figures=True))
        words = QRect(0, bar.bottom() + 2, self.width(), self.height() - bar.bottom() - 2)
        metrics = painter.fontMetrics()
        low, high = numeral(self._low, 4), numeral(self._high, 4)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, low)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, high)
        if self._low < 0 < self._high:
            at = round(-self._low / (self._high - self._low) * (self.width() - 1))
            painter.setPen(QColor(theme_colours.text))
            painter.drawLine(at, bar.top(), at, bar.bottom() + 3)
            half = metrics.horizontalAdvance("0")
            taken = metrics.horizontalAdvance(low), metrics.horizontalAdvance(high)
            if taken[0] + half < at < self.width() - taken[1] - half:
                place = QRect(at - 20, words.top(), 40, words.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, "0")
        painter.end()
