"""The numbers behind live curves, bounded in memory; how they are smoothed and shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.engine.training.smoothing import Formula
from convscope.ui.plots.curve import Curve

if TYPE_CHECKING:
    from convscope.engine.training.record import EpochRecord, Update
    from convscope.engine.training.smoothing import Average

# More points than a screen has columns many times over; from then on neighbours are averaged.
CAPACITY = 1 << 16


@dataclass(frozen=True)
class CurvesShown:
    """How a person wants to see the curves.

    Attributes:
        by: "batch" or "epoch".
        by_batch, by_epoch: how much each is smoothed, 0 (not at all) to 0.99.
        formula: of the smoothing; see `engine.training.smoothing.FORMULAS`.
        log: the loss in powers of ten.
        metric: of the second chart; "": the first that is measured.
    """

    by: Literal["batch", "epoch"] = "batch"
    by_batch: float = 0.8
    by_epoch: float = 0.0
    formula: Formula = "lectures"
    log: bool = False
    metric: str = ""

    @property
    def smoothing(self) -> float:
        return self.by_batch if self.by == "batch" else self.by_epoch


class Series:
    """The values of all batches so far and their moving average, in arrays of a fixed size.

    When they are full, neighbours are joined, so that a run of any length takes the same memory and time.

    Args:
        factor, formula: of the average; see `engine.training.smoothing.Average`.
        capacity: points kept, even.
    """

    def __init__(self, factor: float = 0.8, formula: Formula = "lectures", capacity: int = CAPACITY) -> None:
        self._at = np.empty(capacity)
        self._raw = np.empty(capacity)
        self._smooth = np.empty(capacity)
        self._count, self._stride = 0, 1
        self._seen = 0
        self._sum, self._open = 0.0, 0
        self._average = _average(factor, formula)

    def start_at(self, batch: int) -> None:
        """The next value is that of this batch, counted from 0, if it is not one that was there already."""
        self._seen = max(batch, self._seen)

    def extend(self, values: NDArray[np.float64]) -> None:
        for value in values.tolist():
            self._seen += 1
            self._sum += value
            self._open += 1
            average = self._average.add(value)
            if self._open == self._stride:
                if self._count == len(self._at):
                    self._join()
                self._at[self._count] = self._seen
                self._raw[self._count] = self._sum / self._open
                self._smooth[self._count] = average
                self._count += 1
                self._sum, self._open = 0.0, 0

    def set_smoothing(self, factor: float, formula: Formula) -> None:
        self._average = _average(factor, formula)
        joined = factor**self._stride
        for index, value in enumerate(self._raw[: self._count].tolist()):
            self._smooth[index] = self._average.add(value, joined)

    @property
    def raw(self) -> Curve:
        """(number of batches until then, value)."""
        return self._at[: self._count], self._raw[: self._count]

    @property
    def smooth(self) -> Curve:
        """(number of batches until then, moving average)."""
        return self._at[: self._count], self._smooth[: self._count]

    def _join(self) -> None:
        half = self._count // 2
        self._raw[:half] = self._raw[: 2 * half].reshape(half, 2).mean(axis=1)
        self._smooth[:half] = self._smooth[1 : 2 * half : 2].copy()
        self._at[:half] = self._at[1 : 2 * half : 2].copy()
        self._count, self._stride = half, self._stride * 2


def _average(factor: float, formula: Formula) -> Average:
    from convscope.engine.training.smoothing import Average

    return Average(factor, formula)


class History:
    """A run as its charts show it: by batch and by epoch; x is counted in epochs.

    Attributes:
        steps: batches an epoch.
        epochs: those that ended.
        batches: by name.
        rates: (x, learning rate) from there on.
        begun: the epoch that began last and its rate, as the training has told.
        done: batches so far, since the very start.
    """

    def __init__(self, factor: float = 0.8, formula: Formula = "lectures") -> None:
        self.steps = 1
        self.epochs: list[EpochRecord] = []
        self.batches: dict[str, Series] = {}
        self.rates: list[tuple[float, float]] = []
        self.begun: tuple[int, float] | None = None
        self.done = 0
        self._smoothing = factor, formula

    def take(self, update: Update) -> None:
        longest = 0
        for name, values in update.batches.items():
            if name not in self.batches:
                self.batches[name] = Series(*self._smoothing)
            self.batches[name].start_at(update.first_batch)
            self.batches[name].extend(values)
            longest = max(longest, len(values))
        self.done = max(self.done, update.first_batch + longest)
        for record in update.epochs:
            self.epochs.append(record)
            # The rate that the epoch had; what was set during it stands already.
            if not self.rates or self.rates[-1][0] <= record.epoch:
                self.note_rate(float(record.epoch), record.learning_rate)
        if update.begun is not None and update.begun != self.begun:
            (epoch, rate), before = update.begun, self.begun
            self.begun = update.begun
            if before is not None and before[0] == epoch:
                # Changed in the middle, by the user; that stands already, as a rule.
                self.note_rate(max(self.x, float(epoch)), rate)
            elif not self.rates or self.rates[-1][0] < epoch:
                self.note_rate(float(epoch), rate)

    def note_rate(self, x: float, rate: float) -> None:
        """The learning rate from a place on."""
        # Keras keeps it in 32 bits, which would be a change of its own.
        rate = float(f"{rate:.6g}")
        if not self.rates or self.rates[-1][1] != rate:
            self.rates.append((x, rate))

    def set_smoothing(self, factor: float, formula: Formula) -> None:
        self._smoothing = factor, formula
        for series in self.batches.values():
            series.set_smoothing(factor, formula)

    @property
    def x(self) -> float:
        return self.done / self.steps

    def by_batch(self, name: str) -> tuple[Curve, Curve] | None:
        """(raw, smoothed) over the batches."""
        series = self.batches.get(name)
        if series is None:
            return None
        (at, raw), (_, smooth) = series.raw, series.smooth
        return (at / self.steps, raw), (at / self.steps, smooth)

    def by_epoch(self, name: str) -> Curve:
        return by_epoch(self.epochs, name)


def by_epoch(epochs: Iterable[EpochRecord], name: str) -> Curve:
    """(end of the epoch, value) of the epochs that have it."""
    rows = [(record.epoch + 1.0, record.values[name]) for record in epochs if name in record.values]
    found = np.array(rows, np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
