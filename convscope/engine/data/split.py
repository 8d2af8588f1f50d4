"""Which images train, which validate, which test: stratified, disjoint, and a function of the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UserError


@dataclass(frozen=True, eq=False)
class Splits:
    """Three disjoint sets of image indices, each int64 and ascending."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def __getitem__(self, name: Literal["train", "validation", "test"]) -> NDArray[np.int64]:
        indices: NDArray[np.int64] = getattr(self, name)
        return indices


@dataclass(frozen=True)
class SplitSettings:
    """How to split what is free.

    Attributes:
        validation: share (0–0.9) of every class that validates; unused if the data has a validation part.
        test: share (0–0.9) of every class that tests; unused if the data has a test part.
        seed: the same seed, the same split.
        together: images that are the same picture are kept in one part; see `Dataset.with_split`. Runs of
            before there was such a choice are without.
    """

    validation: float = 0.1
    test: float = 0.1
    seed: int = 0
    together: bool = False

    def __post_init__(self) -> None:
        for value, what in ((self.validation, "validation"), (self.test, "test")):
            if not 0 <= value <= 0.9:
                raise UserError(f"The {what} share is {value:g}: it goes from 0 to 0.9.")
        if self.validation + self.test > 0.95:
            raise UserError("Validation and test together leave less than 5 % of the images to train on.")
        if self.seed < 0:
            raise UserError(f"The seed is {self.seed}: it is a whole number from 0.")


_SINGLY = 3
DEFAULT_SPLIT = SplitSettings()


def split_indices(
    labels: NDArray[np.int32],
    classes: tuple[str, ...],
    given: Splits,
    settings: SplitSettings,
    groups: tuple[tuple[int, ...], ...] = (),
) -> tuple[Splits, tuple[str, ...]]:
    """Split the images in `given.train` by class; parts that are given stay.

    Every class is shuffled by its own generator, seeded by (seed, class), so that adding a class moves no
    image of another. Of a class with one image that image trains; with two or more, at least one trains.

    Args:
        groups: images that are kept in one part, disjoint: a group goes where its first image in the order
            goes, if there is room for all of it, else to training. What has a twin in a part that is given
            cannot follow it there, and is in no part.

    Returns:
        the splits, and a sentence for each class that is too small, or one for all of them.
    """
    validation_share = 0.0 if len(given.validation) else settings.validation
    test_share = 0.0 if len(given.test) else settings.test
    follows, led = _grouped(labels, given, groups)
    free_labels = labels[given.train]
    order = np.argsort(free_labels, kind="stable")
    counts = np.bincount(free_labels, minlength=len(classes))
    ends = np.cumsum(counts)
    train: list[NDArray[np.int64]] = []
    validation, test = [given.validation], [given.test]
    none, single, few = [], [], []
    for index, name in enumerate(classes):
        members = given.train[order[ends[index] - counts[index] : ends[index]]]
        members = np.random.default_rng([settings.seed, index]).permutation(members)
        members = members[~led[members]]
        total = len(members) + sum(len(follows.get(member, ())) for member in members.tolist())
        for_test = _share(total, test_share)
        for_validation = _share(total - for_test, validation_share * total, of_total=False)
        parts = _placed(members, (for_test, for_validation), follows)
        for part, placed in zip((test, validation, train), parts, strict=True):
            part.append(placed)
        if total == 0:
            none.append(f"Class “{name}” has no image")
        elif total == 1:
            single.append(f"Class “{name}” has one image")
        elif (validation_share and not len(parts[1])) or (test_share and not len(parts[0])):
            few.append(f"Class “{name}” has {total} images")
    notes = (
        *_notes(none, "{:,} classes have no image", " to train on."),
        *_notes(
            single, "{:,} classes have one image each", ", which trains: none is left to validate or test on."
        ),
        *_notes(
            few, "{:,} classes have two or three images each", ": too few to train, validate and test on."
        ),
    )
    return Splits(_joined(train), _joined(validation), _joined(test)), notes


def _grouped(
    labels: NDArray[np.int32], given: Splits, groups: tuple[tuple[int, ...], ...]
) -> tuple[dict[int, list[int]], NDArray[np.bool_]]:
    """Who goes with whom.

    Returns:
        by the first image of a group, with whose class it goes, the others that follow it; and which images
        have no place of their own (bool, for all images): those, and twins of images in a given part.
    """
    follows: dict[int, list[int]] = {}
    led = np.zeros(len(labels), bool)
    if not groups:
        return follows, led
    free = np.zeros(len(labels), bool)
    free[given.train] = True
    fixed = np.zeros(len(labels), bool)
    fixed[given.validation] = fixed[given.test] = True
    for group in groups:
        members = np.array(group, np.int64)
        mine = members[free[members]]
        if fixed[members].any():
            led[mine] = True
        elif len(mine) > 1:
            follows[int(mine[0])] = mine[1:].tolist()
            led[mine[1:]] = True
    return follows, led


def _placed(
    members: NDArray[np.int64], rooms: tuple[int, int], follows: dict[int, list[int]]
) -> tuple[NDArray[np.int64], ...]:
    """Images in their order, put into two rooms of so many and the rest; a group whole where it has room."""
    first, second = rooms
    if not follows:
        return members[:first], members[first : first + second], members[first + second :]
    parts: tuple[list[int], ...] = ([], [], [])
    for index in members.tolist():
        group = [index, *follows.get(index, ())]
        part = next(
            (part for part, room in zip(parts, rooms, strict=False) if len(part) + len(group) <= room),
            parts[2],
        )
        part.extend(group)
    return tuple(np.array(part, np.int64) for part in parts)


def _notes(singly: list[str], together: str, end: str) -> list[str]:
    """A sentence for each class, or one for all where there are many."""
    if len(singly) <= _SINGLY:
        return [start + end for start in singly]
    return [together.format(len(singly)) + end]


def _share(members: int, share: float, of_total: bool = True) -> int:
    wanted = share * members if of_total else share
    if wanted == 0 or members < 2:
        return 0
    return min(max(1, round(wanted)), members - 1)


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    joined = np.sort(np.concatenate(parts)).astype(np.int64)
    joined.flags.writeable = False
    return joined
