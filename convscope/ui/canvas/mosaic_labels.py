"""The labels under the tiles of a mosaic, painted in the window by the rules of `imaging.mosaic_labels`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from convscope.imaging.mosaic_labels import fitting_lines
from convscope.ui import theme

CAPTION_HEIGHT = 16
"""Of a line, in design pixels."""


class ShownLetters:
    """The window's type, as Qt writes it."""

    def __init__(self, metrics: QFontMetrics) -> None:
        self._metrics = metrics

    def wide(self, words: str) -> float:
        return self._metrics.horizontalAdvance(words)

    def cut_end(self, words: str, width: float) -> str:
        return self._metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width))

    def cut_middle(self, words: str, width: float) -> str:
        return self._metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, int(width))


def lines_under(captions: Sequence[str], width: int, most: int) -> int:
    """How many lines captions take under tiles of this width, `most` at the most."""
    if most == 1:
        return 1
    metrics = QFontMetrics(theme.font(11))
    return most if any(metrics.horizontalAdvance(words) > width for words in captions) else 1


def paint_label(painter: QPainter, tile: QRect, caption: str, lines: int) -> None:
    """A caption in its lines under a tile, in the painter's font and colour."""
    step, letters = theme.scaled(CAPTION_HEIGHT), ShownLetters(painter.fontMetrics())
    for number, words in enumerate(fitting_lines(letters, caption, tile.width(), lines)):
        line = QRect(tile.left(), tile.bottom() + 1 + number * step, tile.width(), step)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)
