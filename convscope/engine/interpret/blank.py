"""The one rule for "nothing there": too faint beside the rest of its layer to be anything but rounding.

A filter that training has given up keeps weights of 1e−8 where its neighbours have 0.1. Divided by its own
deviation its map becomes a crisp picture, and an ascent, which divides by the gradient's length, grows a
lively pattern from it. So whatever puts one channel on a scale of its own asks here first: maps, kernels,
patterns, the share of blank maps. In trained networks such channels lie four orders of magnitude and more
below the largest of their layer, and those that do anything at most two or three.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FAINT = 1e-4
"""Below this share of the layer's largest there is nothing."""

ROUNDING = 1e-6
"""By what share of their own size float32 numbers differ from rounding alone."""


def nothing(sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which channels of a layer have nothing there.

    Args:
        sizes: one a channel, 0 or more: its map's spread, or the size of its filter's largest weight. What is
            no number is not nothing.

    Returns:
        bool, of the same shape; all where nothing is larger than 0.
    """
    known = np.isfinite(sizes)
    largest = float(np.max(sizes, initial=0.0, where=known))
    with np.errstate(invalid="ignore"):
        return known & (sizes <= FAINT * largest)


def is_blank(minimum: NDArray[np.float64], maximum: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which maps of a layer have one value everywhere, but for rounding; or differences that are nothing.

    Args:
        minimum, maximum: of every map of the layer.
    """
    size = np.maximum(np.abs(minimum), np.abs(maximum))
    with np.errstate(invalid="ignore"):
        spread = np.asarray(maximum - minimum, np.float64)
        return np.isfinite(size) & ((spread <= ROUNDING * size) | nothing(spread))


def crossed(height: int, width: int) -> NDArray[np.uint8]:
    """The picture that stands for nothing: a cross on gray, quiet in light and dark; uint8 H×W×3."""
    tile = np.full((height, width, 3), 112, np.uint8)
    if min(height, width) < 3:
        return tile
    thick = max(1, min(height, width) // 24)
    for start, end in (((0, 0), (width - 1, height - 1)), ((0, height - 1), (width - 1, 0))):
        cv2.line(tile, start, end, (150, 150, 150), thick)
    return tile
