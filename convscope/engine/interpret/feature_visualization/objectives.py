"""What a pattern shall make large or small: one number that the network computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.words import counted, percent, times

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.summary import LayerInfo

Kind = Literal["channel", "neuron", "class", "layer"]

# Layers that hand on what they get: nothing of their own to maximise.
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
class Objective:
    """One number that the network computes and an image shall make as large as possible.

    Made by `channel`, `neuron`, `class_`, `layer` and `between`.

    Attributes:
        kind: "channel": its mean over the map; "neuron": its value at one place; "class": the logit, or a
            number of the output that is no class;
            "layer": the mean square of all that the layer puts out (DeepDream).
        path: the layer's; "" for a class.
        index: channel, unit or class.
        other, share: another channel that takes this share of the objective (0–1).
        row, column: the neuron's place in the map at the network's own size; None: the middle.
        negative: as small as possible instead.
        variant: numbers several images of one objective: each starts elsewhere.
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

    @staticmethod
    def channel(path: str, index: int, *, negative: bool = False, variant: int = 0) -> Objective:
        """The mean of one channel over its map; of a vector, one unit."""
        return Objective("channel", path, index, negative=negative, variant=variant)

    @staticmethod
    def neuron(path: str, index: int, row: int | None = None, column: int | None = None) -> Objective:
        """One channel at one place of its map."""
        return Objective("neuron", path, index, row=row, column=column)

    @staticmethod
    def class_(index: int, *, negative: bool = False, variant: int = 0) -> Objective:
        """A class's logit, before softmax or sigmoid."""
        return Objective("class", index=index, negative=negative, variant=variant)

    @staticmethod
    def layer(path: str) -> Objective:
        """All of a layer at once: DeepDream."""
        return Objective("layer", path)

    @staticmethod
    def between(path: str, first: int, second: int, count: int) -> tuple[Objective, ...]:
        """From one channel to another in `count` equal parts, both ends included."""
        shares = np.linspace(0, 1, count)
        return tuple(Objective("channel", path, first, other=second, share=float(share)) for share in shares)

    def check(self, model: OpenedModel) -> None:
        """Refuse what the network does not have.

        Raises:
            UserError: no such layer, channel, class or place.
        """
        model.image_input  # noqa: B018 - patterns are images: says why where it takes none
        if self.kind == "class":
            count = model.head.classes
            if not 0 <= self.index < count:
                what = counted(count, model.answer.noun, "classes" if model.has_classes else "")
                raise UserError(f"{model.name} has {what}, 0 to {count - 1}: there is no {self.index}.")
            return
        row = model.layer(self.path)
        if row.shape is not None and row.kind not in _EMPTY and len(row.shape) not in (1, 3):
            shape = times(row.shape)
            raise UserError(
                f"{self.path} ({row.kind}) puts out {shape}: patterns grow for maps over one image and "
                "for rows of numbers."
            )
        if not has_units(row) or row.shape is None or row.shape[-1] is None:
            raise UserError(
                f"{self.path} ({row.kind}) has no filters: choose a convolution or a dense layer."
            )
        count = row.shape[-1]
        for index in (self.index, self.other):
            if not 0 <= index < count:
                raise UserError(f"{self.path} has {count} filters, 0 to {count - 1}: there is no {index}.")
        if self.kind == "neuron":
            if len(row.shape) != 3:
                raise UserError(f"{self.path} puts out a vector: its units are channels, without places.")
            for name, place, size in (("row", self.row, row.shape[0]), ("column", self.column, row.shape[1])):
                if place is not None and size is not None and not 0 <= place < size:
                    raise UserError(
                        f"The maps of {self.path} have {size} {name}s: there is no {name} {place}."
                    )

    def words(self, model: OpenedModel) -> str:
        """As a caption: "block4a_project_conv · filter 12"."""
        if self.kind == "class":
            text = model.name_of(self.index)
            if not model.has_classes:
                return f"{text}, as {'small' if self.negative else 'large'} as possible"
        elif self.kind == "layer":
            text = f"{self.path} · the whole layer"
        elif self.share:
            text = f"{self.path} · {self.index} → {self.other}, {percent(self.share)}"
        else:
            text = f"{self.path} · filter {self.index}"
            if self.kind == "neuron":
                middle = self.row is None or self.column is None
                text += " in the middle" if middle else f" at row {self.row}, column {self.column}"
        return f"{text}, negative" if self.negative else text


def has_units(row: LayerInfo) -> bool:
    """Whether a layer of a network has channels or units of its own to maximise."""
    return row.kind not in _EMPTY and row.shape is not None and len(row.shape) in (1, 3)


def channel_weights(model: OpenedModel, objectives: Sequence[Objective]) -> NDArray[np.float32]:
    """How much each channel counts, objectives × channels; negative where it shall be small."""
    first = objectives[0]
    head = model.head if first.kind == "class" else None
    if head is not None:
        count = head.units
    else:
        shape = model.layer(first.path).shape
        assert shape is not None and shape[-1] is not None
        count = shape[-1]
    table = np.zeros((len(objectives), count), np.float32)
    for number, objective in enumerate(objectives):
        sign = -1.0 if objective.negative else 1.0
        if head is not None and head.units == 1:
            # A single sigmoid unit: class 1 is its logit, class 0 the opposite.
            table[number, 0] = sign if objective.index == 1 or head.classes == 1 else -sign
            continue
        table[number, objective.index] += sign * (1 - objective.share)
        table[number, objective.other] += sign * objective.share
    return table


def relative_places(model: OpenedModel, objectives: Sequence[Objective]) -> NDArray[np.float32]:
    """Each objective's row and column as shares of the map's height and width, objectives × 2."""
    shape = () if objectives[0].kind == "class" else model.layer(objectives[0].path).shape
    height, width = shape[:2] if shape is not None and len(shape) == 3 else (None, None)

    def share(place: int | None, size: int | None) -> float:
        return 0.5 if place is None or size is None else (place + 0.5) / size

    return np.array(
        [(share(objective.row, height), share(objective.column, width)) for objective in objectives],
        np.float32,
    )
