"""One value of a feature map, explained: what it is computed from, to the last number.

`explain` finds the layer's rule (a new kind of layer is one entry in `RULES` of `sum_windows` or
`sum_values`), computes the value from the layer's input in double precision, and says it in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.program import Step
from convscope.engine.seeing.activations import Activations
from convscope.errors import UserError
from convscope.imaging.numerals import bracketed, numeral

Rule = Literal["sum", "largest", "mean", "function", "softmax"]
Numbers = NDArray[np.float64]

LONG = 24
"""Terms of a sum that are written out; of more the largest, and how many were left out."""


@dataclass(frozen=True, eq=False)
class ActivationSum:
    """How one value came about.

    Attributes:
        path, kind: of the layer.
        row, column, channel: of the value; row and column are 0 in a vector.
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
            None in a vector.
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

    @property
    def text(self) -> str:
        """The arithmetic, for the clipboard."""
        return "\n".join(self.words)


@dataclass(frozen=True, eq=False)
class Place:
    """What a rule is asked: which value of which layer.

    Attributes:
        found: the activations.
        step: the layer's computing step.
        inputs: its inputs without the batch, float32, in the order of the call.
        sources: the layers that these come from.
        row, column, channel: of the value.
    """

    found: Activations
    step: Step
    inputs: tuple[NDArray[np.float32], ...]
    sources: tuple[str, ...]
    row: int
    column: int
    channel: int

    @property
    def where(self) -> tuple[int, ...]:
        """The value's index in an output with the inputs' rank."""
        rank = self.inputs[0].ndim
        return (self.row, self.column, self.channel) if rank == 3 else (self.channel,)

    def cannot(self, why: str = "") -> UserError:
        """The sentence for what cannot be written out."""
        reason = why or f"a {self.step.kind} cannot be written out as a sum of a few numbers"
        return UserError(f"{self.step.path}: {reason}.")


RuleFunction = Callable[[Place], ActivationSum]


def explain(found: Activations, path: str, row: int, column: int, channel: int) -> ActivationSum:
    """How the value at (row, column) of a layer's map came about.

    Args:
        row, column: 0 for a vector.

    Raises:
        UserError: no such place, or a layer that cannot be written out so.
    """
    shape = found.shape(path)
    place = (row, column, channel) if len(shape) == 3 else (channel,)
    if len(shape) not in (1, 3):
        raise UserError(f"{path}: only maps and vectors are explained value by value.")
    if any(not 0 <= at < size for at, size in zip(place, shape, strict=True)):
        raise UserError(f"{path} has no value at row {row}, column {column}, channel {channel}.")
    shown = float(_one(found, path, place))
    model = found.model
    steps = [step for step in model.program.steps if step.path == path]
    if not steps:
        return _pixel(found, path, row, column, channel, shown)
    first = steps[0]
    rule = _rules().get(first.kind)
    if rule is None:
        raise UserError(f"{path}: a {first.kind} cannot be written out as a sum of a few numbers.")
    owners = {slot: name for name, slots in model.program.slots.items() for slot in slots}
    asked = Place(
        found,
        first,
        tuple(found.slot_value(slot) for slot in first.inputs),
        tuple(owners.get(slot, "") for slot in first.inputs),
        row,
        column,
        channel,
    )
    made = replace(rule(asked), shown=shown)
    return _activated(asked, steps[1], made) if len(steps) > 1 else made


def _rules() -> dict[str, RuleFunction]:
    from convscope.engine.seeing import sum_values, sum_windows

    return {**sum_windows.RULES, **sum_values.RULES}


def _one(found: Activations, path: str, place: tuple[int, ...]) -> np.float32:
    return np.float32(found.tensor(found.model.slot(path))[(0, *place)].numpy())


def made(
    place: Place,
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
) -> ActivationSum:
    """An `ActivationSum` without a separate activation; what a rule returns."""
    count = len(patches)
    return ActivationSum(
        place.step.path,
        place.step.kind,
        place.row,
        place.column,
        place.channel,
        rule,
        sources or place.sources[:1],
        np.full(count, place.channel, np.int64) if channels is None else channels,
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
        words,
    )


def _activated(place: Place, step: Step, made: ActivationSum) -> ActivationSum:
    """The same after the layer's own activation."""
    name = step.activation
    if name in ("softmax", "log_softmax"):
        # All of the layer's sums are needed; they come from the network itself.
        sums = np.asarray(place.found.slot_value(step.inputs[0]), np.float64)
        row = sums[made.row, made.column] if sums.ndim == 3 else sums
        value, words = softmax(row, made.channel)
        value = float(np.log(value)) if name == "log_softmax" else value
    else:
        value = apply(step, made.total)
        words = (f"{name}({numeral(made.total)}) = {numeral(value)}",)
    return replace(made, activation=name, value=value, words=made.words + words)


def apply(step: Step, value: float) -> float:
    """An activation of one number, by the layer's own function."""
    import tensorflow as tf

    given = tf.constant([[[[value]]]], tf.float32)
    return float(np.asarray(step.call(given)).ravel()[0])


def softmax(scores: Numbers, channel: int) -> tuple[float, tuple[str, ...]]:
    """A softmax's value, and how it is computed in words."""
    powers = np.exp(scores - scores.max())
    total = float(powers.sum())
    value = float(powers[channel]) / total
    spread = numeral(float(scores.max()))
    words = (
        f"each score less the largest, {spread}: e^({numeral(float(scores[channel] - scores.max()))})"
        f" = {numeral(float(powers[channel]))}",
        f"{numeral(float(powers[channel]))} / {numeral(total)} (the sum over {len(scores)})"
        f" = {numeral(value)}",
    )
    return value, words


def _pixel(found: Activations, path: str, row: int, column: int, channel: int, shown: float) -> ActivationSum:
    """A value of the network's input: a pixel, scaled."""
    model = found.model
    slot = model.program.slots[path][0]
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
        shift = f" + {bracketed(offset)}" if offset else ""
        words = (f"pixel {numeral(level)} · {numeral(scale)}{shift} = {numeral(total)}",)
    return ActivationSum(
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
        words,
    )


def product_words(patch: Numbers, weights: Numbers, total: float) -> str:
    """One part's sum written out: "105·5 + 102·(−1) + … = 320"; of a long one the largest terms."""
    values, factors = patch.ravel(), weights.ravel()
    order = np.arange(values.size)
    if values.size > LONG:
        order = np.sort(np.argsort(-np.abs(values * factors), kind="stable")[:LONG])
    terms = " + ".join(f"{bracketed(float(values[i]), 4)}·{bracketed(float(factors[i]), 4)}" for i in order)
    left = values.size - len(order)
    more = f" + {left} smaller ones" if left else ""
    return f"{terms}{more} = {numeral(total)}"
