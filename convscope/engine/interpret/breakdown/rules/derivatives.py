"""Layers that have no rule of their own: tried as a sum with fixed weights, or as a function of one value.

The weights are the value's derivatives. Where these are the same for any other input, the layer is a weighted
sum of its inputs (plus a constant) and they are its weights exactly: smooth enlarging, means along an axis,
transposing, slicing, one-dimensional and dense products of every kind, layers of somebody's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.base import (
    Breakdown,
    Numbers,
    Unit,
    here,
    made,
    of_one_value,
    scaled_words,
)
from convscope.engine.interpret.breakdown.windows import weighed
from convscope.imaging.lab.equation import MOST
from convscope.imaging.numerals import numeral

LARGEST = 16 << 20
"""Numbers of an input beyond which its derivatives are not asked for."""


def linear(unit: Unit) -> Breakdown:
    """Σ input × weight, plus a constant.

    Raises:
        UserError: the layer is no such sum.
    """
    given = _input(unit)
    weights, _value = _derivative(unit, given)
    generator = np.random.default_rng(0)
    for other in (-given, generator.normal(size=given.shape), 9 * generator.normal(size=given.shape)):
        again, _value = _derivative(unit, other.astype(np.float32))
        if not np.allclose(again, weights, rtol=1e-4, atol=1e-6 * max(1.0, float(np.abs(weights).max()))):
            raise unit.cannot()
    _weights, constant = _derivative(unit, np.zeros_like(given))
    used = np.argwhere(weights)
    if not len(used):
        used = np.zeros((1, given.ndim), np.int64)
    if len(used) == 1:
        return _single(unit, tuple(int(n) for n in used[0]), float(weights[tuple(used[0])]), constant)
    return _many(unit, weights, used, constant)


def pointwise(unit: Unit) -> Breakdown:
    """A function of the one value at the same place.

    Raises:
        UserError: the layer looks further around.
    """
    given, value = _input(unit), here(unit)
    if given.shape != tuple(unit.found.tensor(unit.slot).shape[1:]):
        raise unit.cannot()
    _weights, total = _derivative(unit, given)
    generator = np.random.default_rng(0)
    for other in (np.abs(generator.normal(size=given.shape)), 1 + generator.random(given.shape)):
        other[unit.at] = value
        _weights, again = _derivative(unit, other.astype(np.float32))
        if abs(again - total) > 1e-6 * max(1.0, abs(total)):
            raise unit.cannot()
    # What it is of other numbers is not asked here: the value has its digits.
    words = f"{unit.step.kind}({numeral(value, MOST)}) = {numeral(total)}"
    return of_one_value(unit, total, words)


def _input(unit: Unit) -> NDArray[np.float32]:
    """The one input that is looked at.

    Raises:
        UserError: there are several, or it is too large, of too many axes, or of whole numbers.
    """
    slots, program = set(unit.step.inputs), unit.found.model.program
    if len(slots) != 1 or not program.dtypes[unit.step.inputs[0]].startswith(("float", "bfloat")):
        raise unit.cannot()
    if not 1 <= unit.given[0].ndim <= 3 or unit.given[0].size > LARGEST:
        raise unit.cannot()
    return unit.given[0]


def _derivative(unit: Unit, given: NDArray[np.float32]) -> tuple[Numbers, float]:
    """What the value would change by with each number of the input, and the value."""
    import tensorflow as tf

    slot, program = unit.step.inputs[0], unit.found.model.program
    tensor: Any = tf.cast(tf.constant(given[None]), program.dtypes[slot])
    try:
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            value = tf.cast(program.run({slot: tensor}, [unit.slot])[0], tf.float32)[(0, *unit.at)]
        found = tape.gradient(value, tensor)
    except (tf.errors.OpError, LookupError, TypeError, ValueError) as error:
        # An operation without a derivative, or one that does not take any numbers.
        raise unit.cannot() from error
    slopes = np.zeros(given.shape) if found is None else tf.convert_to_tensor(found).numpy()[0]
    return np.asarray(slopes, np.float64), float(value)


def _single(unit: Unit, at: tuple[int, ...], weight: float, constant: float) -> Breakdown:
    """One value of the input, as it is or enlarged and shifted."""
    value = float(unit.given[0][at])
    total = value * weight + constant
    names = {1: ("number",), 2: ("row", "column"), 3: ("row", "column", "channel")}[len(at)]
    where = ", ".join(f"{name} {n}" for name, n in zip(names, at, strict=True))
    plain = (weight, constant) == (1.0, 0.0)
    words = (
        f"{where} of its input: {numeral(value) if plain else scaled_words(value, weight, constant, total)}"
    )
    return made(
        unit,
        "function",
        np.full((1, 1, 1), value),
        total,
        (words,),
        totals=np.array([total]),
        channels=np.array([at[-1]]),
        window=(at[0], at[1] if len(at) == 3 else 0, 1, 1) if len(at) > 1 else None,
    )


def _many(unit: Unit, weights: Numbers, used: NDArray[np.int64], constant: float) -> Breakdown:
    """The smallest window that holds all weights, on the channels that have any."""
    given = unit.inputs[0].astype(np.float64)
    plane = weights[:, None] if weights.ndim == 2 else weights
    if given.ndim == 1:
        channels = used[:, 0]
        patches, factors = given[channels, None, None], plane[channels, None, None]
        window = None
    else:
        channels = np.unique(np.argwhere(plane)[:, 2])
        low, high = np.argwhere(plane).min(axis=0), np.argwhere(plane).max(axis=0) + 1
        part = slice(low[0], high[0]), slice(low[1], high[1])
        patches = given[part][:, :, channels].transpose(2, 0, 1)
        factors = plane[part][:, :, channels].transpose(2, 0, 1)
        window = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    inside = np.ones(patches.shape[1:], bool)
    bias = constant if constant else None
    return weighed(unit, patches, factors, channels, inside, window, bias, "constant")
