"""Numbers in cells: short forms that fit, and drawing thousands of them in one call."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QGlyphRun, QPainter, QRawFont

MINUS = "−"
# Smaller letters cannot be read across a desk, in design pixels.
LEGIBLE = 11.0


@lru_cache(maxsize=8192)
def short_number(value: float, characters: int) -> str:
    """The most exact form of a number that has room in so many characters; "" when none has.

    Whole numbers stay whole, a leading zero gives way before digits do.
    """
    if not math.isfinite(value):
        text = "nan" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
        return text if len(text) <= characters else ""
    for digits in (6, 5, 4, 3, 2, 1):
        text = _plain(f"{value:.{digits}g}")
        if len(text) <= characters and ("e" not in text or abs(value) >= 1e5 or abs(value) < 1e-4):
            return text
        bare = text.replace("0.", ".", 1) if abs(value) < 1 else text
        if len(bare) <= characters and "e" not in bare:
            return bare
    for digits in (2, 1, 0):
        text = _plain(f"{value:.{digits}e}")
        if len(text) <= characters:
            return text
    # Too small to tell from zero in so little room.
    return "0" if abs(value) < 0.01 and characters >= 1 else ""


def _plain(text: str) -> str:
    if "e" in text:
        mantissa, exponent = text.split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    if text == "-0":
        return "0"
    return text.replace("-", MINUS)


@lru_cache(maxsize=64)
def _metrics(key: str) -> tuple[QRawFont, dict[str, tuple[int, float]], float]:
    font = QFont()
    font.fromString(key)
    raw = QRawFont.fromFont(font)
    known: dict[str, tuple[int, float]] = {}
    letters = f"0123456789.e+-{MINUS}∞nan×/· "
    for letter in letters:
        index = raw.glyphIndexesForString(letter)
        if index:
            known[letter] = (index[0], raw.advancesForGlyphIndexes(index)[0].x())
    return raw, known, raw.capHeight()


@lru_cache(maxsize=8192)
def _shaped(key: str, text: str) -> tuple[list[int], list[float], float]:
    """The glyphs of a number, where each begins, and how wide all are together."""
    known = _metrics(key)[1]
    glyphs, steps, width = [], [], 0.0
    for letter in text:
        index, advance = known[letter]
        glyphs.append(index)
        steps.append(width)
        width += advance
    return glyphs, steps, width


def text_width(font: QFont, text: str) -> float:
    """How wide a number is in this font, in screen points."""
    return _shaped(font.toString(), text)[2]


def fitting_characters(font: QFont, width: float) -> int:
    """How many digits have room."""
    return max(0, int(width / max(1.0, text_width(font, "0"))))


def draw_numbers(
    painter: QPainter, font: QFont, colour: QColor, numbers: Iterable[tuple[str, float, float]]
) -> None:
    """Write numbers, each centred on a point (x, y), all in one colour and in one call to the painter.

    Laying out each text by itself costs Qt some 20 µs; the glyphs of all together cost less than one each.
    """
    key = font.toString()
    raw, _, cap_height = _metrics(key)
    indexes: list[int] = []
    places: list[QPointF] = []
    for text, x, y in numbers:
        glyphs, steps, width = _shaped(key, text)
        at, baseline = round(x - width / 2), round(y + cap_height / 2)
        indexes += glyphs
        places += [QPointF(at + step, baseline) for step in steps]
    if not indexes:
        return
    run = QGlyphRun()
    run.setRawFont(raw)
    run.setGlyphIndexes(indexes)
    run.setPositions(places)
    painter.setPen(colour)
    painter.drawGlyphRun(QPointF(0, 0), run)
