"""The sums of layers that normalise: by what training collected, or by the values around."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from convscope.engine.interpret.breakdown.base import Breakdown, RuleFunction, Unit, here, of_one_value
from convscope.engine.interpret.kernels_of import array
from convscope.imaging.lab.equation import as_shown, equation
from convscope.imaging.numerals import bracketed, numeral


def _axes(unit: Unit, axis: Any) -> tuple[int, ...]:
    """A layer's axis or axes, counted without the batch."""
    rank = unit.given[0].ndim
    many = axis if isinstance(axis, (list, tuple)) else [axis]
    return tuple(sorted((n if n < 0 else n - 1) % rank for n in many))


def _factor(weight: Any, at: tuple[int, ...]) -> float:
    return float(array(weight)[at])


def _normalised(
    unit: Unit, value: float, mean: float, variance: float, gamma: float, beta: float, of: str
) -> Breakdown:
    epsilon = float(unit.step.layer.epsilon)
    total = (value - mean) / sqrt(variance + epsilon) * gamma + beta

    def left(digits: int) -> tuple[str, float]:
        text = (
            f"({numeral(value, digits)} − {bracketed(mean, digits)})"
            f" / √({numeral(variance, digits)} + {numeral(epsilon, digits)})"
            f" · {bracketed(gamma, digits)} + {bracketed(beta, digits)}"
        )
        x, m, v, e, g, b = (as_shown(each, digits) for each in (value, mean, variance, epsilon, gamma, beta))
        return text, (x - m) / sqrt(v + e) * g + b

    return of_one_value(unit, total, f"{equation(left, total)}{of}")


def batch_normalization(unit: Unit) -> Breakdown:
    """(x − mean) / √(variance + ε) · γ + β, with the means that training collected."""
    layer = unit.step.layer
    at = (unit.at[_axes(unit, layer.axis)[0]],)
    gamma = _factor(layer.gamma, at) if layer.scale else 1.0
    beta = _factor(layer.beta, at) if layer.center else 0.0
    mean, variance = _factor(layer.moving_mean, at), _factor(layer.moving_variance, at)
    return _normalised(unit, here(unit), mean, variance, gamma, beta, "")


def layer_normalization(unit: Unit) -> Breakdown:
    """The same with mean and variance of all values along the layer's axes at this place."""
    layer = unit.step.layer
    axes = _axes(unit, layer.axis)
    if getattr(layer, "rms_scaling", False):
        raise unit.cannot("its scaling by the variance alone is not written out")
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(unit.at))
    values = unit.given[0][around].astype(np.float64)
    at = tuple(unit.at[axis] for axis in axes)
    gamma = 1.0 if layer.gamma is None else _factor(layer.gamma, at)
    beta = 0.0 if layer.beta is None else _factor(layer.beta, at)
    of = f"; mean and variance of {values.size:,} values"
    return _normalised(unit, here(unit), float(values.mean()), float(values.var()), gamma, beta, of)


def group_normalization(unit: Unit) -> Breakdown:
    """The same over a group of channels on whole maps (Wu and He, arXiv 1803.08494)."""
    layer = unit.step.layer
    axis = _axes(unit, layer.axis)[0]
    values = np.moveaxis(unit.given[0].astype(np.float64), axis, -1)
    size = values.shape[-1] // layer.groups
    first = unit.at[axis] // size * size
    group = values[..., first : first + size]
    at = (unit.at[axis],)
    gamma = _factor(layer.gamma, at) if layer.scale else 1.0
    beta = _factor(layer.beta, at) if layer.center else 0.0
    of = f"; mean and variance of channels {first} to {first + size - 1}"
    return _normalised(unit, here(unit), float(group.mean()), float(group.var()), gamma, beta, of)


def rms_normalization(unit: Unit) -> Breakdown:
    """x / √(mean of squares + ε) · scale (Zhang and Sennrich, arXiv 1910.07467)."""
    layer, value = unit.step.layer, here(unit)
    axes = _axes(unit, layer.axis)
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(unit.at))
    squares = float((unit.given[0][around].astype(np.float64) ** 2).mean())
    scale = _factor(layer.scale, tuple(unit.at[axis] for axis in axes))
    epsilon = float(layer.epsilon)
    total = value / sqrt(squares + epsilon) * scale

    def left(digits: int) -> tuple[str, float]:
        under = f"√({numeral(squares, digits)} + {numeral(epsilon, digits)})"
        text = f"{numeral(value, digits)} / {under} · {bracketed(scale, digits)}"
        x, s, e, g = (as_shown(each, digits) for each in (value, squares, epsilon, scale))
        return text, x / sqrt(s + e) * g

    return of_one_value(unit, total, f"{equation(left, total)}; {numeral(squares)} is the mean of squares")


def unit_normalization(unit: Unit) -> Breakdown:
    """x / √(Σ of squares)."""
    value = here(unit)
    axes = _axes(unit, unit.step.layer.axis)
    around = tuple(slice(None) if axis in axes else at for axis, at in enumerate(unit.at))
    length = float(np.sqrt((unit.given[0][around].astype(np.float64) ** 2).sum()))
    total = value / max(length, 1e-12)
    words = equation(
        lambda digits: (
            f"{numeral(value, digits)} / {numeral(length, digits)}",
            as_shown(value, digits) / as_shown(length, digits),
        ),
        total,
    )
    return of_one_value(unit, total, f"{words}; {numeral(length)} is the length of the vector")


RULES: dict[str, RuleFunction] = {
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "GroupNormalization": group_normalization,
    "RMSNormalization": rms_normalization,
    "UnitNormalization": unit_normalization,
}
