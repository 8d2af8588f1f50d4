"""What a data set is, to everything that shows it or trains on it: images, labels, classes and splits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Task
from convscope.engine.data.images import Images
from convscope.engine.data.split import DEFAULT_SPLIT, Splits, SplitSettings, split_indices
from convscope.imaging.image import Image

if TYPE_CHECKING:
    from convscope.engine.data.similar.alike import Alike

SplitName = Literal["train", "validation", "test"]
SPLIT_NAMES: tuple[SplitName, ...] = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled set of images; the images themselves stay where they are (an array, or files on disk).

    Attributes:
        reference: what opens it again: a registered name ("digits") or a path.
        title: what a person calls it.
        classes: class names; a label is an index into them.
        images: where the pixels come from, by index.
        labels: int32 (N,), the class of every image.
        given: the splits that come with the data; an empty validation or test part is made by `with_split`.
        splits: the splits in force: int64 indices, disjoint.
        image_size: (height, width), or None where the files differ.
        channels: 1 (gray) or 3 (RGB): how most of the images are.
        notes: what a person should know (files left out, a class with one image), one sentence each.
        left_out: the broken files that were found in the folder: (name, reason).
        credit: source and licence, one line.
        split_settings: how `splits` was made.
        alike: which images are the same picture; None: they were not compared yet.
        takes: images that were made in one go, two or more each; a split keeps them in one part, always.
    """

    reference: str
    title: str
    classes: tuple[str, ...]
    images: Images
    labels: NDArray[np.int32]
    given: Splits
    splits: Splits
    image_size: tuple[int, int] | None
    channels: Literal[1, 3]
    notes: tuple[str, ...] = ()
    credit: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    split_settings: SplitSettings = DEFAULT_SPLIT
    alike: Alike | None = None
    takes: tuple[tuple[int, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def kind(self) -> Literal["arrays", "files"]:
        """Whether the pixels are held in memory or read from disk as needed."""
        return self.images.kind

    def indices(self, split: SplitName) -> NDArray[np.int64]:
        """The images of one split, int64, ascending."""
        return self.splits[split]

    def counts(self, split: SplitName | None = None) -> NDArray[np.int64]:
        """Images of each class, int64 (classes,): in one split, or in all."""
        labels = self.labels if split is None else self.labels[self.indices(split)]
        return np.bincount(labels, minlength=len(self.classes)).astype(np.int64)

    def of_class(self, index: int, split: SplitName | None = None) -> NDArray[np.int64]:
        """The images of one class, int64, ascending."""
        if split is None:
            return np.flatnonzero(self.labels == index).astype(np.int64)
        chosen = self.indices(split)
        return chosen[self.labels[chosen] == index]

    def with_alike(self, alike: Alike) -> Dataset:
        """The same data and splits, with what a comparison of the images has found."""
        return replace(self, alike=alike)

    def with_split(self, settings: SplitSettings, task: Task | None = None) -> Dataset:
        """The same data, split by these settings: stratified, disjoint, the same for the same seed.

        A validation or test part that comes with the data stays as it is. To keep the same pictures together
        the images are compared first, where that was not done yet: that may take long.

        Raises:
            UserError: the images are to be compared, and are not there any more.
            Cancelled: the task was.
        """
        known = self
        if settings.together and self.alike is None:
            from convscope.engine.data.similar.alike import find_alike

            known = self.with_alike(find_alike(self, task))
        splits, notes = known._split(settings)
        kept = tuple(note for note in self.notes if note not in self._split_notes)
        return replace(known, splits=splits, notes=kept + notes, split_settings=settings)

    def with_parts(self, parts: Splits, settings: SplitSettings) -> Dataset:
        """The same data in parts that were made of it before, by these settings.

        Raises:
            UserError: they name images that are not there, or one twice.
        """
        every = np.concatenate([parts.train, parts.validation, parts.test])
        if len(every) and (every.min() < 0 or every.max() >= len(self) or len(np.unique(every)) < len(every)):
            raise UserError(f"{self.title} cannot be split as it was: it has other images now.")
        return replace(self, splits=parts, split_settings=settings)

    def _split(self, settings: SplitSettings) -> tuple[Splits, tuple[str, ...]]:
        groups = self.alike.together if settings.together and self.alike is not None else ()
        return split_indices(self.labels, self.classes, self.given, settings, groups, self.takes)

    @cached_property
    def _split_notes(self) -> tuple[str, ...]:
        return self._split(self.split_settings)[1]


def as_image(dataset: Dataset, index: int) -> Image:
    """An image of a data set, whole, named by its file or its number and by its class: "Digits 1234 (7)".

    Raises:
        UserError: the file cannot be read.
    """
    path = dataset.images.path(index)
    label = dataset.classes[dataset.labels[index]]
    stem = dataset.images.name(index) if path is not None else f"{dataset.title} {index}"
    return Image(dataset.images.read(index), f"{stem} ({label})", path)


def one_class(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The note that there is nothing to learn, if so."""
    if len(classes) != 1:
        return ()
    return (f"There is one class only, “{classes[0]}”: a network has nothing to tell apart.",)


def make_dataset(
    reference: str,
    title: str,
    classes: tuple[str, ...],
    images: Images,
    labels: NDArray[np.int32],
    *,
    image_size: tuple[int, int] | None,
    channels: Literal[1, 3],
    given: Splits | None = None,
    notes: tuple[str, ...] = (),
    credit: str = "",
    left_out: tuple[tuple[str, str], ...] = (),
    takes: tuple[tuple[int, ...], ...] = (),
) -> Dataset:
    """A data set, split with the default settings.

    Args:
        given: the splits that come with the data; None: everything is free to be split.
        takes: see `Dataset`.

    Raises:
        UserError: labels and images do not agree, or there is nothing in it.
    """
    title, classes = printable(title), tuple(map(printable, classes))
    if len(images) != len(labels):
        raise UserError(
            f"{title}: {len(images)} images but {len(labels)} labels; there must be one for each."
        )
    if len(labels) == 0:
        raise UserError(f"{title}: there is no image in it.")
    if labels.min() < 0 or labels.max() >= len(classes):
        raise UserError(
            f"{title}: labels go from {labels.min()} to {labels.max()}, but there are {len(classes)} classes."
        )
    empty = np.empty(0, np.int64)
    everything = given or Splits(np.arange(len(labels), dtype=np.int64), empty, empty)
    bare = Dataset(
        reference,
        title,
        classes,
        images,
        labels,
        everything,
        everything,
        image_size,
        channels,
        notes,
        credit,
        left_out,
        takes=takes,
    )
    splits, found = split_indices(labels, classes, everything, bare.split_settings, takes=takes)
    return replace(bare, splits=splits, notes=notes + found)
