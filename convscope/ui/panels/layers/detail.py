"""One map, large: its numbers, its picture, and the same laid over the image. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.blank import crossed
from convscope.imaging.colormaps import apply_colormap
from convscope.imaging.lab.display import Scale
from convscope.imaging.lab.histogram import Histogram, histogram
from convscope.imaging.overlay import Box, overlay
from convscope.ui.panels.layers.feature_maps import FeatureMaps, Side

BINS = 64
OPACITY = 0.5  # of a map over its image, at first


@dataclass(frozen=True, eq=False)
class Detail:
    """The chosen map.

    Attributes:
        maps: what it is one of.
        channel: of the layer.
        side: 1 for what the first is compared with.
        values: float32 H×W.
        pixels: uint8 H×W×3, in the colours of the mosaic; crossed out where there is nothing.
        over: uint8, the network's view of the image with the map laid over it.
        counts: how often each value occurs; of a vector, those of all of its numbers; None where none of
            them is finite.
        low, high: what the first and last colour stand for.
        strongest: row and column of the largest value, next to the middle where there are several.
    """

    maps: FeatureMaps
    channel: int
    side: int
    values: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    over: NDArray[np.uint8]
    counts: Histogram | None
    low: float
    high: float
    strongest: tuple[int, int]


def detail(maps: FeatureMaps, channel: int, side: int, opacity: float) -> Detail:
    """One of the maps."""
    shown = maps.sides[side]
    values = shown.map(channel)
    low, high = float(shown.levels.low[channel]), float(shown.levels.high[channel])
    if not high > low:
        half = max(0.5, 1e-3 * abs(low))
        low, high = low - half, low + half
    told = shown.maps.tiles[:, 0] if shown.maps.form == "values" else values
    numbers = told[np.isfinite(told)]
    sound = values if np.isfinite(values).all() else np.where(np.isfinite(values), values, np.float32(low))
    over = laid_over(shown, sound, low, high, maps, opacity)
    counts = histogram(numbers[None], BINS) if numbers.size else None
    if shown.states[channel] in ("blank", "dead", "dropped"):
        # On a scale of its own rounding would become a picture.
        pixels, over = crossed(*values.shape), shown.found.prepared.pixels
        return Detail(maps, channel, side, values, pixels, over, counts, low, high, strongest(values))
    levels = np.clip(np.rint((sound - np.float32(low)) * np.float32(255 / (high - low))), 0, 255)
    pixels = apply_colormap(levels.astype(np.uint8), maps.display.colormap)
    return Detail(maps, channel, side, values, pixels, over, counts, low, high, strongest(values))


def strongest(values: NDArray[np.float32]) -> tuple[int, int]:
    """Row and column of the largest value; of several (a ReLU6 at its limit) the one next to the middle."""
    rows, columns = np.nonzero(values == values.max())
    height, width = values.shape
    away = (rows - (height - 1) / 2) ** 2 + (columns - (width - 1) / 2) ** 2
    place = int(np.argmin(away)) if len(rows) else 0
    return (int(rows[place]), int(columns[place])) if len(rows) else (0, 0)


def laid_over(
    side: Side, values: NDArray[np.float32], low: float, high: float, maps: FeatureMaps, opacity: float
) -> NDArray[np.uint8]:
    """The image as the network sees it, with a map over the part that it stems from."""
    pixels = side.found.prepared.pixels
    if side.maps.form != "maps" or opacity <= 0:
        return pixels
    colours = maps.display.colormap
    box = covered(side, maps.path, values.shape[0], values.shape[1])
    return overlay(
        pixels, values, scale=Scale(low, high, ""), colormap=colours, opacity=opacity, blend="even", box=box
    )


def covered(side: Side, path: str, rows: int, columns: int) -> Box | None:
    """The part of the image that a map lies on: each value stands at the middle of what it sees."""
    field = side.found.field(path)
    if field is None or field.whole:
        return None
    edges = []
    for axis, count in ((field.columns, columns), (field.rows, rows)):
        middle = (axis.low + axis.high + 1) / 2
        first = middle - axis.stride / 2
        edges.append((first, first + count * axis.stride))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom
