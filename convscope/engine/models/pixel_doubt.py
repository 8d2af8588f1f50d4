"""Is the assumed range of pixels the right one? Another one is tried on the photographs that come along.

Sureness alone says little: the larger the numbers, the surer any network, and a wrong range may make it say
the same of every picture. What tells more is how much its answers know of the pictures: the entropy of the
mean answer less the mean entropy; and the same with the logits scaled until all ranges are as sure as each
other, so that larger numbers gain nothing. Another range is likelier where the network knows more by both and
is far surer, or knows several times as much and is as sure, or where it is blind under the assumed one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.core.words import percent
from convscope.engine.data.preprocessing import MODES, Preprocessing
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample

PHOTOGRAPHS = ("cat", "coffee", "astronaut", "rocket", "camera", "brick")
SMALL = ("digit-2", "digit-7", "digit-8", "garment-boot", "garment-bag", "garment-trouser")
"""For networks of gray pictures, which are hardly ever photographs."""

# Measured on small networks trained at each range, and on the shipped ones: see the tests.
_SURER, _TELLS_MORE = 0.15, 1.3
_AS_SURE, _TELLS_FAR_MORE = 0.05, 4.0
# By so much another range must be better than a more common one.
_RATHER = 1.2
_BLIND, _SEES = 0.05, 0.3
_AT_LEAST = 0.4
_SLOW = 2.0  # seconds for the photographs once: a network that takes longer is left alone


@dataclass(frozen=True)
class Doubt:
    """Another range seems to be the right one.

    Attributes:
        assumed, other: what the two are called.
        sure, sure_other: the mean probability of the first class, 0–1.
    """

    assumed: str
    other: str
    sure: float
    sure_other: float

    @property
    def words(self) -> str:
        sure, other = percent(self.sure, 0), percent(self.sure_other, 0)
        much = self.sure_other > self.sure + _SURER
        surer = f", and is {other} sure of them, not {sure}" if much else ""
        return (
            f"The range {self.assumed} is doubtful: with {self.other} the network tells the pictures that "
            f"come with convscope apart far better{surer}."
        )


@dataclass(frozen=True)
class _Answers:
    """How a network answers under one range.

    Attributes:
        sure: the mean probability of the first class.
        information: what the answers know of the pictures, in natural units.
        scaled: the same at one sureness for all ranges.
        spread: how far apart the answers are, 0 to 1.
    """

    sure: float
    information: float
    scaled: float
    spread: float


def pixel_doubt(model: OpenedModel, task: Task | None = None) -> Doubt | None:
    """Whether another range is likelier; None where not, where it is known, or a network is too slow.

    Each range is tried once for a network; a second question costs nothing.

    Raises:
        Cancelled: the task was.
    """
    task = task or Task()
    # One that scales by itself is told apart by its layers.
    if not model.is_assumed or model.preprocessing.scale == MODES["raw"].scale:
        return None
    if model.source.kind != "file" or model.answer.kind != "classes":
        return None
    key = ("pixel doubt", model.head.logits, model.preprocessing)
    known: list[Doubt | None] = model.kept(key, list)
    if not known:
        try:
            known.append(_tried(model, task))
        except UserError:
            known.append(None)
    return known[0]


def _tried(model: OpenedModel, task: Task) -> Doubt | None:
    began = time.perf_counter()
    own = _asked(model, model.preprocessing, task)
    if time.perf_counter() - began > _SLOW:
        return None
    better: tuple[float, Doubt] | None = None
    raw = True
    for name, how in MODES.items():
        # That is 0–255 less the mean: where 0–255 is no better, it is so by accident.
        if name == "caffe" and not raw:
            continue
        if how.scale == model.preprocessing.scale or len(how.scale) not in (1, model.input_shape[2]):
            continue
        other = _asked(model, replace(how, resize=model.preprocessing.resize), task)
        is_better = _is_better(own, other, how)
        raw = raw and (name != "raw" or is_better)
        if is_better and (better is None or other.information > _RATHER * better[0]):
            doubt = Doubt(model.preprocessing.name, how.name, own.sure, other.sure)
            better = other.information, doubt
    return None if better is None else better[1]


def _is_better(own: _Answers, other: _Answers, how: Preprocessing) -> bool:
    if own.spread < _BLIND:
        # A network without biases is blind to small numbers only because they are small.
        sees = other.scaled > _RATHER * own.scaled
        return sees and other.information > _SEES and other.sure > _AT_LEAST
    # At 0–255 every network is surer: that alone says nothing.
    alike = max(how.scale) < 1 and other.scaled > _TELLS_MORE * own.scaled
    surer = other.sure > own.sure + _SURER and other.information > _TELLS_MORE * own.information
    knows = other.sure > own.sure - _AS_SURE and other.information > _TELLS_FAR_MORE * own.information
    return alike and (surer or (knows and other.information > _SEES))


def _asked(model: OpenedModel, how: Preprocessing, task: Task) -> _Answers:
    asked = model.with_(preprocessing=how)
    rows = []
    for name in PHOTOGRAPHS if model.input_shape[2] == 3 else SMALL:
        task.check()
        rows.append([one[0] for one in asked.scores(asked.prepare(load_sample(name)).batch)])
    logits, shares = (np.stack(each).astype(np.float64) for each in zip(*rows, strict=True))
    if not (np.isfinite(shares).all() and np.isfinite(logits).all()):
        raise UserError(f"{model.name} does not put out numbers.")
    apart = np.abs(shares - shares.mean(axis=0)).sum(axis=1).mean() / 2
    scaled = _information(_equally_sure(logits))
    return _Answers(float(shares.max(axis=1).mean()), _information(shares), scaled, float(apart))


def _equally_sure(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of logits that are scaled until the mean of the first class is halfway from chance to 1."""
    wanted = (1 + 1 / logits.shape[1]) / 2
    low, high = -20.0, 20.0
    lowered = logits - logits.max(axis=1, keepdims=True)
    for _ in range(50):
        middle = (low + high) / 2
        # The larger the temperature, the less sure.
        raised = np.exp(lowered / np.exp(middle))
        shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
        low, high = (middle, high) if shares.max(axis=1).mean() > wanted else (low, middle)
    return shares


def _information(shares: NDArray[np.float64]) -> float:
    return float(_entropy(shares.mean(axis=0)) - _entropy(shares).mean())


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=-1))
