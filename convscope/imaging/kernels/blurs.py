"""Kernels that average, so their weights sum to 1 and brightness stays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.imaging.kernels.preset import Preset, grid, half_width, size_parameter

GROUP = "Blur"
SIGMA = between("sigma", "Width", 1.0, 0.3, 5.0, 0.1, unit="px", symbol="σ")
_SUBPIXELS = 16


def box(size: float) -> NDArray[np.float64]:
    """1/size² everywhere."""
    return np.full((int(size), int(size)), 1 / (int(size) * int(size)))


def gaussian(sigma: float, size: float = 0) -> NDArray[np.float64]:
    """exp(−(x² + y²) / 2σ²), sampled at the pixels' centres and divided by its sum.

    Without a size it reaches 3σ. Source: Szeliski, Computer Vision (2nd ed.), eq. 3.24.
    """
    half = half_width(3 * sigma) if size == 0 else (int(size) - 1) // 2
    x, y = grid(half)
    weights = np.exp(-(x * x + y * y) / (2 * sigma * sigma))
    return np.asarray(weights / weights.sum())


def motion(length: float, angle: float) -> NDArray[np.float64]:
    """A line of this length and one pixel's width through the centre, divided by its sum.

    Each weight is the share of the pixel that the line covers, from 16×16 sample points a pixel. The angle
    turns counter-clockwise from the horizontal, as in MATLAB's fspecial("motion").
    """
    half = half_width((length - 1) / 2)
    side = 2 * half + 1
    steps = (np.arange(side * _SUBPIXELS) + 0.5) / _SUBPIXELS - side / 2
    x, y = np.meshgrid(steps, -steps)
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    covered = (abs(x * cosine + y * sine) <= length / 2) & (abs(y * cosine - x * sine) <= 0.5)
    weights = covered.reshape(side, _SUBPIXELS, side, _SUBPIXELS).mean(axis=(1, 3))
    return np.asarray(weights / weights.sum())


PRESETS = (
    Preset(
        "box-blur",
        "Box blur",
        GROUP,
        "Replaces every pixel by the plain average of its neighbourhood, which smooths in square traces.",
        (size_parameter(3),),
        box,
        lambda size: size * size,
    ),
    Preset(
        "gaussian",
        "Gaussian blur",
        GROUP,
        "Averages with weights that fall off softly with distance, so noise and fine detail fade evenly.",
        (SIGMA, size_parameter(0, automatic=True)),
        gaussian,
    ),
    Preset(
        "motion-blur",
        "Motion blur",
        GROUP,
        "Averages along a line, as if the camera had moved while the picture was taken.",
        (
            between("length", "Length", 9.0, 1, 31, 1, unit="px", symbol="L"),
            between("angle", "Angle", 0.0, 0, 180, 5, unit="°", symbol="α"),
        ),
        motion,
    ),
)
