"""Detectors of one shape: lines, a corner, a curve."""

from __future__ import annotations

import numpy as np

from convscope.imaging.kernels.preset import Preset, fixed

GROUP = "Lines and shapes"

# (row, column) of the six places of the lectures' curve detector that hold 30.
_CURVE = ((0, 5), (1, 4), (2, 3), (3, 3), (4, 3), (5, 3))


def _curve() -> np.ndarray:
    weights = np.zeros((7, 7))
    weights[tuple(zip(*_CURVE, strict=True))] = 30
    return weights


PRESETS = (
    fixed(
        "line-horizontal",
        "Line ─",
        GROUP,
        "Fires on thin bright horizontal lines, one pixel high.",
        [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]],
    ),
    fixed(
        "line-vertical",
        "Line │",
        GROUP,
        "Fires on thin bright vertical lines, one pixel wide.",
        [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]],
    ),
    fixed(
        "line-45",
        "Line ╱ 45°",
        GROUP,
        "Fires on thin bright lines that rise to the right.",
        [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]],
    ),
    fixed(
        "line-135",
        "Line ╲ 135°",
        GROUP,
        "Fires on thin bright lines that fall to the right.",
        [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
    ),
    fixed(
        "corner",
        "Corner",
        GROUP,
        "Fires where a bright area has its upper left corner.",
        [[-4, -4, -4], [-4, 5, 5], [-4, 5, 5]],
    ),
    Preset(
        "curve",
        "Curve 7×7",
        GROUP,
        "Fires where bright pixels follow its curve, and gives 0 on a dark patch or one that misses it.",
        (),
        _curve,
    ),
)
