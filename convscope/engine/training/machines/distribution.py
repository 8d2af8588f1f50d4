"""Training on all cards of a machine, or on several machines, by tf.distribute."""

from __future__ import annotations

from typing import Any, Literal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.training.machines.workers import meet
from convscope.engine.training.settings import TrainingSettings

Strategy = Literal["none", "mirrored", "multiworker"]


def distribution(strategy: Strategy, dataset: Dataset, settings: TrainingSettings, task: Task) -> Any:
    """The tf.distribute.Strategy of one machine, `Workers`, or None.

    Raises:
        UserError: not all workers have come, or batches cannot be shared out among cards or workers.
        Cancelled: the task was, while the others were waited for.
    """
    if strategy == "none":
        return None
    if strategy == "multiworker":
        workers = meet(task)
        _refuse_few(dataset, settings.batch_size, workers.replicas * workers.share[1], "workers")
        return workers
    import tensorflow as tf

    made = tf.distribute.MirroredStrategy()
    cards, batch = made.num_replicas_in_sync, settings.batch_size
    # Keras fails where the first batch cannot be shared evenly, and where a card gets no image at all.
    if batch % cards:
        raise UserError(
            f"A batch of {batch} cannot be shared evenly by {cards} cards: make it a multiple of {cards}."
        )
    _refuse_few(dataset, batch, cards, "cards")
    return made


def _refuse_few(dataset: Dataset, batch: int, takers: int, called: str) -> None:
    for part in ("train", "validation"):
        images = len(dataset.indices(part))
        left = images % batch or min(batch, images)
        if 0 < left < takers:
            raise UserError(
                f"The last batch of the {part} images has {left}, fewer than the {takers} {called}: "
                "choose another batch size."
            )
