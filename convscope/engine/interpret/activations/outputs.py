"""Naming one output of a layer with several: "split#2" is the second, "split" and "split#1" the first."""

from __future__ import annotations

from convscope.core.errors import UserError
from convscope.engine.models.opened import OpenedModel

MARK = "#"
_ATTENTION = ("MultiHeadAttention", "GroupedQueryAttention")


def output_path(path: str, number: int) -> str:
    """A layer's output by its number from 1; the first is called as the layer is."""
    return path if number == 1 else f"{path}{MARK}{number}"


def parted(model: OpenedModel, path: str) -> tuple[str, int]:
    """The layer of an output's name, and the output's number from 1.

    Raises:
        UserError: no such layer or output.
    """
    slots = model.program.slots
    if path in slots:
        return path, 1
    layer, mark, number = path.rpartition(MARK)
    if not mark or layer not in slots or not number.isdecimal():
        raise UserError(f"{model.name} has no layer {path}.")
    count = len(slots[layer])
    if not 1 <= int(number) <= count:
        known = f"outputs 1 to {count}, not {number}" if count > 1 else f"one output, no {MARK}{number}"
        raise UserError(f"{layer} of {model.name} has {known}.")
    return layer, int(number)


def slot_of(model: OpenedModel, path: str) -> int:
    """The program's slot of an output.

    Raises:
        UserError: no such layer or output.
    """
    layer, number = parted(model, path)
    return model.program.slots[layer][number - 1]


def heads_first(model: OpenedModel, path: str) -> bool:
    """Whether an output is attention scores, heads×rows×columns: one map a head, not one a column."""
    layer, number = parted(model, path)
    attends = number == 2 and any(s.path == layer and s.kind in _ATTENTION for s in model.program.steps)
    return attends and len(model.program.shapes[slot_of(model, path)]) == 4


def output_paths(model: OpenedModel, layer: str) -> tuple[str, ...]:
    """The names of all outputs of a layer."""
    return tuple(output_path(layer, number + 1) for number in range(len(model.program.slots[layer])))
