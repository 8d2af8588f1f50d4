"""Train a network on a data set; resume a run that was interrupted, in whatever way it was trained."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.keras_compat import seeded
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.training.checks import refuse_misfits
from convscope.engine.training.control import Control
from convscope.engine.training.copy_network import copy_model, with_fit
from convscope.engine.training.data import data_fingerprint, pipeline_settings, split_for, split_of
from convscope.engine.training.fit_together import seeds_apart
from convscope.engine.training.loss import loss_for
from convscope.engine.training.machines.distribution import Strategy, distribution
from convscope.engine.training.machines.workers import Workers
from convscope.engine.training.record import Recorder
from convscope.engine.training.run_lifecycle import write_sidecars, writing
from convscope.engine.training.runs.checkpoint import copy_state, load_checkpoint, load_start, save_start
from convscope.engine.training.runs.run import Run, RunDetails
from convscope.engine.training.runs.script import write_script
from convscope.engine.training.session import Session
from convscope.engine.training.settings import TrainingSettings
from convscope.engine.training.snapshots import NetworkSnapshot
from convscope.engine.training.train_network import TrainingResult, details_of, train_network
from convscope.engine.training.transfer.transfer import resume_transfer


def train(
    model: OpenedModel | Any,
    dataset: Dataset,
    settings: TrainingSettings | None = None,
    *,
    name: str = "",
    folder: Path | None = None,
    control: Control | None = None,
    recorder: Recorder | None = None,
    show: Callable[[NetworkSnapshot], None] | None = None,
    strategy: Strategy = "none",
    task: Task | None = None,
) -> TrainingResult:
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
        UserError: model, data and settings do not fit together (see `checks` for the fixes), the folder is
            taken, memory is not enough.
        Cancelled: the task was; the run can be resumed.
    """
    settings, session = settings or TrainingSettings(), Session.of(control, recorder, task, show)
    task = session.task
    opened = with_fit(model if isinstance(model, OpenedModel) else OpenedModel(model), settings)
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
            loss = loss_for(trained, settings)
            write_script(run, split, pipeline_settings(trained, settings, loss), loss, copy)
    return train_network(trained, split, settings, run, session, strategy=scope, workers=workers)


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
    show: Callable[[NetworkSnapshot], None] | None = None,
    strategy: Strategy = "none",
    task: Task | None = None,
) -> TrainingResult:
    """Go on with a run from its last whole epoch, as if it had not been interrupted.

    One that was cut off in its first epoch starts again, with the same weights and seeds.

    Args:
        dataset: None: the one that the run names.
        epochs: train for more epochs than was planned; None: as planned. Of fine-tuning, those since the base
            was unfrozen.
        strategy: as `train`; all machines have to see the run's folder.

    Raises:
        UserError: nothing to begin with, no epochs left, or the data has changed since.
        Cancelled: the task was.
    """
    session = Session.of(control, recorder, task, show)
    task, details = session.task, run.details
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
    if details.transfer is not None:
        with seeded(settings.seed):
            return resume_transfer(run, split, settings, session)
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
    return train_network(trained, split, settings, kept, session, start, **more)


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


def _opened_copy(copy: Any, model: OpenedModel, dataset: Dataset) -> OpenedModel:
    return OpenedModel(
        copy,
        name=model.name,
        classes=dataset.classes,
        preprocessing=model.preprocessing,
        source=ModelSource("memory", model.source.spec, weights="trained"),
    )
