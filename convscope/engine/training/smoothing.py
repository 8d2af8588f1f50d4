"""What a curve says: smoothed, where it was best, and whether training and validation part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.training.record import EpochRecord


def smooth(values: NDArray[np.float64] | Sequence[float], factor: float = 0.8) -> NDArray[np.float64]:
    """The debiased exponential moving average, float64 (n,).

    m_t = factor·m_{t−1} + (1 − factor)·x_t with m_0 = 0, divided by 1 − factor^t (Adam's bias correction,
    arXiv 1412.6980), so that the first value is the curve's own and not pulled towards zero. A value that is
    no number leaves a gap and does not spoil what comes after it.

    Args:
        factor: from 0 (the curve itself) to below 1; the lectures use 0.8.
    """
    series = np.asarray(values, np.float64)
    smoothed = np.full(series.shape, np.nan)
    mean = weight = 0.0
    for index, value in enumerate(series.tolist()):
        if np.isfinite(value):
            mean = factor * mean + (1 - factor) * value
            weight = factor * weight + (1 - factor)
            smoothed[index] = mean / weight
    return smoothed


def higher_is_better(name: str) -> bool:
    """Whether a value grows with quality: everything but losses and errors."""
    return not any(word in name for word in ("loss", "error", "hinge"))


def best_epoch(epochs: Sequence[EpochRecord], name: str = "") -> int | None:
    """The number of the best epoch, or None if there is none yet.

    Args:
        name: what to judge by; "" means "val_loss", or "loss" where nothing was validated.
    """
    judged_by = name or ("val_loss" if any("val_loss" in record.values for record in epochs) else "loss")
    known = [r for r in epochs if np.isfinite(r.values.get(judged_by, np.nan))]
    if not known:
        return None
    sign = -1.0 if higher_is_better(judged_by) else 1.0
    return min(known, key=lambda record: sign * record.values[judged_by]).epoch


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
