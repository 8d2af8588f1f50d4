"""Maps as levels 0–255, in the ways that people compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.activations.layer_maps import LayerMaps, Statistics, groups
from convscope.engine.interpret.blank import is_blank

Normalisation = Literal["lectures", "map", "layer", "none"]
NORMALISATIONS: tuple[Normalisation, ...] = ("lectures", "map", "layer", "none")


@dataclass(frozen=True, eq=False)
class Levels:
    """Maps ready for a colour table.

    Attributes:
        levels: uint8 C×h×w.
        low, high: what the first and the last level stand for, each (C,), in the layer's own numbers.
        scale: (low, high) of the scale beside all maps, in the unit that `label` tells.
        label: in a few words.
    """

    levels: NDArray[np.uint8]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    scale: tuple[float, float]
    label: str


def to_levels(maps: Sequence[LayerMaps], how: Normalisation, *, signed: bool = False) -> tuple[Levels, ...]:
    """Maps as levels; those given together share one scale, so that equal colours are equal values.

    - "lectures": each map less its mean, over its standard deviation, × 64 + 128, clipped to 0–255 and cut to
      whole numbers (F. Chollet, *Deep Learning with Python*, 5.4.1). A blank map has no deviation: level 0.
    - "map": each map from its smallest to its largest value; a blank one is even, too.
    - "layer": all maps from the layer's smallest to its largest value.
    - "none": the numbers as they are: 0 is the first level, 1 and more the last.

    Args:
        maps: one layer's, or the same layer's for several images or models.
        signed: around zero, for a diverging colour table: "map", "layer" and "none" become symmetric.

    Returns:
        One for each of `maps`. Maps with values that are no numbers are even, and set no scale.
    """
    maps = [_sound(one) for one in maps]
    if how == "lectures":
        centre, spread = _pooled(maps)
        flat = _flat(maps)
        # −2 and +1.98 deviations: levels 0 and 255.
        ends = centre - 2 * spread, centre + 127 / 64 * spread
        label = "standard deviations from each map's mean"
        return tuple(
            Levels(_lectures(one, centre, spread, flat), *ends, (-2.0, 127 / 64), label) for one in maps
        )
    low, high = _ends(maps, how, signed)
    span = high - low
    gain = np.divide(255.0, span, out=np.zeros_like(span), where=span > 0)
    label = {
        "map": "of each map's own range",
        "layer": "all maps on one scale",
        "none": "the values as they are",
    }[how]
    scale = (-1.0 if signed else 0.0, 1.0) if how == "map" else (float(low[0]), float(high[0]))
    # On a scale of its own rounding would become a picture.
    flat = _flat(maps) if how == "map" else np.zeros(len(low), bool)
    return tuple(Levels(_stretched(one, low, gain, flat, signed), low, high, scale, label) for one in maps)


def _sound(one: LayerMaps) -> LayerMaps:
    """The same with the layer's smallest number all over the maps whose values are no numbers."""
    found = one.statistics
    broken = found.broken
    if not broken.any():
        return one
    least = float(np.min(found.minimum, initial=np.inf, where=~broken)) if not broken.all() else 0.0
    tiles = np.where(broken[:, None, None], np.float32(least), one.tiles)
    instead = (least, 0.0, least, least, float(least == 0))
    told = (found.mean, found.deviation, found.minimum, found.maximum, found.zeros)
    filled = [np.where(broken, new, old) for new, old in zip(instead, told, strict=True)]
    return replace(one, tiles=tiles, statistics=Statistics(*filled))


def _flat(maps: Sequence[LayerMaps]) -> NDArray[np.bool_]:
    """Maps that are blank in every one of `maps` with the same value."""
    return is_blank(*_extremes(maps))


def _extremes(maps: Sequence[LayerMaps]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.min([one.statistics.minimum for one in maps], axis=0)
    high = np.max([one.statistics.maximum for one in maps], axis=0)
    return low, high


def _pooled(maps: Sequence[LayerMaps]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each map over all of `maps` together."""
    if len(maps) == 1:
        return maps[0].statistics.mean, maps[0].statistics.deviation
    means = np.stack([one.statistics.mean for one in maps])
    spreads = np.stack([one.statistics.deviation for one in maps])
    mean = means.mean(axis=0)
    return mean, np.sqrt((spreads**2 + (means - mean) ** 2).mean(axis=0))


def _ends(
    maps: Sequence[LayerMaps], how: Normalisation, signed: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = _extremes(maps)
    if how == "layer":
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    elif how == "none":
        low, high = np.zeros_like(low), np.ones_like(high)
    if signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    return low, high


def _lectures(
    one: LayerMaps,
    centre: NDArray[np.float64],
    spread: NDArray[np.float64],
    flat: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    narrow = spread.astype(np.float32)
    # Values of 1e-40 differ, and yet have no deviation in float32.
    safe = np.where(flat | (narrow == 0), np.float32(1), narrow)[:, None, None]
    middle = centre.astype(np.float32)[:, None, None]
    levels = np.empty(one.tiles.shape, np.uint8)
    for some in groups(one.tiles):
        values = one.tiles[some] - middle[some]
        values /= safe[some]
        values *= 64
        values += 128
        levels[some] = np.clip(values, 0, 255, out=values)
    levels[flat] = 0
    return levels


def _stretched(
    one: LayerMaps,
    low: NDArray[np.float64],
    gain: NDArray[np.float64],
    flat: NDArray[np.bool_],
    signed: bool,
) -> NDArray[np.uint8]:
    # The gain of a spread of denormal numbers is more than float32 holds.
    gain = np.minimum(gain, np.finfo(np.float32).max)
    start, factor = (each.astype(np.float32)[:, None, None] for each in (low, gain))
    levels = np.empty(one.tiles.shape, np.uint8)
    for some in groups(one.tiles):
        values = one.tiles[some] - start[some]
        values *= factor[some]
        levels[some] = np.rint(np.clip(values, 0, 255, out=values), out=values)
    levels[flat] = 128 if signed else 0
    return levels
