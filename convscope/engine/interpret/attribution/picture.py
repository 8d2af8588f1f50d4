"""A map as a picture over what it explains: overlay, region, box; and the grid of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.result import Attribution
from convscope.imaging.colormaps import ColormapName
from convscope.imaging.image import Image
from convscope.imaging.lab.display import Scale
from convscope.imaging.mosaic import mosaic
from convscope.imaging.mosaic_labels import labelled
from convscope.imaging.overlay import (
    OPACITY,
    Blend,
    Box,
    HeatRegion,
    Upsampling,
    draw_region,
    heat_region,
    overlay,
    scale_ramp,
)

LEAST = 224
"""Shorter side of pictures that are saved, in pixels, where maps of small images would be lost."""


@dataclass(frozen=True)
class Style:
    """How maps are shown.

    Attributes:
        colormap: None takes what suits each map (diverging for signed ones, else viridis).
        opacity: of the hottest place, or of all where it is even, 0–1.
        how: enlarging: "bilinear", or "nearest" to see the true resolution.
        threshold: share of the largest heat at which the region is outlined and boxed; None draws none.
        blend: whether the opacity grows with the heat or is even.
    """

    colormap: ColormapName | None = None
    opacity: float = OPACITY["heat"]
    how: Upsampling = "bilinear"
    threshold: float | None = None
    blend: Blend = "heat"


def picture(
    attribution: Attribution,
    style: Style | None = None,
    *,
    image: Image | None = None,
    scale: Scale | None = None,
    least: int = 1,
) -> NDArray[np.uint8]:
    """The map over the image.

    Args:
        attribution: the map.
        style: how it is shown.
        image: the source image, to lay the map on at its full size; what the network saw by default.
        scale: shared colours' ends; the map's own by default.
        least: the shorter side in pixels; smaller pictures (digits of 28×28) are enlarged by a whole factor.

    Returns:
        uint8, H×W×3, of the image's size (or the network's input), or a multiple of it.
    """
    style = style or Style()
    pixels, box = _ground(attribution, image, least)
    colormap = style.colormap or attribution.colormap
    laid = overlay(
        pixels,
        attribution.relevance,
        scale=scale or attribution.scale,
        colormap=colormap,
        opacity=style.opacity,
        blend=style.blend,
        how=style.how,
        box=box,
    )
    if style.threshold is None:
        return laid
    found = _region(attribution, style.threshold, laid.shape[0], laid.shape[1], style.how, box)
    if found is None:
        return laid
    return draw_region(laid, found, thickness=max(1, round(min(laid.shape[:2]) / 200)))


def ramp(attribution: Attribution, style: Style, scale: Scale | None = None) -> NDArray[np.uint8]:
    """What the colours of a `picture` mean, from low to high, with their opacity: uint8, 256×4."""
    colormap = style.colormap or attribution.colormap
    return scale_ramp(scale or attribution.scale, colormap, style.opacity, style.blend)


def region(
    attribution: Attribution,
    threshold: float,
    *,
    image: Image | None = None,
    how: Upsampling = "bilinear",
) -> HeatRegion | None:
    """The largest hot region and its box, in pixels of the source image if given, else of the input.

    A grainy map is blurred first by a thirty-second of its shorter side, since single pixels make no region.
    None where nothing speaks for the target.
    """
    pixels, box = _ground(attribution, image)
    return _region(attribution, threshold, pixels.shape[0], pixels.shape[1], how, box)


def shared_scales(attributions: Sequence[Attribution]) -> tuple[Scale, ...]:
    """Colour scales for a grid: maps of one method share the largest, so that classes can be compared.

    Maps of different methods have different units and cannot share one.
    """
    largest: dict[str, Scale] = {}
    for one in attributions:
        own, known = one.scale, largest.get(one.method)
        if known is not None:
            own = Scale(min(own.low, known.low), max(own.high, known.high), own.label)
        largest[one.method] = own
    return tuple(largest[one.method] for one in attributions)


def grid_picture(
    attributions: Sequence[Attribution], style: Style | None = None, *, image: Image | None = None
) -> NDArray[np.uint8]:
    """All maps side by side, at most four in a row, their titles below: uint8, H×W×3."""
    scales = shared_scales(attributions)
    tiles = [
        labelled(
            picture(one, style, image=image, scale=scale, least=LEAST), f"{one.title}: {one.target_words}"
        )
        for one, scale in zip(attributions, scales, strict=True)
    ]
    return mosaic(np.stack(tiles), min(4, len(tiles)), gap=8, background=255)[0]


def _ground(
    attribution: Attribution, image: Image | None, least: int = 1
) -> tuple[NDArray[np.uint8], Box | None]:
    """What the map lies on, and which part of it (None: all)."""
    pixels = attribution.pixels if image is None else image.pixels
    box = None if image is None else attribution.box
    factor = -(-least // min(pixels.shape[:2]))
    if factor > 1:
        pixels = np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)
        if box is not None:
            left, top, right, bottom = (edge * factor for edge in box)
            box = (left, top, right, bottom)
    return pixels, box


def _region(
    attribution: Attribution, threshold: float, height: int, width: int, how: Upsampling, box: Box | None
) -> HeatRegion | None:
    relevance = attribution.importance
    if attribution.grainy:
        relevance = np.asarray(
            cv2.GaussianBlur(relevance, (0, 0), max(1.0, min(relevance.shape) / 32)), np.float32
        )
    return heat_region(relevance, height, width, threshold, how, box)
