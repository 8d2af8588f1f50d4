"""What happens between the steps of Keras's `fit`: steering, recording, looking, keeping.

Imported only once TensorFlow is, since Keras's own class is the base.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras

from convscope.core.task import Task
from convscope.engine.data.batches import Batches
from convscope.engine.training.control import Control
from convscope.engine.training.optimizer import changes, scheduled_rate
from convscope.engine.training.record import EpochRecord, Recorder
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.snapshots import Observer
from convscope.engine.training.time_left import TimeEstimate

# Progress is told this often (seconds); more is not seen and costs steps. Speed is that of the last half to
# three seconds.
_TELL, _WINDOW = 0.5, 3.0
# What Keras tells as a mean over the epoch so far.
_MEANS = ("loss", "accuracy", "top_5_accuracy")


class Steering(keras.callbacks.Callback):
    """Sets the epoch's order and its rate, and a rate that the user has changed.

    Args:
        first: the number of the epoch that order and schedule begin with.

    Attributes:
        scale: what the rate of the schedule is multiplied by, after the user has changed the rate.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        stream: Batches,
        control: Control,
        recorder: Recorder,
        task: Task,
        scale: float,
        first: int = 0,
    ) -> None:
        super().__init__()
        self.scale = scale
        self._settings, self._stream, self._control, self._task = settings, stream, control, task
        self._recorder, self._first = recorder, first
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = self._stream.epoch = epoch - self._first
        if changes(self._settings):
            self.model.optimizer.learning_rate = scheduled_rate(self._settings, self._epoch) * self.scale
        self._take_rate()
        self._recorder.begin_epoch(epoch, rate_of(self.model))

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._take_rate()

    def _take_rate(self) -> None:
        rate = self._control.take_learning_rate()
        if rate is not None:
            self.model.optimizer.learning_rate = rate
            scheduled = scheduled_rate(self._settings, self._epoch)
            # A schedule that has come down to 0 has no part in the rate any more.
            self.scale = rate / scheduled if scheduled else self.scale

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        # Keras has no way to end a validation early but an exception.
        self._task.check()


def rate_of(model: Any) -> float:
    """The learning rate in force."""
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


class Gate(keras.callbacks.Callback):
    """Obeys pause, one step, stop and cancel; comes after what records and looks: the last step shows.

    Args:
        recording: tells that it stands still.
        looking: looks again where something else is watched meanwhile; None: nobody looks.
    """

    def __init__(
        self, recording: Recording, control: Control, task: Task, looking: Looking | None = None
    ) -> None:
        super().__init__()
        self._recording, self._control, self._task = recording, control, task
        self._meanwhile = None if looking is None else looking.again

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._control.paused and not self._task.cancelled:
            self._recording.tell_paused()
        self._control.wait(self._task, self._meanwhile)
        if self._control.stopping or self._task.cancelled:
            self.model.stop_training = True


class StopNow(Exception):  # noqa: N818 - no error: the way out of Keras's validation
    """The epoch was cut short: nothing is left to validate."""


class Recording(keras.callbacks.Callback):
    """Hands every batch's own values to the recorder; stops when the loss is no number any more.

    Keras tells running means over the epoch; the difference of two, weighted by their images, is the batch's.

    Args:
        epochs: of the whole run.
        estimate: is told what everything takes, and tells the time left.
        first: the number of the stream's first epoch.
        phase: of the epochs' records.

    Attributes:
        diverged: the number of the batch (of the run, from 0) whose loss was no number, or None.
        last: the record of the epoch that ended last.
        batches: the values of this epoch's batches, by name.
        whole: whether this epoch was trained to its end, with finite numbers.
    """

    def __init__(
        self,
        stream: Batches,
        recorder: Recorder,
        control: Control,
        task: Task,
        epochs: int,
        estimate: TimeEstimate,
        first: int = 0,
        phase: str = "",
    ) -> None:
        super().__init__()
        self.diverged: int | None = None
        self.last: EpochRecord | None = None
        self.batches: dict[str, list[float]] = {}
        self._stream, self._recorder = stream, recorder
        self._epochs, self._first, self._phase = epochs, first, phase
        self._control, self._task, self._estimate = control, task, estimate
        self._epoch = self._steps = self._seen = 0
        self._sums: dict[str, float] = {}
        self._began = self._trained = self._told = 0.0
        # From when on, and after how many images of the epoch, its speed is measured; the first step of all
        # traces the network, which tells nothing of the others.
        self._window: float | None = None
        self._window_seen = 0
        self._speed = 0.0
        self._checking, self._text = 0.0, ""

    @property
    def whole(self) -> bool:
        return self._steps == self._stream.steps and self.diverged is None

    def _clock(self) -> float:
        """Seconds; stands still while training is paused."""
        return time.perf_counter() - self._control.waited

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._steps, self._seen, self._window_seen = epoch, 0, 0, 0
        self._sums = dict.fromkeys(_MEANS, 0.0)
        self.batches = {}
        self._began = self._clock()
        if self._window is not None:
            self._window = self._began

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        logs = logs or {}
        size = self._stream.batch_length(self._epoch - self._first, batch)
        self._steps += 1
        self._seen += size
        values = {}
        for name, value in logs.items():
            if name in _MEANS:
                total = value * self._seen
                values[name] = (total - self._sums[name]) / size
                self._sums[name] = total
            else:
                values[name] = value
            self.batches.setdefault(name, []).append(values[name])
        self._recorder.add_batch(values)
        self._trained = self._clock()
        if not math.isfinite(logs.get("loss", 0.0)):
            self.diverged = self._epoch * self._stream.steps + batch
            self.model.stop_training = True
        elif self._window is None:
            self._window, self._window_seen = self._trained, self._seen
            if not self._task.cancelled:
                self._tell(logs)
        elif self._trained - self._told >= _TELL and not self._task.cancelled:
            self._measure()
            self._tell(logs)

    def _measure(self) -> None:
        assert self._window is not None
        elapsed = self._trained - self._window
        if elapsed >= _TELL:
            self._set_speed((self._seen - self._window_seen) / elapsed)
        if elapsed >= _WINDOW:
            self._window, self._window_seen = self._trained, self._seen

    def _set_speed(self, speed: float) -> None:
        self._speed = speed
        self._estimate.train_image = 1 / speed
        self._recorder.set_speed(speed)

    def _tell(self, logs: Mapping[str, float]) -> None:
        self._told = self._clock()
        text = "".join(f" · {name.replace('_', ' ')} {value:.3f}" for name, value in logs.items())
        self._text = text + (f" · {self._speed:,.0f} images/s" if self._speed else "")
        self._report(self._text, self._estimate.left(self._epoch, self._seen))

    def tell_paused(self) -> None:
        """Nobody knows how long it will stand still."""
        self._report(" · paused", None)

    def _report(self, text: str, left: float | None) -> None:
        self._recorder.stage = "epochs"
        done, whole = self._epoch * self._stream.steps + self._steps, self._epochs * self._stream.steps
        self._task.progress_for(done / whole, f"Epoch {self._epoch + 1} of {self._epochs}{text}", left)

    def on_test_begin(self, logs: Any = None) -> None:
        if not self.whole:
            raise StopNow
        self._checking = self._clock()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        now = self._clock()
        if now - self._told >= _TELL and not self._task.cancelled:
            self._told = now
            checked = min((batch + 1) * self._stream.batch_size, self._estimate.validation)
            left = self._estimate.left(self._epoch, self._seen, checked)
            self._report(f" · validating{self._text}", left)

    def on_test_end(self, logs: Any = None) -> None:
        if self._estimate.validation:
            self._estimate.validation_image = (self._clock() - self._checking) / self._estimate.validation

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        seconds = max(self._trained - self._began, 1e-9)
        rest = self._seen - self._window_seen
        if not self._speed and self._window is not None and rest and self._trained > self._window:
            # The epochs are too short to measure within one.
            self._set_speed(rest / (self._trained - self._window))
            if not self._task.cancelled:
                self._tell({name: value for name, value in (logs or {}).items() if name in _MEANS})
        rate = rate_of(self.model)
        # ReduceLROnPlateau adds the rate to the same dictionary. Loss first, validation last, as people read.
        names = sorted(
            (logs or {}).keys() - {"learning_rate"},
            key=lambda name: (name.startswith("val_"), "loss" not in name, name),
        )
        values = {name: float((logs or {})[name]) for name in names}
        speed, elapsed = self._seen / seconds, self._control.elapsed
        self.last = EpochRecord(epoch, values, rate, seconds, speed, self._phase, elapsed)
        if self.whole:
            self._recorder.add_epoch(self.last)


class Looking(keras.callbacks.Callback):
    """Lets the observer look after each step."""

    def __init__(self, observer: Observer, stream: Batches) -> None:
        super().__init__()
        self._observer, self._stream, self._epoch, self._batch = observer, stream, 0, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch = self._epoch * self._stream.steps + batch
        self._observer.after_step(self._batch, self._epoch)

    def again(self) -> None:
        """Look, if something else is watched than at the last look."""
        if self._observer.asked_anew:
            self._observer.after_step(self._batch, self._epoch)


class Keeping(keras.callbacks.Callback):
    """Calls `keep` after each epoch that was trained to its end; must come after every other callback."""

    def __init__(self, recording: Recording, estimate: TimeEstimate, keep: Callable[[], None]) -> None:
        super().__init__()
        self._recording, self._estimate, self._keep = recording, estimate, keep

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._recording.whole:
            began = time.perf_counter()
            self._keep()
            self._estimate.keeping = time.perf_counter() - began


class Restored(keras.callbacks.Callback):
    """Gives a Keras callback the state back that it had before the run was interrupted.

    Must come after it, since Keras's callbacks forget everything in `on_train_begin`.
    """

    def __init__(self, other: Any, state: Mapping[str, Any]) -> None:
        super().__init__()
        self._other, self._state = other, state

    def on_train_begin(self, logs: Any = None) -> None:
        for name, value in self._state.items():
            setattr(self._other, name, value)
