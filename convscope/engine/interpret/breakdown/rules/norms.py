"""The sums of layers that normalise: by what training collected, or by the values around."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from convscope.engine.interpret.breakdown.breakdown import ActivationSum, Place, RuleFunction
from convscope.engine.interpret.breakdown.rules.values import here, one
from convscope.engine.interpret.kernels_of import array
from convscope.imaging.lab.equation import as_shown, equation
from convscope.imaging.numerals import bracketed, numeral


def _axes(place: Place, axis: Any) -> tuple[int, ...]:
    """A layer's axis or axes, counted without the batch."""
    rank = place.given[0].ndim
    many = axis if isinstance(axis, (list, tuple)) else [axis]
    return tuple(sorted((n if n < 0 else n - 1) % rank for n in many))


def _factor(weight: Any, at: tuple[int, ...]) -> float:
    return float(array(weight)[at])


def _normalised(
    place: Place, value: float, mean: float, variance: float, gamma: float, beta: float, of: str
) -> ActivationSum:
    epsilon = float(place.step.layer.epsilon)
    total = (value - mean) / sqrt(variance + epsilon) * gamma + beta

    def left(digits: int) -> tuple[str, float]:
        text = (
            f"({numeral(value, digits)} − {bracketed(mean, digits)})"
            f" / √({numeral(variance, digits)} + {numeral(epsilon, digits)})"
            f" · {bracketed(gamma, digits)} + {bracketed(beta, digits)}"
        )
        x, m, v, e, g, b = (as_shown(each, digits) for each in (value, mean, variance, epsilon, gamma, beta))
        return text, (x - m) / sqrt(v + e) * g + b

    return one(place, total, f"{equation(left, total)}{of}")


def batch_normalization(place: Place) -> ActivationSum:
    """(x − mean) / √(variance + ε) · γ + β, with the means that training collected."""
    layer = place.step.layer
    at = (place.at[_axes(place, layer.axis)[0]],)
    gamma = _factor(layer.gamma, at) if layer.scale else 1.0
    beta = _factor(layer.beta, at) if layer.center else 0.0
    mean, variance = _factor(layer.moving_mean, at), _factor(layer.moving_variance, at)
    return _normalised(place, here(place), mean, variance, gamma, beta, "")


def layer_normalization(place: Place) -> ActivationSum:
    """The same with mean and variance of all values along the layer's axes at this place."""
    layer = place.step.layer
    axes = _axes(place, layer.axis)
    if getattr(layer, "rms_scaling", False):
        raise place.cannot("its scaling by the variance alone is not written out")
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(place.at))
    values = place.given[0][around].astype(np.float64)
    at = tuple(place.at[axis] for axis in axes)
    gamma = 1.0 if layer.gamma is None else _factor(layer.gamma, at)
    beta = 0.0 if layer.beta is None else _factor(layer.beta, at)
    of = f"; mean and variance of {values.size:,} values"
    return _normalised(place, here(place), float(values.mean()), float(values.var()), gamma, beta, of)


def group_normalization(place: Place) -> ActivationSum:
    """The same over a group of channels on whole maps (Wu and He, arXiv 1803.08494)."""
    layer = place.step.layer
    axis = _axes(place, layer.axis)[0]
    values = np.moveaxis(place.given[0].astype(np.float64), axis, -1)
    size = values.shape[-1] // layer.groups
    first = place.at[axis] // size * size
    group = values[..., first : first + size]
    at = (place.at[axis],)
    gamma = _factor(layer.gamma, at) if layer.scale else 1.0
    beta = _factor(layer.beta, at) if layer.center else 0.0
    of = f"; mean and variance of channels {first} to {first + size - 1}"
    return _normalised(place, here(place), float(group.mean()), float(group.var()), gamma, beta, of)


def rms_normalization(place: Place) -> ActivationSum:
    """x / √(mean of squares + ε) · scale (Zhang and Sennrich, arXiv 1910.07467)."""
    layer, value = place.step.layer, here(place)
    axes = _axes(place, layer.axis)
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(place.at))
    squares = float((place.given[0][around].astype(np.float64) ** 2).mean())
    scale = _factor(layer.scale, tuple(place.at[axis] for axis in axes))
    epsilon = float(layer.epsilon)
    total = value / sqrt(squares + epsilon) * scale

    def left(digits: int) -> tuple[str, float]:
        under = f"√({numeral(squares, digits)} + {numeral(epsilon, digits)})"
        text = f"{numeral(value, digits)} / {under} · {bracketed(scale, digits)}"
        x, s, e, g = (as_shown(each, digits) for each in (value, squares, epsilon, scale))
        return text, x / sqrt(s + e) * g

    return one(place, total, f"{equation(left, total)}; {numeral(squares)} is the mean of squares")


def unit_normalization(place: Place) -> ActivationSum:
    """x / √(Σ of squares)."""
    value = here(place)
    axes = _axes(place, place.step.layer.axis)
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(place.at))
    length = float(np.sqrt((place.given[0][around].astype(np.float64) ** 2).sum()))
    total = value / max(length, 1e-12)
    words = equation(
        lambda digits: (
            f"{numeral(value, digits)} / {numeral(length, digits)}",
            as_shown(value, digits) / as_shown(length, digits),
        ),
        total,
    )
    return one(place, total, f"{words}; {numeral(length)} is the length of the vector")


RULES: dict[str, RuleFunction] = {
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "GroupNormalization": group_normalization,
    "RMSNormalization": rms_normalization,
    "UnitNormalization": unit_normalization,
}
