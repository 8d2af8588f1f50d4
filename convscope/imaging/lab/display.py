"""Exact numbers as a picture, and what its black and white mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.colormaps import apply_colormap
from convscope.imaging.lab.operation import SHOWN_CHANNELS, DisplayMode, ShownChannel
from convscope.imaging.lab.stage import Result
from convscope.imaging.parts import cuts, in_parts

# Beyond this OpenCV's rounding to bytes runs over the range of a 32-bit integer.
_ROUNDABLE = 2.0**30


@dataclass(frozen=True)
class Scale:
    """What the ends of a picture's scale stand for.

    Attributes:
        low, high: the values shown as the first and the last level.
        label: in a few words.
    """

    low: float
    high: float
    label: str


@dataclass(frozen=True, eq=False)
class Displayed:
    """A result as it is shown.

    Attributes:
        pixels: uint8, H×W (gray) or H×W×3 (RGB), read-only.
        scale: what its ends mean.
        values: what is shown, exactly: of all channels, or of the one that is on show.
        extremes: the range that the scale was made for, where it is not the result's own.
    """

    pixels: NDArray[np.uint8]
    scale: Scale
    values: NDArray[Any]
    extremes: tuple[float, float] | None = None

    @cached_property
    def minimum(self) -> float:
        """The smallest of `values`; 0 where there are none."""
        return float(self.values.min()) if self.values.size else 0.0

    @cached_property
    def maximum(self) -> float:
        """The largest of `values`; 0 where there are none."""
        return float(self.values.max()) if self.values.size else 0.0

    @property
    def low(self) -> float:
        """The value of the scale's lower end."""
        return self.scale.low

    @property
    def high(self) -> float:
        """The value of the scale's upper end."""
        return self.scale.high


LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""How bright red, green and blue look (ITU-R 601)."""


def one_channel(values: NDArray[Any], channel: ShownChannel) -> NDArray[Any]:
    """One channel of H×W×3, or the luma of all (float32): H×W. "all", and H×W, as it is."""
    if values.ndim == 2 or channel == "all":
        return values
    if channel == "luma":
        return np.asarray(values.astype(np.float32, copy=False) @ LUMA)
    return np.ascontiguousarray(values[:, :, SHOWN_CHANNELS.index(channel) - 1])


def show(
    result: Result,
    mode: DisplayMode,
    extremes: tuple[float, float] | None = None,
    channel: ShownChannel = "all",
) -> Displayed:
    """A result as a picture, with its scale.

    Args:
        extremes: of what it shares its scale with, if that is more than its own values.
        channel: shown alone, where there are three; scale and extremes are its own then.
    """
    values = one_channel(result.values, channel)
    if extremes is not None:
        pixels, scale = to_bytes(values, mode, extremes=extremes)
        own = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        return Displayed(pixels, scale, values, None if extremes == own else extremes)
    # What is cut at black and white has no need of the true extremes, and so of another look at all values.
    known = mode in ("clip", "abs") and result.bound <= _ROUNDABLE
    pixels, scale = to_bytes(values, mode, extremes=(-result.bound, result.bound) if known else None)
    return Displayed(pixels, scale, values)


def to_bytes(
    values: NDArray[Any], mode: DisplayMode, *, extremes: tuple[float, float] | None = None
) -> tuple[NDArray[np.uint8], Scale]:
    """Numbers as levels.

    - "clip": the value itself, rounded (halves to even); below 0 is black, above 255 white.
    - "abs": its size, rounded; 0 is black, 255 and more white, as OpenCV's `convertScaleAbs` has it.
    - "stretch": the smallest is black, the largest white.
    - "signed": symmetric about 0. One channel is coloured blue – white – orange; three channels are each
      drawn around middle gray (level 128 is 0, 1 and 255 are ∓ the largest size), since colour already tells
      the channels apart.

    Args:
        values: H×W or H×W×3, uint8 or float32, finite.
        extremes: (minimum, maximum) of `values` if they are known, or of several arrays on one scale.

    Returns:
        Read-only uint8 H×W, or H×W×3 for three channels and for "signed"; and the scale.
    """
    low, high = extremes or ((float(values.min()), float(values.max())) if values.size else (0.0, 0.0))
    largest = max(abs(low), abs(high))
    if mode == "clip":
        pixels = _rounded(_roundable(values, largest))
        scale = Scale(0.0, 255.0, "0 to 255, clipped")
    elif mode == "abs":
        pixels = _scaled(_roundable(values, largest), 1.0)
        scale = Scale(0.0, 255.0, "absolute value, clipped at 255")
    elif mode == "stretch":
        # First the difference: gain·v − gain·low loses a small range on top of a large offset.
        pixels = _scaled(values - np.float32(low), 255 / (high - low) if high > low else 0.0)
        scale = Scale(low, high, "stretched to its range")
    else:
        pixels = _scaled(values, 127 / largest if largest else 0.0, 128.0)
        if pixels.ndim == 2:
            pixels = apply_colormap(pixels, "diverging")
        scale = Scale(-largest, largest, "negative blue, positive orange")
    pixels.flags.writeable = False
    return pixels, scale


def _roundable(values: NDArray[Any], largest: float) -> NDArray[Any]:
    return np.clip(values, -_ROUNDABLE, _ROUNDABLE) if largest > _ROUNDABLE else values


def _rounded(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values as bytes, rounded and clipped, in one pass of OpenCV."""
    return _bytes(values, lambda flat, out: cv2.addWeighted(flat, 1, flat, 0, 0, dst=out, dtype=cv2.CV_8U))


def _scaled(values: NDArray[Any], gain: float, shift: float = 0.0) -> NDArray[np.uint8]:
    """|gain·v + shift|, rounded, in one pass of OpenCV."""
    return _bytes(values, lambda flat, out: cv2.convertScaleAbs(flat, dst=out, alpha=gain, beta=shift))


def _bytes(
    values: NDArray[Any], convert: Callable[[NDArray[Any], NDArray[np.uint8]], object]
) -> NDArray[np.uint8]:
    """What `convert` makes of the values, H×W of whichever shape."""
    flat = np.ascontiguousarray(values).reshape(values.shape[0], -1)
    pixels = np.empty(flat.shape, np.uint8)
    in_parts(
        cuts(flat.shape[0], flat.size), lambda first, last: convert(flat[first:last], pixels[first:last])
    )
    return pixels.reshape(values.shape)
