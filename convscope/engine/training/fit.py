"""Training: Keras's own `fit`, steered, recorded and kept so that a crash costs an epoch at most."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from convscope.core.errors import NotEnoughMemoryError
from convscope.engine.keras_compat import build_for_training, cannot_run, no_kernel
from convscope.engine.training.control import Control
from convscope.engine.training.fit_request import FitRequest
from convscope.engine.training.fit_together import fit_together
from convscope.engine.training.loss import LossChoice, make_loss, make_metrics
from convscope.engine.training.optimizer import gentler, make_optimizer
from convscope.engine.training.record import EpochRecord, Recorder
from convscope.engine.training.runs.checkpoint import (
    Position,
    best_path,
    drop_head,
    restore_optimizer,
    save_best,
    save_checkpoint,
    seed_states,
)
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.smoothing import best_epoch, higher_is_better, judged_by
from convscope.engine.training.snapshots import Observer
from convscope.engine.training.time_left import TimeEstimate

Outcome = Literal["finished", "early", "stopped", "diverged"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """How a training ended.

    Attributes:
        epochs: all epochs, those before a resumption too.
        outcome: all epochs done, ended by early stopping, by the user, or by a loss that is no number.
        sentence: the same in words.
        best: number of the best epoch, from 0; None if none was finished.
        restored: whether the network has the weights of the best epoch; else it has the last ones.
    """

    epochs: tuple[EpochRecord, ...]
    outcome: Outcome
    sentence: str
    best: int | None
    restored: bool = False

    @property
    def weights_words(self) -> str:
        """Whose weights the network has, where they are not the last: "the weights of epoch 9, the best"."""
        if not self.restored or self.best is None or self.best == self.epochs[-1].epoch:
            return ""
        return f"the weights of epoch {self.best + 1}, the best"


def compile_model(model: Any, settings: TrainingSettings, loss: LossChoice) -> None:
    """Keras's `compile` with the optimizer, loss and metrics of the settings."""
    import tensorflow as tf

    model.compile(
        optimizer=make_optimizer(settings.optimizer),
        loss=make_loss(loss),
        metrics=make_metrics(loss, settings.metrics),
        # XLA makes convolutions several times slower on a CPU.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )


def fit(request: FitRequest) -> Fitted:
    """Train.

    Raises:
        UserError: the images have gone.
        Cancelled: the task was.
    """
    # Keras's callbacks need TensorFlow, which is imported late.
    from convscope.engine.training import callbacks

    settings, session = request.settings, request.session
    task, control, recorder = session.task, session.control, session.recorder
    model, position = request.model, request.start[0] if request.start else None
    with request.strategy.scope() if request.strategy else contextlib.nullcontext():
        compile_model(model, settings, request.loss)
        if request.workers is not None:
            model.optimizer.build(model.trainable_variables)
        else:
            build_for_training(model, request.train.data.element_spec)
        if request.start:
            restore_optimizer(model, request.start[1])
    done = request.done
    recorder.start_at(len(done) * request.train.steps, done)
    if request.run:
        request.run.start_history(done)

    scale = position.rate_scale if position else 1.0
    steering = callbacks.Steering(settings, request.train, control, recorder, task, scale, request.first)
    estimate = TimeEstimate(
        request.train.images,
        request.validation.images if request.validation else 0,
        request.last,
        request.tests,
        request.test_image,
        request.after_seconds,
        request.own_tests,
    )
    recording = callbacks.Recording(
        request.train,
        recorder,
        control,
        task,
        request.last + request.after,
        estimate,
        request.first,
        request.phase,
    )
    early, plateau = _stoppers(settings)
    checkpoints = _Checkpoints(request, recorder, recording, steering, early, plateau)
    if request.before and not request.start:
        checkpoints.begin()
    chosen = [steering, recording]
    looking = None
    if request.watched is not None and session.show is not None:
        looking = callbacks.Looking(Observer(request.watched, control, session.show), request.train)
        chosen.append(looking)
    chosen.append(callbacks.Gate(recording, control, task, looking))
    for other, state in (
        (early, position.early_stopping if position else {}),
        (plateau, position.plateau if position else {}),
    ):
        if other is not None:
            chosen += [other, callbacks.Restored(other, state)]
    chosen.append(callbacks.Keeping(recording, estimate, checkpoints.keep))
    with _told(request):
        if position is None or not (position.stopped or len(done) >= request.last):
            with contextlib.suppress(callbacks.StopNow):
                if request.workers is not None:
                    fit_together(request, request.workers, chosen, control)
                else:
                    _keras_fit(request, chosen)
    task.check()
    epochs = recorder.epochs
    best = best_epoch(epochs, judged_by(settings))
    restored = settings.restore_best and best is not None
    if restored:
        checkpoints.restore_best()
    outcome = _outcome(request, epochs, recording.diverged, control)
    return Fitted(epochs, outcome, _sentence(outcome, request, epochs, recording.diverged), best, restored)


def _keras_fit(request: FitRequest, callbacks: list[Any]) -> None:
    request.model.fit(
        request.train.data,
        validation_data=request.validation.data if request.validation else None,
        epochs=request.last,
        initial_epoch=len(request.done),
        callbacks=callbacks,
        class_weight=request.class_weight,
        # The batches come in an order of their own; Keras warns where it is asked for another.
        shuffle=False,
        verbose=0,
    )


class _Checkpoints:
    """What has to be kept after each epoch."""

    def __init__(
        self, request: FitRequest, recorder: Recorder, recording: Any, steering: Any, early: Any, plateau: Any
    ) -> None:
        self._request, self._recorder, self._recording = request, recorder, recording
        self._steering, self._early, self._plateau = steering, early, plateau
        self._best: list[Any] | None = None

    def begin(self) -> None:
        """A part of a run begins where an earlier one has ended; what comes out of that may stay the best."""
        model, run = self._request.model, self._request.run
        if run is None:
            self._best = model.get_weights() if self._request.settings.restore_best else None
            return
        model.optimizer.build(model.trainable_variables)
        save_checkpoint(model, run.folder, self._position(), self._request.checkpoint)
        save_best(run.folder, self._request.checkpoint)
        drop_head(run.folder)

    def keep(self) -> None:
        """Checkpoint, best model, history; in this order, since the checkpoint alone decides on resuming."""
        epochs = self._recorder.epochs
        is_best = best_epoch(epochs, judged_by(self._request.settings)) == epochs[-1].epoch
        model, run = self._request.model, self._request.run
        if run is None:
            if is_best and self._request.settings.restore_best:
                self._best = model.get_weights()
            return
        save_checkpoint(model, run.folder, self._position(), self._request.checkpoint)
        if is_best:
            save_best(run.folder, self._request.checkpoint)
        run.add_epoch(epochs[-1], self._recording.batches)

    def _position(self) -> Position:
        model = self._request.model
        return Position(
            int(model.optimizer.iterations.numpy()),
            self._recorder.epochs,
            seed_states(model),
            self._steering.scale,
            _state(self._early, ("wait", "best", "best_epoch", "stopped_epoch")),
            _state(self._plateau, ("wait", "best", "cooldown_counter")),
            self._early is not None and bool(model.stop_training) and self._early.stopped_epoch > 0,
        )

    def restore_best(self) -> None:
        """Give the model the weights of the best epoch."""
        from convscope.engine.models.files.weights import load_weights

        if self._request.run is not None:
            load_weights(self._request.model, best_path(self._request.run.folder, self._request.checkpoint))
        elif self._best is not None:
            self._request.model.set_weights(self._best)


def _state(callback: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if callback is None:
        return {}
    return {name: _plain(getattr(callback, name)) for name in names if hasattr(callback, name)}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else float(value)


def _stoppers(settings: TrainingSettings) -> tuple[Any, Any]:
    """Keras's EarlyStopping and ReduceLROnPlateau, or None."""
    import keras

    early = plateau = None
    if settings.early_stopping is not None:
        chosen = settings.early_stopping
        early = keras.callbacks.EarlyStopping(
            chosen.monitor,
            chosen.min_delta,
            chosen.patience,
            mode="max" if higher_is_better(chosen.monitor) else "min",
        )
    if settings.plateau is not None:
        reduce = settings.plateau
        plateau = keras.callbacks.ReduceLROnPlateau(
            reduce.monitor,
            reduce.factor,
            reduce.patience,
            mode="max" if higher_is_better(reduce.monitor) else "min",
            min_lr=reduce.min_learning_rate,
        )
    return early, plateau


@contextlib.contextmanager
def _told(request: FitRequest) -> Iterator[None]:
    """Turn what went wrong in a worker thread of the batches into its sentence."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise
    except tf.errors.OpError as error:
        for stream in (request.train, request.validation):
            if stream is not None and stream.error is not None:
                raise stream.error from error
        if cannot_run(error):
            raise no_kernel(request.watched.name if request.watched else request.model.name, error) from error
        raise


@contextlib.contextmanager
def enough_memory(batch_size: int) -> Iterator[None]:
    """Turn running out of memory, wherever in here, into a sentence with the remedies.

    Raises:
        NotEnoughMemoryError: that one.
    """
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError, NotEnoughMemoryError) as error:
        raise NotEnoughMemoryError(
            f"The memory is not enough for batches of {batch_size}: try a smaller batch size, "
            "fewer channels or smaller images.",
            detail=str(error),
        ) from error


def _outcome(
    request: FitRequest, epochs: tuple[EpochRecord, ...], diverged: int | None, control: Control
) -> Outcome:
    if diverged is not None:
        return "diverged"
    if len(epochs) >= request.last:
        return "finished"
    return "stopped" if control.stopping else "early"


def _sentence(
    outcome: Outcome, request: FitRequest, epochs: tuple[EpochRecord, ...], diverged: int | None
) -> str:
    settings, whole = request.settings, request.last + request.after
    if outcome == "diverged":
        rate = settings.optimizer.learning_rate
        step = (diverged or 0) + 1
        return (
            f"The loss is no number any more (NaN) since step {step:,}: the weights have grown without "
            f"bound. Try a learning rate of {gentler(rate):g} instead of {rate:g}, or look for labels or "
            "images that do not fit."
        )
    if outcome == "stopped":
        return f"Stopped after {len(epochs)} of {whole} epochs."
    if outcome == "early":
        assert settings.early_stopping is not None
        name, patience = settings.early_stopping.monitor, settings.early_stopping.patience
        return (
            f"Early stopping after {len(epochs)} of {whole} epochs: {name} has not got better "
            f"for {patience} epochs."
        )
    alone = f" ({request.first} of them of the classifier alone)" if request.first else ""
    done = "The one epoch is done" if whole == 1 else f"All {whole} epochs are done"
    steps = whole * request.train.steps
    return f"{done}{alone}, {steps:,} {'step' if steps == 1 else 'steps'}."
