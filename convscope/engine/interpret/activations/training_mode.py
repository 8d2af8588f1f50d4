"""What dropout and batch normalisation do to the activations while a network trains (curriculum 34).

Outside of training dropout passes values on and batch normalisation uses the means that training collected.
Here their other side is computed from the layer's input, without calling the layer: a call in training mode
would change the user's moving means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.kernels_of import array, step_of
from convscope.imaging.numerals import numeral

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Trained:
    """What a layer puts out while training.

    Attributes:
        values: float32, of the shape that it has outside of training.
        words: what was done to its input, in a few words: "128 of 256 numbers dropped, the others ×2".
        drawn: whether it was drawn at random, so that another seed gives other values.
        dropped: bool of the same shape, what was dropped; None where nothing is.
    """

    values: Values
    words: str
    drawn: bool
    dropped: NDArray[np.bool_] | None = None


def while_training(found: Activations, path: str, seed: int = 0) -> Trained:
    """What a layer would put out while training.

    Args:
        seed: of what is drawn at random; the same seed drops the same values.

    Raises:
        UserError: no such layer, or one that does the same in training.
    """
    step = step_of(found.model, path)
    rule = _RULES.get(step.kind)
    if rule is None:
        raise UserError(f"{path} is a {step.kind}: it does the same in training.")
    given = found.slot_value(step.inputs[0])
    return rule(step.layer, given, np.random.default_rng(seed))


def differs_in_training(kind: str) -> bool:
    """Whether a kind of layer does something else while training."""
    return kind in _RULES


def draws(kind: str) -> bool:
    """Whether what it does while training is drawn at random."""
    return kind in _RULES and kind != "BatchNormalization"


def _dropout(layer: Any, given: Values, random: np.random.Generator) -> Trained:
    """Values are dropped with the layer's rate; what is left is enlarged, so that the sum stays."""
    noise = getattr(layer, "noise_shape", None)
    # A size of 1 drops all values along that axis together.
    sizes = [1 if n == 1 else size for n, size in zip(noise[1:], given.shape, strict=True)] if noise else None
    noun = "values" if given.ndim > 1 else "numbers"
    return _dropped(given, float(layer.rate), random.random(sizes or given.shape), noun)


def _spatial(layer: Any, given: Values, random: np.random.Generator) -> Trained:
    """The same with whole maps (Tompson et al., arXiv 1411.4280)."""
    drawn = random.random((given.shape[-1],)).reshape((1,) * (given.ndim - 1) + (-1,))
    return _dropped(given, float(layer.rate), drawn, "maps")


def _dropped(given: Values, rate: float, drawn: NDArray[np.float64], noun: str) -> Trained:
    gone = drawn < rate
    factor = 1 / (1 - rate) if rate < 1 else 1.0
    values = np.where(gone, np.float32(0), given / np.float32(1 - rate if rate < 1 else 1))
    words = f"{int(gone.sum()):,} of {gone.size:,} {noun} dropped, the others ×{numeral(factor, 3)}"
    return Trained(values.astype(np.float32), words, True, np.broadcast_to(gone, given.shape))


def _noise(layer: Any, given: Values, random: np.random.Generator) -> Trained:
    """Gaussian noise is added."""
    spread = float(layer.stddev)
    values = given + random.normal(0, spread, given.shape).astype(np.float32)
    return Trained(values, f"noise of standard deviation {numeral(spread, 3)} added to each value", True)


def _gaussian_dropout(layer: Any, given: Values, random: np.random.Generator) -> Trained:
    """Values are multiplied by noise around 1, of variance rate / (1 − rate)."""
    rate = float(layer.rate)
    deviation = float(np.sqrt(rate / (1 - rate)))
    values = given * random.normal(1, deviation, given.shape).astype(np.float32)
    words = f"each value times noise around 1, of standard deviation {numeral(deviation, 3)}"
    return Trained(values, words, True)


def _batch_normalization(layer: Any, given: Values, _random: np.random.Generator) -> Trained:
    """Normalised by the statistics of the batch, which here is this one image (Ioffe and Szegedy, 2015)."""
    axes = tuple(range(given.ndim - 1))
    if not axes:
        raise UserError(f"{layer.name}: one image alone gives a vector no statistics to be normalised by.")
    wide = given.astype(np.float64)
    mean, variance = wide.mean(axis=axes), wide.var(axis=axes)
    result = (wide - mean) / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        result = result * array(layer.gamma)
    values = np.asarray(result + array(layer.beta) if layer.center else result, np.float32)
    return Trained(values, "normalised by this image's own means and variances, not by the kept ones", False)


_RULES: dict[str, Callable[[Any, Values, np.random.Generator], Trained]] = {
    "Dropout": _dropout,
    "SpatialDropout1D": _spatial,
    "SpatialDropout2D": _spatial,
    "GaussianNoise": _noise,
    "GaussianDropout": _gaussian_dropout,
    "BatchNormalization": _batch_normalization,
}
