"""The sums of layers that look at one place: dense, activations, merges, joining, reshaping, lookups."""

from __future__ import annotations

from collections.abc import Callable
from math import expm1, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.base import (
    Breakdown,
    RuleFunction,
    Unit,
    apply,
    biased_words,
    function_words,
    here,
    made,
    of_one_value,
    product_words,
    same_place,
    scaled_words,
    softmax,
)
from convscope.engine.interpret.kernels_of import array
from convscope.engine.models.program import ProgramStep, Slot
from convscope.engine.models.program.flatten import ACTIVATION_KINDS
from convscope.imaging.lab.equation import as_shown, equation
from convscope.imaging.numerals import bracketed, numeral

_PASSING = (
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
    "AlphaDropout",
    "ActivityRegularization",
    "Identity",
)


def dense(unit: Unit) -> Breakdown:
    """Every input × its weight, plus bias."""
    layer = unit.step.layer
    vector = unit.given[0][unit.at[:-1]].astype(np.float64)
    weights = array(layer.kernel)[:, unit.channel].astype(np.float64)
    bias = 0.0 if layer.bias is None else float(array(layer.bias)[unit.channel])
    products = vector * weights
    total = float(products.sum()) + bias
    words = [product_words(vector, weights, float(products.sum()))]
    if layer.bias is not None:
        words.append(biased_words(float(products.sum()), "bias", bias, total))
    return made(
        unit,
        "sum",
        vector[:, None, None],
        total,
        tuple(words),
        channels=np.arange(len(vector)),
        weights=weights[:, None, None],
        totals=products,
        bias=bias,
        window=same_place(unit),
    )


def activation(unit: Unit) -> Breakdown:
    """A function of each value, or a softmax over the channels."""
    step, value = unit.step, here(unit)
    if step.activation in ("softmax", "log_softmax"):
        axis = getattr(step.layer, "axis", -1)
        if not isinstance(axis, int):
            raise unit.cannot("a softmax over several axes is not written out")
        axis = axis if axis < 0 else axis - 1
        along = np.moveaxis(unit.given[0].astype(np.float64), axis, -1)
        others = np.delete(np.array(unit.at), axis)
        logarithm = step.activation == "log_softmax"
        total, words = softmax(along[tuple(others)], unit.at[axis], logarithm=logarithm)
        return of_one_value(unit, total, "\n".join(words))
    if step.kind == "PReLU":
        slope = float(np.broadcast_to(array(step.layer.alpha), unit.given[0].shape)[unit.at])
        if value > 0:
            return of_one_value(unit, value, f"{numeral(value)}: over 0 it stays as it is")
        total = value * slope
        return of_one_value(unit, total, f"below 0 times the slope: {scaled_words(value, slope, 0.0, total)}")
    if step.activation in ("glu", "sparsemax"):
        raise unit.cannot(f"{step.activation} mixes the channels and is not written out")
    total = apply(step, value)
    told = _with_settings(step, value, total)
    return of_one_value(unit, total, told or function_words(step, step.activation or step.kind, value, total))


def _with_settings(step: ProgramStep, value: float, total: float) -> str:
    """An activation layer with settings of its own, where they act; "" where they do not."""
    layer = step.layer
    if step.kind == "ELU" and value < 0 and float(layer.alpha) != 1:
        alpha = float(layer.alpha)

        def left(digits: int) -> tuple[str, float]:
            text = f"{numeral(alpha, digits)} · (e^({numeral(value, digits)}) − 1)"
            return text, as_shown(alpha, digits) * expm1(as_shown(value, digits))

        return equation(left, total)
    if step.kind == "LeakyReLU" and value < 0:
        return f"below 0 times the slope: {scaled_words(value, float(layer.negative_slope), 0.0, total)}"
    if step.kind != "ReLU" or not hasattr(layer, "threshold"):
        return ""
    most, threshold, slope = layer.max_value, float(layer.threshold), float(layer.negative_slope)
    if most is not None and value >= most:
        return function_words(step, step.activation, value, total, f", at most {numeral(float(most))}")
    if value >= threshold or (not slope and not threshold):
        return ""
    if not slope:
        return f"{numeral(value)}: below the threshold of {numeral(threshold)} it becomes 0"
    words = equation(
        lambda digits: (
            f"{numeral(slope, digits)} · ({numeral(value, digits)} − {bracketed(threshold, digits)})",
            as_shown(slope, digits) * (as_shown(value, digits) - as_shown(threshold, digits)),
        ),
        total,
    )
    return f"below the threshold of {numeral(threshold)}: {words}"


def passing(unit: Unit) -> Breakdown:
    """What acts in training only."""
    value = here(unit)
    return of_one_value(unit, value, f"{numeral(value)}: outside of training it passes values on as they are")


def rescaling(unit: Unit) -> Breakdown:
    """x · scale + offset."""
    layer, value = unit.step.layer, here(unit)
    scale, offset = (
        float(np.broadcast_to(np.asarray(each, np.float64), unit.given[0].shape)[unit.at])
        for each in (layer.scale, layer.offset)
    )
    total = value * scale + offset
    return of_one_value(unit, total, scaled_words(value, scale, offset, total))


def normalization(unit: Unit) -> Breakdown:
    """(x − mean) / √variance, as `Normalization` was adapted."""
    layer, value = unit.step.layer, here(unit)
    # Both have the batch's axis in front.
    mean, variance = (
        float(np.broadcast_to(array(each)[0], unit.given[0].shape)[unit.at])
        for each in (layer.mean, layer.variance)
    )
    total = (value - mean) / max(float(np.sqrt(variance)), 1e-7)

    def left(digits: int) -> tuple[str, float]:
        text = f"({numeral(value, digits)} − {bracketed(mean, digits)}) / √{numeral(variance, digits)}"
        a, b, c = (as_shown(each, digits) for each in (value, mean, variance))
        return text, (a - b) / sqrt(c)

    return of_one_value(unit, total, equation(left, total))


def merged(unit: Unit) -> Breakdown:
    """The inputs at the same place, joined."""
    if len(unit.given) < 2:
        return _with_number(unit)
    values = np.array([here(unit, number) for number in range(len(unit.given))])
    kind = unit.step.kind
    how: dict[str, tuple[str, Any]] = {
        "Add": (" + ", np.sum),
        "Subtract": (" − ", lambda given: given[0] - given[1:].sum()),
        "Multiply": (" · ", np.prod),
        "Average": (" + ", np.mean),
        "Maximum": (", ", np.max),
        "Minimum": (", ", np.min),
    }
    sign, compute = how[kind]
    total = float(compute(values))

    def left(digits: int) -> tuple[str, float]:
        terms = sign.join(bracketed(float(v), digits) for v in values)
        text = {
            "Average": f"({terms}) / {len(values)}",
            "Maximum": f"the largest of {terms}",
            "Minimum": f"the smallest of {terms}",
        }.get(kind, terms)
        return text, float(compute(np.array([as_shown(float(v), digits) for v in values])))

    words = equation(left, total)
    channels = [0 if value.shape[-1] == 1 else unit.channel for value in unit.given]
    return made(
        unit,
        "sum" if kind in ("Add", "Subtract", "Average") else "function",
        values[:, None, None],
        total,
        (words,),
        sources=unit.sources,
        channels=np.array(channels),
        totals=values,
        window=same_place(unit),
    )


def _with_number(unit: Unit) -> Breakdown:
    """A map and a fixed number, as in `maps * 2.0 − 1.0`."""
    given = [*unit.step.args, *unit.step.kwargs.values()]
    operators: dict[str, tuple[str, Callable[[float, float], float]]] = {
        "Add": ("+", lambda a, b: a + b),
        "Subtract": ("−", lambda a, b: a - b),
        "Multiply": ("·", lambda a, b: a * b),
        "TrueDivide": ("/", lambda a, b: a / b),
        "Divide": ("/", lambda a, b: a / b),
    }
    known = len(given) == 2 and all(isinstance(each, (Slot, int, float)) for each in given)
    if not known or unit.step.kind not in operators:
        raise unit.cannot("it joins a map with fixed numbers")
    first, second = (here(unit) if isinstance(each, Slot) else float(each) for each in given)
    sign, compute = operators[unit.step.kind]
    total = compute(first, second)
    words = equation(
        lambda digits: (
            f"{bracketed(first, digits)} {sign} {bracketed(second, digits)}",
            compute(as_shown(first, digits), as_shown(second, digits)),
        ),
        total,
    )
    return of_one_value(unit, total, words)


def concatenated(unit: Unit) -> Breakdown:
    """The input that this place comes from."""
    axis = getattr(unit.step.layer, "axis", -1)
    axis = axis if axis < 0 else axis - 1
    at = list(unit.at)
    for value, source in zip(unit.given, unit.sources, strict=True):
        if at[axis] < value.shape[axis]:
            return _copied(unit, value, tuple(at), source)
        at[axis] -= value.shape[axis]
    raise unit.cannot()


def reshaped(unit: Unit) -> Breakdown:
    """The same number at another place."""
    value = unit.given[0]
    flat = int(np.ravel_multi_index(unit.at, unit.found.tensor(unit.slot).shape[1:]))
    at = tuple(int(n) for n in np.unravel_index(flat, value.shape))
    return _copied(unit, value, at, unit.sources[0])


def _copied(unit: Unit, value: NDArray[np.float32], at: tuple[int, ...], source: str) -> Breakdown:
    number = float(value[at])
    names = {1: ("number",), 2: ("row", "column"), 3: ("row", "column", "channel")}.get(len(at))
    if names is None:
        raise unit.cannot()
    words = ", ".join(f"{name} {n}" for name, n in zip(names, at, strict=True))
    return made(
        unit,
        "function",
        np.full((1, 1, 1), number),
        number,
        (f"{words} of {source or 'its input'}: {numeral(number)}",),
        sources=(source,),
        channels=np.array([at[-1]]),
        window=(at[0], at[1] if len(at) == 3 else 0, 1, 1) if len(at) > 1 else None,
        given=(value,),
    )


def embedding(unit: Unit) -> Breakdown:
    """The numbers that were learned for a word: one row of a table."""
    word = int(unit.given[0][unit.at[:-1]])
    number = float(array(unit.step.layer.embeddings)[word, unit.channel])
    return made(
        unit,
        "function",
        np.full((1, 1, 1), float(word)),
        number,
        (f"word {word}: number {unit.channel} of its row in the table: {numeral(number)}",),
        totals=np.array([number]),
        channels=np.array(unit.at[-2:-1] or (0,)),
    )


RULES: dict[str, RuleFunction] = {
    "Dense": dense,
    "Rescaling": rescaling,
    "Normalization": normalization,
    "Concatenate": concatenated,
    "TrueDivide": _with_number,
    "Divide": _with_number,
    "Embedding": embedding,
    "Flatten": reshaped,
    "Reshape": reshaped,
    **dict.fromkeys(ACTIVATION_KINDS, activation),
    **dict.fromkeys(_PASSING, passing),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), merged),
}
