"""What dropout and batch normalisation do to the activations while a network trains (curriculum 34).

Outside of training dropout passes values on and batch normalisation uses the means that training collected.
Here their other side is computed from the layer's input, without calling the layer: a call in training mode
would change the user's moving means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.seeing.activations import Activations
from convscope.engine.seeing.kernels_of import array, step_of
from convscope.errors import UserError

Values = NDArray[np.float32]


def in_training(found: Activations, path: str, seed: int = 0) -> Values:
    """What a layer would put out while training, float32, of the shape that it has outside of it.

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
    return np.asarray(rule(step.layer, given, np.random.default_rng(seed)), np.float32)


def differs_in_training(kind: str) -> bool:
    """Whether a kind of layer does something else while training."""
    return kind in _RULES


def _dropout(layer: Any, given: Values, random: np.random.Generator) -> Values:
    """Values are dropped with the layer's rate; what is left is enlarged, so that the sum stays."""
    return _dropped(given, float(layer.rate), random.random(given.shape))


def _spatial(layer: Any, given: Values, random: np.random.Generator) -> Values:
    """The same with whole maps (Tompson et al., arXiv 1411.4280)."""
    return _dropped(given, float(layer.rate), random.random((given.shape[-1],)))


def _dropped(given: Values, rate: float, drawn: NDArray[np.float64]) -> Values:
    return np.where(drawn >= rate, given / np.float32(1 - rate if rate < 1 else 1), np.float32(0))


def _noise(layer: Any, given: Values, random: np.random.Generator) -> Values:
    """Gaussian noise is added."""
    return given + random.normal(0, float(layer.stddev), given.shape).astype(np.float32)


def _gaussian_dropout(layer: Any, given: Values, random: np.random.Generator) -> Values:
    """Values are multiplied by noise around 1, of variance rate / (1 − rate)."""
    rate = float(layer.rate)
    deviation = np.sqrt(rate / (1 - rate))
    return given * random.normal(1, deviation, given.shape).astype(np.float32)


def _batch_normalization(layer: Any, given: Values, _random: np.random.Generator) -> Values:
    """Normalised by the statistics of the batch, which here is this one image (Ioffe and Szegedy, 2015)."""
    axes = tuple(range(given.ndim - 1))
    if not axes:
        raise UserError(f"{layer.name}: one image alone gives a vector no statistics to be normalised by.")
    wide = given.astype(np.float64)
    mean, variance = wide.mean(axis=axes), wide.var(axis=axes)
    result = (wide - mean) / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        result = result * array(layer.gamma)
    return np.asarray(result + array(layer.beta) if layer.center else result, np.float32)


_RULES: dict[str, Callable[[Any, Values, np.random.Generator], Values]] = {
    "Dropout": _dropout,
    "SpatialDropout1D": _spatial,
    "SpatialDropout2D": _spatial,
    "GaussianNoise": _noise,
    "GaussianDropout": _gaussian_dropout,
    "BatchNormalization": _batch_normalization,
}
