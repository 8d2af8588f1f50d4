"""Deletion and insertion: does the class go when the hottest pixels go, and come when they come?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.fills import FILLS, filled
from convscope.engine.interpret.attribution.masking import batch_size, chunks, scored
from convscope.engine.interpret.attribution.result import Attribution
from convscope.imaging.overlay import upsample


@dataclass(frozen=True, eq=False)
class Curves:
    """The two curves of one map (Petsiuk, Das and Saenko, 2018, section 4.3).

    Attributes:
        title: "Grad-CAM: espresso".
        fractions: shares of the pixels that were taken, or given, 0 to 1.
        deletion: the target's probability after the hottest pixels were taken; shorter while it grows.
        insertion: after they were given to a picture without content; shorter while it grows.
        deletion_area: under that curve, 0–1: the smaller the better; NaN while it grows.
        insertion_area: the larger the better.
        fill, start: what stands for taken pixels, and what they are given to.
        note: what the numbers mean.
        what: what falls and rises: "probability", 0–1, or of a number that is no class its "score".
    """

    title: str
    fractions: NDArray[np.float32]
    deletion: NDArray[np.float32]
    insertion: NDArray[np.float32]
    deletion_area: float
    insertion_area: float
    fill: str
    start: str
    note: str
    what: str = "probability"

    @property
    def range(self) -> tuple[float, float]:
        """From the smallest to the largest value that is shown: 0 and 1 for probabilities."""
        values = np.concatenate([self.deletion, self.insertion])
        if self.what == "probability" or not len(values):
            return 0.0, 1.0
        low, high = float(values.min()), float(values.max())
        return (low, high) if high > low else (low - 0.5, low + 0.5)


def curves(
    context: AttributionContext,
    attribution: Attribution,
    *,
    steps: int = 32,
    fill: str = "gray",
    start: str = "blurred",
    task: Task | None = None,
) -> Curves:
    """Take the pixels away, the hottest first, and give them back in the same order.

    Args:
        context: the image before the model.
        attribution: a map of this image; enlarged bilinearly to the network's input.
        steps: how many times an equal share of the pixels goes; 2·steps + 2 forward passes.
        fill: what stands for a taken pixel, one of `FILLS`; gray is about the middle of a network's range.
        start: what insertion begins with, one of `FILLS`.
        task: for progress and cancel; gets growing `Curves`.

    Raises:
        UserError: steps or fills that cannot be.
    """
    task = task or Task()
    if not 1 <= steps <= 1000:
        raise UserError(f"The curves take 1 to 1,000 steps, not {steps}.")
    for word in (fill, start):
        if word not in FILLS:
            raise UserError(f"There is no fill called {word}: choose one of {', '.join(FILLS)}.")
    relevance = upsample(attribution.relevance, *context.size)
    places = np.empty(relevance.size, np.int64)
    places[np.argsort(-relevance.ravel(), kind="stable")] = np.arange(relevance.size)
    rank = places.reshape(relevance.shape)
    fractions = np.linspace(0, 1, steps + 1, dtype=np.float32)
    counts = np.rint(np.linspace(0, relevance.size, steps + 1)).astype(np.int64)
    image, preprocessing = context.prepared.batch[0], context.model.preprocessing
    empty = filled(context.prepared, preprocessing, fill)[0]
    blank = filled(context.prepared, preprocessing, start)[0]

    def batches() -> Iterator[NDArray[np.float32]]:
        for below, above in ((image, empty), (blank, image)):
            for part in chunks(len(counts), batch_size(context)):
                yield np.stack([np.where((rank < n)[..., None], above, below) for n in counts[part]])

    title = f"{attribution.title}: {attribution.target_words}"
    what = "probability" if context.model.has_classes else "score"
    note = (
        f"Deletion: the {what} left after the hottest pixels turned {fill}; small is good. Insertion: "
        f"the {what} after they came to a {start} picture; large is good. Such pictures are unlike "
        f"any that the network learned from: compare maps with each other rather than with 0 and 1."
    )
    found = np.full(2 * len(counts), np.nan, np.float32)
    total = len(found)

    def made(done: int) -> Curves:
        deletion, insertion = found[: min(done, len(counts))], found[len(counts) : max(done, len(counts))]
        return Curves(
            title,
            fractions,
            deletion.copy(),
            insertion.copy(),
            _area(deletion) if done >= len(counts) else float("nan"),
            _area(insertion) if done == total else float("nan"),
            fill,
            start,
            note,
            what,
        )

    words = "Deletion and insertion"
    for part, _, probabilities in scored(context, attribution.target, batches(), total, task, words):
        found[part] = probabilities
        if part.stop < total:
            task.partial(made(part.stop))
    return made(total)


def _area(values: NDArray[np.float32]) -> float:
    """Under a curve over 0 to 1, by trapezoids."""
    return float(((values[1:] + values[:-1]) / 2).mean())
