"""Painting a table of numbers as coloured cells: what the kernel editor and the small grids share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFont, QPainter

from convscope.ui import theme
from convscope.ui.canvas.glyphs import LEGIBLE, draw_numbers, fitting_characters, short_number

# A row so high has room for a line of them.
_LINE = 14


def signed_colours(values: NDArray[np.float64], limit: float) -> NDArray[np.uint8]:
    """The theme's signed colours of a table: blue below 0, orange above, full at ±limit; uint8 H×W×3."""
    colours = theme.tokens()
    neutral, above, below = (
        np.array([colour.red(), colour.green(), colour.blue()], np.float64)
        for colour in map(QColor, (colours.neutral, colours.positive, colours.negative))
    )
    share = np.clip(values / limit, -1, 1) if limit > 0 else np.zeros_like(values)
    end = np.where((share >= 0)[..., None], above, below)
    return np.rint(neutral + (end - neutral) * np.abs(share)[..., None]).astype(np.uint8)


def gray_colours(values: NDArray[np.float64], limit: float) -> NDArray[np.uint8]:
    """Black at 0, white at the limit; uint8 H×W×3."""
    level = np.clip(values / limit, 0, 1) if limit > 0 else np.zeros_like(values)
    return np.repeat(np.rint(level * 255).astype(np.uint8)[..., None], 3, axis=2)


def paint_cells(
    painter: QPainter,
    values: NDArray[np.float64],
    colours: NDArray[np.uint8],
    left: int,
    top: int,
    width: int,
    height: int,
) -> None:
    """Paint a table: one coloured cell of width × height a number, with its number.

    Where the number of one cell has no room that can be read, all show their colours alone: a table of which
    some are left out would say that those are nothing.
    """
    rows, columns = values.shape
    gap = 1 if min(width, height) >= 8 else 0
    inks: tuple[list[tuple[str, float, float]], ...] = ([], [])
    font = cell_font(width, height)
    room = fitting_characters(font, width - 3)
    bright = colours @ np.array([0.299, 0.587, 0.114]) > 140
    numbered = has_numbers(values, width, height)
    for row, (numbers, rgbs, brights) in enumerate(
        zip(values.tolist(), colours.tolist(), bright.tolist(), strict=True)
    ):
        y = top + row * height
        for column, (number, rgb, is_bright) in enumerate(zip(numbers, rgbs, brights, strict=True)):
            x = left + column * width
            painter.fillRect(x, y, width - gap, height - gap, QColor(*rgb))
            if numbered:
                inks[is_bright].append(
                    (short_number(number, room), x + (width - gap) / 2, y + (height - gap) / 2)
                )
    if numbered:
        draw_numbers(painter, font, QColor("#FFFFFF"), inks[0])
        draw_numbers(painter, font, QColor("#10141B"), inks[1])
    painter.setPen(QColor(theme.tokens().line))
    painter.drawRect(QRect(left - 1, top - 1, columns * width + 1 - gap + 1, rows * height + 1 - gap + 1))


def has_numbers(values: NDArray[np.float64], width: int, height: int) -> bool:
    """Whether cells of width × height have room for all numbers of a table."""
    room = fitting_characters(cell_font(width, height), width - 3)
    if room < 1 or height < theme.scaled(_LINE):
        return False
    return all(short_number(value, room) for row in values.tolist() for value in row)


def cell_font(width: int, height: int) -> QFont:
    """The type of the numbers in a cell of this size, in screen points; never too small to be read."""
    fits = min(13.0 * theme.zoom(), height * 0.5, width * 0.3) / theme.zoom()
    return theme.font(max(LEGIBLE, fits), mono=True)
