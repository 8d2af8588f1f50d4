"""A heat map over the picture that it explains: upsampled, coloured, laid over, cut at a threshold, boxed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.colormaps import ColormapName, apply_colormap
from convscope.imaging.colormaps import colormap as colour_table
from convscope.imaging.lab.display import Scale
from convscope.imaging.region import Region

Upsampling = Literal["bilinear", "nearest"]

Blend = Literal["heat", "even"]
"""Whether the opacity grows with the heat, so that the picture is clear where there is none, or is even."""

OPACITY: dict[Blend, float] = {"heat": 0.75, "even": 0.5}
"""What each begins with: that of the hottest place, or of every place."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in a picture's pixels, as `Prepared.box` has it."""

_DARK = (0, 0, 0)

PAPER_THRESHOLD = 0.15
"""Share of the largest heat at which the Grad-CAM paper (arXiv 1610.02391, section 4.1) cuts out objects."""

THRESHOLD = 0.5
"""The app's own: maps of 7×7 spread so far that the paper's share boxes half of every picture."""


@dataclass(frozen=True, eq=False)
class HeatRegion:
    """The largest connected part of a picture where the heat is at or over a threshold.

    Attributes:
        box: its bounding box in the picture's pixels.
        mask: bool, H×W, True inside.
        outlines: its outer border and those of its holes, int32, N×2 each (column, row), closed.
        level: the heat at which it was cut.
        share: its area as a share of the picture, 0–1.
    """

    box: Region
    mask: NDArray[np.bool_]
    outlines: tuple[NDArray[np.int32], ...]
    level: float
    share: float


def heat_scale(heats: Any, *, signed: bool = False) -> Scale:
    """The colour scale for one map or for several that are to be compared.

    Args:
        heats: an array, or a sequence of arrays of any shapes, finite.
        signed: symmetric about 0 (for the diverging colours) instead of from 0 up.

    Returns:
        0 to the largest value (0 to 1 when nothing is over 0), or ∓ the largest size.
    """
    maps = [heats] if isinstance(heats, np.ndarray) else list(heats)
    if signed:
        largest = max((float(np.abs(one).max()) for one in maps if one.size), default=0.0) or 1.0
        return Scale(-largest, largest, "against (blue) to for (orange)")
    largest = max((float(one.max()) for one in maps if one.size), default=0.0)
    return Scale(0.0, largest if largest > 0 else 1.0, "none to most")


def upsample(
    heat: NDArray[Any], height: int, width: int, how: Upsampling = "bilinear", box: Box | None = None
) -> NDArray[np.float32]:
    """A map at a picture's size.

    Args:
        heat: h×w, finite.
        height, width: of the picture, in pixels.
        how: "bilinear" with half-pixel centres (as TensorFlow 2, OpenCV and Pillow enlarge; a cell's value
            stands at its middle), or "nearest", which shows the map's true resolution.
        box: the part of the picture that the map covers; all of it by default.

    Returns:
        float32, height×width. Outside the box the border's values go on.
    """
    heat = _checked(heat)
    left, top, right, bottom = box or (0.0, 0.0, float(width), float(height))
    # Row by row and column by column the same weights hold, hence two small matrix products.
    rows = _weights(heat.shape[0], height, top, bottom, how)
    columns = _weights(heat.shape[1], width, left, right, how)
    return np.asarray(rows @ heat @ columns.T, np.float32)


def heat_pixels(
    heat: NDArray[Any], scale: Scale | None = None, colormap: ColormapName = "viridis"
) -> NDArray[np.uint8]:
    """A map in colours at its own resolution: uint8, h×w×3.

    Args:
        heat: h×w, finite.
        scale: the values at the ends; of the map itself by default, symmetric for "diverging".
        colormap: one of `COLORMAPS`.
    """
    heat = _checked(heat)
    scale = scale or heat_scale(heat, signed=colormap == "diverging")
    gain = 255 / ((scale.high - scale.low) or 1.0)
    levels = np.clip(np.rint((heat - np.float32(scale.low)) * np.float32(gain)), 0, 255).astype(np.uint8)
    return apply_colormap(levels, colormap)


def heat_levels(values: NDArray[Any], scale: Scale) -> NDArray[np.float32]:
    """How hot values are: 0 at the scale's cold end to 1 at its hottest, float32, of the same shape.

    Of a scale that is symmetric about 0 both ends are hot: what speaks against counts as what speaks for.
    """
    values = np.asarray(values, np.float32)
    if scale.low < 0 and scale.low == -scale.high:
        levels = np.abs(values) / np.float32(scale.high)
    else:
        levels = (values - np.float32(scale.low)) / np.float32((scale.high - scale.low) or 1.0)
    return np.clip(levels, 0, 1)


def scale_ramp(
    scale: Scale, colormap: ColormapName = "viridis", opacity: float | None = None, blend: Blend = "heat"
) -> NDArray[np.uint8]:
    """An overlay's colours from the scale's low end to its high one, with their opacity: uint8, 256×4."""
    values = np.linspace(scale.low, scale.high, 256, dtype=np.float32)
    share = _opacities(values, scale, opacity, blend)
    alpha = np.rint(255 * np.broadcast_to(share, values.shape)).astype(np.uint8)
    return np.hstack([colour_table(colormap), alpha[:, None]])


def overlay(
    pixels: NDArray[np.uint8],
    heat: NDArray[Any],
    *,
    scale: Scale | None = None,
    colormap: ColormapName = "viridis",
    opacity: float | None = None,
    blend: Blend = "heat",
    how: Upsampling = "bilinear",
    box: Box | None = None,
) -> NDArray[np.uint8]:
    """A heat map laid over a picture.

    The map is enlarged first and coloured then, so that colours between two cells are colours of the scale.

    Args:
        pixels: the picture, uint8, H×W or H×W×3.
        heat: h×w of any size, finite.
        scale: the values at the ends of the colours; of the map itself by default (`heat_scale`).
        colormap: one of `COLORMAPS`; "diverging" for signed maps.
        opacity: 0 shows the picture alone, 1 the heat alone; None: `OPACITY`. Under diverging colours the
            picture is gray, so that every colour is the map's.
        blend: "heat": that is the opacity of the hottest place, and others have it by the square root of
            their level (`heat_levels`), so that the picture is clear where there is no heat and what is
            faint still shows; "even": of every place.
        how: see `upsample`.
        box: the part of the picture that the map covers; the rest stays as it is.

    Returns:
        uint8, H×W×3: (1 − a)·picture + a·colour, rounded, where a is the opacity of the place.

    Raises:
        UserError: the map has values that are no numbers.
    """
    heat = _checked(heat)
    height, width = pixels.shape[:2]
    picture = np.ascontiguousarray(pixels)
    if picture.ndim == 2:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
    scale = scale or heat_scale(heat, signed=colormap == "diverging")
    large = upsample(heat, height, width, how, box)
    ground = picture
    if colormap == "diverging" and (opacity is None or opacity > 0):
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        ground = np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
    inside: tuple[slice, slice] = (slice(None), slice(None))
    if box is not None:
        left, top, right, bottom = (round(edge) for edge in box)
        inside = Region(top, left, bottom, right).clipped(height, width).slices
    result = picture.copy()
    if result[inside].size:
        result[inside] = _laid_over(ground[inside], large[inside], scale, colormap, opacity, blend)
    return result


def _laid_over(
    ground: NDArray[np.uint8],
    heat: NDArray[np.float32],
    scale: Scale,
    colormap: ColormapName,
    opacity: float | None,
    blend: Blend,
) -> NDArray[np.uint8]:
    """A map of the picture's own size over it."""
    ground, colours = np.ascontiguousarray(ground), heat_pixels(heat, scale, colormap)
    share = _opacities(heat, scale, opacity, blend)
    if share.ndim == 0:
        return np.asarray(cv2.addWeighted(ground, 1 - float(share), colours, float(share), 0), np.uint8)
    # The colour's part is added to the picture in place: a photograph has millions of pixels.
    mixed = colours.astype(np.float32)
    mixed -= ground
    mixed *= share[..., None]
    mixed += ground
    return np.rint(mixed, out=mixed).astype(np.uint8)


def _opacities(
    heat: NDArray[np.float32], scale: Scale, opacity: float | None, blend: Blend
) -> NDArray[np.float32]:
    """Of each place, of the map's shape; a single number where it is even."""
    share = np.float32(min(max(float(OPACITY[blend] if opacity is None else opacity), 0.0), 1.0))
    return share * np.sqrt(heat_levels(heat, scale)) if blend == "heat" else np.asarray(share)


def heat_region(
    heat: NDArray[Any],
    height: int,
    width: int,
    threshold: float = THRESHOLD,
    how: Upsampling = "bilinear",
    box: Box | None = None,
) -> HeatRegion | None:
    """Where the heat is: the largest connected region at or over a share of the largest heat, and its box.

    As the Grad-CAM paper localises objects (section 4.1); neighbours touch by edge or corner.

    Args:
        heat: h×w, finite.
        height, width: of the picture that the region is wanted in.
        threshold: share of the largest value, over 0 up to 1.
        how, box: see `upsample`.

    Returns:
        The region, or None where nothing is over 0.
    """
    large = upsample(heat, height, width, how, box)
    if box is not None:
        left, top, right, bottom = (round(edge) for edge in box)
        covered = np.zeros(large.shape, bool)
        covered[Region(top, left, bottom, right).clipped(height, width).slices] = True
        large = np.where(covered, large, np.float32(0))
    largest = float(large.max())
    if largest <= 0:
        return None
    level = min(max(threshold, 1e-6), 1.0) * largest
    hot = (large >= np.float32(level)).astype(np.uint8)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(hot, connectivity=8)
    # Label 0 is the background.
    label = 1 + int(np.argmax(facts[1:, cv2.CC_STAT_AREA]))
    mask = labels == label
    x, y, across, down, area = (int(n) for n in facts[label])
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return HeatRegion(
        Region(y, x, y + down, x + across),
        mask,
        tuple(np.asarray(line, np.int32).reshape(-1, 2) for line in outlines),
        level,
        area / mask.size,
    )


def draw_region(
    pixels: NDArray[np.uint8],
    region: HeatRegion,
    colour: tuple[int, int, int] = (255, 255, 255),
    *,
    outline: bool = True,
    box: bool = True,
    thickness: int = 1,
) -> NDArray[np.uint8]:
    """A copy of a picture with a region's outline and bounding box, each on a dark line so that it shows.

    Args:
        pixels: uint8, H×W×3.
        region: of a picture of this size.
        colour: RGB.
        outline, box: which to draw.
        thickness: of the coloured line, in pixels.
    """
    drawn = np.ascontiguousarray(pixels).copy()
    if outline:
        for paint, line in ((_DARK, thickness + 2), (colour, thickness)):
            cv2.polylines(drawn, list(region.outlines), True, paint, line, cv2.LINE_AA)
    if box:
        _draw_frame(drawn, region.box, colour, thickness)
    return drawn


def _draw_frame(pixels: NDArray[np.uint8], box: Region, colour: tuple[int, int, int], thickness: int) -> None:
    """A box's frame with a dark line on both its sides, in place.

    It stands on the outermost pixels of the box; at the picture's border it is moved in, so that it is whole.
    """
    height, width = pixels.shape[:2]
    half = thickness // 2
    left, top = max(box.left, half + 1), max(box.top, half + 1)
    right, bottom = min(box.right - 1, width - 2 - half), min(box.bottom - 1, height - 2 - half)
    # Bar by bar: OpenCV's lines are wider than asked for.
    for reach, paint in ((half + 1, _DARK), (half, colour)):
        for first, last, near, far in (
            (top, top, left, right),
            (bottom, bottom, left, right),
            (top, bottom, left, left),
            (top, bottom, right, right),
        ):
            rows = slice(max(0, first - reach), max(0, last + reach + 1))
            pixels[rows, max(0, near - reach) : max(0, far + reach + 1)] = paint


def _checked(heat: NDArray[Any]) -> NDArray[np.float32]:
    values = np.asarray(heat, np.float32)
    if values.ndim != 2 or 0 in values.shape:
        raise UserError(f"A heat map is height × width, not {values.shape}.")
    if not np.isfinite(values).all():
        raise UserError("The heat map has values that are no numbers: the network overflows on this image.")
    return values


def _weights(cells: int, pixels: int, start: float, end: float, how: Upsampling) -> NDArray[np.float32]:
    """pixels×cells: how much of each cell goes into each pixel when the cells cover start…end."""
    place = (np.arange(pixels) + 0.5 - start) * (cells / (end - start)) - 0.5
    weights = np.zeros((pixels, cells), np.float32)
    rows = np.arange(pixels)
    if how == "nearest":
        weights[rows, np.clip(np.floor(place + 0.5), 0, cells - 1).astype(int)] = 1
        return weights
    place = np.clip(place, 0, cells - 1)
    first = np.minimum(np.floor(place).astype(int), max(cells - 2, 0))
    share = (place - first).astype(np.float32)
    weights[rows, first] = 1 - share
    if cells > 1:
        weights[rows, first + 1] = share
    return weights
