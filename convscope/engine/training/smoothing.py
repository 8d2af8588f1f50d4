"""What a curve says: smoothed, where it was best, and whether training and validation part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.engine.training.record import EpochRecord
from convscope.engine.training.settings import TrainingSettings

Formula = Literal["lectures", "corrected"]
FORMULAS: dict[Formula, tuple[str, str]] = {
    "lectures": ("Lectures’", "s ← {f}·s + {g}·x, begun with the first value"),
    "corrected": ("TensorBoard’s", "s ← {f}·s + {g}·x, begun with 0, divided by 1 − {f}ᵗ"),
}
"""What each formula is called, and the formula for a factor f = 1 − g and the t-th value x."""


class Average:
    """An exponential moving average that takes one value after the other.

    Two formulas begin in different ways. "lectures": s_1 = x_1, s_t = f·s_{t−1} + (1 − f)·x_t. "corrected":
    m_0 = 0, m_t = f·m_{t−1} + (1 − f)·x_t, divided by 1 − f^t (TensorBoard's; Adam's bias correction,
    arXiv 1412.6980), so that the first value is the curve's own and not pulled towards zero; the first value
    weighs less in what follows than in the lectures'.

    Args:
        factor: f, from 0 (the values themselves) to below 1; the lectures use 0.8.
        formula: one of `FORMULAS`.
    """

    def __init__(self, factor: float, formula: Formula) -> None:
        self._factor, self._seeded = factor, formula == "lectures"
        self._mean = self._weight = 0.0

    def add(self, value: float, factor: float | None = None) -> float:
        """The average with one more value; one that is no number leaves a gap (NaN) and changes nothing.

        Args:
            factor: another one, for this value alone: f^n where it stands for n values.
        """
        if not math.isfinite(value):
            return math.nan
        kept = self._factor if factor is None else factor
        if self._seeded and not self._weight:
            self._mean, self._weight = value, 1.0
        else:
            self._mean = kept * self._mean + (1 - kept) * value
            self._weight = kept * self._weight + (1 - kept)
        return self._mean / self._weight


def smooth(
    values: NDArray[np.float64] | Sequence[float], factor: float = 0.8, formula: Formula = "corrected"
) -> NDArray[np.float64]:
    """The exponential moving average of a curve, float64 (n,); see `Average`."""
    average = Average(factor, formula)
    return np.array([average.add(value) for value in np.asarray(values, np.float64).tolist()], np.float64)


def formula_words(formula: Formula, factor: float) -> str:
    """The formula with the factor in force: "s ← 0.8·s + 0.2·x, begun with the first value"."""
    return FORMULAS[formula][1].format(f=f"{factor:g}", g=f"{1 - factor:.4g}")


def higher_is_better(name: str) -> bool:
    """Whether a value grows with quality: everything but losses and errors."""
    return not any(word in name for word in ("loss", "error", "hinge"))


def judged_by(settings: TrainingSettings) -> str:
    """What tells a run's best epoch: what early stopping watches; "": see `best_epoch`."""
    return settings.early_stopping.monitor if settings.early_stopping else ""


def best_epoch(epochs: Sequence[EpochRecord], name: str = "") -> int | None:
    """The number of the best epoch, or None if there is none yet.

    Args:
        name: what to judge by, as `judged_by` tells; "" means "val_loss", or "loss" where nothing was
            validated.
    """
    watched = name or ("val_loss" if any("val_loss" in record.values for record in epochs) else "loss")
    known = [r for r in epochs if np.isfinite(r.values.get(watched, np.nan))]
    if not known:
        return None
    sign = -1.0 if higher_is_better(watched) else 1.0
    return min(known, key=lambda record: sign * record.values[watched]).epoch


@dataclass(frozen=True)
class Overfitting:
    """Where the curves part.

    Attributes:
        begins: the epoch after which validation loss rises while training loss falls.
        gap: validation loss less training loss at the last epoch.
        sentence: the same in words.
    """

    begins: int
    gap: float
    sentence: str


def find_overfitting(epochs: Sequence[EpochRecord], patience: int = 2) -> Overfitting | None:
    """Whether the network has begun to learn its training images by heart.

    It has when, for the last `patience` epochs or more, validation loss has been at least 2 % above its best
    while training loss has gone on falling below what it was there.
    """
    known = [
        (r.epoch, r.values["loss"], r.values["val_loss"])
        for r in epochs
        if np.isfinite(r.values.get("loss", np.nan)) and np.isfinite(r.values.get("val_loss", np.nan))
    ]
    if not known:
        return None
    best = min(range(len(known)), key=lambda index: known[index][2])
    after = known[best + 1 :]
    epoch, loss, val_loss = known[best]
    lately = after[-patience:]
    if len(lately) < patience or any(row[2] < 1.02 * val_loss or row[1] >= loss for row in lately):
        return None
    gap = after[-1][2] - after[-1][1]
    sentence = (
        f"Overfitting since epoch {epoch + 1}: the validation loss has risen from {val_loss:.3g} to "
        f"{after[-1][2]:.3g} while the training loss fell from {loss:.3g} to {after[-1][1]:.3g}."
    )
    return Overfitting(epoch, gap, sentence)
