"""A whole network at work on one image: of every column the maps that matter, and the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.activations.layer_maps import maps_of
from convscope.engine.interpret.activations.normalise import to_levels
from convscope.engine.interpret.network.relevance import ClassRelevance
from convscope.engine.models.answers.prediction import Prediction
from convscope.engine.models.graph.columns import LayerColumn

SIDE = 96
"""Pixels of the longer side of a small map, at most: enough for twice its size on screen."""

ChosenBy = Literal["class", "largest", "index"]


@dataclass(frozen=True, eq=False)
class ColumnPicture:
    """What a column shows.

    Attributes:
        column: whose it is.
        channels: int64 (n,), those on show, by their number.
        levels: uint8 n×h×w, each map from its smallest to its largest value; of a vector n×1×1, all on the
            scale of the column, 0 as `zero`.
        values: float32 (n,): of a vector its numbers, of maps their means.
        blank: bool (n,), a map whose values are all the same.
        zero: the level of the number 0 in a vector.
    """

    column: LayerColumn
    channels: NDArray[np.int64]
    levels: NDArray[np.uint8]
    values: NDArray[np.float32]
    blank: NDArray[np.bool_]
    zero: int = 0

    @property
    def is_all(self) -> bool:
        """Whether every channel is on show."""
        return len(self.channels) == self.column.channels


@dataclass(frozen=True, eq=False)
class NetworkPicture:
    """A network at work on an image.

    Attributes:
        found: what all layers make of it.
        columns: in the order of computation.
        pixels: uint8 H×W or H×W×3, the image as the network sees it.
        answer: its classes; None where it tells none.
    """

    found: Activations
    columns: tuple[ColumnPicture, ...]
    pixels: NDArray[np.uint8]
    answer: Prediction | None


def choose(
    found: Activations,
    columns: Sequence[LayerColumn],
    rooms: Mapping[str, int],
    by: ChosenBy,
    matter: ClassRelevance | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Which channels each column shows: all where they fit, in their order; else the most important.

    Args:
        rooms: by column's id, how many it has room for.
        by: "class": activation × gradient of the class's score, largest first, whatever its sign; "largest":
            mean of |activation|; "index".
        matter: for "class"; without it, and in columns that the class does not depend on, "largest".
    """
    chosen: dict[str, NDArray[np.int64]] = {}
    for column in columns:
        value = found.tensor(found.slot(column.path))
        count, room = int(value.shape[-1]), max(1, rooms.get(column.id, 1))
        if count <= room or by == "index":
            chosen[column.id] = np.arange(min(count, room))
            continue
        weight = matter.channels.get(column.id) if matter is not None and by == "class" else None
        if weight is None:
            flat = np.abs(np.asarray(value.numpy()[0], np.float32)).reshape(-1, count)
            weight = flat.mean(axis=0, dtype=np.float64)
        chosen[column.id] = np.argsort(-np.abs(weight), kind="stable")[:room]
    return chosen


def picture(
    found: Activations,
    columns: Sequence[LayerColumn],
    chosen: Mapping[str, NDArray[np.int64]],
    task: Task | None = None,
) -> NetworkPicture:
    """The small maps of the chosen channels, and what the network answers."""
    task = task or Task()
    shown = []
    for column in columns:
        task.check()
        shown.append(_shown(found, column, chosen[column.id]))
    return NetworkPicture(found, tuple(shown), found.prepared.pixels, answer_of(found))


def answer_of(found: Activations) -> Prediction | None:
    """What the network answers to an image that was looked at; None where it tells no classes."""
    model = found.model
    if not model.has_head:
        return None
    head = model.head
    return model.prediction(*model.read_scores(found.tensor(head.logits), found.tensor(head.output)))


def _shown(found: Activations, column: LayerColumn, channels: NDArray[np.int64]) -> ColumnPicture:
    value = np.asarray(found.tensor(found.slot(column.path)).numpy()[0], np.float32)
    if value.ndim != 3:
        flat = value.reshape(-1, value.shape[-1]).mean(axis=0) if value.ndim > 1 else value.reshape(-1)
        low, high = min(0.0, float(np.nanmin(flat))), max(0.0, float(np.nanmax(flat)))
        gain = 255 / (high - low) if high > low else 0.0
        numbers = flat[channels]
        levels = np.nan_to_num((numbers - low) * gain).astype(np.uint8)[:, None, None]
        return ColumnPicture(
            column, channels, levels, numbers, np.zeros(len(channels), bool), round(-low * gain)
        )
    some = value[..., channels]
    share = SIDE / max(some.shape[:2])
    maps = maps_of(column.path, some if share >= 1 else _small(some, share))
    (levels_,) = to_levels([maps], "map")
    return ColumnPicture(
        column, channels, levels_.levels, maps.statistics.mean.astype(np.float32), maps.blank
    )


def _small(value: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    height, width = (max(1, round(n * share)) for n in value.shape[:2])
    planes = np.moveaxis(value, -1, 0)
    small = [
        cv2.resize(np.ascontiguousarray(p), (width, height), interpolation=cv2.INTER_AREA) for p in planes
    ]
    return np.stack(small, axis=-1)
