"""Training on all cards of a machine, by tf.distribute."""

from __future__ import annotations

from typing import Any, Literal

from convscope.engine.data.dataset import Dataset
from convscope.engine.training.settings import TrainingSettings
from convscope.errors import UserError

Strategy = Literal["none", "mirrored", "multiworker"]


def distribution(strategy: Strategy, dataset: Dataset, settings: TrainingSettings) -> Any:
    """The tf.distribute.Strategy, or None.

    Raises:
        UserError: it does not work, or batches cannot be shared out among its cards.
    """
    if strategy == "none":
        return None
    if strategy == "multiworker":
        raise UserError(
            "Training on several machines does not work: the fit of Keras 3 fails on TensorFlow's "
            "MultiWorkerMirroredStrategy (keras issue 20585); mirrored uses all cards of one machine."
        )
    import tensorflow as tf

    made = tf.distribute.MirroredStrategy()
    cards, batch = made.num_replicas_in_sync, settings.batch_size
    # Keras fails where the first batch cannot be shared evenly, and where a card gets no image at all.
    if batch % cards:
        raise UserError(
            f"A batch of {batch} cannot be shared evenly by {cards} cards: make it a multiple of {cards}."
        )
    for part in ("train", "validation"):
        left = len(dataset.indices(part)) % batch
        if 0 < left < cards:
            raise UserError(
                f"The last batch of the {part} images has {left}, fewer than the {cards} cards: "
                "choose another batch size."
            )
    return made
