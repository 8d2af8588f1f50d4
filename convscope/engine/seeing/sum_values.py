"""The sums of layers that look at one place: dense, activations, merges, joining, reshaping, lookups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.program import Slot
from convscope.engine.seeing.activation_sum import (
    ActivationSum,
    Place,
    RuleFunction,
    apply,
    made,
    product_words,
    softmax,
)
from convscope.engine.seeing.kernels_of import array
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


def _window(place: Place) -> tuple[int, int, int, int] | None:
    """The same place of the input."""
    return (place.row, place.column, 1, 1) if place.given[0].ndim > 1 else None


def here(place: Place, number: int = 0) -> float:
    """The input's value at the same place.

    Raises:
        UserError: its inputs have no such place.
    """
    value = place.given[number]
    if value.ndim != len(place.at):
        raise place.cannot()
    # A gate of 1×1×C, or one map for all channels, is spread over the others.
    spread = tuple(0 if size == 1 else at for at, size in zip(place.at, value.shape, strict=True))
    if any(at >= size for at, size in zip(spread, value.shape, strict=True)):
        raise place.cannot()
    return float(value[spread])


def dense(place: Place) -> ActivationSum:
    """Every input × its weight, plus bias."""
    layer = place.step.layer
    vector = place.given[0][place.at[:-1]].astype(np.float64)
    weights = array(layer.kernel)[:, place.channel].astype(np.float64)
    bias = 0.0 if layer.bias is None else float(array(layer.bias)[place.channel])
    products = vector * weights
    total = float(products.sum()) + bias
    words = [product_words(vector, weights, float(products.sum()))]
    if layer.bias is not None:
        words.append(f"{numeral(float(products.sum()))} + bias {bracketed(bias)} = {numeral(total)}")
    return made(
        place,
        "sum",
        vector[:, None, None],
        total,
        tuple(words),
        channels=np.arange(len(vector)),
        weights=weights[:, None, None],
        totals=products,
        bias=bias,
        window=_window(place),
    )


def one(place: Place, total: float, words: str, activation: str = "") -> ActivationSum:
    """A function of the one value at the same place."""
    return made(
        place,
        "function",
        np.full((1, 1, 1), here(place)),
        total,
        (words,),
        totals=np.array([total]),
        window=_window(place),
        activation=activation,
    )


def activation(place: Place) -> ActivationSum:
    """A function of each value, or a softmax over the channels."""
    step, value = place.step, here(place)
    if step.activation in ("softmax", "log_softmax"):
        axis = getattr(step.layer, "axis", -1)
        if not isinstance(axis, int):
            raise place.cannot("a softmax over several axes is not written out")
        axis = axis if axis < 0 else axis - 1
        along = np.moveaxis(place.given[0].astype(np.float64), axis, -1)
        others = np.delete(np.array(place.at), axis)
        total, words = softmax(along[tuple(others)], place.at[axis])
        total = float(np.log(total)) if step.activation == "log_softmax" else total
        return one(place, total, "\n".join(words))
    if step.kind == "PReLU":
        slope = float(np.broadcast_to(array(step.layer.alpha), place.given[0].shape)[place.at])
        total = value if value > 0 else value * slope
        return one(place, total, f"{numeral(value)}, below 0 times {numeral(slope)} = {numeral(total)}")
    if step.activation in ("glu", "sparsemax"):
        raise place.cannot(f"{step.activation} mixes the channels and is not written out")
    total = apply(step, value)
    most = getattr(step.layer, "max_value", None)
    limit = f", at most {numeral(float(most))}" if most is not None else ""
    return one(place, total, f"{step.activation or step.kind}({numeral(value)}){limit} = {numeral(total)}")


def passing(place: Place) -> ActivationSum:
    """What acts in training only."""
    value = here(place)
    return one(place, value, f"{numeral(value)}: outside of training it passes values on as they are")


def rescaling(place: Place) -> ActivationSum:
    """x · scale + offset."""
    layer, value = place.step.layer, here(place)
    scale, offset = (
        float(np.broadcast_to(np.asarray(each, np.float64), place.given[0].shape)[place.at])
        for each in (layer.scale, layer.offset)
    )
    total = value * scale + offset
    shift = f" + {bracketed(offset)}" if offset else ""
    return one(place, total, f"{numeral(value)} · {bracketed(scale)}{shift} = {numeral(total)}")


def normalization(place: Place) -> ActivationSum:
    """(x − mean) / √variance, as `Normalization` was adapted."""
    layer, value = place.step.layer, here(place)
    # Both have the batch's axis in front.
    mean, variance = (
        float(np.broadcast_to(array(each)[0], place.given[0].shape)[place.at])
        for each in (layer.mean, layer.variance)
    )
    total = (value - mean) / max(float(np.sqrt(variance)), 1e-7)
    return one(
        place, total, f"({numeral(value)} − {bracketed(mean)}) / √{numeral(variance)} = {numeral(total)}"
    )


def merged(place: Place) -> ActivationSum:
    """The inputs at the same place, joined."""
    if len(place.given) < 2:
        return _with_number(place)
    values = np.array([here(place, number) for number in range(len(place.given))])
    kind = place.step.kind
    how: dict[str, tuple[str, Any]] = {
        "Add": (" + ", values.sum),
        "Subtract": (" − ", lambda: values[0] - values[1:].sum()),
        "Multiply": (" · ", values.prod),
        "Average": (" + ", values.mean),
        "Maximum": (", ", values.max),
        "Minimum": (", ", values.min),
    }
    sign, compute = how[kind]
    total = float(compute())
    terms = sign.join(bracketed(float(v)) for v in values)
    words = {
        "Average": f"({terms}) / {len(values)} = {numeral(total)}",
        "Maximum": f"the largest of {terms} = {numeral(total)}",
        "Minimum": f"the smallest of {terms} = {numeral(total)}",
    }.get(kind, f"{terms} = {numeral(total)}")
    channels = [0 if value.shape[-1] == 1 else place.channel for value in place.given]
    return made(
        place,
        "sum" if kind in ("Add", "Subtract", "Average") else "function",
        values[:, None, None],
        total,
        (words,),
        sources=place.sources,
        channels=np.array(channels),
        totals=values,
        window=_window(place),
    )


def _with_number(place: Place) -> ActivationSum:
    """A map and a fixed number, as in `maps * 2.0 − 1.0`."""
    given = [*place.step.args, *place.step.kwargs.values()]
    operators: dict[str, tuple[str, Callable[[float, float], float]]] = {
        "Add": ("+", lambda a, b: a + b),
        "Subtract": ("−", lambda a, b: a - b),
        "Multiply": ("·", lambda a, b: a * b),
        "TrueDivide": ("/", lambda a, b: a / b),
        "Divide": ("/", lambda a, b: a / b),
    }
    known = len(given) == 2 and all(isinstance(each, (Slot, int, float)) for each in given)
    if not known or place.step.kind not in operators:
        raise place.cannot("it joins a map with fixed numbers")
    first, second = (here(place) if isinstance(each, Slot) else float(each) for each in given)
    sign, compute = operators[place.step.kind]
    total = compute(first, second)
    return one(place, total, f"{bracketed(first)} {sign} {bracketed(second)} = {numeral(total)}")


def concatenated(place: Place) -> ActivationSum:
    """The input that this place comes from."""
    axis = getattr(place.step.layer, "axis", -1)
    axis = axis if axis < 0 else axis - 1
    at = list(place.at)
    for value, source in zip(place.given, place.sources, strict=True):
        if at[axis] < value.shape[axis]:
            return _copied(place, value, tuple(at), source)
        at[axis] -= value.shape[axis]
    raise place.cannot()


def reshaped(place: Place) -> ActivationSum:
    """The same number at another place."""
    value = place.given[0]
    flat = int(np.ravel_multi_index(place.at, place.found.tensor(place.slot).shape[1:]))
    at = tuple(int(n) for n in np.unravel_index(flat, value.shape))
    return _copied(place, value, at, place.sources[0])


def _copied(place: Place, value: NDArray[np.float32], at: tuple[int, ...], source: str) -> ActivationSum:
    number = float(value[at])
    names = {1: ("number",), 2: ("row", "column"), 3: ("row", "column", "channel")}.get(len(at))
    if names is None:
        raise place.cannot()
    words = ", ".join(f"{name} {n}" for name, n in zip(names, at, strict=True))
    return made(
        place,
        "function",
        np.full((1, 1, 1), number),
        number,
        (f"{words} of {source or 'its input'}: {numeral(number)}",),
        sources=(source,),
        channels=np.array([at[-1]]),
        window=(at[0], at[1] if len(at) == 3 else 0, 1, 1) if len(at) > 1 else None,
        given=(value,),
    )


def embedding(place: Place) -> ActivationSum:
    """The numbers that were learned for a word: one row of a table."""
    word = int(place.given[0][place.at[:-1]])
    number = float(array(place.step.layer.embeddings)[word, place.channel])
    return made(
        place,
        "function",
        np.full((1, 1, 1), float(word)),
        number,
        (f"word {word}: number {place.channel} of its row in the table: {numeral(number)}",),
        totals=np.array([number]),
        channels=np.array(place.at[-2:-1] or (0,)),
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
    **dict.fromkeys(
        (
            "Activation",
            "ReLU",
            "LeakyReLU",
            "ELU",
            "PReLU",
            "Softmax",
            "Relu",
            "Relu6",
            "Sigmoid",
            "Tanh",
            "Silu",
            "Gelu",
            "HardSigmoid",
            "HardSilu",
            "LeakyRelu",
            "Elu",
        ),
        activation,
    ),
    **dict.fromkeys(_PASSING, passing),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), merged),
}
