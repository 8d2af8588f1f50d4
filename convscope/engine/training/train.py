"""Train a network on a data set; resume a run that was interrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.opening import GB
from convscope.core.task import Task
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset, SplitName
from convscope.engine.data.pipeline import PipelineSettings, Stream
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import Splits
from convscope.engine.keras_compat import seeded
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.training.control import Control
from convscope.engine.training.evaluate import Evaluation, evaluate
from convscope.engine.training.loop import (
    Fitted,
    Job,
    class_weights,
    copy_model,
    fit,
    prepared,
)
from convscope.engine.training.losses import Goal, choose
from convscope.engine.training.machines.distribution import Strategy, distribution
from convscope.engine.training.machines.together import seeds_apart
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.observe import Snapshot
from convscope.engine.training.runs.checkpoint import copy_state, load_checkpoint, load_start, save_start
from convscope.engine.training.runs.keeping import finish, running, write_sidecars, writing
from convscope.engine.training.runs.record import Recorder
from convscope.engine.training.runs.run import DataFacts, ModelFacts, Run, RunDetails, now
from convscope.engine.training.runs.script import write_script
from convscope.engine.training.settings import TrainingSettings
from convscope.imaging.io.numpy_files import UNREADABLE, load_archive

# Eight bytes an image.
_LARGEST_SPLIT = GB


@dataclass(frozen=True, eq=False)
class Trained:
    """What came out of a training.

    Attributes:
        model: the trained network; the one that was handed in is as it was.
        fitted: its epochs and how it ended.
        test: on the test images; None if there are none, or nothing was trained.
        run: where it was kept, or None.
        seconds: all that was waited for it, without pauses, and with what earlier parts of the run took.
    """

    model: OpenedModel
    fitted: Fitted
    test: Evaluation | None
    run: Run | None
    seconds: float = 0.0


def goal_of(model: OpenedModel, settings: TrainingSettings) -> Goal:
    """Loss and labels for this network; see `losses.choose`."""
    return choose(settings, model.plain_head.kind, model.plain_head.units)


def split_for(
    dataset: Dataset, settings: TrainingSettings, task: Task | None = None
) -> tuple[Dataset, TrainingSettings]:
    """The data set split as the settings say, and the settings saying how it is split."""
    as_it_is = settings.split in (None, dataset.split_settings)
    split = dataset if as_it_is or settings.split is None else dataset.with_split(settings.split, task)
    return split, replace(settings, split=split.split_settings)


def split_of(
    run: Run, dataset: Dataset, settings: TrainingSettings, task: Task | None = None
) -> tuple[Dataset, TrainingSettings]:
    """`split_for` as a run was split: where pictures were kept together, by the parts that it has kept.

    What resembles what may be judged otherwise by another version of a decoder; what was trained on may not.
    """
    if settings.split is not None and settings.split.together:
        parts: Splits | None = None
        with suppress(*UNREADABLE):
            kept, _ = load_archive(run.folder / "split.npz", _LARGEST_SPLIT, SPLIT_NAMES)
            parts = Splits(*(kept[part].astype(np.int64) for part in SPLIT_NAMES))
        if parts is not None:
            return dataset.with_parts(parts, settings.split), settings
    return split_for(dataset, settings, task)


def pipeline_settings(model: OpenedModel, settings: TrainingSettings, goal: Goal) -> PipelineSettings:
    """How images reach this network."""
    height, width, channels = model.input_shape
    size = settings.size or ((height, width) if height and width else None)
    return PipelineSettings(
        size=size,
        channels=settings.channels or (channels if channels in (1, 3) else None),  # type: ignore[arg-type]
        fit=settings.fit,
        batch_size=settings.batch_size,
        label_mode=goal.label_mode,
        preprocessing=model.preprocessing,
        shuffle=settings.shuffle,
        seed=settings.seed,
        augmentation=settings.augmentation,
        cache_mb=settings.cache_mb,
    )


def train(
    model: OpenedModel | Any,
    dataset: Dataset,
    settings: TrainingSettings | None = None,
    *,
    name: str = "",
    folder: Path | None = None,
    control: Control | None = None,
    recorder: Recorder | None = None,
    show: Callable[[Snapshot], None] | None = None,
    strategy: Strategy = "none",
    task: Task | None = None,
) -> Trained:
    """Train a copy of a network.

    Args:
        model: an opened model, or any Keras model; it is not changed.
        dataset: split as the settings say, or as it is already.
        settings: None: the defaults.
        name: of the run, for people.
        folder: keep the run here (empty or new); None: keep nothing.
        control, recorder: made by whoever wants to steer and watch from another thread.
        show: gets live looks into the network, on the training thread.
        strategy: "mirrored": the same run on all graphics cards of this machine. "multiworker": on all
            machines that TF_CONFIG names, each of which has to call this; only the first, the chief, keeps
            and tests anything.

    Raises:
        UserError: model, data and settings do not fit together (see `checks` for the mends), the folder is
            taken, memory is not enough.
        Cancelled: the task was; the run can be resumed.
    """
    settings, task, control = settings or TrainingSettings(), task or Task(), control or Control()
    opened = model if isinstance(model, OpenedModel) else OpenedModel(model)
    opened = prepared(opened, settings)
    split, settings = split_for(dataset, settings, task)
    refuse_misfits(opened, split, settings)
    distributed = distribution(strategy, split, settings, task)
    workers = distributed if isinstance(distributed, Workers) else None
    scope = distributed.strategy if isinstance(distributed, Workers) else distributed
    task.progress(0.0, "Preparing")
    # One seed for everything random: dropout here, new weights where a caller made them under it before.
    with scope.scope() if scope else nullcontext(), seeded(settings.seed):
        copy = copy_model(opened.keras)
    trained = _opened_copy(copy, opened, split)
    details = details_of(opened, split, settings, name)
    if workers is not None:
        _same_everywhere(workers, copy, details)
    run = None
    if folder is not None and (workers is None or workers.cluster.is_chief):
        run = Run.create(folder, details)
        with writing(run):
            save_start(copy, run.folder / "initial.keras")
            write_sidecars(run, trained)
            goal = goal_of(trained, settings)
            write_script(run, split, pipeline_settings(trained, settings, goal), goal, copy)
    return train_opened(
        trained,
        split,
        settings,
        run,
        control,
        recorder,
        show,
        task,
        None,
        strategy=scope,
        workers=workers,
    )


def _same_everywhere(workers: Workers, model: Any, details: RunDetails, epochs: int = 0) -> None:
    """Make sure that all workers train the same, and give them the chief's weights.

    Raises:
        UserError: they do not, or one is gone.
    """
    # What it is called, and where it lies, may differ.
    told = replace(
        details,
        name="",
        created="",
        model=replace(details.model, name="", spec=""),
        data=replace(details.data, reference="", title=""),
    )
    workers.agree(f"{told.to_json()} {epochs} {model.to_json()}")
    model.set_weights(workers.from_chief(model.get_weights()))
    seeds_apart(model, workers)


def resume(
    run: Run,
    dataset: Dataset | None = None,
    *,
    epochs: int | None = None,
    control: Control | None = None,
    recorder: Recorder | None = None,
    show: Callable[[Snapshot], None] | None = None,
    strategy: Strategy = "none",
    task: Task | None = None,
) -> Trained:
    """Go on with a run from its last whole epoch, as if it had not been interrupted.

    One that was cut off in its first epoch starts again, with the same weights and seeds.

    Args:
        dataset: None: the one that the run names.
        epochs: train for more epochs than was planned; None: as planned. Of fine-tuning, those since the base
            was thawed.
        strategy: as `train`; all machines have to see the run's folder.

    Raises:
        UserError: nothing to begin with, no epochs left, or the data has changed since.
        Cancelled: the task was.
    """
    task, control = task or Task(), control or Control()
    details = run.details
    settings = details.settings if epochs is None else replace(details.settings, epochs=epochs)
    _refuse_without_epochs(run, details, epochs)
    dataset = dataset or open_dataset(details.data.reference, task)
    split, settings = split_of(run, dataset, settings, task)
    if data_fingerprint(split) != details.data.fingerprint:
        raise UserError(
            f"{split.title} has changed since {details.name} was started, so it cannot go on where it stood: "
            "start a new run."
        )
    if details.transfer is not None and strategy != "none":
        raise UserError("A run that uses a pretrained network goes on on one machine: leave --strategy away.")
    distributed = distribution(strategy, split, settings, task)
    workers = distributed if isinstance(distributed, Workers) else None
    keeps = workers is None or workers.cluster.is_chief
    if settings.epochs != details.settings.epochs and keeps:
        # Whoever resumes it once more, after a crash, goes on to the same end.
        planned = replace(details.settings, epochs=settings.epochs)
        with writing(run):
            run.set_details(replace(details, settings=planned))
    task.progress(None, "Reading the checkpoint")
    watchers: Any = {"control": control, "recorder": recorder, "show": show, "task": task}
    if details.transfer is not None:
        # transfer itself trains through this module.
        from convscope.engine.training.transfer.transfer import resume_transfer

        with seeded(settings.seed):
            return resume_transfer(run, split, settings, **watchers)
    with seeded(settings.seed):
        start: tuple[Any, list[Any]] | None = None
    if run.starts_again:
        model = load_start(run.start_path)
    else:
        model, optimizer, position = load_checkpoint(run.folder)
        start = (position, optimizer)
    more: dict[str, Any] = {}
    if workers is not None:
        source = model
        with workers.strategy.scope():
            model = copy_model(source, weights=False)
        copy_state(source, model)
        _same_everywhere(workers, model, replace(details, settings=settings), len(run.history))
        more = {"strategy": workers.strategy, "workers": workers}
    elif distributed is not None:
        raise UserError("A run goes on on one machine's processor, or with --strategy multiworker.")
    trained = OpenedModel(
        model,
        name=details.model.name,
        classes=details.data.classes,
        preprocessing=details.preprocessing,
        source=ModelSource("memory", details.model.spec, weights="trained"),
    )
    kept = run if keeps else None
    return train_opened(trained, split, settings, kept, control, recorder, show, task, start, **more)


def _refuse_without_epochs(run: Run, details: RunDetails, epochs: int | None) -> None:
    done = len(run.history)
    if epochs is None and run.state == "finished":
        raise UserError(
            f"{details.name} is finished after {done} epochs: to go on with it, say how many epochs it is to "
            "have in all."
        )
    if epochs is not None and 0 < epochs + details.head_epochs < done:
        raise UserError(
            f"{details.name} has {done} epochs already: to go on with it, say a larger number than "
            f"{done - details.head_epochs}."
        )


def train_opened(
    trained: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    control: Control,
    recorder: Recorder | None,
    show: Callable[[Snapshot], None] | None,
    task: Task,
    start: tuple[Any, list[Any]] | None,
    **more: Any,
) -> Trained:
    """Train this very model; `train` and `transfer` end here.

    Args:
        trained: it changes.
        run: prepared by the caller, or None.
        start, more: see `Job`.
    """
    with running(run, settings, control):
        return train_held(trained, dataset, settings, run, control, recorder, show, task, start, **more)


def train_held(
    trained: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    run: Run | None,
    control: Control,
    recorder: Recorder | None,
    show: Callable[[Snapshot], None] | None,
    task: Task,
    start: tuple[Any, list[Any]] | None,
    **more: Any,
) -> Trained:
    """`train_opened` for a caller who holds the run already, as inside `running`."""
    goal = goal_of(trained, settings)
    piped = pipeline_settings(trained, settings, goal)
    validation = len(dataset.indices("validation")) > 0
    workers: Workers | None = more.get("workers")
    share = (0, 1) if workers is None else workers.share
    job = Job(
        trained.keras,
        goal,
        settings,
        Stream(dataset, "train", piped, steps_per_epoch=settings.steps_per_epoch, share=share),
        Stream(dataset, "validation", piped, share=share) if validation else None,
        class_weights(dataset, settings),
        run,
        control,
        recorder,
        task,
        trained,
        show,
        start=start,
        tests=len(dataset.indices("test")),
        **more,
    )
    fitted = fit(job)
    if workers is not None:
        workers.leave()
        if not workers.cluster.is_chief:
            return Trained(trained, fitted, None, None, control.elapsed)
    return ended(trained, dataset, fitted, run, control, task)


def ended(
    trained: OpenedModel, dataset: Dataset, fitted: Fitted, run: Run | None, control: Control, task: Task
) -> Trained:
    """Test what came out, and keep it."""
    trained.refresh()
    test = test_of(trained, dataset, fitted, task)
    seconds = control.elapsed if run is None else finish(run, trained, fitted, test, control)
    return Trained(trained, fitted, test, run, seconds)


def test_of(model: OpenedModel, dataset: Dataset, fitted: Fitted, task: Task) -> Evaluation | None:
    """The evaluation on the test images, or None if there are none or the weights are no numbers."""
    if not len(dataset.indices("test")) or fitted.outcome == "diverged":
        return None
    return evaluate(model, dataset, "test", task=task)


def data_fingerprint(dataset: Dataset) -> str:
    """A short text that changes with any image's name or size, any label and any split."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\n".join(dataset.classes).encode())
    digest.update(np.ascontiguousarray(dataset.labels).tobytes())
    parts: tuple[SplitName, ...] = ("train", "validation", "test")
    for part in parts:
        digest.update(np.ascontiguousarray(dataset.indices(part)).tobytes() + b"|")
    for index in range(len(dataset)) if dataset.kind == "files" else range(0, len(dataset), 97):
        digest.update(dataset.images.name(index).encode())
        path = dataset.images.path(index)
        if path is not None:
            # A file that has gone has no size.
            with suppress(OSError):
                digest.update(f"|{path.stat().st_size}".encode())
        if dataset.kind == "arrays":
            digest.update(dataset.images.digest(index))
    return digest.hexdigest()


def details_of(
    model: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    name: str,
    transfer: Any = None,
    weights: str = "",
) -> RunDetails:
    """What a new run's settings.json says; `weights` where they are not the model's own."""
    return RunDetails(
        name or f"{model.name} on {dataset.title}",
        now(),
        settings,
        ModelFacts(
            model.name, model.source.spec, int(model.keras.count_params()), weights or model.source.weights
        ),
        DataFacts(dataset.reference, dataset.title, dataset.classes, data_fingerprint(dataset)),
        model.preprocessing,
        transfer,
    )


def _opened_copy(copy: Any, model: OpenedModel, dataset: Dataset) -> OpenedModel:
    return OpenedModel(
        copy,
        name=model.name,
        classes=dataset.classes,
        preprocessing=model.preprocessing,
        source=ModelSource("memory", model.source.spec, weights="trained"),
    )


def refuse_misfits(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> None:
    """Raise the first error that `checks` finds.

    Raises:
        UserError: with the mend in words.
    """
    from convscope.engine.training.checks import check

    for finding in check(model, dataset, settings):
        if finding.severity == "error":
            mend = f" {finding.mend.text}." if finding.mend else ""
            raise UserError(finding.text + mend)


def new_weights(model: OpenedModel, seed: int) -> OpenedModel:
    """The same architecture with new random weights; the same seed gives the same ones.

    The model handed in is not changed.

    Raises:
        UserError: it is code of its own, which cannot be copied.
    """
    with seeded(seed):
        copy = copy_model(model.keras, weights=False)
    return OpenedModel(
        copy,
        name=model.name,
        classes=model.classes,
        preprocessing=model.preprocessing,
        source=replace(model.source, weights="random"),
    )
