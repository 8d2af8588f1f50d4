"""A training to start, by whatever way: what to call, and what is known before its first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.ids import file_id
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.checks import Finding
    from convscope.engine.training.control import Control
    from convscope.engine.training.loss import LossChoice
    from convscope.engine.training.record import Recorder
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train_network import TrainingResult
    from convscope.engine.training.transfer.transfer_model import TransferSettings, TransferStrategy

SAMPLES = 6
WAY_WORDS: dict[TransferStrategy, str] = {
    "features": "features",
    "frozen": "frozen base",
    "finetune": "fine-tuned",
}


@dataclass(frozen=True, eq=False)
class SampleImages:
    """A few images whose predictions are followed.

    Attributes:
        pixels: each uint8, H×W×3.
        labels: their classes.
        batch: the same, prepared for the network, float32 (n, height, width, channels).
    """

    pixels: tuple[NDArray[np.uint8], ...]
    labels: tuple[int, ...]
    batch: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PreparedTraining:
    """What a training knows once its data and its network are open; sent by `task.partial` before it starts.

    Attributes:
        model: the network with its initial weights; nothing changes it.
        dataset: split as it is trained on.
        settings: in force.
        input: what images are really brought to.
        steps: batches an epoch.
        samples: to follow; None: none.
        first_learns: whether the first convolution is trained.
        batches: the values of the batches of an earlier part of this run, by name, since its very start.
        run: the id of the run: its folder's name.
    """

    model: OpenedModel
    dataset: Dataset
    settings: TrainingSettings
    input: InputSettings
    steps: int
    samples: SampleImages | None = None
    first_learns: bool = True
    batches: Mapping[str, Sequence[float]] = field(default_factory=dict)
    run: str = ""


@dataclass(frozen=True, eq=False)
class Rerun:
    """How a run has used a pretrained base, which is repeated as a whole.

    Attributes:
        base: as it was before, without a classifier.
        how: what was done with it.
    """

    base: OpenedModel
    how: TransferSettings


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """A training to start.

    Attributes:
        name: of the run, for people.
        settings: what the live charts need to know beforehand: the epochs and the first learning rate.
        head_epochs: epochs of a new classifier alone before the base is unfrozen; not among the settings'.
        new_classifier: a new classifier on a base, with settings of its own beside those of the left column.
        base: the network that gets a new classifier; None: networks are trained as they are.
        rerun: the way of using a base that it does once more, with the settings of the left column.
        function: runs in the "training" lane. It sends `PreparedTraining` and then every `NetworkSnapshot` by
            `task.partial` (hand `task.partial` to the engine as `show`), and returns what came out.
    """

    name: str
    settings: TrainingSettings
    function: Callable[[Control, Recorder, Task], TrainingResult]
    head_epochs: int = 0
    new_classifier: bool = False
    rerun: Rerun | None = None
    base: OpenedModel | None = None

    @property
    def epochs(self) -> int:
        return self.settings.epochs + self.head_epochs


@dataclass(frozen=True, eq=False)
class SettingsCheck:
    """What is known about model, data and settings before the start.

    Attributes:
        findings: what does not fit together, errors first.
        goal: loss and labels; None if the network tells no classes.
        images: to train, to validate, to test.
        unreadable: files that a training leaves out, as far as they were known then.
    """

    findings: tuple[Finding, ...]
    goal: LossChoice | None
    images: tuple[int, int, int]
    unreadable: int = 0


@dataclass(frozen=True, eq=False)
class FinishedTraining:
    """A training of this workspace that has ended by itself or was stopped.

    Attributes:
        name: of the run.
        trained: what came out.
        dataset: as it was split.
        settings: that were in force.
    """

    name: str
    trained: TrainingResult
    dataset: Dataset
    settings: TrainingSettings

    @cached_property
    def model(self) -> OpenedModel:
        """The network under the run's name: the same one, by its id, as the run's file opens."""
        model = self.trained.model.with_()
        model.name = self.name
        path = self.trained.run.model_path if self.trained.run is not None else None
        if path is not None and path.exists():
            model.id = file_id(path)
        return model


def plan_training(
    model: OpenedModel, dataset: Dataset, settings: TrainingSettings, name: str
) -> TrainingPlan:

    def work(control: Control, recorder: Recorder, task: Task) -> TrainingResult:
        from convscope.engine.training.runs.run import new_folder
        from convscope.engine.training.train import train

        folder = new_folder(name)
        task.partial(prepare(model, dataset, settings, run=folder.name))
        return train(
            model,
            dataset,
            settings,
            name=name,
            folder=folder,
            control=control,
            recorder=recorder,
            show=task.partial,
            task=task,
        )

    return TrainingPlan(name, settings, work)


def plan_resuming(run: Run, epochs: int | None = None) -> TrainingPlan:
    """Go on with an interrupted run.

    Args:
        epochs: for more epochs than was planned; None: as planned.

    Raises:
        UserError: its settings cannot be read.
    """

    def work(control: Control, recorder: Recorder, task: Task) -> TrainingResult:
        from convscope.engine.training.train import resume

        prepared = reopened(run, task)
        task.partial(prepared)
        return resume(
            run,
            prepared.dataset,
            epochs=epochs,
            control=control,
            recorder=recorder,
            show=task.partial,
            task=task,
        )

    details = run.details
    settings = replace(details.settings, epochs=epochs or details.settings.epochs)
    return TrainingPlan(details.name, settings, work, details.head_epochs, details.transfer is not None)


def plan_transfer(
    base: OpenedModel,
    dataset: Dataset,
    settings: TrainingSettings,
    how: TransferSettings,
    *,
    name: str = "",
    bare: bool = False,
) -> TrainingPlan:
    """A training of a new classifier on a pretrained base, in one of the three ways.

    Args:
        name: of the run; "" makes one up.
        bare: the base has no classifier to cut off.
    """
    before = how.head_epochs if how.way == "finetune" else 0
    name = name or f"{base.name}, {WAY_WORDS[how.way]}, on {dataset.title}"

    def work(control: Control, recorder: Recorder, task: Task) -> TrainingResult:
        from convscope.engine.training.copy_network import with_fit
        from convscope.engine.training.data import split_for
        from convscope.engine.training.runs.run import new_folder
        from convscope.engine.training.transfer.transfer import settled, transfer
        from convscope.engine.training.transfer.transfer_model import compose, unfreeze

        split, own = split_for(dataset, settings)
        task.progress(None, "Composing the network")
        size = own.size or split.image_size
        composed = compose(with_fit(base, own), split.classes, how, size=size, seed=own.seed, bare=bare)
        if how.way == "finetune":
            unfreeze(composed, how.from_layer)
        folder = new_folder(name)
        task.partial(prepare(composed.model, split, settled(own, how, composed), run=folder.name))
        return transfer(
            base,
            dataset,
            settings,
            how,
            bare=bare,
            name=name,
            folder=folder,
            control=control,
            recorder=recorder,
            show=task.partial,
            task=task,
        )

    return TrainingPlan(name, settings, work, before, new_classifier=True, base=base)


def open_rerun(run: Run, task: Task) -> tuple[PreparedTraining, Rerun | None]:
    """A run's start, and the way it used a base if it did; for a job.

    Raises:
        UserError: the data or the file has gone.
    """
    from convscope.engine.training.settings import from_plain
    from convscope.engine.training.transfer.transfer_model import TransferSettings, base_of

    prepared, transfer = reopened(run, task), run.details.transfer
    # The curves are those of a new run.
    prepared = replace(prepared, batches={})
    if transfer is None:
        return prepared, None
    return prepared, Rerun(base_of(prepared.model), from_plain(TransferSettings, transfer, "transfer"))


def plan_rerun(
    model: OpenedModel, dataset: Dataset, settings: TrainingSettings, name: str, rerun: Rerun | None
) -> TrainingPlan:
    """Train from these initial weights, or use the base in that way once more.

    Raises:
        UserError: the learning rate is none for fine-tuning.
    """
    if rerun is None:
        return plan_training(model, dataset, settings, name)
    how = rerun.how
    if how.way == "finetune":
        # The settings of such a run hold the rate of its second part.
        how = replace(how, fine_rate=settings.optimizer.learning_rate)
    plan = plan_transfer(rerun.base, dataset, settings, how, name=name, bare=True)
    return replace(plan, new_classifier=False, rerun=rerun)


def reopened(run: Run, task: Task) -> PreparedTraining:
    """A run's network with its initial weights, its data and its settings; for a job.

    Raises:
        UserError: the data or the file has gone.
    """
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.files.open_file import open_file
    from convscope.engine.training.data import split_of

    details = run.details
    dataset, settings = split_of(run, open_dataset(details.data.reference, task), details.settings, task)
    task.check()
    opened = open_file(run.start_path, task)
    model = opened.with_(classes=details.data.classes, preprocessing=details.preprocessing)
    model.name = details.model.name
    return prepare(model, dataset, settings, batches=run.batches, run=run.folder.name)


def prepare(
    model: OpenedModel, dataset: Dataset, settings: TrainingSettings, **more: Any
) -> PreparedTraining:
    """Split the data and choose the samples to follow: one a class, from the images that validate; for a job.

    Args:
        more: further fields of `PreparedTraining`.
    """
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.training.data import pipeline_settings, split_for
    from convscope.engine.training.loss import loss_for
    from convscope.engine.training.snapshots import first_learns

    split, settings = split_for(dataset, settings)
    piped = pipeline_settings(model, settings, loss_for(model, settings))
    used = InputSettings(piped.size or split.image_size, piped.channels, piped.fit)
    steps = settings.steps_per_epoch or -(-len(split.indices("train")) // settings.batch_size)
    learns = first_learns(model)
    return PreparedTraining(
        model, split, settings, used, steps, _samples(model, split, settings), learns, **more
    )


def _samples(model: OpenedModel, dataset: Dataset, settings: TrainingSettings) -> SampleImages | None:
    from convscope.engine.data.resize import Target

    height, width, channels = model.input_shape
    size = (height, width) if height and width else settings.size or dataset.image_size
    if size is None or channels not in (1, 3):
        return None
    part = "validation" if len(dataset.indices("validation")) else "train"
    found: list[int] = []
    # Classes spread over all of them, so that a hundred classes give six different ones.
    for label in np.unique(np.linspace(0, len(dataset.classes) - 1, SAMPLES).round().astype(int)):
        found += dataset.of_class(int(label), part)[:1].tolist()  # type: ignore[arg-type]
    target = Target(*size, 1 if channels == 1 else 3, settings.fit)
    pixels, good = dataset.images.load(np.array(found, np.int64), target)
    rows = np.flatnonzero(good)
    if not len(rows):
        return None
    chosen = pixels[rows]
    pictures = tuple(np.repeat(image, 3, axis=2) if channels == 1 else image for image in chosen)
    labels = tuple(int(dataset.labels[found[row]]) for row in rows)
    return SampleImages(pictures, labels, model.preprocessing.apply(chosen))
