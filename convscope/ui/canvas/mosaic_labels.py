"""The labels under the tiles of a mosaic in the window: how many lines, what is cut, where they stand.

In a saved picture they are `imaging.mosaic.labelled`.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from convscope.ui import theme

CAPTION_HEIGHT = 16
"""Of a line, in design pixels."""

# So much of a caption must be left for it to be worth reading.
_LEAST_LETTERS = 5


def lines_under(captions: Sequence[str], width: int, most: int) -> int:
    """How many lines captions take under tiles of this width, `most` at the most."""
    if most == 1:
        return 1
    metrics = QFontMetrics(theme.font(11))
    return most if any(metrics.horizontalAdvance(words) > width for words in captions) else 1


def paint_label(painter: QPainter, tile: QRect, caption: str, lines: int) -> None:
    """A caption in its lines under a tile, in the painter's font and colour."""
    step = theme.scaled(CAPTION_HEIGHT)
    for number, words in enumerate(fitting_lines(painter.fontMetrics(), caption, tile.width(), lines)):
        line = QRect(tile.left(), tile.bottom() + 1 + number * step, tile.width(), step)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)


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
