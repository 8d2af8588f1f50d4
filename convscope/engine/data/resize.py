"""Bringing an image to the size and colours that a network takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError

Fit = Literal["stretch", "crop", "pad"]
FITS: tuple[Fit, ...] = ("stretch", "crop", "pad")
Sampling = Literal["bilinear", "bicubic"]
"""Between pixels: as convscope trains (fast), or as networks from elsewhere are used (Pillow's, smoother)."""
SAMPLINGS: tuple[Sampling, ...] = ("bilinear", "bicubic")
Box = tuple[float, float, float, float]


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
        sampling: between pixels; see `fitted`.
        exact: JPEG files are decoded whole, not at a fraction of their size: slower, and what one image alone
            would give.
    """

    height: int
    width: int
    channels: Literal[1, 3]
    fit: Fit = "stretch"
    sampling: Sampling = "bilinear"
    exact: bool = False

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
        uint8, (target.height, target.width, target.channels).
    """
    made, _box = fitted(pixels, target)
    return made[..., None] if target.channels == 1 else made


def fitted(pixels: NDArray[np.uint8], target: Target) -> tuple[NDArray[np.uint8], Box]:
    """One image as a network takes it, and which part of it that is. An image that fits is not touched.

    "bilinear" has half-pixel centres; shrinking to less than half averages areas, so that no pixel is passed
    over. "bicubic" is Pillow's, which widens with the shrinking.

    Args:
        pixels: uint8, H×W or H×W×3 (RGB).

    Returns:
        uint8, H×W or H×W×3 as the target says; the part of the source that it shows: left, top, right,
        bottom, in the source's pixels, beyond its borders where it was padded.
    """
    if pixels.ndim == 3 and target.channels == 1:
        pixels = _gray(pixels, target.sampling)
    if pixels.shape[:2] == (target.height, target.width):
        made, box = pixels, (0.0, 0.0, float(target.width), float(target.height))
    elif target.sampling == "bicubic":
        made, box = _bicubic(pixels, target)
    else:
        made, box = _bilinear(pixels, target)
    if target.channels == 3 and made.ndim == 2:
        made = np.repeat(made[..., None], 3, axis=2)
    return made, box


def _gray(pixels: NDArray[np.uint8], sampling: Sampling) -> NDArray[np.uint8]:
    """ITU-R 601 luma of RGB, uint8 H×W, by the library that resizes it: they differ by one here and there."""
    if sampling == "bicubic":
        return np.asarray(PillowImage.fromarray(pixels).convert("L"))
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def within(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The whole image in RGB, uint8 H×W×3, its longer side at most `side`; nothing is enlarged."""
    height, width = pixels.shape[:2]
    ratio = side / max(height, width)
    if ratio < 1:
        pixels = _scaled(pixels, max(1, round(height * ratio)), max(1, round(width * ratio)))
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _bilinear(pixels: NDArray[np.uint8], target: Target) -> tuple[NDArray[np.uint8], Box]:
    height, width = pixels.shape[:2]
    if target.fit == "stretch":
        return _scaled(pixels, target.height, target.width), (0.0, 0.0, float(width), float(height))
    ratios = (target.height / height, target.width / width)
    ratio = max(ratios) if target.fit == "crop" else min(ratios)
    scaled = _scaled(pixels, max(1, round(height * ratio)), max(1, round(width * ratio)))
    high, wide = scaled.shape[:2]
    # Where the target's corner lies on the scaled image; outside of it where there is a border.
    if target.fit == "crop":
        top, left = (high - target.height) // 2, (wide - target.width) // 2
        made = np.ascontiguousarray(scaled[top : top + target.height, left : left + target.width])
    else:
        made = np.zeros((target.height, target.width, *pixels.shape[2:]), np.uint8)
        top, left = -((target.height - high) // 2), -((target.width - wide) // 2)
        made[-top : high - top, -left : wide - left] = scaled
    down, across = height / high, width / wide
    return made, (left * across, top * down, (left + target.width) * across, (top + target.height) * down)


def _bicubic(pixels: NDArray[np.uint8], target: Target) -> tuple[NDArray[np.uint8], Box]:
    picture, how = PillowImage.fromarray(pixels), PillowImage.Resampling.BICUBIC
    height, width = target.height, target.width
    if target.fit == "stretch":
        whole = (0.0, 0.0, float(picture.width), float(picture.height))
        return np.asarray(picture.resize((width, height), how)), whole
    shares = picture.width / width, picture.height / height
    if target.fit == "crop":
        share = min(shares)
        # Rounded, the part may reach beyond the picture by nothing at all, which Pillow refuses.
        left = max(0.0, (picture.width - width * share) / 2)
        top = max(0.0, (picture.height - height * share) / 2)
        right, bottom = left + width * share, top + height * share
        box = (left, top, min(float(picture.width), right), min(float(picture.height), bottom))
        return np.asarray(picture.resize((width, height), how, box=box)), box
    share = max(shares)
    size = max(1, round(picture.width / share)), max(1, round(picture.height / share))
    canvas = PillowImage.new(picture.mode, (width, height))
    corner = (width - size[0]) // 2, (height - size[1]) // 2
    canvas.paste(picture.resize(size, how), corner)
    left, top = -corner[0] * share, -corner[1] * share
    return np.asarray(canvas), (left, top, left + width * share, top + height * share)


def _scaled(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    shrinks = 2 * height < pixels.shape[0] or 2 * width < pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, height), interpolation=how)  # type: ignore[return-value]
