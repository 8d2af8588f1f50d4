"""A run begun again: its initial weights, data and settings, to change one thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convscope.core.task import Task
from convscope.ui.panels.train.settings.plan import Plan, Prepared, plan_training, reopened
from convscope.ui.panels.train.transfer.plan import plan_transfer

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.transfer.transfer_model import TransferSettings


@dataclass(frozen=True, eq=False)
class Way:
    """How a run has used a pretrained base, which is repeated as a whole.

    Attributes:
        base: as it was before, without a classifier.
        how: what was done with it.
    """

    base: OpenedModel
    how: TransferSettings


def begun_again(run: Run, task: Task) -> tuple[Prepared, Way | None]:
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
    return prepared, Way(base_of(prepared.model), from_plain(TransferSettings, transfer, "transfer"))


def plan_again(
    model: OpenedModel, dataset: Dataset, settings: TrainingSettings, name: str, way: Way | None
) -> Plan:
    """Train from these initial weights, or use the base in that way once more.

    Raises:
        UserError: the learning rate is none for fine-tuning.
    """
    if way is None:
        return plan_training(model, dataset, settings, name)
    how = way.how
    if how.way == "finetune":
        # The settings of such a run hold the rate of its second part.
        how = replace(how, fine_rate=settings.optimizer.learning_rate)
    plan = plan_transfer(way.base, dataset, settings, how, name=name, bare=True)
    return replace(plan, apart=False, repeats=way)
