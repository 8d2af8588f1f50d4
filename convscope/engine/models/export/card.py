"""The parity card: what a copy of a network answers, against the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.words import file_size, share
from convscope.engine.models.opened import OpenedModel

# Of the largest value of the outputs, or of 1: what the order of additions in 32 bits may change.
SAME = 1e-4


@dataclass(frozen=True)
class ParityCard:
    """What was measured on a copy.

    Attributes:
        model: the network's name.
        format: the format's title, with the precision where there is a choice.
        file: the name of the file or folder.
        bytes: on disk, the names of classes beside it left out.
        weights_bytes: of the network's weights alone, in 32 bits.
        images: how many inputs were compared.
        what: of what kind these are ("images of Digits").
        same_class: for how many of them the first class is the same; None: the network tells no classes.
        largest_difference: between any two numbers of the outputs.
        largest_value: the largest of the network's outputs, without sign.
        milliseconds, network_milliseconds: for one input, median: of the copy, and of the network in Keras.
        processors: that both had.
        takes, gives: its inputs and outputs, one line each.
        pixels: how an image becomes its input; "" where it takes no images.
        notes: what is lost or has to be known, one sentence each.
    """

    model: str
    format: str
    file: str
    bytes: int
    weights_bytes: int
    images: int
    what: str
    same_class: int | None
    largest_difference: float
    largest_value: float
    milliseconds: float
    network_milliseconds: float
    processors: int
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    pixels: str
    notes: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether it answers as the network does, but for the rounding of 32 bits."""
        return self.largest_difference <= SAME * max(1.0, self.largest_value) and self._classes_agree

    @property
    def _classes_agree(self) -> bool:
        return self.same_class is None or self.same_class == self.images

    @property
    def verdict(self) -> str:
        """In one sentence, whether it can be used in the network's place."""
        if self.is_same:
            return "It answers as the network does."
        if not np.isfinite(self.largest_difference):
            return "Where the network puts out numbers it does not: do not use this copy."
        if self._classes_agree:
            told = "" if self.same_class is None else "It names the same class each time. "
            return f"{told}Its numbers differ a little from the network's."
        others = self.images - (self.same_class or 0)
        return f"It names another class for {others:,} of {self.images:,} {self.what}."

    def facts(self) -> list[tuple[str, str]]:
        """Names and values, as the window and the terminal show them."""
        rows = [
            ("Compared on", f"{self.images:,} {self.what}"),
            ("Same first class", "" if self.same_class is None else share(self.same_class, self.images)),
            (
                "Largest difference",
                f"{_number(self.largest_difference)}, in outputs up to {_number(self.largest_value)}",
            ),
            (
                "Size on disk",
                f"{file_size(self.bytes)}; the weights in 32 bits: {file_size(self.weights_bytes)}",
            ),
            (
                "One input takes",
                f"{_milliseconds(self.milliseconds)}; in Keras {_milliseconds(self.network_milliseconds)} "
                f"(median, {self.processors} processor{'s' if self.processors > 1 else ''})",
            ),
            ("Takes", "\n".join(self.takes)),
            ("Pixels", self.pixels),
            ("Gives", "\n".join(self.gives)),
        ]
        return [(name, value) for name, value in rows if value]

    def text(self) -> str:
        """The whole card, to be read in a terminal or pasted into a message."""
        facts = self.facts()
        width = max(len(name) for name, _ in facts)
        lines = [f"{self.file}: {self.model} as {self.format}", self.verdict]
        for name, value in facts:
            first, *more = value.splitlines()
            lines.append(f"  {name:<{width}}  {first}")
            lines += [f"  {'':<{width}}  {line}" for line in more]
        return "\n".join([*lines, *self.notes])

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a number that is none is None."""
        made = asdict(self)
        for key, value in made.items():
            if isinstance(value, float) and not np.isfinite(value):
                made[key] = None
        return {**made, "same": self.is_same, "verdict": self.verdict}


@dataclass(frozen=True, eq=False)
class MeasuredOutputs:
    """What a network or its copy says.

    Attributes:
        outputs: of each output, float, one row an input.
        milliseconds: the median for one input.
    """

    outputs: tuple[NDArray[Any], ...]
    milliseconds: float


def differences(expected: Sequence[NDArray[Any]], found: Sequence[NDArray[Any]]) -> float:
    """The largest difference between any two numbers; infinite where only one of the two is none (NaN)."""
    largest = 0.0
    for ours, theirs in zip(expected, found, strict=True):
        if ours.shape != theirs.shape:
            return float("inf")
        a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(a - b))
        apart[np.isnan(apart)] = np.inf
        largest = max(largest, float(apart.max(initial=0.0)))
    return largest


def same_classes(
    model: OpenedModel, expected: Sequence[NDArray[Any]], found: Sequence[NDArray[Any]]
) -> int | None:
    """For how many inputs the first class is the same; None where the network tells no classes."""
    if not model.has_classes or model.head.classes < 2 or model.head.output not in model.program.outputs:
        return None
    position = model.program.outputs.index(model.head.output)
    limit = 0.0 if model.head.kind == "logits" else 0.5
    first, second = (_first_class(rows[position], limit) for rows in (expected, found))
    return int((first == second).sum())


def _first_class(rows: NDArray[Any], limit: float) -> NDArray[Any]:
    """The largest of several numbers, or on which side of the limit a single one is."""
    rows = rows.reshape(len(rows), -1)
    return rows[:, 0] > limit if rows.shape[1] == 1 else rows.argmax(axis=1)


def largest_value(outputs: Sequence[NDArray[Any]]) -> float:
    """The largest number without its sign."""
    sizes = [np.abs(rows[np.isfinite(rows)]).max(initial=0.0) for rows in outputs]
    return float(max(sizes, default=0.0))


def _number(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def _milliseconds(value: float) -> str:
    return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"
