"""What the last steps before one output are: softmax, sigmoid or neither, and the numbers before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.program import Program

_NOTHING = ("Dropout", "Identity")
_RESHAPES = ("Flatten", "Reshape", "Permute", "GlobalAveragePooling2D", "GlobalMaxPooling2D")


@dataclass(frozen=True)
class AnswerHead:
    """An output with a row of numbers.

    Attributes:
        kind: "softmax", "log_softmax", "sigmoid" (one unit: two classes; several: each for itself), "logits"
            (a sigmoid is to be taken, of one unit or several), "linear", or "unknown" after a layer that
            cannot be looked into, or where several softmaxes are joined: its numbers tell whether they are
            probabilities.
        units: numbers that the network puts out.
        logits, output: slots of the program, before and after softmax or sigmoid (equal when linear). The
            logits of one image may stand as 1×1×units, before a Flatten.
        activation: the last activation where it is neither softmax nor sigmoid: "tanh", "relu"; else "".
    """

    kind: str
    units: int
    logits: int
    output: int
    activation: str = ""

    @property
    def classes(self) -> int:
        """Classes: a single sigmoid unit tells two apart."""
        return 2 if self.kind in ("sigmoid", "logits") and self.units == 1 else self.units


def head_at(program: Program, slot: int, units: int) -> AnswerHead:
    """What the output `slot` with `units` numbers tells."""
    output, step = slot, program.producer(slot)
    moved = False
    # What changes nothing at inference, or only the shape, may stand after the softmax.
    while step is not None and (step.kind in (*_NOTHING, *_RESHAPES) or step.activation == "linear"):
        moved = moved or step.kind in _RESHAPES
        slot = step.inputs[0]
        step = program.producer(slot)
    if step is not None and step.activation in ("softmax", "log_softmax", "sigmoid"):
        if not moved or _one_place(program.shapes[slot], units):
            return AnswerHead(step.activation, units, step.inputs[0], output)
        return AnswerHead("unknown", units, output, output)
    opaque = step is not None and step.kind not in KINDS and not step.activation
    last = "" if step is None else step.activation
    return AnswerHead("unknown" if opaque else "linear", units, output, output, last)


def _one_place(shape: tuple[int | None, ...], units: int) -> bool:
    """Whether the numbers are those of the output in the same order: any other size is 1."""
    return shape[-1] == units and all(size == 1 for size in shape[1:-1])


def are_probabilities(output: NDArray[np.float32]) -> bool:
    """Whether every row is a distribution over classes."""
    return bool(np.all(output >= 0) and np.allclose(output.sum(axis=1), 1, atol=1e-3))
