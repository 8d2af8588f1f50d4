"""What every rule of a breakdown is given and gives back, and how sums are said in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.models.program import ProgramStep
from convscope.imaging.lab.equation import as_shown, equation, products
from convscope.imaging.numerals import bracketed, numeral

Rule = Literal["sum", "largest", "mean", "function", "softmax"]
Numbers = NDArray[np.float64]

LONG = 24
"""Terms of a sum that are written out; of more the largest, and how many were left out."""

SHORT, FEW = 4, 8
"""Digits of the terms of a long sum; up to so many terms they get the digits that they need."""

_ATTENDS = (
    "each of its values is a mean over all places, weighted by a softmax over how well they match, so that no"
    " fixed weights lead to it"
)
_REMEMBERS = "it goes through its input step by step and remembers, so that no one sum leads to a value"
_MULTIPLIES = "each of its values is a product of two inputs with each other, in which no weights are fixed"
_ORDERS = "it compares its values and adds nothing up"

REASONS = {
    **dict.fromkeys(
        ("Attention", "AdditiveAttention", "GroupedQueryAttention", "MultiHeadAttention"), _ATTENDS
    ),
    **dict.fromkeys(
        (
            "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
        ),
        _REMEMBERS,
    ),
    **dict.fromkeys(("Dot", "Matmul", "Einsum"), _MULTIPLIES),
    **dict.fromkeys(("Argmax", "Argmin", "Argsort", "Max", "Min", "Sort", "TopK", "Where"), _ORDERS),
}  # fmt: skip
"""Why some kinds of layers have no sum with fixed weights, in a clause."""


@dataclass(frozen=True, eq=False)
class Breakdown:
    """How one value came about.

    Attributes:
        path, kind: of the layer.
        row, column, channel: of the value; row and column are 0 in a vector, the channel is 0 in a table.
        rule: "sum" (patch × weights, added up, plus bias), "largest" or "mean" of a patch, "function" of the
            input's values, or "softmax".
        sources: the layer that each part comes from; one name if it is the same for all.
        channels: int64 (n,), the channel of its source that each part lies on.
        patches: float64 n×kh×kw, the input's values under the window; 0 outside of the map.
        inside: bool kh×kw, False where the window hangs over the border.
        weights: float64 n×kh×kw; None where the layer has none.
        totals: float64 (n,), each part's share of the sum.
        bias: what is added; 0 where there is none.
        total: what the rule gives, before the activation.
        activation: its name, "" without.
        value: after it: what the layer should put out.
        shown: what it did put out; equal to `value` within float32's rounding.
        window: top, left, height and width of the window on the input's maps, over the border where padded;
            None in a vector. A table T×C counts as C maps of T rows and one column here.
        rank: axes of the input: 3 for maps, 2 for a table, 1 for a vector.
        sizes: rows and columns of each source's maps; a gate has 1×1.
        at: the value's index in the layer's output, without the batch.
        words: the arithmetic, a line each.
    """

    path: str
    kind: str
    row: int
    column: int
    channel: int
    rule: Rule
    sources: tuple[str, ...]
    channels: NDArray[np.int64]
    patches: Numbers
    inside: NDArray[np.bool_]
    weights: Numbers | None
    totals: Numbers
    bias: float
    total: float
    activation: str
    value: float
    shown: float
    window: tuple[int, int, int, int] | None
    rank: int
    sizes: tuple[tuple[int, int], ...]
    at: tuple[int, ...]
    words: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many parts (input channels) it has."""
        return len(self.patches)

    @property
    def by_size(self) -> NDArray[np.int64]:
        """The parts with the largest share first."""
        return np.argsort(-np.abs(self.totals), kind="stable").astype(np.int64)

    def source(self, part: int) -> str:
        """The layer that a part comes from."""
        return self.sources[part if len(self.sources) > 1 else 0]

    def origin(self, part: int) -> tuple[str, int, int, int]:
        """Where a part's weightiest number stands, to be explained next: layer, channel, row and column."""
        weighed = self.patches[part] if self.weights is None else self.patches[part] * self.weights[part]
        down, across = np.unravel_index(int(np.abs(weighed).argmax()), weighed.shape)
        rows, columns = weighed.shape
        top, left, height, width = self.window or (0, 0, rows, columns)
        # A dilated window has its taps apart; one number for all places stands at 0, 0.
        last = self.sizes[part if len(self.sizes) > 1 else 0]
        row = min(max(0, top + int(down) * (height - 1) // max(1, rows - 1)), last[0] - 1)
        column = min(max(0, left + int(across) * (width - 1) // max(1, columns - 1)), last[1] - 1)
        channel = int(self.channels[part])
        if self.rank == 2:
            return self.source(part), 0, row, channel
        return self.source(part), channel, row, column

    @property
    def text(self) -> str:
        """The arithmetic, for the clipboard."""
        return "\n".join(self.words)


@dataclass(frozen=True, eq=False)
class Unit:
    """What a rule is asked: which value of which layer.

    Attributes:
        found: the activations.
        step: the layer's computing step.
        slot: what the step puts the value out to.
        given: its inputs without the batch, float32, in the order of the call.
        inputs: the same, tables T×C as maps T×1×C.
        sources: the layers that these come from.
        at: the value's index in the output, without the batch.
    """

    found: Activations
    step: ProgramStep
    slot: int
    given: tuple[NDArray[np.float32], ...]
    sources: tuple[str, ...]
    at: tuple[int, ...]

    @property
    def inputs(self) -> tuple[NDArray[np.float32], ...]:
        """The inputs, tables as maps with one column."""
        return tuple(value[:, None] if value.ndim == 2 else value for value in self.given)

    @property
    def row(self) -> int:
        """On the output's maps; 0 in a vector."""
        return self.at[0] if len(self.at) > 1 else 0

    @property
    def column(self) -> int:
        """On the output's maps; 0 in a vector or a table."""
        return self.at[1] if len(self.at) > 2 else 0

    @property
    def channel(self) -> int:
        """The last index."""
        return self.at[-1]

    def cannot(self, why: str = "") -> UserError:
        """The sentence for what cannot be written out."""
        reason = why or REASONS.get(
            self.step.kind, f"{self.step.kind} cannot be written out as a sum of a few numbers"
        )
        return UserError(f"{self.step.path}: {reason}.")


RuleFunction = Callable[[Unit], Breakdown]


def made(
    unit: Unit,
    rule: Rule,
    patches: Numbers,
    total: float,
    words: tuple[str, ...],
    *,
    sources: tuple[str, ...] = (),
    channels: NDArray[np.int64] | None = None,
    weights: Numbers | None = None,
    totals: Numbers | None = None,
    inside: NDArray[np.bool_] | None = None,
    bias: float = 0.0,
    window: tuple[int, int, int, int] | None = None,
    activation: str = "",
    given: Sequence[NDArray[np.float32]] = (),
) -> Breakdown:
    """An `Breakdown` without a separate activation; what a rule returns.

    Args:
        given: of `sources`, what they put out; the step's inputs if it is left out.
    """
    count = len(patches)
    return Breakdown(
        unit.step.path,
        unit.step.kind,
        unit.row,
        unit.at[1] if len(unit.at) == 2 else unit.column,
        0 if len(unit.at) == 2 else unit.channel,
        rule,
        sources or unit.sources[:1],
        np.full(count, unit.channel, np.int64) if channels is None else channels,
        patches,
        np.ones(patches.shape[1:], bool) if inside is None else inside,
        weights,
        patches.sum(axis=(1, 2)) if totals is None else totals,
        bias,
        total,
        activation,
        total,
        total,
        window,
        unit.given[0].ndim,
        tuple(_size(value) for value in given or unit.given[: len(sources or ("",))]),
        unit.at,
        words,
    )


def _size(value: NDArray[np.float32]) -> tuple[int, int]:
    return {2: (value.shape[0], 1), 3: value.shape[:2]}.get(value.ndim, (1, 1))


def apply(step: ProgramStep, value: float) -> float:
    """An activation of one number, by the layer's own function."""
    import tensorflow as tf

    given = tf.constant([[[[value]]]], tf.float32)
    return float(np.asarray(step.call(given)).ravel()[0])


def function_words(step: ProgramStep, name: str, value: float, result: float, note: str = "") -> str:
    """An activation of one number in words: "relu(3.2) = 3.2"."""

    def left(digits: int) -> tuple[str, float]:
        return f"{name}({numeral(value, digits)}){note}", apply(step, as_shown(value, digits))

    return equation(left, result)


def softmax(scores: Numbers, channel: int, *, logarithm: bool = False) -> tuple[float, tuple[str, ...]]:
    """A softmax's value (or its logarithm), and how it is computed in words."""
    less = float(scores[channel] - scores.max())
    powers = np.exp(scores - scores.max())
    power, total = float(powers[channel]), float(powers.sum())
    value = power / total
    words = [
        f"each score less the largest, {numeral(float(scores.max()))}: "
        + equation(lambda digits: (f"e^({numeral(less, digits)})", exp(as_shown(less, digits))), power),
        equation(
            lambda digits: (
                f"{numeral(power, digits)} / {numeral(total, digits)} (the sum over {len(scores)})",
                as_shown(power, digits) / as_shown(total, digits),
            ),
            value,
        ),
    ]
    if logarithm:
        found = float(np.log(value))
        words.append(
            # Near 1 a logarithm needs them all.
            equation(
                lambda digits: (f"log({numeral(value, digits)})", log(as_shown(value, digits))),
                found,
                most=15,
            )
        )
        return found, tuple(words)
    return value, tuple(words)


def biased_words(value: float, noun: str, bias: float, total: float) -> str:
    """A sum and what is added to it: "3.2 + bias (−0.5) = 2.7"."""
    return equation(
        lambda digits: (
            f"{numeral(value, digits)} + {noun} {bracketed(bias, digits)}",
            as_shown(value, digits) + as_shown(bias, digits),
        ),
        total,
    )


def scaled_words(value: float, scale: float, offset: float, total: float) -> str:
    """A number enlarged and shifted: "120 · 0.00784314 + (−1) = −0.0588232"."""

    def left(digits: int) -> tuple[str, float]:
        shift = f" + {bracketed(offset, digits)}" if offset else ""
        text = f"{numeral(value, digits)} · {bracketed(scale, digits)}{shift}"
        return text, as_shown(value, digits) * as_shown(scale, digits) + as_shown(offset, digits)

    return equation(left, total)


def product_words(patch: Numbers, weights: Numbers, total: float) -> str:
    """One part's sum written out: "105·5 + 102·(−1) + … = 320"; of a long one the largest terms."""
    values, factors = patch.ravel(), weights.ravel()
    order = np.arange(values.size)
    if values.size > LONG:
        order = np.sort(np.argsort(-np.abs(values * factors), kind="stable")[:LONG])
    left = values.size - len(order)
    rest = total - float((values[order] * factors[order]).sum())

    def side(digits: int) -> tuple[str, float]:
        text, shown = products(values[order].tolist(), factors[order].tolist(), digits)
        if left:
            text += f" + {bracketed(rest, digits)} ({left} smaller ones)"
            shown += as_shown(rest, digits)
        return text, shown

    return equation(side, total, first=SHORT, most=SHORT)


def same_place(unit: Unit) -> tuple[int, int, int, int] | None:
    """The same place of the input."""
    return (unit.row, unit.column, 1, 1) if unit.given[0].ndim > 1 else None


def here(unit: Unit, number: int = 0) -> float:
    """The input's value at the same place.

    Raises:
        UserError: its inputs have no such unit.
    """
    value = unit.given[number]
    if value.ndim != len(unit.at):
        raise unit.cannot()
    # A gate of 1×1×C, or one map for all channels, is spread over the others.
    spread = tuple(0 if size == 1 else at for at, size in zip(unit.at, value.shape, strict=True))
    if any(at >= size for at, size in zip(spread, value.shape, strict=True)):
        raise unit.cannot()
    return float(value[spread])


def of_one_value(unit: Unit, total: float, words: str, activation: str = "") -> Breakdown:
    """A function of the one value at the same place."""
    return made(
        unit,
        "function",
        np.full((1, 1, 1), here(unit)),
        total,
        (words,),
        totals=np.array([total]),
        window=same_place(unit),
        activation=activation,
    )
