"""Training: Keras's own `fit`, steered, recorded and kept so that a crash costs an epoch at most."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from convscope.core.errors import NotEnoughMemoryError, UserError
from convscope.core.task import Task
from convscope.engine.data.batches import Batches
from convscope.engine.data.dataset import Dataset
from convscope.engine.keras_compat import build_for_training, cannot_run, no_kernel
from convscope.engine.models.finalize import settle
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.losses import Goal, make_loss, make_metrics
from convscope.engine.training.machines.together import fit_together
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.observe import Observer, Snapshot
from convscope.engine.training.rates import gentler, make_optimizer
from convscope.engine.training.remaining import Remaining
from convscope.engine.training.runs.checkpoint import (
    Position,
    best_path,
    drop_head,
    restore_optimizer,
    save_best,
    save_checkpoint,
    seed_states,
)
from convscope.engine.training.runs.record import CLASSIFIER, EpochRecord, Recorder
from convscope.engine.training.runs.run import Run
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.smoothing import best_epoch, higher_is_better, judged_by

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


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that `fit` needs, put together by `train` and `transfer`.

    Attributes:
        model: the Keras model to train; it changes.
        goal: loss and labels.
        settings: of the training.
        train, validation: the batches; validation may be None.
        class_weight: by class number, or None.
        run: where to keep it, or None.
        control, recorder, task: for whoever watches.
        watched: the model opened, for live looks; None: no looks.
        show: gets the looks.
        strategy: a tf.distribute.Strategy that the model was made under, or None.
        workers: the machines that train together, under their strategy; None: this one alone.
        start: where a resumed training stands, with the optimizer's variables; None: at the beginning.
        before: the epochs of an earlier part of the run, in which other weights were trained.
        after: how many epochs are planned after this part.
        phase: of this part's epochs; see `EpochRecord`.
        kept_as: the name of its checkpoints.
        tests: images that are tested when all is done.
        test_image: seconds for one of them, where they are tested by more than this model; None: not known.
        own_tests: whether it is this model that is tested.
        after_seconds: what the parts after this one will take; None: not known.
    """

    model: Any
    goal: Goal
    settings: TrainingSettings
    train: Batches
    validation: Batches | None
    class_weight: dict[int, float] | None = None
    run: Run | None = None
    control: Control | None = None
    recorder: Recorder | None = None
    task: Task | None = None
    watched: OpenedModel | None = None
    show: Callable[[Snapshot], None] | None = None
    strategy: Any = None
    workers: Workers | None = None
    start: tuple[Position, list[Any]] | None = None
    before: tuple[EpochRecord, ...] = ()
    after: int = 0
    phase: str = ""
    kept_as: str = "last"
    tests: int = 0
    test_image: float | None = None
    own_tests: bool = True
    after_seconds: float | None = 0.0

    @property
    def done(self) -> tuple[EpochRecord, ...]:
        """The epochs that have been trained already."""
        return self.start[0].epochs if self.start else self.before

    @property
    def first(self) -> int:
        """The number of this part's first epoch."""
        return 0 if self.phase == CLASSIFIER else sum(record.phase == CLASSIFIER for record in self.done)

    @property
    def last(self) -> int:
        """The number of epochs when this part is through."""
        return self.first + self.settings.epochs


def compile_model(model: Any, settings: TrainingSettings, goal: Goal) -> None:
    """Keras's `compile` with the optimizer, loss and metrics of the settings."""
    import tensorflow as tf

    model.compile(
        optimizer=make_optimizer(settings.optimizer),
        loss=make_loss(goal),
        metrics=make_metrics(goal, settings.metrics),
        # XLA makes convolutions several times slower on a CPU.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )


def fit(job: Job) -> Fitted:
    """Train; see `Job`.

    Raises:
        UserError: the images have gone.
        Cancelled: the task was.
    """
    # Keras's callbacks need TensorFlow, which is imported late.
    from convscope.engine.training import callbacks

    settings, task = job.settings, job.task or Task()
    control, recorder = job.control or Control(), job.recorder or Recorder()
    model, position = job.model, job.start[0] if job.start else None
    with job.strategy.scope() if job.strategy else contextlib.nullcontext():
        compile_model(model, settings, job.goal)
        if job.workers is not None:
            model.optimizer.build(model.trainable_variables)
        else:
            build_for_training(model, job.train.data.element_spec)
        if job.start:
            restore_optimizer(model, job.start[1])
    done = job.done
    recorder.start_at(len(done) * job.train.steps, done)
    if job.run:
        job.run.start_history(done)

    scale = position.rate_scale if position else 1.0
    steering = callbacks.Steering(settings, job.train, control, recorder, task, scale, job.first)
    remaining = Remaining(
        job.train.images,
        job.validation.images if job.validation else 0,
        job.last,
        job.tests,
        job.test_image,
        job.after_seconds,
        job.own_tests,
    )
    recording = callbacks.Recording(
        job.train, recorder, control, task, job.last + job.after, remaining, job.first, job.phase
    )
    early, plateau = _stoppers(settings)
    keeper = _Keeper(job, recorder, recording, steering, early, plateau)
    if job.before and not job.start:
        keeper.begin()
    chosen = [steering, recording]
    looking = None
    if job.watched is not None and job.show is not None:
        looking = callbacks.Looking(Observer(job.watched, control, job.show), job.train)
        chosen.append(looking)
    chosen.append(callbacks.Gate(recording, control, task, looking))
    for other, state in (
        (early, position.early_stopping if position else {}),
        (plateau, position.plateau if position else {}),
    ):
        if other is not None:
            chosen += [other, callbacks.Restored(other, state)]
    chosen.append(callbacks.Keeping(recording, remaining, keeper.keep))
    with _told(job):
        if position is None or not (position.stopped or len(done) >= job.last):
            with contextlib.suppress(callbacks.StopNow):
                if job.workers is not None:
                    fit_together(job, job.workers, chosen, control)
                else:
                    _keras_fit(job, chosen)
    task.check()
    epochs = recorder.epochs
    best = best_epoch(epochs, judged_by(settings))
    restored = settings.restore_best and best is not None
    if restored:
        keeper.restore_best()
    outcome = _outcome(job, epochs, recording.diverged, control)
    return Fitted(epochs, outcome, _sentence(outcome, job, epochs, recording.diverged), best, restored)


def _keras_fit(job: Job, callbacks: list[Any]) -> None:
    job.model.fit(
        job.train.data,
        validation_data=job.validation.data if job.validation else None,
        epochs=job.last,
        initial_epoch=len(job.done),
        callbacks=callbacks,
        class_weight=job.class_weight,
        # The batches come in an order of their own; Keras warns where it is asked for another.
        shuffle=False,
        verbose=0,
    )


class _Keeper:
    """What has to be kept after each epoch."""

    def __init__(
        self, job: Job, recorder: Recorder, recording: Any, steering: Any, early: Any, plateau: Any
    ) -> None:
        self._job, self._recorder, self._recording = job, recorder, recording
        self._steering, self._early, self._plateau = steering, early, plateau
        self._best: list[Any] | None = None

    def begin(self) -> None:
        """A part of a run begins where an earlier one has ended; what comes out of that may stay the best."""
        model, run = self._job.model, self._job.run
        if run is None:
            self._best = model.get_weights() if self._job.settings.restore_best else None
            return
        model.optimizer.build(model.trainable_variables)
        save_checkpoint(model, run.folder, self._position(), self._job.kept_as)
        save_best(run.folder, self._job.kept_as)
        drop_head(run.folder)

    def keep(self) -> None:
        """Checkpoint, best model, history; in this order, since the checkpoint alone decides on resuming."""
        epochs = self._recorder.epochs
        is_best = best_epoch(epochs, judged_by(self._job.settings)) == epochs[-1].epoch
        model, run = self._job.model, self._job.run
        if run is None:
            if is_best and self._job.settings.restore_best:
                self._best = model.get_weights()
            return
        save_checkpoint(model, run.folder, self._position(), self._job.kept_as)
        if is_best:
            save_best(run.folder, self._job.kept_as)
        run.add_epoch(epochs[-1], self._recording.batches)

    def _position(self) -> Position:
        model = self._job.model
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

        if self._job.run is not None:
            load_weights(self._job.model, best_path(self._job.run.folder, self._job.kept_as))
        elif self._best is not None:
            self._job.model.set_weights(self._best)


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
def _told(job: Job) -> Iterator[None]:
    """Turn what went wrong in a worker thread of the batches into its sentence."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise
    except tf.errors.OpError as error:
        for stream in (job.train, job.validation):
            if stream is not None and stream.error is not None:
                raise stream.error from error
        if cannot_run(error):
            raise no_kernel(job.watched.name if job.watched else job.model.name, error) from error
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


def _outcome(job: Job, epochs: tuple[EpochRecord, ...], diverged: int | None, control: Control) -> Outcome:
    if diverged is not None:
        return "diverged"
    if len(epochs) >= job.last:
        return "finished"
    return "stopped" if control.stopping else "early"


def _sentence(outcome: Outcome, job: Job, epochs: tuple[EpochRecord, ...], diverged: int | None) -> str:
    settings, whole = job.settings, job.last + job.after
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
    alone = f" ({job.first} of them of the classifier alone)" if job.first else ""
    done = "The one epoch is done" if whole == 1 else f"All {whole} epochs are done"
    steps = whole * job.train.steps
    return f"{done}{alone}, {steps:,} {'step' if steps == 1 else 'steps'}."


def class_weights(dataset: Dataset, settings: TrainingSettings) -> dict[int, float] | None:
    """Keras's `class_weight`: images / (classes · images of the class) for "balanced", else None."""
    if settings.class_weights == "none":
        return None
    counts = dataset.counts("train")
    present = np.flatnonzero(counts)
    whole = counts.sum() / len(present)
    return {int(index): float(whole / counts[index]) for index in present}


def copy_model(model: Any, *, weights: bool = True) -> Any:
    """A copy with layers of its own; the weights are the same, or new ones.

    Raises:
        UserError: the model is code of its own, which cannot be copied.
    """
    import keras

    try:
        copy = keras.models.clone_model(model)
        if weights:
            copy.set_weights(model.get_weights())
            settle(copy)
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"{model.name} computes by code of its own and cannot be trained here.", detail=str(error)
        ) from error
    # A nested model that is trainable as a whole makes all its layers so when it is cloned.
    for old, new in zip(_leaves(model), _leaves(copy), strict=True):
        new.trainable = old.trainable
    return copy


def _leaves(model: Any) -> list[Any]:
    layers = model._flatten_layers(include_self=False)
    return [layer for layer in layers if not list(layer._flatten_layers(include_self=False))]


def prepared(opened: OpenedModel, settings: TrainingSettings) -> OpenedModel:
    """The opened model with its way of resizing set to that of the settings: what a run keeps beside it."""
    return opened.with_(preprocessing=replace(opened.preprocessing, resize=settings.fit, sampling="bilinear"))
