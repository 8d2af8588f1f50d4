"""The display that suits what a chain of stages leaves, as long as no person has chosen one."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.image import Image
from convscope.imaging.kernels import PRESETS, make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import DisplayMode, Operation

# So small a picture is a table of numbers whatever they are; up to the second, one whose numbers are no gray
# levels.
_TABLE, _LARGEST_TABLE = 16 * 16, 64 * 64
_DIM = 64


def is_table(image: Image) -> bool:
    """Whether an image is a small table of numbers, not a picture: a typed matrix, one of the lectures."""
    values = image.values
    if values.ndim != 2 or values.size > _LARGEST_TABLE:
        return False
    return values.size <= _TABLE or (image.path is None and not in_gray_levels(image))


def in_gray_levels(image: Image) -> bool:
    """Whether its numbers can be seen as gray levels: none beyond black and white, not all next to black."""
    low, high = float(image.values.min()), float(image.values.max())
    return low >= 0 and _DIM < high <= 255


def suited_display(stages: tuple[Operation, ...], before: DisplayMode = "clip") -> DisplayMode:
    """How the result of these stages on a photograph is best shown.

    Weights that sum to 0 find differences of either sign, of which the size is shown ("abs"); those that sum
    to about 1 keep gray levels gray levels ("clip"); those that sum to more would saturate ("stretch"). What
    comes after keeps the display of what went in.

    Args:
        stages: the chain, up to the one on show.
        before: the display in force; a kernel that is being edited by hand leaves it as it is.
    """
    display: DisplayMode = "clip"
    for stage in stages:
        if not stage.enabled:
            continue
        kind = _of_kernels(stage.kernels, before)
        if kind != "clip":
            display = kind
        if stage.activation in ("tanh", "sigmoid"):
            display = "signed" if stage.activation == "tanh" else "stretch"
    return display


@cache
def _typical(preset: str) -> NDArray[np.float64]:
    return make(preset).weights


def _of_kernels(kernels: tuple[Kernel, ...], before: DisplayMode) -> DisplayMode:
    if any(kernel.by_hand for kernel in kernels):
        return before
    # A preset's kind stays what it is while its parameters are turned.
    weights = [_typical(kernel.preset) if kernel.preset in PRESETS else kernel.weights for kernel in kernels]
    total = sum(float(each.sum()) for each in weights)
    size = sum(float(np.abs(each).sum()) for each in weights)
    if abs(total - 1) < 0.01:
        return "clip"
    if total < 0.1 * size:
        return "abs"
    return "clip" if total <= 2 else "stretch"
