"""The first kernels of every lecture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.parameter import between
from convscope.imaging.kernels.preset import Preset, fixed, size_parameter

GROUP = "Basics"


def ones(size: float) -> NDArray[np.float64]:
    """1 everywhere."""
    return np.ones((int(size), int(size)))


def shift(right: float, down: float) -> NDArray[np.float64]:
    """A single 1 on the opposite side of where the picture goes: out[y, x] = in[y − down, x − right]."""
    half = max(1, int(abs(right)), int(abs(down)))
    weights = np.zeros((2 * half + 1, 2 * half + 1))
    weights[half - int(down), half - int(right)] = 1
    return weights


PRESETS = (
    fixed(
        "identity",
        "Identity",
        GROUP,
        "Leaves the picture as it is: every pixel takes its own value and nothing from its neighbours.",
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    ),
    Preset(
        "shift",
        "Shift",
        GROUP,
        "Moves the whole picture, because every pixel copies the one some places away.",
        (
            between("right", "To the right", 1, -7, 7, 1, unit="px", symbol="Δx"),
            between("down", "Downwards", 0, -7, 7, 1, unit="px", symbol="Δy"),
        ),
        shift,
    ),
    Preset(
        "ones",
        "Sum of neighbours",
        GROUP,
        "Adds up all pixels under the window, so results go far beyond 255 until the kernel is normalised.",
        (size_parameter(3),),
        ones,
    ),
    fixed(
        "x-shape",
        "X",
        GROUP,
        "Counts how many of the five places of an X are set: the worked example of a binary picture.",
        [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
    ),
)
