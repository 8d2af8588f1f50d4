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
    """

    validation: float = 0.1
    test: float = 0.1
    seed: int = 0

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
    labels: NDArray[np.int32], classes: tuple[str, ...], given: Splits, settings: SplitSettings
) -> tuple[Splits, tuple[str, ...]]:
    """Split the images in `given.train` by class; parts that are given stay.

    Every class is shuffled by its own generator, seeded by (seed, class), so that adding a class moves no
    image of another. Of a class with one image that image trains; with two or more, at least one trains.

    Returns:
        the splits, and a sentence for each class that is too small, or one for all of them.
    """
    validation_share = 0.0 if len(given.validation) else settings.validation
    test_share = 0.0 if len(given.test) else settings.test
    free_labels = labels[given.train]
    order = np.argsort(free_labels, kind="stable")
    counts = np.bincount(free_labels, minlength=len(classes))
    ends = np.cumsum(counts)
    train, validation, test = [], [given.validation], [given.test]
    none, single, few = [], [], []
    for index, name in enumerate(classes):
        members = given.train[order[ends[index] - counts[index] : ends[index]]]
        members = np.random.default_rng([settings.seed, index]).permutation(members)
        for_test = _share(len(members), test_share)
        for_validation = _share(len(members) - for_test, validation_share * len(members), of_total=False)
        test.append(members[:for_test])
        validation.append(members[for_test : for_test + for_validation])
        train.append(members[for_test + for_validation :])
        if len(members) == 0:
            none.append(f"Class “{name}” has no image")
        elif len(members) == 1:
            single.append(f"Class “{name}” has one image")
        elif (validation_share and not for_validation) or (test_share and not for_test):
            few.append(f"Class “{name}” has {len(members)} images")
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
