"""Where the brightness changes, how fast, and in which direction."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.image import Image
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.operation import Border

# Each is the kernel for Gx (columns); Gy is its transpose, so that y points down as rows do.
OPERATORS: dict[str, NDArray[np.float64]] = {
    "sobel": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float64),
    "scharr": np.array([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]], np.float64),
    "prewitt": np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], np.float64),
}


# The share of the gradients that are drawn fully bright.
STRONGEST = 0.05
# Below this share of the largest a gradient is rounding.
NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of a gray image; all arrays float32, H×W.

    Attributes:
        gx, gy: the change to the right and downwards, in gray levels times the operator's weight.
        magnitude: √(Gx² + Gy²).
        angle: atan2(Gy, Gx) in radians, −π to π: 0 points right, π/2 down.
    """

    gx: NDArray[np.float32]
    gy: NDArray[np.float32]
    magnitude: NDArray[np.float32]
    angle: NDArray[np.float32]


def gradient(image: Image, operator: str = "sobel", border: Border = "reflect") -> Gradient:
    """The gradient by one of `OPERATORS` (Sobel and Feldman 1968; Prewitt 1970; Scharr 2000)."""
    kernel = OPERATORS[operator]
    gray = image.gray.values
    gx = correlate(gray, kernel, border)
    gy = correlate(gray, np.ascontiguousarray(kernel.T), border)
    return Gradient(gx, gy, np.asarray(cv2.magnitude(gx, gy), np.float32), np.arctan2(gy, gx))


def angle_picture(
    angle: NDArray[np.float32], magnitude: NDArray[np.float32], full: float | None = None
) -> NDArray[np.uint8]:
    """Angle as hue and magnitude as value, uint8 H×W×3: red is 0 (to the right), going round by way of green.

    Args:
        full: the magnitude from which on a colour is fully bright; None for the largest there is. 0: every
            direction is, however weak, where there is any.
    """
    hsv = np.empty((*angle.shape, 3), np.float32)
    hsv[..., 0] = np.degrees(angle) % 360
    hsv[..., 1] = 1
    if full is None:
        full = float(magnitude.max())
    hsv[..., 2] = np.minimum(magnitude / full, 1) if full > 0 else magnitude > 0
    return np.asarray(np.rint(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255), np.uint8)


def strong(magnitude: NDArray[np.float32]) -> float:
    """The magnitude that the strongest twentieth of all gradients reaches: few edges are far stronger.

    Of the pixels without a gradient none counts; 0 where no pixel has one.
    """
    largest = float(magnitude.max())
    there = magnitude[magnitude > NOTHING * largest]
    return float(np.percentile(there, 100 * (1 - STRONGEST))) if there.size else 0.0


def colour_wheel(
    size: int, background: int | tuple[int, int, int] = 255, *, weighed: bool = True
) -> NDArray[np.uint8]:
    """The legend of `angle_picture`, uint8 size×size×3: direction from the centre is the angle.

    Args:
        weighed: the middle is dark, as weak gradients are.
    """
    centre = (size - 1) / 2
    y, x = np.mgrid[:size, :size].astype(np.float32) - centre
    radius = np.hypot(x, y) / max(centre, 1)
    picture = angle_picture(np.arctan2(y, x), np.minimum(radius, 1), None if weighed else 0.0)
    picture[radius > 1] = background
    return picture
