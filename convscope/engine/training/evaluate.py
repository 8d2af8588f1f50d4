"""How good a network is on a split: accuracy, the confusion matrix, and which images it gets wrong."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset, SplitName
from convscope.engine.data.resize import Target
from convscope.engine.data.split import Splits
from convscope.engine.models.opened import OpenedModel


@dataclass(frozen=True)
class Mistake:
    """One image that was taken for another class.

    Attributes:
        index: the image's, in the data set.
        true, predicted: classes.
        confidence: probability of the predicted class.
        true_probability: of the right one.
    """

    index: int
    true: int
    predicted: int
    confidence: float
    true_probability: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network made of the images of one split.

    Attributes:
        classes: names by index.
        split: which images.
        indices: int64 (n,), the images, in the data set's numbers; unreadable ones are left out.
        true, predicted: int32 (n,).
        confidence: float32 (n,), the probability of the predicted class.
        true_probability: float32 (n,), of the right class.
        loss: mean cross-entropy, −ln of the right class's probability, natural units; NaN where there are no
            probabilities.
    """

    classes: tuple[str, ...]
    split: SplitName
    indices: NDArray[np.int64]
    true: NDArray[np.int32]
    predicted: NDArray[np.int32]
    confidence: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    loss: float

    @property
    def images(self) -> int:
        """How many were looked at."""
        return len(self.indices)

    @cached_property
    def accuracy(self) -> float:
        """The share that is right."""
        return float(np.mean(self.true == self.predicted)) if len(self.true) else 0.0

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """int64 (classes, classes): row the true class, column the predicted one."""
        count = len(self.classes)
        flat = np.bincount(self.true.astype(np.int64) * count + self.predicted, minlength=count * count)
        return flat.reshape(count, count).astype(np.int64)

    @cached_property
    def by_class(self) -> NDArray[np.float64]:
        """float64 (classes,): the share of each class that is right; NaN for a class without images."""
        totals = self.confusion.sum(axis=1)
        right = np.diag(self.confusion)
        return np.divide(right, totals, out=np.full(len(totals), np.nan), where=totals > 0)

    def cell(self, true: int, predicted: int) -> NDArray[np.int64]:
        """The images in one cell of the confusion matrix, the most confident first."""
        rows = np.flatnonzero((self.true == true) & (self.predicted == predicted))
        return self.indices[rows[np.argsort(-self.confidence[rows], kind="stable")]]

    def worst(self, count: int = 24) -> tuple[Mistake, ...]:
        """The mistakes that were made with most confidence."""
        wrong = np.flatnonzero(self.true != self.predicted)
        order = wrong[np.argsort(-self.confidence[wrong], kind="stable")][:count]
        return tuple(
            Mistake(
                int(self.indices[row]),
                int(self.true[row]),
                int(self.predicted[row]),
                float(self.confidence[row]),
                float(self.true_probability[row]),
            )
            for row in order
        )


def evaluate(
    model: OpenedModel,
    dataset: Dataset,
    split: SplitName = "test",
    *,
    batch_size: int = 64,
    task: Task | None = None,
) -> Evaluation:
    """Run a network over one split.

    Raises:
        UserError: the split is empty, none of it can be read, or the network has other classes or none.
        Cancelled: the task was.
    """
    task, chosen = task or Task(), dataset.indices(split)
    if not len(chosen):
        raise UserError(f"{dataset.title} has no images in its {split} part.")
    model = _telling_classes(model, dataset)
    seen, probabilities = [], []
    done = 0
    target = target_of(model, dataset)
    for indices, pixels in readable_batches(dataset, chosen, target, batch_size):
        done = min(done + batch_size, len(chosen))
        task.progress(done / len(chosen), f"Evaluating {done:,} of {len(chosen):,} images")
        if len(indices):
            seen.append(indices)
            probabilities.append(model.scores(model.preprocessing.apply(pixels))[1])
    if not seen:
        raise UserError(f"None of the images in the {split} part of {dataset.title} can be read.")
    rows, scores = np.concatenate(seen), np.concatenate(probabilities)
    true = dataset.labels[rows]
    predicted = scores.argmax(axis=1).astype(np.int32)
    each = np.arange(len(rows))
    right = scores[each, true]
    loss = float(-np.log(np.clip(right, 1e-7, None)).mean())
    return Evaluation(dataset.classes, split, rows, true, predicted, scores[each, predicted], right, loss)


def _telling_classes(model: OpenedModel, dataset: Dataset) -> OpenedModel:
    """The model read as one that tells the data set's classes apart.

    Raises:
        UserError: it is none: a regression has no accuracy.
    """
    model.image_input  # noqa: B018 - says why where it takes none
    answer, there = model.answer, len(dataset.classes)
    told = model.head.classes
    if answer.kind == "values" and not answer.why and told == there:
        # Whoever measures it by classes says that its numbers are their scores.
        return model.with_(reading="classes")
    if answer.kind == "values" and told > 1:
        other = "".join(
            f"; its output {one.name} tells {one.words}" for one in model.others if one.count == there
        )
        raise UserError(
            f"{model.name} puts out {answer.words}, not classes, so it has no accuracy on the {there:,} "
            f"classes of {dataset.title}{other}."
        )
    if told != there:
        able = f"tells {told:,} classes apart" if told > 1 else "has one output, which tells no classes apart"
        raise UserError(f"{model.name} {able}, but {dataset.title} has {there:,}.")
    return model


def whole(dataset: Dataset) -> Dataset:
    """The same data with every image in the test part: for data that a network has never seen."""
    empty = np.empty(0, np.int64)
    everything = Splits(empty, empty, np.arange(len(dataset), dtype=np.int64))
    return replace(dataset, given=everything, splits=everything)


def target_of(model: OpenedModel, dataset: Dataset) -> Target:
    """What images are brought to for this network.

    Raises:
        UserError: it takes any size, and the images differ in theirs.
    """
    height, width, channels = model.input_shape
    if height is None or width is None:
        if dataset.image_size is None:
            raise UserError(
                f"{model.name} takes any size, but the images of {dataset.title} differ in theirs."
            )
        height, width = dataset.image_size
    how = model.preprocessing
    # Each image as it is seen alone: what is said of a mistake here is what explains it there.
    return Target(height, width, 1 if channels == 1 else 3, how.resize, how.sampling, exact=True)  # type: ignore[arg-type]


def readable_batches(
    dataset: Dataset, chosen: NDArray[np.int64], target: Target, batch_size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """(indices, pixels) of what can be read, the next batch being decoded while this one is used."""

    def load(start: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        part = chosen[start : start + batch_size]
        pixels, good = dataset.images.load(part, target)
        return part[good], pixels[good]

    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as ahead:
        following = ahead.submit(load, 0)
        for start in range(0, len(chosen), batch_size):
            current = following.result()
            if start + batch_size < len(chosen):
                following = ahead.submit(load, start + batch_size)
            yield current
