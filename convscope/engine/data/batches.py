"""Which images are in which batch: a function of the seed and the epoch, and of nothing else.

So a run that was interrupted can go on as if it had not been, and a plain script can repeat a run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError


class Batches:
    """Some images, in batches, in a new order each round.

    Order number r is `numpy.random.default_rng([seed, r]).permutation(indices)`.

    Args:
        indices: what to put in order, int64.
        batch_size: of all batches but the last of a round.
        seed: of the order.
        shuffle: False: the order of `indices`, always.
        steps_per_epoch: None: an epoch is a round. Epochs that are shorter or longer go on in the order of
            the round, and a new round begins when it is through.

    Attributes:
        steps: batches in an epoch.
        epoch: which epoch the next iteration of `data` yields; whoever iterates sets it before.
        data: what subclasses make: a tf.data.Dataset of (inputs, labels).
        error: what went wrong in a worker thread, where an exception would lose its words.
    """

    data: Any

    def __init__(
        self,
        indices: NDArray[np.int64],
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        steps_per_epoch: int | None = None,
    ) -> None:
        self.indices, self.batch_size, self.seed, self.shuffle = indices, batch_size, seed, shuffle
        self._round_steps = -(-len(indices) // batch_size)
        self.steps = steps_per_epoch or self._round_steps
        self.epoch = 0
        self.error: UserError | None = None
        self._order: tuple[int, NDArray[np.int64]] = (-1, indices)

    @property
    def images(self) -> int:
        """How many are in an epoch."""
        return len(self.indices) if self.steps == self._round_steps else self.steps * self.batch_size

    def batch_number(self, epoch: int, step: int) -> int:
        """The number of a batch since the beginning, from 0."""
        return epoch * self.steps + step

    def batch_indices(self, epoch: int, step: int) -> NDArray[np.int64]:
        """The images in a batch."""
        round_, position = divmod(self.batch_number(epoch, step), self._round_steps)
        order = self._order_of(round_) if self.shuffle else self.indices
        return order[position * self.batch_size : (position + 1) * self.batch_size]

    def batch_length(self, epoch: int, step: int) -> int:
        """How many images are in a batch."""
        position = self.batch_number(epoch, step) % self._round_steps
        return min(self.batch_size, len(self.indices) - position * self.batch_size)

    def _order_of(self, round_: int) -> NDArray[np.int64]:
        # Threads that read ahead may both compute it; each gets the right one.
        kept = self._order
        if kept[0] != round_:
            kept = (round_, np.random.default_rng([self.seed, round_]).permutation(self.indices))
            self._order = kept
        return kept[1]
