"""The three ways of using a pretrained network, with what each costs told beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import Target
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.checkpoint import copy_state, kept, load_checkpoint, save_model
from convscope.engine.training.control import Control
from convscope.engine.training.features import FeatureStream, extract_features
from convscope.engine.training.keeping import running, write_sidecars, writing
from convscope.engine.training.loop import Fitted, Job, class_weights, fit, prepared
from convscope.engine.training.losses import make_loss
from convscope.engine.training.observe import Snapshot
from convscope.engine.training.rates import make_optimizer
from convscope.engine.training.record import CLASSIFIER, FINE_TUNING, EpochRecord, Recorder
from convscope.engine.training.run import Run
from convscope.engine.training.script import write_script, write_split
from convscope.engine.training.settings import TrainingSettings, from_plain
from convscope.engine.training.train import (
    Trained,
    details_of,
    ended,
    goal_of,
    pipeline_settings,
    refuse_misfits,
    split_for,
    train_held,
    train_opened,
)
from convscope.engine.training.transfer_model import (
    Composed,
    TransferSettings,
    Way,
    base_of,
    compose,
    first_tuned,
    recompose,
    replace_head,
    unfreeze,
)
from convscope.task import Task

__all__ = [
    "Composed",
    "Cost",
    "TransferSettings",
    "base_of",
    "compose",
    "estimate",
    "replace_head",
    "resume_transfer",
    "transfer",
]


class Watchers(NamedTuple):
    """Whoever steers and watches a training; see `train.train`."""

    control: Control
    recorder: Recorder
    show: Callable[[Snapshot], None] | None
    task: Task


@dataclass(frozen=True)
class Cost:
    """What one way will take on this machine, estimated from timed batches.

    Attributes:
        way: which.
        seconds: altogether.
        tensors: weight tensors that are trainable while the base is free.
        trainable_tensors, trainable_parameters: what is trained (at the end, when fine-tuning).
        sentence: the same in words.
    """

    way: Way
    seconds: float
    tensors: int
    trainable_tensors: int
    trainable_parameters: int
    sentence: str


def transfer(
    pretrained: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    *,
    bare: bool = False,
    name: str = "",
    folder: Path | None = None,
    control: Control | None = None,
    recorder: Recorder | None = None,
    show: Callable[[Snapshot], None] | None = None,
    task: Task | None = None,
) -> Trained:
    """Train a new classifier on a pretrained base, in one of the three ways.

    Args:
        pretrained: a network with trained weights, with or without its classifier; not changed.
        settings: of the training. "features" takes no augmentation (each image is seen once); "finetune" uses
            `how.fine_rate` in place of the optimizer's rate after the head has been trained.
        bare: see `compose`.
        folder: keep the run here; None: keep nothing.

    Returns:
        the composed network, trained, which takes images; its epochs are the head's and then, when
        fine-tuning, those since the base was thawed (`settings.epochs` of them).

    Raises:
        UserError: as `train`.
        Cancelled: the task was.
    """
    task = task or Task()
    split, settings = split_for(dataset, settings, task)
    size = settings.size or split.image_size
    task.progress(None, "Composing the network")
    composed = compose(
        prepared(pretrained, settings), split.classes, how, size=size, seed=settings.seed, bare=bare
    )
    settings = _settled(settings, how, composed)
    refuse_misfits(composed.model, split, settings)
    if how.way == "finetune":
        # A layer that is not there is told before anything is learned or written.
        first_tuned(composed, how.from_layer)
    run = None
    if folder is not None:
        run = Run.create(folder, details_of(composed.model, split, settings, name, how.to_dict()))
    watchers = Watchers(control or Control(), recorder or Recorder(), show, task)
    if run is not None:
        with writing(run):
            write_sidecars(run, composed.model)
            if how.way == "finetune":
                save_model(composed.model.keras, run.folder / "composed.keras")
                write_split(run, split)
            else:
                _keep_start(run, composed, split, settings)
    if how.way == "features":
        return _by_features(composed, split, settings, run, watchers, None)
    if how.way == "finetune":
        return _fine_tuned(composed, split, settings, how, run, watchers, None)
    return train_opened(composed.model, split, settings, run, *watchers, None)


def resume_transfer(
    run: Run,
    dataset: Dataset,
    settings: TrainingSettings,
    *,
    control: Control | None = None,
    recorder: Recorder | None = None,
    show: Callable[[Snapshot], None] | None = None,
    task: Task | None = None,
) -> Trained:
    """Go on with a run of `transfer`; `train.resume` calls it, after it has made sure of the data."""
    from convscope.engine.models.files.open_file import open_file

    task, details = task or Task(), run.details
    assert details.transfer is not None
    watchers = Watchers(control or Control(), recorder or Recorder(), show, task)
    how = from_plain(TransferSettings, details.transfer, "transfer")
    alone = how.way == "finetune" and not kept(run.folder, "last")
    model, optimizer, position = load_checkpoint(run.folder, "head" if alone else "last")
    start = (position, optimizer)
    if how.way != "features" and not alone:
        opened = OpenedModel(
            model, name=details.model.name, classes=details.data.classes, preprocessing=details.preprocessing
        )
        phase = FINE_TUNING if how.way == "finetune" else ""
        return train_opened(opened, dataset, settings, run, *watchers, start, phase=phase)
    whole = open_file(run.folder / ("composed.keras" if alone else "initial.keras"))
    composed = recompose(whole.with_(classes=details.data.classes, preprocessing=details.preprocessing))
    copy_state(model, composed.head)
    if alone:
        return _fine_tuned(composed, dataset, settings, how, run, watchers, start)
    return _by_features(composed, dataset, settings, run, watchers, start)


def _settled(settings: TrainingSettings, how: TransferSettings, composed: Composed) -> TrainingSettings:
    height, width, channels = composed.model.input_shape
    assert height is not None and width is not None
    augmentation, optimizer = settings.augmentation, settings.optimizer
    if how.way == "features":
        augmentation = None
    elif how.way == "finetune":
        optimizer = replace(optimizer, learning_rate=how.fine_rate)
    return replace(
        settings,
        size=(height, width),
        channels=1 if channels == 1 else 3,
        augmentation=augmentation,
        optimizer=optimizer,
    )


def _keep_start(run: Run, composed: Composed, dataset: Dataset, settings: TrainingSettings) -> None:
    """Write what images are first put through, and the script that begins with it."""
    save_model(composed.model.keras, run.folder / "initial.keras")
    goal = goal_of(composed.model, settings)
    write_script(run, dataset, pipeline_settings(composed.model, settings, goal), goal)


def _by_features(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    watchers: Watchers,
    start: Any,
) -> Trained:
    with running(run, settings, watchers.control):
        fitted = _train_head(composed, dataset, settings, run, watchers, start)
        return ended(composed.model, dataset, fitted, run, watchers.task)


def _fine_tuned(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    run: Run | None,
    watchers: Watchers,
    start: Any,
) -> Trained:
    """The classifier alone, then the base with it from a layer on: two parts of one run."""
    before: tuple[EpochRecord, ...] = ()
    with running(run, settings, watchers.control):
        if how.head_epochs:
            rate = replace(settings.optimizer, learning_rate=max(1e-3, how.fine_rate))
            alone = replace(
                settings, optimizer=rate, epochs=how.head_epochs, augmentation=None, early_stopping=None
            )
            part = {"after": settings.epochs, "phase": CLASSIFIER, "kept_as": "head"}
            fitted = _train_head(composed, dataset, alone, run, watchers, start, **part)
            before = fitted.epochs
            if fitted.outcome != "finished":
                return ended(composed.model, dataset, fitted, run, watchers.task)
        unfreeze(composed, how.from_layer)
        if run is not None:
            _keep_start(run, composed, dataset, settings)
        return train_held(
            composed.model, dataset, settings, run, *watchers, None, before=before, phase=FINE_TUNING
        )


def _train_head(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    watchers: Watchers,
    start: Any,
    **part: Any,
) -> Fitted:
    control, recorder, show, task = watchers
    goal, target = goal_of(composed.model, settings), target_for(composed, settings)
    classes, size = len(dataset.classes), settings.batch_size
    learned = extract_features(composed.base, dataset, "train", target, control=control, task=task)
    validation = None
    if len(dataset.indices("validation")):
        checked = extract_features(composed.base, dataset, "validation", target, control=control, task=task)
        validation = FeatureStream(checked, classes, goal.label_mode, size, shuffle=False)
    stream = FeatureStream(
        learned,
        classes,
        goal.label_mode,
        size,
        seed=settings.seed,
        shuffle=settings.shuffle,
        steps_per_epoch=settings.steps_per_epoch,
    )
    weights = class_weights(dataset, settings)
    return fit(
        Job(
            composed.head,
            goal,
            settings,
            stream,
            validation,
            weights,
            run,
            control,
            recorder,
            task,
            # Its head is the one that learns: what it says of images can be watched.
            composed.model,
            show,
            start=start,
            **part,
        )
    )


def target_for(composed: Composed, settings: TrainingSettings) -> Target:
    """What images are brought to for this base."""
    height, width, channels = composed.model.input_shape
    assert height is not None and width is not None
    return Target(height, width, 1 if channels == 1 else 3, settings.fit)


def estimate(
    pretrained: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    ways: tuple[TransferSettings, ...],
    *,
    task: Task | None = None,
) -> tuple[Cost, ...]:
    """What each way would cost, from one timed batch through the base and one through the head.

    A step of fine-tuning is taken to cost the forward pass, and twice the share of it that is trained (the
    gradients of maps and of weights are each as much work as the forward pass of their layer).

    Raises:
        UserError: as `transfer`.
    """
    task = task or Task()
    split, settings = split_for(dataset, settings)
    size = settings.size or split.image_size
    images = {name: len(split.indices(name)) for name in ("train", "validation")}
    costs: list[Cost] = []
    timed: tuple[float, float] | None = None
    for number, how in enumerate(ways):
        task.progress(number / len(ways), "Timing a batch")
        composed = compose(prepared(pretrained, settings), split.classes, how, size=size, seed=settings.seed)
        # The base is the same for all of them, and the heads differ little.
        timed = timed or _timed(composed, split, settings)
        forward, step = timed
        extraction = (images["train"] + images["validation"]) * forward
        head_epoch = images["train"] * step
        if how.way == "features":
            seconds = extraction + settings.epochs * head_epoch
        elif how.way == "frozen":
            seconds = settings.epochs * (extraction + head_epoch)
        else:
            unfreeze(composed, how.from_layer)
            per_image = forward * (1 + 2 * _trained_share(composed)) + step
            tuned = settings.epochs * (images["train"] * per_image + images["validation"] * forward)
            seconds = extraction + how.head_epochs * head_epoch + tuned
        trained = composed.model.keras.trainable_weights
        parameters = sum(int(np.prod(weight.shape)) for weight in trained)
        sentence = (
            f"about {_words(seconds)}; {len(trained)} of {composed.tensors_before} weight tensors "
            f"({parameters:,} numbers) are trained"
        )
        costs.append(Cost(how.way, seconds, composed.tensors_before, len(trained), parameters, sentence))
    return tuple(costs)


def _timed(composed: Composed, dataset: Dataset, settings: TrainingSettings) -> tuple[float, float]:
    """Seconds an image takes through the base, and through a training step of the head."""
    target = target_for(composed, settings)
    chosen = dataset.indices("train")[: min(settings.batch_size, 32)]
    pixels, _ = dataset.images.load(chosen, target)
    batch = composed.base.inputs_for(composed.base.preprocessing.apply(pixels))
    run = composed.base.function(composed.base.program.outputs)
    features = run(*batch)[0]
    began = time.perf_counter()
    features = run(*batch)[0]
    forward = (time.perf_counter() - began) / len(chosen)
    goal = goal_of(composed.model, settings)
    head = composed.head
    head.compile(make_optimizer(settings.optimizer), make_loss(goal), jit_compile=False)
    labels: Any = dataset.labels[chosen]
    if goal.label_mode == "categorical":
        labels = np.eye(len(dataset.classes), dtype=np.float32)[labels]
    elif goal.label_mode == "binary":
        labels = labels[:, None].astype(np.float32)
    head.train_on_batch(features, labels)
    began = time.perf_counter()
    for _ in range(3):
        head.train_on_batch(features, labels)
    return forward, (time.perf_counter() - began) / 3 / len(chosen)


def _trained_share(composed: Composed) -> float:
    """Share of the base's multiply-adds that are in layers that are trained."""
    rows = composed.base.layers
    trained = {layer.name for layer in composed.base.keras._flatten_layers() if layer.trainable_weights}
    whole = sum(row.multiply_adds or 0 for row in rows)
    own = [row for row in rows if row.path.rsplit("/", 1)[-1] in trained]
    return sum(row.multiply_adds or 0 for row in own) / max(whole, 1)


def _words(seconds: float) -> str:
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
