"""Images that are twice in a data set, above all once in training and once in the test: told in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset
from convscope.engine.data.similar.alike import Alike, find_alike


@dataclass(frozen=True)
class Duplicates:
    """What of a data set is there more than once, as it is split.

    Attributes:
        groups: indices of images of equal pixels, two or more each, ascending.
        near: of images that are nearly the same, those of equal pixels among them.
        across: the pictures, as groups of either kind, that lie in more than one part.
        contradictory: those whose labels differ.
        left_out: images that are in no part, because the test or validation part that comes with the data has
            the same.
        summary: "3 pairs of equal pixels, 2 near duplicates."
        notes: what follows from it, in sentences; empty if there is nothing to say.
    """

    groups: tuple[tuple[int, ...], ...]
    near: tuple[tuple[int, ...], ...]
    across: tuple[tuple[int, ...], ...]
    contradictory: tuple[tuple[int, ...], ...]
    left_out: tuple[int, ...]
    summary: str
    notes: tuple[str, ...]

    @property
    def images(self) -> list[int]:
        """All images that are there more than once, group by group; each once."""
        return list(dict.fromkeys(index for group in (*self.groups, *self.near) for index in group))


def find_duplicates(dataset: Dataset, task: Task | None = None) -> Duplicates:
    """Compare all images, unless that was done before; see `find_alike`.

    Raises:
        UserError: the files are not there any more.
        Cancelled: the task was.
    """
    known = dataset.alike or find_alike(dataset, task)
    return duplicates_of(dataset.with_alike(known))


def duplicates_of(dataset: Dataset) -> Duplicates:
    """What is known of a data set whose images were compared."""
    alike = dataset.alike
    assert alike is not None
    part = np.full(len(dataset), -1)
    for number, name in enumerate(SPLIT_NAMES):
        part[dataset.indices(name)] = number
    pictures = alike.pictures
    members = np.array([index for group in pictures for index in group], np.int64)
    inside = np.where(part[members] < 0, len(SPLIT_NAMES), part[members])
    across = _differ(pictures, inside, part[members])
    contradictory = _differ(pictures, dataset.labels[members], dataset.labels[members])
    left_out = tuple(sorted(members[part[members] < 0].tolist()))
    notes = _notes(dataset, alike, across, contradictory, left_out)
    return Duplicates(alike.equal, alike.near, across, contradictory, left_out, _summary(alike), notes)


def _differ(
    groups: tuple[tuple[int, ...], ...], low: NDArray[np.integer], high: NDArray[np.integer]
) -> tuple[tuple[int, ...], ...]:
    """The groups whose least value is below their largest; the values of all members, one after the other."""
    if not groups:
        return ()
    starts = np.cumsum([0, *map(len, groups[:-1])])
    differs = np.minimum.reduceat(low, starts) < np.maximum.reduceat(high, starts)
    return tuple(group for group, told in zip(groups, differs.tolist(), strict=True) if told)


def _summary(alike: Alike) -> str:
    """How many there are, in a sentence."""
    if not alike.equal and not alike.near:
        return "Every image is there once."
    told = []
    if alike.equal:
        images = sum(map(len, alike.equal))
        if images == 2 * len(alike.equal):
            told.append(f"{_many(len(alike.equal), 'pair')} of equal pixels")
        else:
            told.append(f"{images:,} images of equal pixels in {_many(len(alike.equal), 'group')}")
    if alike.near:
        told.append(_many(_extra(alike), "near duplicate"))
    return f"{', '.join(told)}."


def _extra(alike: Alike) -> int:
    """How many of the near groups are one too many; those of equal pixels count as one."""
    twins = {index for group in alike.equal for index in group[1:]}
    return sum(len([index for index in group if index not in twins]) - 1 for group in alike.near)


def _notes(
    dataset: Dataset,
    alike: Alike,
    across: tuple[tuple[int, ...], ...],
    contradictory: tuple[tuple[int, ...], ...],
    left_out: tuple[int, ...],
) -> tuple[str, ...]:
    notes = []
    if across:
        notes.append(
            f"{_images(across)} in training and in validation or test too ({_example(dataset, across[0])}): "
            "the accuracy there will look better than it is."
        )
    if alike.equal or alike.near:
        example = _example(dataset, (alike.equal or alike.near)[0])
        kept = ", kept in one part" if dataset.split_settings.together and not across else ""
        notes.append(f"{_summary(alike)[:-1]}{kept} ({example}).")
    if left_out:
        notes.append(
            f"{_many(len(left_out), 'image')} left out of training, because validation or test, which come "
            f"with the data, have the same ({dataset.images.name(left_out[0])})."
        )
    if contradictory:
        example = _example(dataset, contradictory[0])
        notes.append(f"{_images(contradictory)} in two classes at once ({example}).")
    if alike.crowds:
        images = sum(map(len, alike.crowds))
        notes.append(
            f"{images:,} images resemble one another so closely ({_example(dataset, alike.crowds[0])}) that "
            "they are split as others are: of these only equal ones are kept together."
        )
    return tuple(notes)


def _images(groups: tuple[tuple[int, ...], ...]) -> str:
    return "1 image is" if len(groups) == 1 else f"{len(groups):,} images are"


def _example(dataset: Dataset, group: tuple[int, ...]) -> str:
    return f"{dataset.images.name(group[0])} and {dataset.images.name(group[1])}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
