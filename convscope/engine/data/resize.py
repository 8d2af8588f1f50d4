"""Bringing an image to the size and colours that a network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.errors import UserError

Fit = Literal["stretch", "crop", "pad"]
FITS: tuple[Fit, ...] = ("stretch", "crop", "pad")


@dataclass(frozen=True)
class InputSettings:
    """What images are brought to before a network gets them, as far as a person has decided it.

    Attributes:
        size: (height, width); None: the network's own, or the images' where it takes any.
        channels: 1 (gray) or 3 (RGB); None: as the images are.
        fit: how they come to that size; see `Target`.
    """

    size: tuple[int, int] | None = None
    channels: Literal[1, 3] | None = None
    fit: Fit = "stretch"

    def __post_init__(self) -> None:
        Target(*(self.size or (1, 1)), self.channels or 1, self.fit)


@dataclass(frozen=True)
class Target:
    """What every image of a batch is brought to.

    Attributes:
        height, width: pixels.
        channels: 1 (gray, ITU-R 601 luma) or 3 (RGB).
        fit: "stretch" changes the proportions; "crop" covers the target and cuts the longer side, centred;
            "pad" shows the whole image on black, centred.
    """

    height: int
    width: int
    channels: Literal[1, 3]
    fit: Fit = "stretch"

    def __post_init__(self) -> None:
        if not (1 <= self.height <= 4096 and 1 <= self.width <= 4096):
            raise UserError(
                f"A target size of {self.height} × {self.width}: sides go from 1 to 4,096 pixels."
            )
        if self.channels not in (1, 3):
            raise UserError(f"Images have 1 channel (gray) or 3 (RGB), not {self.channels}.")
        if self.fit not in FITS:
            raise UserError(f"There is no way to fit called {self.fit!r}: choose one of {', '.join(FITS)}.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return (self.height, self.width, self.channels)


def to_target(pixels: NDArray[np.uint8], target: Target) -> NDArray[np.uint8]:
    """Resize and recolour one image.

    Args:
        pixels: uint8, H×W or H×W×3 (RGB).

    Returns:
        uint8, (target.height, target.width, target.channels). Bilinear with half-pixel centres; shrinking to
        less than half averages areas, so that no pixel is passed over; an image that fits is not touched.
    """
    if pixels.ndim == 3 and target.channels == 1:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)  # type: ignore[assignment]
    fitted = _fitted(pixels, target)
    if target.channels == 1:
        return fitted[..., None]
    return fitted if fitted.ndim == 3 else np.repeat(fitted[..., None], 3, axis=2)


def within(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The whole image in RGB, uint8 H×W×3, its longer side at most `side`; nothing is enlarged."""
    height, width = pixels.shape[:2]
    ratio = side / max(height, width)
    if ratio < 1:
        pixels = _scaled(pixels, max(1, round(height * ratio)), max(1, round(width * ratio)))
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _fitted(pixels: NDArray[np.uint8], target: Target) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    if (height, width) == (target.height, target.width):
        return pixels
    if target.fit == "stretch":
        return _scaled(pixels, target.height, target.width)
    ratios = (target.height / height, target.width / width)
    ratio = max(ratios) if target.fit == "crop" else min(ratios)
    scaled = _scaled(pixels, max(1, round(height * ratio)), max(1, round(width * ratio)))
    high, wide = scaled.shape[:2]
    if target.fit == "crop":
        top, left = (high - target.height) // 2, (wide - target.width) // 2
        return scaled[top : top + target.height, left : left + target.width]
    padded = np.zeros((target.height, target.width, *pixels.shape[2:]), np.uint8)
    top, left = (target.height - high) // 2, (target.width - wide) // 2
    padded[top : top + high, left : left + wide] = scaled
    return padded


def _scaled(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    shrinks = 2 * height < pixels.shape[0] or 2 * width < pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=how)  # type: ignore[return-value]
