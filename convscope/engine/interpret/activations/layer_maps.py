"""A layer's maps as they are looked at: small enough to paint, with exact statistics, in any order.

"Blank" is a map whose values are all the same (all zero behind a ReLU), or differ by next to nothing beside
the other maps of its layer: its filter found nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isqrt
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import shape_words
from convscope.engine.interpret.activations.activations import WHOLE, Activations
from convscope.engine.interpret.blank import is_blank

TILE = 256
"""Maps larger than this are averaged down for the mosaic; one map alone is always shown whole."""

LARGE = 1e18
"""Numbers beyond this have squares that float32 does not hold."""

TILES = 8 << 20
"""Pixels of all tiles together: many large maps are averaged down further, 2,048 of them to 64×64."""

SortOrder = Literal["index", "mean", "maximum", "zeros", "difference"]

Form = Literal["maps", "table", "values"]

_GROUP = 32 << 20
_CACHED = 512 << 10


@dataclass(frozen=True, eq=False)
class Statistics:
    """One number a map, each float64 (C,).

    Attributes:
        mean, deviation: population standard deviation.
        minimum, maximum: true extremes.
        zeros: share of values that are exactly zero, 0–1.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    zeros: NDArray[np.float64]

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Which maps have one value everywhere, or next to it, by the one rule for it (`nothing`)."""
        return is_blank(self.minimum, self.maximum)

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Which maps have values that are no numbers (NaN or infinite): the network overflowed."""
        return ~np.isfinite(self.mean)


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """All maps of one layer for one image.

    Attributes:
        path: of the layer.
        form: "maps" (H×W×C), "table" (T×C, one map), "values" (a vector: C maps of one pixel).
        tiles: float32 C×h×w; averaged down where H or W is over `TILE`, or all of them over `TILES`.
        height, width: of the maps themselves.
        statistics: of the maps themselves.
    """

    path: str
    form: Form
    tiles: NDArray[np.float32]
    height: int
    width: int
    statistics: Statistics

    @property
    def count(self) -> int:
        return len(self.tiles)

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Which of them are blank, (C,); a single number, of a vector or of maps of one pixel, is not."""
        if self.form == "values" or self.height * self.width == 1:
            return np.zeros(self.count, bool)
        return self.statistics.blank

    @property
    def blank_count(self) -> int:
        """How many of them are blank."""
        return int(self.blank.sum())


def form_of(shape: Sequence[int]) -> Form:
    """How an output of this shape (without the batch) is looked at.

    Raises:
        UserError: it is no picture.
    """
    forms: dict[int, Form] = {1: "values", 2: "table", 3: "maps"}
    if len(shape) not in forms:
        words = shape_words(shape)
        raise UserError(
            f"This layer puts out {words}: neither maps nor a row of numbers; choose one before or after it."
        )
    return forms[len(shape)]


def layer_maps(found: Activations, path: str, task: Task | None = None) -> LayerMaps:
    """All maps of a layer; a layer over 128 MB is gone through by groups of channels.

    Raises:
        UserError: no such layer, or its output is no picture.
    """
    shape = found.shape(path)
    form = form_of(shape)
    if form == "maps" and found.bytes(path) > WHOLE:
        return _in_groups(found, path, shape, task or Task())
    return maps_of(path, found.value(path))


def maps_of(path: str, value: NDArray[np.float32]) -> LayerMaps:
    """The same from a layer's output (without the batch) at hand.

    Raises:
        UserError: it is no picture.
    """
    form = form_of(value.shape)
    if form == "values":
        planes = value[:, None, None]
    elif form == "table":
        planes = value[None]
    else:
        planes = _planes(value)
    return _made(path, form, planes, len(planes))


def one_map(found: Activations, path: str, channel: int) -> NDArray[np.float32]:
    """One map whole, float32 H×W; of a vector 1×1.

    Raises:
        UserError: no such layer or channel.
    """
    shape = found.shape(path)
    form = form_of(shape)
    count = 1 if form == "table" else shape[-1]
    if not 0 <= channel < count:
        raise UserError(f"{path} has channels 0 to {count - 1}, not {channel}.")
    if form == "table":
        return found.value(path)
    if form == "values":
        return found.value(path)[channel].reshape(1, 1)
    if found.bytes(path) > WHOLE:
        return np.ascontiguousarray(found.channels(path, channel, channel + 1)[:, :, 0])
    return np.ascontiguousarray(found.value(path)[:, :, channel])


def order(maps: LayerMaps, by: SortOrder, other: LayerMaps | None = None) -> NDArray[np.int64]:
    """The channels in an order: the largest first, equal ones by index.

    Args:
        by: "difference": the mean absolute difference to `other`, the same layer for another image or model.

    Raises:
        UserError: "difference" without another, or with one of other shape.
    """
    if by == "index":
        return np.arange(maps.count, dtype=np.int64)
    if by == "difference":
        key = difference(maps, other)
    else:
        key = {
            "mean": maps.statistics.mean,
            "maximum": maps.statistics.maximum,
            "zeros": maps.statistics.zeros,
        }[by]
    return np.argsort(-key, kind="stable").astype(np.int64)


def difference(maps: LayerMaps, other: LayerMaps | None) -> NDArray[np.float64]:
    """Mean absolute difference of each map to another's, float64 (C,).

    Raises:
        UserError: there is no other, or its maps have another size or number.
    """
    if other is None:
        raise UserError("Choose a second image or model to sort by the difference.")
    if other.tiles.shape != maps.tiles.shape:
        raise UserError(
            f"{maps.path} has {_words(maps)} and the other layer {_words(other)}: they cannot be compared."
        )
    return np.abs(maps.tiles - other.tiles).mean(axis=(1, 2), dtype=np.float64)


def _words(maps: LayerMaps) -> str:
    return f"{maps.count} maps of {maps.height}×{maps.width}"


def _planes(value: NDArray[np.float32]) -> NDArray[np.float32]:
    """H×W×C as contiguous C×H×W."""
    height, width, channels = value.shape
    return np.ascontiguousarray(value.reshape(-1, channels).T).reshape(channels, height, width)


def _statistics(planes: NDArray[np.float32]) -> Statistics:
    flat = planes.reshape(len(planes), -1)
    found = np.empty((5, len(flat)))
    for some in groups(planes):
        part = flat[some]
        low, high = part.min(axis=1), part.max(axis=1)
        wide = part.astype(np.float64) if max(-low.min(), high.max()) > LARGE else part
        # Of infinite values there is no mean and no spread.
        with np.errstate(invalid="ignore"):
            mean = wide.mean(axis=1, dtype=np.float64)
            # Two passes: squares less the mean's square would lose small spreads.
            spread = wide - mean[:, None].astype(wide.dtype)
            np.square(spread, out=spread)
            deviation = np.sqrt(spread.mean(axis=1, dtype=np.float64))
        zeros = 1.0 - np.count_nonzero(part, axis=1) / part.shape[1]
        found[:, some] = mean, deviation, low, high, zeros
    return Statistics(*found)


def groups(planes: NDArray[np.float32]) -> Iterator[slice]:
    """Some maps after the other, each time so few that what is computed of them stays in the CPU's cache."""
    step = max(1, _CACHED // max(1, planes[0].nbytes)) if len(planes) else 1
    for start in range(0, len(planes), step):
        yield slice(start, start + step)


def _made(path: str, form: Form, planes: NDArray[np.float32], count: int) -> LayerMaps:
    height, width = planes.shape[1:]
    return LayerMaps(path, form, _small(planes, form, count), height, width, _statistics(planes))


def _small(planes: NDArray[np.float32], form: Form, count: int) -> NDArray[np.float32]:
    height, width = planes.shape[1:]
    side = min(TILE, isqrt(TILES // max(1, count)))
    if max(height, width) <= side or form != "maps":
        return planes
    share = side / max(height, width)
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


def _in_groups(found: Activations, path: str, shape: tuple[int, ...], task: Task) -> LayerMaps:
    height, width, channels = shape
    group = max(1, _GROUP // (4 * height * width))
    parts: list[LayerMaps] = []
    for number in range(ceil(channels / group)):
        task.progress(number * group / channels, f"maps {number * group} of {channels}")
        start = number * group
        planes = _planes(found.channels(path, start, min(channels, start + group)))
        parts.append(_made(path, "maps", planes, channels))
    together = [part.statistics for part in parts]
    return LayerMaps(
        path,
        "maps",
        np.concatenate([part.tiles for part in parts]),
        height,
        width,
        Statistics(
            np.concatenate([s.mean for s in together]),
            np.concatenate([s.deviation for s in together]),
            np.concatenate([s.minimum for s in together]),
            np.concatenate([s.maximum for s in together]),
            np.concatenate([s.zeros for s in together]),
        ),
    )
