"""A picture averaged down to the size that it is shown at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# A larger picture is thinned out before it is averaged.
_THIN_ABOVE = 4_000_000


def shrink(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """A picture averaged down to height × width."""
    if pixels.shape[0] * pixels.shape[1] > _THIN_ABOVE:
        thin = max(1, min(pixels.shape[0] // (2 * height), pixels.shape[1] // (2 * width)))
        pixels = pixels[::thin, ::thin]
    # Halves are averaged exactly and some twenty times as fast as other ratios.
    while pixels.shape[0] >= 2 * height and pixels.shape[1] >= 2 * width:
        rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = np.ascontiguousarray(pixels[: 2 * rows, : 2 * columns])
        pixels = np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    whole = np.ascontiguousarray(pixels)
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
