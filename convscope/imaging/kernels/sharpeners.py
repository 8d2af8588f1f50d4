"""Kernels that add to a picture what distinguishes it from its blurred self."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.imaging.kernels.blurs import SIGMA, gaussian
from convscope.imaging.kernels.preset import Preset, fixed

GROUP = "Sharpen"


def unsharp(sigma: float, amount: float) -> NDArray[np.float64]:
    """δ + amount·(δ − Gaussian(σ)); sums to 1. Source: Gonzalez & Woods, Digital Image Processing, 3.6.3."""
    weights = -amount * gaussian(sigma)
    centre = weights.shape[0] // 2
    weights[centre, centre] += 1 + amount
    return weights


PRESETS = (
    fixed(
        "sharpen",
        "Sharpen",
        GROUP,
        "Makes a pixel stand out from its four neighbours, so edges get crisper while flat regions stay.",
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    ),
    fixed(
        "sharpen-8",
        "Sharpen more",
        GROUP,
        "Makes a pixel stand out from all eight neighbours: crisper still, and noise with it.",
        [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]],
    ),
    Preset(
        "unsharp",
        "Unsharp mask",
        GROUP,
        "Takes away a blurred copy and adds the difference back, which sharpens at a scale that you choose.",
        (SIGMA, between("amount", "Amount", 1.0, 0, 5, 0.1, symbol="a")),
        unsharp,
    ),
)
