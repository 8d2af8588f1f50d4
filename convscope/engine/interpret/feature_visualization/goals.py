"""What a pattern shall excite: one number that the network computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.words import counted, percent

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.summary import LayerInfo

Kind = Literal["channel", "neuron", "class", "layer"]

# Layers that hand on what they get: nothing of their own to climb to.
_EMPTY = (
    "InputLayer",
    "Rescaling",
    "Normalization",
    "Flatten",
    "Reshape",
    "Permute",
    "Dropout",
    "SpatialDropout2D",
    "ZeroPadding2D",
    "Cropping2D",
    "Resizing",
)


@dataclass(frozen=True)
class Goal:
    """One objective; made by `channel`, `neuron`, `class_`, `layer` and `between`.

    Attributes:
        kind: "channel": its mean over the map; "neuron": its value at one place; "class": the logit, or a
            number of the output that is no class;
            "layer": the mean square of all that the layer puts out (DeepDream).
        path: the layer's; "" for a class.
        index: channel, unit or class.
        other, share: another channel that takes this share of the objective (0–1).
        row, column: the neuron's place in the map at the network's own size; None: the middle.
        negative: the image that it hates most instead.
        variant: numbers several images of one goal: each starts elsewhere.
    """

    kind: Kind
    path: str = ""
    index: int = 0
    other: int = 0
    share: float = 0.0
    row: int | None = None
    column: int | None = None
    negative: bool = False
    variant: int = 0


def channel(path: str, index: int, *, negative: bool = False, variant: int = 0) -> Goal:
    """The mean of one channel over its map; of a vector, one unit."""
    return Goal("channel", path, index, negative=negative, variant=variant)


def neuron(path: str, index: int, row: int | None = None, column: int | None = None) -> Goal:
    """One channel at one place of its map."""
    return Goal("neuron", path, index, row=row, column=column)


def class_(index: int, *, negative: bool = False, variant: int = 0) -> Goal:
    """A class's logit, before softmax or sigmoid."""
    return Goal("class", index=index, negative=negative, variant=variant)


def layer(path: str) -> Goal:
    """All of a layer at once: DeepDream."""
    return Goal("layer", path)


def between(path: str, first: int, second: int, count: int) -> tuple[Goal, ...]:
    """From one channel to another in `count` equal parts, both ends included."""
    shares = np.linspace(0, 1, count)
    return tuple(Goal("channel", path, first, other=second, share=float(share)) for share in shares)


def can_climb(row: LayerInfo) -> bool:
    """Whether a layer of a network has channels or units that one can climb to."""
    return row.kind not in _EMPTY and row.shape is not None and len(row.shape) in (1, 3)


def check(model: OpenedModel, goal: Goal) -> None:
    """Refuse what the network does not have.

    Raises:
        UserError: no such layer, channel, class or place.
    """
    model.image_input  # noqa: B018 - patterns are images: says why where it takes none
    if goal.kind == "class":
        count = model.head.classes
        if not 0 <= goal.index < count:
            what = counted(count, model.answer.noun, "classes" if model.has_classes else "")
            raise UserError(f"{model.name} has {what}, 0 to {count - 1}: there is no {goal.index}.")
        return
    row = model.layer(goal.path)
    if row.shape is not None and row.kind not in _EMPTY and len(row.shape) not in (1, 3):
        shape = "×".join("?" if n is None else str(n) for n in row.shape)
        raise UserError(
            f"{goal.path} ({row.kind}) puts out {shape}: patterns grow for maps over one image and for rows "
            "of numbers."
        )
    if not can_climb(row) or row.shape is None or row.shape[-1] is None:
        raise UserError(f"{goal.path} ({row.kind}) has no filters: choose a convolution or a dense layer.")
    count = row.shape[-1]
    for index in (goal.index, goal.other):
        if not 0 <= index < count:
            raise UserError(f"{goal.path} has {count} filters, 0 to {count - 1}: there is no {index}.")
    if goal.kind == "neuron":
        if len(row.shape) != 3:
            raise UserError(f"{goal.path} puts out a vector: its units are channels, without places.")
        for name, place, size in (("row", goal.row, row.shape[0]), ("column", goal.column, row.shape[1])):
            if place is not None and size is not None and not 0 <= place < size:
                raise UserError(f"The maps of {goal.path} have {size} {name}s: there is no {name} {place}.")


def weights(model: OpenedModel, goals: Sequence[Goal]) -> NDArray[np.float32]:
    """How much each channel counts, goals × channels; negative where it is hated."""
    first = goals[0]
    head = model.head if first.kind == "class" else None
    if head is not None:
        count = head.units
    else:
        shape = model.layer(first.path).shape
        assert shape is not None and shape[-1] is not None
        count = shape[-1]
    table = np.zeros((len(goals), count), np.float32)
    for number, goal in enumerate(goals):
        sign = -1.0 if goal.negative else 1.0
        if head is not None and head.units == 1:
            # A single sigmoid unit: class 1 is its logit, class 0 the opposite.
            table[number, 0] = sign if goal.index == 1 or head.classes == 1 else -sign
            continue
        table[number, goal.index] += sign * (1 - goal.share)
        table[number, goal.other] += sign * goal.share
    return table


def places(model: OpenedModel, goals: Sequence[Goal]) -> NDArray[np.float32]:
    """Each goal's row and column as shares of the map's height and width, goals × 2."""
    shape = () if goals[0].kind == "class" else model.layer(goals[0].path).shape
    height, width = shape[:2] if shape is not None and len(shape) == 3 else (None, None)

    def share(place: int | None, size: int | None) -> float:
        return 0.5 if place is None or size is None else (place + 0.5) / size

    return np.array([(share(goal.row, height), share(goal.column, width)) for goal in goals], np.float32)


def words(model: OpenedModel, goal: Goal) -> str:
    """The goal as a caption: "block4a_project_conv · filter 12"."""
    if goal.kind == "class":
        text = model.name_of(goal.index)
        if not model.has_classes:
            return f"{text}, as {'small' if goal.negative else 'large'} as possible"
    elif goal.kind == "layer":
        text = f"{goal.path} · the whole layer"
    elif goal.share:
        text = f"{goal.path} · {goal.index} → {goal.other}, {percent(goal.share)}"
    else:
        text = f"{goal.path} · filter {goal.index}"
        if goal.kind == "neuron":
            middle = goal.row is None or goal.column is None
            text += " in the middle" if middle else f" at row {goal.row}, column {goal.column}"
    return f"{text}, hated" if goal.negative else text
