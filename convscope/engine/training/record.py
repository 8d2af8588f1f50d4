"""What a training has reported so far, by batch and by epoch: written by its thread, read by any other."""

from __future__ import annotations

import json
import math
import threading
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.printable import escaped
from convscope.core.records import from_json

# What a training does now; what its epochs come to is told while they are trained.
Stage = Literal["preparing", "features", "epochs", "testing"]
# The two parts of a fine-tuning run, as its epochs name them.
CLASSIFIER, FINE_TUNING = "classifier", "fine-tuning"


@dataclass(frozen=True)
class EpochRecord:
    """One epoch.

    Attributes:
        epoch: counted from 0.
        values: "loss", "accuracy", … over the training images, "val_loss", … over the validation images.
        learning_rate: at its end.
        seconds: how long its training took, pauses and validation not counted.
        images_per_second: training images.
        elapsed: seconds since the run began: extracting features, validating and all else, but no pauses; 0
            where that was not measured.
        phase: `CLASSIFIER` while a new classifier learned alone on the frozen base, `FINE_TUNING` since the
            base was unfrozen; "" in a run of one part.
    """

    epoch: int
    values: Mapping[str, float]
    learning_rate: float
    seconds: float
    images_per_second: float
    phase: str = ""
    elapsed: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """One flat row, for tables and exports."""
        return {
            "epoch": self.epoch,
            **({"phase": self.phase} if self.phase else {}),
            **self.values,
            "learning_rate": self.learning_rate,
            "seconds": round(self.seconds, 4),
            "images_per_second": round(self.images_per_second, 2),
            **({"elapsed": round(self.elapsed, 4)} if self.elapsed else {}),
        }


def epoch_of(row: Any) -> EpochRecord:
    """A line of a history: a record, or the flat row that an older convscope wrote.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(row, dict) and "values" not in row:
        own = {field.name for field in fields(EpochRecord)}
        values = {name: value for name, value in row.items() if name not in own}
        row = {**{name: value for name, value in row.items() if name in own}, "values": values}
    return from_json(EpochRecord, row)


def unfrozen_at(epochs: Sequence[EpochRecord]) -> int | None:
    """After how many epochs the base was unfrozen; None if it was not, or from the start."""
    count = sum(record.phase == CLASSIFIER for record in epochs)
    return count if 0 < count < len(epochs) else None


def strict_json(data: Any) -> str:
    """JSON that every reader takes: a loss that is no number, or beyond all numbers, is null."""
    return escaped(json.dumps(_finite(data), ensure_ascii=False, indent=1, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, eq=False)
class Update:
    """What is new since the last look.

    Attributes:
        first_batch: number of the first batch in `batches`, counted from the start of training.
        batches: by name ("loss", "accuracy"), each batch's own value (no running mean), float64.
        epochs: the epochs that ended.
        begun: (epoch, learning rate) of the epoch that began last; None before the first.
        images_per_second: over the last second or so; 0 before the first.
    """

    first_batch: int
    batches: Mapping[str, NDArray[np.float64]]
    epochs: tuple[EpochRecord, ...]
    images_per_second: float
    begun: tuple[int, float] | None = None


class Recorder:
    """Grows by a few numbers a batch; reading copies only what is new.

    A reader asks as often as it can paint: there is no signal a step, so that training waits for nobody.

    Args:
        first_batch: the number of the first batch that will come (a resumed run goes on counting).

    Attributes:
        stage: what the training does now.
    """

    def __init__(self, first_batch: int = 0) -> None:
        self.stage: Stage = "preparing"
        self._lock = threading.Lock()
        self._first = first_batch
        self._batches: dict[str, array[float]] = {}
        self._epochs: list[EpochRecord] = []
        self._speed = 0.0
        self._begun: tuple[int, float] | None = None

    def start_at(self, batch: int, epochs: tuple[EpochRecord, ...]) -> None:
        """Continue after these epochs; forgets everything else, if it does not know them already."""
        with self._lock:
            if tuple(self._epochs) != epochs:
                self._first, self._batches, self._epochs = batch, {}, list(epochs)
            for values in self._batches.values():
                # A part of the run with fewer batches an epoch: the next goes on where it belongs.
                values.extend([math.nan] * (batch - self._first - len(values)))

    def begin_epoch(self, epoch: int, learning_rate: float) -> None:
        """An epoch begins, at this learning rate."""
        with self._lock:
            self._begun = (epoch, learning_rate)

    def add_batch(self, values: Mapping[str, float]) -> None:
        with self._lock:
            for name, value in values.items():
                self._batches.setdefault(name, array("d")).append(value)

    def add_epoch(self, record: EpochRecord) -> None:
        with self._lock:
            self._epochs.append(record)

    def set_speed(self, images_per_second: float) -> None:
        """How fast it goes now."""
        with self._lock:
            self._speed = images_per_second

    def since(self, batch: int = 0, epoch: int = 0) -> Update:
        """What came after so many batches (counted from the start of training) and so many epochs."""
        with self._lock:
            start = max(0, batch - self._first)
            new = {name: np.array(values[start:]) for name, values in self._batches.items()}
            epochs = tuple(record for record in self._epochs if record.epoch >= epoch)
            return Update(self._first + start, new, epochs, self._speed, self._begun)

    @property
    def epochs(self) -> tuple[EpochRecord, ...]:
        with self._lock:
            return tuple(self._epochs)
