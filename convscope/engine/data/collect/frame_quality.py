"""Which frames are worth a second look: blurred beside the others of their take, or there already."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

# Sharpness is compared at one size, so that cameras of any resolution are judged alike.
_SIDE = 160
# Blurred: with less than that share of the sharpness of the take's middle frame.
BLURRED = 0.4
_FEWEST = 3


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of the gray picture, at most 160 pixels wide and high."""
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    scale = _SIDE / max(gray.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in gray.shape)
        gray = cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(gray, cv2.CV_32F).var())


def blurred(sharp: Sequence[float]) -> tuple[bool, ...]:
    """Which frames of one take are blurred, by the take's own median; of fewer than three none is told."""
    if len(sharp) < _FEWEST:
        return (False,) * len(sharp)
    limit = BLURRED * float(np.median(sharp))
    return tuple(value < limit for value in sharp)
