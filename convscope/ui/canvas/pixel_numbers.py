"""The numbers inside the pixels of a much enlarged picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter

from convscope.ui import theme
from convscope.ui.canvas.glyphs import LEGIBLE, draw_numbers, fitting_characters, short_number
from convscope.ui.canvas.raster import luma
from convscope.ui.canvas.viewport import Viewport

# Screen points a pixel from which on its number, or the numbers of its channels, can be read.
NUMBERS_FROM, THREE_FROM = 28.0, 40.0


def has_numbers(scale: float, pixels: NDArray[np.uint8], values: NDArray[Any] | None) -> bool:
    """Whether pixels drawn so large have room for their numbers."""
    shown = pixels if values is None else values
    return scale >= (NUMBERS_FROM if shown.ndim == 2 or shown.shape[2] == 1 else THREE_FROM)


def write_numbers(
    image: QImage, x: float, y: float, pixels: NDArray[np.uint8], values: NDArray[Any] | None, view: Viewport
) -> None:
    """Write each visible pixel's numbers, one row a channel, in black or white by how bright the pixel is.

    Args:
        image: the rendering of the view's picture, painted on.
        x, y: the place in the view of the rendering's upper left corner, in screen points.
        pixels: uint8, H×W or H×W×3: the colours that the numbers stand on.
        values: the numbers, H×W or H×W×channels; None for the pixels themselves.
        view: where the picture lies.
    """
    first, last, left, right = view.visible_pixels()
    part = np.asarray((pixels if values is None else values)[first:last, left:right], np.float64)
    part = part.reshape(last - first, right - left, -1)
    channels = part.shape[2]
    spacing = view.scale * 0.29
    fits = view.scale * (0.34 if channels == 1 else 0.29)
    font = theme.font(max(LEGIBLE, min(13.0 * theme.zoom(), fits)) / theme.zoom(), mono=True)
    room = fitting_characters(font, view.scale - 3)
    bright = luma(pixels[first:last, left:right]) > 128
    inks: tuple[list[tuple[str, float, float]], ...] = ([], [])
    for r, (row, bright_row) in enumerate(zip(part.tolist(), bright.tolist(), strict=True)):
        top = view.top + (first + r + 0.5) * view.scale - y - (channels - 1) / 2 * spacing
        for c, (numbers, is_bright) in enumerate(zip(row, bright_row, strict=True)):
            middle = view.left + (left + c + 0.5) * view.scale - x
            for n, number in enumerate(numbers):
                inks[is_bright].append((short_number(number, room), middle, top + n * spacing))
    painter = QPainter(image)
    draw_numbers(painter, font, QColor("#FFFFFF"), inks[0])
    draw_numbers(painter, font, QColor("#000000"), inks[1])
    painter.end()
