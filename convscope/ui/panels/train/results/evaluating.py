"""What came of a run, brought together: the network, the data as it was split, the evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui.panels.train.settings.plan import Finished
from convscope.ui.panels.train.transfer.machine import Machine

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset, SplitName
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.evaluate import Evaluation
    from convscope.engine.training.runs.run import Run


# What has learned: a training of this workspace, a run, or a machine on a network's features.
Source = Union[Finished, "Run", Machine]


@dataclass(frozen=True, eq=False)
class Outcome:
    """One network on one part of its data.

    Attributes:
        name: of the run.
        source: where it came from.
        model: the trained network; None where there is none.
        dataset: split as it was for training.
        evaluation: on one of its parts.
    """

    name: str
    source: Source
    model: OpenedModel | None
    dataset: Dataset
    evaluation: Evaluation


def outcome_of(source: Source, split: SplitName, known: Outcome | None, task: Task) -> Outcome:
    """Evaluate what a run or a machine has learned on a part of its data; for a job.

    Args:
        known: an outcome of the same source, whose network and data are open already.

    Raises:
        UserError: network or data have gone, or the part is empty.
    """
    from convscope.engine.training.evaluate import evaluate

    if isinstance(source, Machine):
        return Outcome(source.name, source, None, source.dataset, source.evaluate(split, task))
    model: OpenedModel | None
    if isinstance(source, Finished):
        trained = source.trained
        name, model, dataset = source.name, source.model, source.dataset
        if trained.test is not None and split == trained.test.split:
            return Outcome(name, source, model, dataset, trained.test)
    elif known is not None:
        name, model, dataset = known.name, known.model, known.dataset
    else:
        name, model, dataset = _opened(source, task)
    assert model is not None
    return Outcome(name, source, model, dataset, evaluate(model, dataset, split, task=task))


def _opened(run: Run, task: Task) -> tuple[str, OpenedModel, Dataset]:
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.files.open_file import open_file
    from convscope.engine.training.data import data_fingerprint, split_of

    details, path = run.details, run.model_path
    if path is None:
        raise UserError(f"{details.name} ended before it had learned anything: there is nothing to show.")
    dataset, _ = split_of(run, open_dataset(details.data.reference, task), details.settings, task)
    if data_fingerprint(dataset) != details.data.fingerprint:
        raise UserError(
            f"{details.data.title} is not what it was when {details.name} was trained: images that it "
            f"learned from could be among those that test it now."
        )
    opened = open_file(path, task)
    model = opened.with_(classes=details.data.classes, preprocessing=details.preprocessing)
    model.name = details.name
    return details.name, model, dataset
