"""Scores of many altered copies of an image, batch by batch, with progress and cancel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.target import ScoreTarget

_BATCH_VALUES = 16 * 224 * 224 * 3


def batch_size(context: AttributionContext) -> int:
    """How many copies go through the network at once: 16 at 224×224×3, more of smaller ones, at most 256."""
    return int(min(256, max(1, _BATCH_VALUES // context.prepared.batch.size)))


def chunks(count: int, size: int) -> Iterator[slice]:
    """0…count in pieces of at most `size`."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def scored(
    context: AttributionContext,
    target: ScoreTarget,
    batches: Iterable[NDArray[np.float32]],
    count: int,
    task: Task,
    text: str,
) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.float32]]]:
    """Scores and probabilities of batches as they come, with the slice of the whole that they are."""
    done = 0
    task.progress(0.0, text)
    for batch in batches:
        scores, probabilities = context.scores(batch, target)
        piece = slice(done, done + len(batch))
        done = piece.stop
        yield piece, scores, probabilities
        task.progress(done / count, text)
