"""Perceptual colour scales: a number in, a colour out."""

from __future__ import annotations

from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

ColormapName = Literal["viridis", "magma", "gray", "diverging"]
COLORMAPS: tuple[ColormapName, ...] = ("viridis", "magma", "gray", "diverging")

NEGATIVE, MIDDLE, POSITIVE = (0x21, 0x66, 0xAC), (0xFF, 0xFF, 0xFF), (0xC2, 0x41, 0x0C)


@cache
def colormap(name: ColormapName) -> NDArray[np.uint8]:
    """A colour scale as a table: uint8, 256×3, RGB, read-only; entry 0 is the low end.

    viridis and magma are matplotlib's (Smith and van der Walt, 2015); "diverging" goes from blue over white
    to orange, for signed values; its middle is entries 127 and 128.
    """
    ramp = np.arange(256, dtype=np.uint8)
    if name == "gray":
        table = np.repeat(ramp[:, None], 3, axis=1)
    elif name == "diverging":
        # Entries 127 and 128 are both the very middle, so that 0 is white and nothing else is.
        steps = np.arange(256)[:, None] - 127.5
        position = np.sign(steps) * (np.abs(steps) - 0.5) / 127
        ends = np.where(position < 0, np.array(NEGATIVE, float), np.array(POSITIVE, float))
        middle = np.array(MIDDLE, float)
        table = np.rint(middle + (ends - middle) * np.abs(position)).astype(np.uint8)
    else:
        code = {"viridis": cv2.COLORMAP_VIRIDIS, "magma": cv2.COLORMAP_MAGMA}[name]
        table = np.ascontiguousarray(cv2.applyColorMap(ramp[:, None], code)[:, 0, ::-1])
    table.flags.writeable = False
    return table


@cache
def _bgr_table(name: ColormapName) -> NDArray[np.uint8]:
    return np.ascontiguousarray(colormap(name)[None, :, ::-1]).transpose(1, 0, 2).copy()


def apply_colormap(levels: NDArray[np.uint8], name: ColormapName) -> NDArray[np.uint8]:
    """Colour a picture of levels: uint8 H×W in, uint8 H×W×3 RGB out."""
    bgr = cv2.applyColorMap(np.ascontiguousarray(levels), _bgr_table(name))
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
