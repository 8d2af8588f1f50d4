"""Which images train, which validate, which test: stratified, disjoint, and a function of the seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError


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
    takes: tuple[tuple[int, ...], ...] = (),
) -> tuple[Splits, tuple[str, ...]]:
    """Split the images in `given.train` by class; parts that are given stay.

    Every class is shuffled by its own generator, seeded by (seed, class), so that adding a class moves no
    image of another. Of a class with one image that image trains; with two or more, at least one trains.

    Args:
        groups: images that are kept in one part, disjoint: a group goes where its first image in the order
            goes, if each class of its images has room for them there, else to training. So no class has more
            images in a part than it would have without groups. What has a twin in a part that is given cannot
            follow it there, and is in no part.
        takes: images that were made in one go, disjoint, each of one class. They count as one image: the
            shares are those of takes, and of a class with two takes one may validate.

    Returns:
        the splits, and a sentence for each class that is too small, or one for all of them.
    """
    if not takes:
        return _split(labels, classes, given, settings, groups, "image")
    lead = np.arange(len(labels))
    for take in takes:
        lead[list(take)] = take[0]
    if groups:
        from convscope.engine.data.similar.alike import joined

        groups = joined(tuple(sorted({int(lead[index]) for index in group})) for group in groups)
    first = given.train[lead[given.train] == given.train]
    units = Splits(first, given.validation, given.test)
    splits, notes = _split(labels, classes, units, settings, groups, "take")
    parts = (splits.train, splits.validation, splits.test)
    train, validation, test = (_joined([np.flatnonzero(np.isin(lead, part))]) for part in parts)
    return Splits(train, validation, test), notes


def _split(
    labels: NDArray[np.int32],
    classes: tuple[str, ...],
    given: Splits,
    settings: SplitSettings,
    groups: tuple[tuple[int, ...], ...],
    unit: str,
) -> tuple[Splits, tuple[str, ...]]:
    """As `split_indices`; what is counted is called `unit` in the sentences."""
    validation_share = 0.0 if len(given.validation) else settings.validation
    test_share = 0.0 if len(given.test) else settings.test
    follows, led, twins = _grouped(labels, given, groups)
    of_class = np.bincount(labels[given.train], minlength=len(classes))
    counts = (of_class - np.bincount(labels[twins], minlength=len(classes))).tolist()
    for_test = [_share(total, test_share) for total in counts]
    for_validation = [
        _share(total - tested, validation_share * total, of_total=False)
        for total, tested in zip(counts, for_test, strict=True)
    ]
    left = (for_test.copy(), for_validation.copy())
    parts: tuple[list[NDArray[np.int64]], ...] = ([given.test], [given.validation], [])
    out = led | twins
    by_class = given.train[np.argsort(labels[given.train], kind="stable")]
    for index, members in enumerate(np.split(by_class, np.cumsum(of_class)[:-1])):
        members = np.random.default_rng([settings.seed, index]).permutation(members)
        members = members[~out[members]]
        for part, placed in zip(parts, _placed(members, left, labels, follows), strict=True):
            part.append(placed)
    test, validation, train = (_joined(part) for part in parts)
    splits = Splits(train, validation, test)
    asked = (test_share > 0, validation_share > 0)
    return splits, _told(labels, classes, counts, splits, asked, (for_test, for_validation), unit)


def _grouped(
    labels: NDArray[np.int32], given: Splits, groups: tuple[tuple[int, ...], ...]
) -> tuple[dict[int, list[int]], NDArray[np.bool_], NDArray[np.bool_]]:
    """Who goes with whom.

    Returns:
        by the first image of a group the others that follow it; which images do so, and which have a twin in
        a part that is given (bool, for all images).
    """
    follows: dict[int, list[int]] = {}
    led, twins = np.zeros(len(labels), bool), np.zeros(len(labels), bool)
    if not groups:
        return follows, led, twins
    free = np.zeros(len(labels), bool)
    free[given.train] = True
    fixed = np.zeros(len(labels), bool)
    fixed[given.validation] = fixed[given.test] = True
    for group in groups:
        members = np.array(group, np.int64)
        mine = members[free[members]]
        if fixed[members].any():
            twins[mine] = True
        elif len(mine) > 1:
            follows[int(mine[0])] = mine[1:].tolist()
            led[mine[1:]] = True
    return follows, led, twins


def _placed(
    members: NDArray[np.int64],
    left: tuple[list[int], list[int]],
    labels: NDArray[np.int32],
    follows: dict[int, list[int]],
) -> tuple[NDArray[np.int64], ...]:
    """Images of a class in their order, put into test, validation and training.

    A group goes whole where every class of its images has room for them.

    Args:
        left: the room that test and validation still have for each class; what is used is taken off.
    """
    if not follows:
        first, second = (room[labels[members[0]]] for room in left) if len(members) else (0, 0)
        return members[:first], members[first : first + second], members[first + second :]
    parts: tuple[list[int], ...] = ([], [], [])
    for index in members.tolist():
        group = [index, *follows.get(index, ())]
        taken = Counter(labels[group].tolist())
        into = parts[2]
        for part, room in zip(parts, left, strict=False):
            if all(room[label] >= count for label, count in taken.items()):
                for label, count in taken.items():
                    room[label] -= count
                into = part
                break
        into.extend(group)
    return tuple(np.array(part, np.int64) for part in parts)


def _told(
    labels: NDArray[np.int32],
    classes: tuple[str, ...],
    counts: list[int],
    splits: Splits,
    asked: tuple[bool, bool],
    rooms: tuple[list[int], list[int]],
    unit: str,
) -> tuple[str, ...]:
    """A sentence for each class that is in fewer parts than the others, or one for all of them.

    Args:
        counts: how many images of each class were free to be split.
        asked: whether a test part was to be made, and a validation part.
        rooms: how many images of each class they had room for.
    """
    reached = [np.bincount(labels[part], minlength=len(classes)) for part in (splits.test, splits.validation)]
    none, single, few, copies = [], [], [], []
    for index, (name, total) in enumerate(zip(classes, counts, strict=True)):
        missing = [wanted and not part[index] for wanted, part in zip(asked, reached, strict=True)]
        if total == 0:
            none.append(f"Class “{name}” has no image")
        elif total == 1 and any(asked):
            single.append(f"Class “{name}” has one {unit}")
        elif any(lacks and room[index] for lacks, room in zip(missing, rooms, strict=True)):
            copies.append(f"Class “{name}” has {total:,} {unit}s of so few pictures")
        elif any(missing):
            few.append(f"Class “{name}” has {total} {unit}s")
    # A part that comes with the data lacks nothing.
    uses = [word for word, wanted in zip(("test", "validate"), asked, strict=True) if wanted][::-1]
    one_of, all_of = " or ".join(uses), " and ".join(", ".join(["train", *uses]).rsplit(", ", 1))
    return (
        *_notes(none, "{:,} classes have no image", " to train on."),
        *_notes(
            single, f"{{:,}} classes have one {unit} each", f", which trains: none is left to {one_of} on."
        ),
        *_notes(few, f"{{:,}} classes have two {unit}s each", f": too few to {all_of} on."),
        *_notes(
            copies,
            f"{{:,}} classes have {unit}s of so few pictures",
            f" that, copies kept in one part, none is left to {one_of} on.",
        ),
    )


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
