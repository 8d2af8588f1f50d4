"""Using a pretrained network: three strategies of a training, each a new classifier on its base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.checks import refuse_misfits
from convscope.engine.training.control import Control
from convscope.engine.training.copy_network import with_fit
from convscope.engine.training.data import class_weights, pipeline_settings, split_for
from convscope.engine.training.fit import Fitted, fit
from convscope.engine.training.fit_request import FitRequest
from convscope.engine.training.loss import loss_for
from convscope.engine.training.record import CLASSIFIER, FINE_TUNING, EpochRecord, Recorder
from convscope.engine.training.run_lifecycle import running, write_sidecars, writing
from convscope.engine.training.runs.checkpoint import (
    copy_state,
    has_checkpoint_called,
    load_checkpoint,
    load_start,
    save_start,
)
from convscope.engine.training.runs.run import Run
from convscope.engine.training.runs.script import write_script, write_split
from convscope.engine.training.session import Session
from convscope.engine.training.settings import TrainingSettings, from_plain
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.engine.training.train_network import (
    TrainingResult,
    details_of,
    tested,
    train_held,
    train_network,
)
from convscope.engine.training.transfer.costs import Timing, count, tuning_seconds
from convscope.engine.training.transfer.features import FeatureStream, extract_features
from convscope.engine.training.transfer.transfer_model import (
    Composed,
    TransferSettings,
    compose,
    first_tuned,
    recompose,
    target_for,
    unfreeze,
)

# Seconds of what follows, given those of an image through the base.
Later = Callable[[float], float]


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
    show: Callable[[NetworkSnapshot], None] | None = None,
    task: Task | None = None,
) -> TrainingResult:
    """Train a new classifier on a pretrained base, in one of the three ways.

    Args:
        pretrained: a network with trained weights, with or without its classifier; not changed.
        settings: of the training. "features" takes no augmentation (each image is seen once); "finetune" uses
            `how.fine_rate` in place of the optimizer's rate after the head has been trained.
        bare: see `compose`.
        folder: keep the run here; None: keep nothing.

    Returns:
        the composed network, trained, which takes images; its epochs are the head's and then, when
        fine-tuning, those since the base was unfrozen (`settings.epochs` of them).

    Raises:
        UserError: as `train`.
        Cancelled: the task was.
    """
    session = Session.of(control, recorder, task, show)
    task = session.task
    split, settings = split_for(dataset, settings, task)
    size = settings.size or split.image_size
    task.progress(None, "Composing the network")
    composed = compose(
        with_fit(pretrained, settings), split.classes, how, size=size, seed=settings.seed, bare=bare
    )
    settings = settled(settings, how, composed)
    refuse_misfits(composed.model, split, settings)
    if how.way == "finetune":
        # A layer that is not there is told before anything is learned or written.
        first_tuned(composed, how.from_layer)
    run = None
    if folder is not None:
        run = Run.create(
            folder,
            details_of(composed.model, split, settings, name, how.to_dict(), pretrained.source.weights),
        )
    if run is not None:
        with writing(run):
            write_sidecars(run, composed.model)
            if how.way == "finetune":
                save_start(composed.model.keras, run.folder / "composed.keras")
                write_split(run, split)
            else:
                _keep_start(run, composed, split, settings)
    if how.way == "features":
        return _by_features(composed, split, settings, run, session)
    if how.way == "finetune":
        return _fine_tuned(composed, split, settings, how, run, session)
    return train_network(composed.model, split, settings, run, session)


def resume_transfer(
    run: Run, dataset: Dataset, settings: TrainingSettings, session: Session
) -> TrainingResult:
    """Go on with a run of `transfer`; `train.resume` calls it, after it has made sure of the data."""
    from convscope.engine.models.files.open_file import open_file

    details = run.details
    assert details.transfer is not None
    how = from_plain(TransferSettings, details.transfer, "transfer")
    known: dict[str, Any] = {"classes": details.data.classes, "preprocessing": details.preprocessing}
    if run.starts_again:
        whole = OpenedModel(load_start(run.start_path), name=details.model.name, **known)
        if how.way == "frozen":
            return train_network(whole, dataset, settings, run, session)
        if how.way == "features":
            return _by_features(recompose(whole), dataset, settings, run, session)
        return _fine_tuned(recompose(whole), dataset, settings, how, run, session)
    alone = how.way == "finetune" and not has_checkpoint_called(run.folder, "last")
    model, optimizer, position = load_checkpoint(run.folder, "head" if alone else "last")
    start = (position, optimizer)
    if how.way != "features" and not alone:
        opened = OpenedModel(model, name=details.model.name, **known)
        phase = FINE_TUNING if how.way == "finetune" else ""
        return train_network(opened, dataset, settings, run, session, start, phase=phase)
    whole = open_file(run.folder / ("composed.keras" if alone else "initial.keras"))
    composed = recompose(whole.with_(**known))
    copy_state(model, composed.head)
    if alone:
        return _fine_tuned(composed, dataset, settings, how, run, session, start)
    return _by_features(composed, dataset, settings, run, session, start)


def settled(settings: TrainingSettings, how: TransferSettings, composed: Composed) -> TrainingSettings:
    """The settings that are really in force: the base's input, the rate of fine-tuning, no augmentation of
    images that are looked at once."""
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
    save_start(composed.model.keras, run.folder / "initial.keras")
    loss = loss_for(composed.model, settings)
    piped = pipeline_settings(composed.model, settings, loss)
    write_script(run, dataset, piped, loss, composed.model.keras)


def _by_features(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    session: Session,
    start: Any = None,
) -> TrainingResult:
    with running(run, settings, session.control):
        fitted = _train_head(composed, dataset, settings, run, session, start)
        return tested(composed.model, dataset, fitted, run, session)


def _fine_tuned(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    run: Run | None,
    session: Session,
    start: Any = None,
) -> TrainingResult:
    """The classifier alone, then the base with it from a layer on: two parts of one run."""
    before: tuple[EpochRecord, ...] = ()
    with running(run, settings, session.control):
        if how.head_epochs:
            rate = replace(settings.optimizer, learning_rate=max(1e-3, how.fine_rate))
            alone = replace(
                settings, optimizer=rate, epochs=how.head_epochs, augmentation=None, early_stopping=None
            )
            part = {"after": settings.epochs, "phase": CLASSIFIER, "checkpoint": "head"}
            later = _tuning_after(composed, dataset, settings, how)
            fitted = _train_head(composed, dataset, alone, run, session, start, later, **part)
            before = fitted.epochs
            if fitted.outcome != "finished":
                return tested(composed.model, dataset, fitted, run, session)
        unfreeze(composed, how.from_layer)
        if run is not None:
            _keep_start(run, composed, dataset, settings)
        return train_held(composed.model, dataset, settings, run, session, before=before, phase=FINE_TUNING)


def _train_head(
    composed: Composed,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    session: Session,
    start: Any = None,
    later: Later | None = None,
    **part: Any,
) -> Fitted:
    """Train the classifier alone, on what the base makes of each image.

    Args:
        later: what comes after it and before testing, in seconds, given those of an image through the base;
            None: nothing.
    """
    loss, target = loss_for(composed.model, settings), target_for(composed, settings)
    classes, size = len(dataset.classes), settings.batch_size
    unchecked, tests = len(dataset.indices("validation")), len(dataset.indices("test"))

    def rest(images: int) -> Later:
        """So many images through the base, and what comes later."""
        return lambda image: images * image + (0.0 if later is None else later(image))

    session.recorder.stage = "features"
    steered: dict[str, Any] = {"control": session.control, "task": session.task}
    learned = extract_features(
        composed.base, dataset, "train", target, later=rest(unchecked + tests), **steered
    )
    image = learned.image_seconds
    validation = None
    if unchecked:
        checked = extract_features(composed.base, dataset, "validation", target, later=rest(tests), **steered)
        image = image or checked.image_seconds
        validation = FeatureStream(checked, classes, loss.label_mode, size, shuffle=False)
    stream = FeatureStream(
        learned,
        classes,
        loss.label_mode,
        size,
        seed=settings.seed,
        shuffle=settings.shuffle,
        steps_per_epoch=settings.steps_per_epoch,
    )
    weights = class_weights(dataset, settings)
    return fit(
        FitRequest(
            composed.head,
            loss,
            settings,
            stream,
            validation,
            weights,
            run,
            session,
            # Its head is the one that learns: what it says of images can be watched.
            composed.model,
            start=start,
            tests=tests,
            test_image=image,
            own_tests=False,
            after_seconds=_after(later, image),
            **part,
        )
    )


def _after(later: Later | None, image: float | None) -> float | None:
    if later is None:
        return 0.0
    return None if image is None else later(image)


def _tuning_after(
    composed: Composed, dataset: Dataset, settings: TrainingSettings, how: TransferSettings
) -> Later:
    """What fine-tuning will take once the classifier has learned."""
    share = count(composed).tuned_share(how)
    train, validation = len(dataset.indices("train")), len(dataset.indices("validation"))
    images = settings.steps_per_epoch * settings.batch_size if settings.steps_per_epoch else train
    # The classifier's own steps are nothing beside the base's.
    return lambda image: tuning_seconds(share, Timing(image, 0.0), images, validation, settings)
