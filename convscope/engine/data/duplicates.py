"""Images that are twice in a data set, above all once in training and once in the test."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from convscope.engine.data.dataset import SPLIT_NAMES, Dataset
from convscope.engine.data.images import decoding_pool
from convscope.errors import UserError
from convscope.task import Task

_CHUNK = 500


@dataclass(frozen=True)
class Duplicates:
    """Exact duplicates, by content.

    Attributes:
        groups: indices of images that are equal, two or more each, ascending.
        across: the groups that lie in more than one split.
        contradictory: the groups whose labels differ.
        notes: the same in sentences; empty if there is nothing to say.
    """

    groups: tuple[tuple[int, ...], ...]
    across: tuple[tuple[int, ...], ...]
    contradictory: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]


def find_duplicates(dataset: Dataset, task: Task | None = None) -> Duplicates:
    """Compare all images by a hash of their content; files first by size, which rules most of them out.

    Memory: 16 bytes and an index for every image that may have a twin.

    Raises:
        UserError: the files are not there any more.
    """
    task = task or Task()
    candidates = _candidates(dataset, task)
    by_digest: defaultdict[bytes, list[int]] = defaultdict(list)
    for start in range(0, len(candidates), _CHUNK):
        task.progress(start / len(candidates), f"Comparing {start:,} of {len(candidates):,} images")
        chunk = candidates[start : start + _CHUNK]
        for index, digest in zip(chunk, decoding_pool().map(dataset.images.digest, chunk), strict=True):
            by_digest[digest].append(index)
    groups = tuple(sorted(tuple(sorted(group)) for group in by_digest.values() if len(group) > 1))
    part = np.full(len(dataset), -1)
    for number, name in enumerate(SPLIT_NAMES):
        part[dataset.indices(name)] = number
    across = tuple(group for group in groups if len(set(part[list(group)]) - {-1}) > 1)
    contradictory = tuple(group for group in groups if len(set(dataset.labels[list(group)])) > 1)
    return Duplicates(groups, across, contradictory, _notes(dataset, groups, across, contradictory))


def _candidates(dataset: Dataset, task: Task) -> list[int]:
    if dataset.kind == "arrays":
        return list(range(len(dataset)))
    by_size: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(dataset)):
        if index % _CHUNK == 0:
            task.check()
        path = dataset.images.path(index)
        try:
            size = path.stat().st_size if path else 0
        except OSError:
            continue
        by_size[size].append(index)
    if not by_size:
        raise UserError(f"None of the files of {dataset.reference} can be read: has the folder gone?")
    return sorted(index for group in by_size.values() if len(group) > 1 for index in group)


def _notes(
    dataset: Dataset,
    groups: tuple[tuple[int, ...], ...],
    across: tuple[tuple[int, ...], ...],
    contradictory: tuple[tuple[int, ...], ...],
) -> tuple[str, ...]:
    def example(group: tuple[int, ...]) -> str:
        return f"{dataset.images.name(group[0])} and {dataset.images.name(group[1])}"

    notes = []
    if across:
        notes.append(
            f"{_images(across)} in training and in validation or test too ({example(across[0])}): "
            "the accuracy there will look better than it is."
        )
    elif groups:
        notes.append(f"{_images(groups)} there more than once ({example(groups[0])}).")
    if contradictory:
        notes.append(f"{_images(contradictory)} in two classes at once ({example(contradictory[0])}).")
    return tuple(notes)


def _images(groups: tuple[tuple[int, ...], ...]) -> str:
    return "1 image is" if len(groups) == 1 else f"{len(groups):,} images are"
