"""The sums of layers that look at one place: dense, normalisation, activations, merges, reshaping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
    return (place.row, place.column, 1, 1) if place.inputs[0].ndim == 3 else None


def _here(place: Place, number: int = 0) -> float:
    """The input's value at the same place."""
    value = place.inputs[number]
    where = place.where
    if value.ndim != len(where):
        raise place.cannot()
    # A gate of 1×1×C, or one map for all channels, is spread over the others.
    spread = tuple(0 if size == 1 else at for at, size in zip(where, value.shape, strict=True))
    if any(at >= size for at, size in zip(spread, value.shape, strict=True)):
        raise place.cannot()
    return float(value[spread])


def dense(place: Place) -> ActivationSum:
    """Every input × its weight, plus bias."""
    value, layer = place.inputs[0], place.step.layer
    vector = (value[place.row, place.column] if value.ndim == 3 else value).astype(np.float64)
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


def _one(place: Place, total: float, words: str, activation: str = "") -> ActivationSum:
    """A function of the one value at the same place."""
    return made(
        place,
        "function",
        np.full((1, 1, 1), _here(place)),
        total,
        (words,),
        totals=np.array([total]),
        window=_window(place),
        activation=activation,
    )


def batch_normalization(place: Place) -> ActivationSum:
    """(x − mean) / √(variance + ε) · γ + β, with the means that training collected."""
    layer, value = place.step.layer, _here(place)
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    if axis not in (-1, place.inputs[0].ndim):
        raise place.cannot("it normalises along another axis than the channels")
    channel = place.channel
    mean = float(array(layer.moving_mean)[channel])
    variance = float(array(layer.moving_variance)[channel])
    gamma = float(array(layer.gamma)[channel]) if layer.scale else 1.0
    beta = float(array(layer.beta)[channel]) if layer.center else 0.0
    total = (value - mean) / float(np.sqrt(variance + layer.epsilon)) * gamma + beta
    return _one(
        place,
        total,
        f"({numeral(value)} − {bracketed(mean)}) / √({numeral(variance)} + {numeral(layer.epsilon)})"
        f" · {bracketed(gamma)} + {bracketed(beta)} = {numeral(total)}",
    )


def layer_normalization(place: Place) -> ActivationSum:
    """(x − mean) / √(variance + ε) · γ + β, with mean and variance of all channels at this place."""
    layer, value = place.step.layer, _here(place)
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    given = place.inputs[0].astype(np.float64)
    if [axis % (given.ndim + 1) for axis in axes] != [given.ndim] or getattr(layer, "rms_scaling", False):
        raise place.cannot("it normalises over more than the channels")
    channels = given[place.row, place.column] if given.ndim == 3 else given
    mean, variance = float(channels.mean()), float(channels.var())
    gamma = float(array(layer.gamma)[place.channel]) if layer.scale else 1.0
    beta = float(array(layer.beta)[place.channel]) if layer.center else 0.0
    total = (value - mean) / float(np.sqrt(variance + layer.epsilon)) * gamma + beta
    return _one(
        place,
        total,
        f"({numeral(value)} − {bracketed(mean)}) / √({numeral(variance)} + {numeral(layer.epsilon)})"
        f" · {bracketed(gamma)} + {bracketed(beta)} = {numeral(total)}",
    )


def activation(place: Place) -> ActivationSum:
    """A function of each value, or a softmax over the channels."""
    step, value = place.step, _here(place)
    if step.activation in ("softmax", "log_softmax"):
        given = place.inputs[0].astype(np.float64)
        total, words = softmax(given[place.row, place.column] if given.ndim == 3 else given, place.channel)
        total = float(np.log(total)) if step.activation == "log_softmax" else total
        return _one(place, total, "\n".join(words))
    if step.kind == "PReLU":
        slope = np.broadcast_to(array(step.layer.alpha), place.inputs[0].shape)[place.where]
        total = value if value > 0 else value * float(slope)
        return _one(
            place, total, f"{numeral(value)}, below 0 times {numeral(float(slope))} = {numeral(total)}"
        )
    total = apply(step, value)
    most = getattr(step.layer, "max_value", None)
    limit = f", at most {numeral(float(most))}" if most is not None else ""
    return _one(place, total, f"{step.activation or step.kind}({numeral(value)}){limit} = {numeral(total)}")


def passing(place: Place) -> ActivationSum:
    """What acts in training only."""
    value = _here(place)
    return _one(place, value, f"{numeral(value)}: outside of training it passes values on as they are")


def rescaling(place: Place) -> ActivationSum:
    """x · scale + offset."""
    layer, value = place.step.layer, _here(place)
    scale, offset = (
        float(np.broadcast_to(np.asarray(each, np.float64), place.inputs[0].shape)[place.where])
        for each in (layer.scale, layer.offset)
    )
    total = value * scale + offset
    shift = f" + {bracketed(offset)}" if offset else ""
    return _one(place, total, f"{numeral(value)} · {bracketed(scale)}{shift} = {numeral(total)}")


def normalization(place: Place) -> ActivationSum:
    """(x − mean) / √variance, as `Normalization` was adapted."""
    layer, value = place.step.layer, _here(place)
    # Both have the batch's axis in front.
    mean, variance = (
        float(np.broadcast_to(array(each)[0], place.inputs[0].shape)[place.where])
        for each in (layer.mean, layer.variance)
    )
    total = (value - mean) / max(float(np.sqrt(variance)), 1e-7)
    return _one(
        place, total, f"({numeral(value)} − {bracketed(mean)}) / √{numeral(variance)} = {numeral(total)}"
    )


def merged(place: Place) -> ActivationSum:
    """The inputs at the same place, joined."""
    if len(place.inputs) < 2:
        return _with_number(place)
    values = np.array([_here(place, number) for number in range(len(place.inputs))])
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
    channels = [0 if value.shape[-1] == 1 else place.channel for value in place.inputs]
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
    first, second = (_here(place) if isinstance(each, Slot) else float(each) for each in given)
    sign, compute = operators[place.step.kind]
    total = compute(first, second)
    return _one(place, total, f"{bracketed(first)} {sign} {bracketed(second)} = {numeral(total)}")


def concatenated(place: Place) -> ActivationSum:
    """The input that this channel comes from."""
    axis = getattr(place.step.layer, "axis", -1)
    if axis not in (-1, place.inputs[0].ndim):
        raise place.cannot("it joins along another axis than the channels")
    channel = place.channel
    for value, source in zip(place.inputs, place.sources, strict=True):
        if channel < value.shape[-1]:
            at = (place.row, place.column, channel) if value.ndim == 3 else (channel,)
            number = float(value[at])
            return made(
                place,
                "function",
                np.full((1, 1, 1), number),
                number,
                (f"channel {channel} of {source}: {numeral(number)}",),
                sources=(source,),
                channels=np.array([channel]),
                window=_window(place),
            )
        channel -= value.shape[-1]
    raise place.cannot()


def reshaped(place: Place) -> ActivationSum:
    """The same number at another place."""
    value = place.inputs[0]
    shape = place.found.shape(place.step.path)
    where = (place.row, place.column, place.channel) if len(shape) == 3 else (place.channel,)
    flat = int(np.ravel_multi_index(where, shape))
    at = tuple(int(n) for n in np.unravel_index(flat, value.shape))
    number = float(value[at])
    words = "row {}, column {}, channel {}".format(*at) if len(at) == 3 else f"number {flat}"
    return made(
        place,
        "function",
        np.full((1, 1, 1), number),
        number,
        (f"{words} of its input: {numeral(number)}",),
        channels=np.array([at[-1]]),
        window=(at[0], at[1], 1, 1) if len(at) == 3 else None,
    )


RULES: dict[str, RuleFunction] = {
    "Dense": dense,
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "Rescaling": rescaling,
    "Normalization": normalization,
    "Concatenate": concatenated,
    "TrueDivide": _with_number,
    "Divide": _with_number,
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
        ),
        activation,
    ),
    **dict.fromkeys(_PASSING, passing),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), merged),
}
