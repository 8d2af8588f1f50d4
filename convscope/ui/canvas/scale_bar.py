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
from convscope.ui.qimage import to_image

BAR_HEIGHT = 8
CHECKER = (176, 255)
"""The grays that show through colours that cover a picture in part."""
_COLOURS: dict[str, ColormapName] = {"signed": "diverging", **{name: name for name in COLORMAPS}}


class ScaleBar(QWidget):
    """Low at the left, high at the right, and 0 marked where it lies between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind, self._low, self._high = "clip", 0.0, 255.0
        self._opacities: NDArray[np.uint8] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour scale")

    def set_scale(
        self, kind: str, low: float, high: float, opacities: NDArray[np.uint8] | None = None
    ) -> None:
        """Show a scale.

        Args:
            kind: a display mode (signed is blue to orange, all others black to white) or a colour map.
            low, high: the values of the first and the last colour.
            opacities: of the colours where they are laid over a picture, uint8, 256; a checker then shows
                through as the picture does.
        """
        self._kind, self._low, self._high, self._opacities = kind, low, high, opacities
        self.setAccessibleDescription(f"{numeral(low, 4)} to {numeral(high, 4)}")
        self.update()

    def clear(self) -> None:
        """An empty groove: there is nothing that a scale could be of."""
        self._kind = ""
        self.setAccessibleDescription("")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(180), theme.scaled(BAR_HEIGHT + 18))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(100), theme.scaled(BAR_HEIGHT + 18))

    def colours(self) -> NDArray[np.uint8]:
        """The colours from low to high, uint8 256×3."""
        return colormap(_COLOURS.get(self._kind, "gray"))

    def _ramp(self) -> QImage:
        """The colours, laid over a checker where a picture shows through."""
        colours = self.colours()[None]
        if self._opacities is None:
            return to_image(np.ascontiguousarray(colours))
        # As fine as the screen, so that its squares stay squares.
        height, width = theme.scaled(BAR_HEIGHT), max(1, self.width())
        at = np.linspace(0, 255, width).round().astype(int)
        share = self._opacities[at, None].astype(np.float32) / 255
        side = max(1, height // 2)
        dark = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2 == 1
        checker = np.where(dark[..., None], np.float32(CHECKER[0]), np.float32(CHECKER[1]))
        mixed = (1 - share) * checker + share * colours[0, at]
        return to_image(np.ascontiguousarray(np.rint(mixed).astype(np.uint8)))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme_colours = theme.tokens()
        painter = QPainter(self)
        bar = QRect(0, 2, self.width(), theme.scaled(BAR_HEIGHT))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._kind:
            painter.fillRect(bar, QColor(theme_colours.line))
            painter.end()
            return
        painter.drawImage(bar, self._ramp())
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
