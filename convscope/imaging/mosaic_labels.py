"""The labels under the tiles of a mosaic, in the window and in a saved picture: how they are broken and cut.

The window's type is Qt's, a saved picture's is Pillow's: both are given as `LabelLetters`.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from convscope.core.paths import resource_path

# So much of a caption must be left for it to be worth reading.
_LEAST_LETTERS = 5
_SMALLEST = 9


class LabelLetters(Protocol):
    """The type that labels are written in; lengths in its own unit."""

    def wide(self, words: str) -> float:
        """How wide they are."""

    def cut_end(self, words: str, width: float) -> str:
        """As much of their beginning as fits, and an ellipsis."""

    def cut_middle(self, words: str, width: float) -> str:
        """As much of both ends as fits, with an ellipsis between."""


def fitting_words(letters: LabelLetters, words: str, width: float) -> str:
    """A caption whole, or cut at its end with an ellipsis; nothing where next to nothing would be left.

    Of two things with a wide gap between them ("7×7  conv2d") the first is told where both are too wide.
    """
    if letters.wide(words) <= width:
        return words
    words = words.partition("  ")[0]
    if letters.wide(words) <= width:
        return words
    shown = letters.cut_end(words, width)
    return shown if len(shown) > _LEAST_LETTERS else ""


def fitting_lines(letters: LabelLetters, words: str, width: float, lines: int = 1) -> list[str]:
    """A caption in lines, broken where it names two things ("Grad-CAM: tabby", "7×7  conv2d"), else by words.

    What is still too wide is cut: a name in its middle, words at their end.
    """
    if lines == 1 or letters.wide(words) <= width:
        return [fitting_words(letters, words, width)]
    for mark in (": ", "  "):
        first, found, rest = words.partition(mark)
        if found:
            first += mark.strip()
            if " " not in rest and letters.wide(rest) > width:
                rest = letters.cut_middle(rest, width)
            return [fitting_words(letters, first, width), fitting_words(letters, rest, width)]
    left, taken = words.split(" "), ""
    while left and letters.wide(f"{taken} {left[0]}".strip()) <= width:
        taken = f"{taken} {left.pop(0)}".strip()
    if not taken:
        return [fitting_words(letters, words, width)]
    return [taken, *fitting_lines(letters, " ".join(left), width, lines - 1)]


class SavedLetters:
    """Inter, as Pillow writes it.

    Args:
        pixels: its size.
    """

    def __init__(self, pixels: int) -> None:
        self.font = _inter(pixels)

    def wide(self, words: str) -> float:
        return float(self.font.getlength(words))

    def cut_end(self, words: str, width: float) -> str:
        kept = len(words)
        while kept and self.wide(f"{words[:kept]}…") > width:
            kept -= 1
        return f"{words[:kept]}…"

    def cut_middle(self, words: str, width: float) -> str:
        kept = len(words) - 1
        while kept and self.wide(_without_middle(words, kept)) > width:
            kept -= 1
        return _without_middle(words, kept)


def _without_middle(words: str, kept: int) -> str:
    first = (kept + 1) // 2
    return f"{words[:first]}…{words[len(words) - kept + first :]}"


@cache
def _inter(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(
        str(resource_path("fonts", "Inter-Regular.ttf")), pixels, layout_engine=ImageFont.Layout.BASIC
    )


def labelled(pixels: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    """A tile, uint8 H×W×3, with a white band below it in which its label stands, as large as it fits."""
    height, width = pixels.shape[:2]
    band = max(16, round(height / 12))
    made = np.full((height + band, width, 3), 255, np.uint8)
    made[:height] = pixels
    size = max(_SMALLEST, round(band * 0.7))
    while size > _SMALLEST and SavedLetters(size).wide(label) > width - 4:
        size -= 1
    letters = SavedLetters(size)
    (words,) = fitting_lines(letters, label, width - 4)
    picture = Image.fromarray(made)
    ImageDraw.Draw(picture).text((2, height + band / 2), words, (32, 32, 32), letters.font, anchor="lm")
    return np.asarray(picture)
