"""One value of a feature map, explained: what it is computed from, to the last number.

`explain` finds the layer's rule (`rules/registry.py`), computes the value from the layer's input in double
precision, and says it in words. A kind without a rule is tried as a sum of its inputs with fixed weights.
What does not come to the network's own value is not told.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import WHOLE, Activations
from convscope.engine.interpret.activations.outputs import heads_first, output_path, parted
from convscope.engine.interpret.breakdown.base import (
    Breakdown,
    Unit,
    apply,
    function_words,
    scaled_words,
    softmax,
)
from convscope.engine.interpret.breakdown.rules.registry import rules_of
from convscope.engine.models.program import ProgramStep
from convscope.imaging.numerals import numeral


def explain(found: Activations, path: str, row: int, column: int, channel: int) -> Breakdown:
    """How the value at (row, column) of a layer's map came about.

    Args:
        path: of a layer, or of one of its outputs ("split#2").
        row, column: 0 for a vector.
        channel: 0 for a table.

    Raises:
        UserError: no such unit, or a layer that cannot be written out so.
    """
    shape = found.shape(path)
    if not 1 <= len(shape) <= 3:
        raise UserError(f"{path}: only maps, tables and vectors are explained value by value.")
    at = {1: (channel,), 2: (row, column), 3: (row, column, channel)}[len(shape)]
    if any(not 0 <= n < size for n, size in zip(at, shape, strict=True)) or (len(shape) == 2 and channel):
        raise UserError(f"{path} has no value at row {row}, column {column}, channel {channel}.")
    shown = float(_one(found, path, at))
    if not np.isfinite(shown):
        raise UserError(
            f"{path}: this value is {shown:g}, no number: the network overflows on this image, or its"
            " training diverged."
        )
    model = found.model
    if heads_first(model, path):
        raise UserError(f"{path}: a score is a softmax over a row of products of queries and keys.")
    layer, number = parted(model, path)
    steps = [step for step in model.program.steps if step.path == layer]
    if not steps:
        return _pixel(found, path, at, shown)
    first = steps[0]
    owners = {
        slot: output_path(name, n + 1)
        for name, slots in model.program.slots.items()
        for n, slot in enumerate(slots)
    }
    asked = Unit(
        found,
        first,
        first.outputs[number - 1],
        tuple(found.slot_value(slot) for slot in first.inputs),
        tuple(owners.get(slot, "") for slot in first.inputs),
        at,
    )
    last = steps[1] if len(steps) > 1 else None
    reasons = []
    for rule in rules_of(first.kind):
        try:
            made = replace(rule(asked), path=path, shown=shown)
            made = made if last is None else _activated(asked, last, made)
        except UserError as error:
            reasons.append(error)
            continue
        if _agrees(made):
            return made
    raise reasons[0] if reasons else asked.cannot()


def _agrees(made: Breakdown) -> bool:
    """Whether the sum comes to what the network put out, but for float32's rounding of its terms."""
    scale = max(1.0, abs(made.shown), float(np.abs(made.totals).sum()))
    return abs(made.value - made.shown) <= 1e-4 * scale


def _one(found: Activations, path: str, place: tuple[int, ...]) -> np.float32:
    if heads_first(found.model, path):
        return np.float32(found.value(path)[place])
    if len(place) == 3 and found.bytes(path) > WHOLE:
        row, column, channel = place
        return np.float32(found.channels(path, channel, channel + 1)[row, column, 0])
    return np.float32(found.tensor(found.slot(path))[(0, *place)].numpy())


# Activations of all channels together.
_ACROSS = ("glu", "sparsemax")


def _activated(unit: Unit, step: ProgramStep, made: Breakdown) -> Breakdown:
    """The same after the layer's own activation."""
    name = step.activation
    if name in ("softmax", "log_softmax"):
        # All of the layer's sums are needed; they come from the network itself.
        sums = np.asarray(unit.found.slot_value(step.inputs[0]), np.float64)
        value, words = softmax(sums[unit.at[:-1]], unit.channel, logarithm=name == "log_softmax")
    elif name in _ACROSS:
        raise unit.cannot(f"{name} mixes the channels and is not written out")
    else:
        value = apply(step, made.total)
        words = (function_words(step, name, made.total, value),)
    return replace(made, activation=name, value=value, words=made.words + words)


def _pixel(found: Activations, path: str, at: tuple[int, ...], shown: float) -> Breakdown:
    """A value of the network's input: a pixel, scaled."""
    model = found.model
    slot = found.slot(path)
    table = len(at) == 2
    row, column = (at[0], at[1]) if len(at) > 1 else (0, 0)
    channel = 0 if table else at[-1]
    if slot != model.program.inputs[model.image_input] or len(model.program.shapes[slot]) != 4:
        words: tuple[str, ...] = (f"given to the network: {numeral(shown)}",)
        patches, total = np.full((1, 1, 1), shown), shown
    else:
        pixels = np.atleast_3d(found.prepared.pixels)
        order = model.preprocessing.order == "bgr" and pixels.shape[2] == 3
        level = float(pixels[row, column, 2 - channel if order else channel])
        scale, offset = (
            float((each * pixels.shape[2])[channel] if len(each) == 1 else each[channel])
            for each in (model.preprocessing.scale, model.preprocessing.offset)
        )
        total, patches = level * scale + offset, np.full((1, 1, 1), level)
        words = ("pixel " + scaled_words(level, scale, offset, total),)
    return Breakdown(
        path,
        "InputLayer",
        row,
        column,
        channel,
        "function",
        (path,),
        np.array([channel]),
        patches,
        np.ones((1, 1), bool),
        None,
        np.array([total]),
        0.0,
        total,
        "",
        total,
        shown,
        (row, column, 1, 1),
        3,
        ((row + 1, column + 1),),
        at,
        words,
    )
