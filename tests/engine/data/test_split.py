"""Splits: stratified, never overlapping, the same for the same seed."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.engine.data.split import Splits, SplitSettings, split_indices

EMPTY = np.empty(0, np.int64)


def free(count: int) -> Splits:
    return Splits(np.arange(count, dtype=np.int64), EMPTY, EMPTY)


def names(count: int) -> tuple[str, ...]:
    return tuple(f"class {number}" for number in range(count))


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=300),
    validation=st.floats(0, 0.5),
    test=st.floats(0, 0.4),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=150, deadline=None)
def test_parts_never_overlap_and_lose_nothing(
    labels: list[int], validation: float, test: float, seed: int
) -> None:
    array = np.array(labels, np.int32)
    chosen = SplitSettings(validation, test, seed)
    splits, _ = split_indices(array, names(5), free(len(array)), chosen)
    parts = [splits.train, splits.validation, splits.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(array)))
    again, _ = split_indices(array, names(5), free(len(array)), chosen)
    for part, repeated in zip(parts, (again.train, again.validation, again.test), strict=True):
        assert part.tolist() == repeated.tolist() == sorted(part.tolist())
    # Every class that has an image has one to train on.
    assert set(array[splits.train].tolist()) == set(labels)


def test_each_class_keeps_its_share() -> None:
    labels = np.repeat(np.arange(3, dtype=np.int32), (400, 100, 20))
    splits, notes = split_indices(labels, names(3), free(520), SplitSettings(0.25, 0.1))
    assert np.bincount(labels[splits.validation]).tolist() == [100, 25, 5]
    assert np.bincount(labels[splits.test]).tolist() == [40, 10, 2]
    assert np.bincount(labels[splits.train]).tolist() == [260, 65, 13]
    assert notes == ()


def test_another_seed_is_another_split_of_the_same_sizes() -> None:
    labels = np.zeros(100, np.int32)
    first, _ = split_indices(labels, ("a",), free(100), SplitSettings(seed=1))
    second, _ = split_indices(labels, ("a",), free(100), SplitSettings(seed=2))
    assert len(first.test) == len(second.test) == 10
    assert first.test.tolist() != second.test.tolist()


def test_a_new_class_moves_no_image_of_the_others() -> None:
    labels = np.repeat(np.arange(2, dtype=np.int32), 50)
    before, _ = split_indices(labels, names(2), free(100), SplitSettings())
    more = np.concatenate([labels, np.full(30, 2, np.int32)])
    after, _ = split_indices(more, names(3), free(130), SplitSettings())
    assert before.test.tolist() == [index for index in after.test.tolist() if index < 100]


def test_parts_that_come_with_the_data_stay() -> None:
    given_ = Splits(np.arange(80), np.arange(80, 90), np.arange(90, 100))
    splits, _ = split_indices(np.zeros(100, np.int32), ("a",), given_, SplitSettings(0.5, 0.3))
    assert splits.train.tolist() == list(range(80))
    assert splits.validation.tolist() == list(range(80, 90))
    assert splits.test.tolist() == list(range(90, 100))


@pytest.mark.parametrize(
    ("tested", "chosen", "digest", "sizes"),
    [
        (0, SplitSettings(0.2, 0.1, 3), "028a5e03aef0255d", [349, 101, 50]),
        (100, SplitSettings(0.05, 0.1, 11), "9da76b09a6439d39", [379, 21, 100]),
    ],
)
def test_runs_of_before_find_their_splits(
    tested: int, chosen: SplitSettings, digest: str, sizes: list[int]
) -> None:
    """Images that a run has learned from must not test it when it is gone on with."""
    labels = np.random.default_rng(5).integers(0, 7, 500).astype(np.int32)
    given_ = Splits(np.arange(500 - tested), EMPTY, np.arange(500 - tested, 500))
    splits, _ = split_indices(labels, names(7), given_, chosen)
    found = hashlib.blake2b(digest_size=8)
    for part in (splits.train, splits.validation, splits.test):
        found.update(part.tobytes() + b"|")
    assert found.hexdigest() == digest
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == sizes


@given(
    labels=st.lists(st.integers(0, 2), min_size=2, max_size=120),
    given_share=st.floats(0, 0.5),
    validation=st.floats(0, 0.5),
    test=st.floats(0, 0.4),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_a_group_is_in_one_part(
    labels: list[int], given_share: float, validation: float, test: float, seed: int, data: st.DataObject
) -> None:
    array, count = np.array(labels, np.int32), len(labels)
    order = data.draw(st.permutations(range(count)))
    sizes = data.draw(st.lists(st.integers(1, 6), max_size=count))
    ends = np.cumsum([0, *sizes])
    groups = tuple(tuple(sorted(order[a:b])) for a, b in itertools.pairwise(ends) if len(order[a:b]) > 1)
    tested = round(count * given_share)
    parts = Splits(np.arange(count - tested), EMPTY, np.arange(count - tested, count))
    chosen = SplitSettings(validation, test, seed, together=True)
    splits, _ = split_indices(array, names(3), parts, chosen, groups)
    part = np.full(count, -1)
    for number, indices in enumerate((splits.train, splits.validation, splits.test)):
        assert (part[indices] == -1).all(), "in two parts"
        part[indices] = number
    grouped = {index for group in groups for index in group}
    for group in groups:
        told = set(part[list(group)].tolist())
        # What has a twin in a part that comes with the data is in none.
        assert len(told) == 1 or (told == {-1, 2} and tested)
    assert all(part[index] >= 0 for index in set(range(count)) - grouped)
    if tested:
        assert splits.test.tolist() == list(range(count - tested, count))
    alone, _ = split_indices(array, names(3), parts, chosen)
    for name in ("validation", "test"):
        # A group never takes more room than there is for any class of its images.
        kept, free_ = (np.bincount(array[of[name]], minlength=3) for of in (splits, alone))  # type: ignore[literal-required]
        assert (kept <= free_).all()
    out = {index for group in groups if max(group) >= count - tested for index in group}
    # Every class that may train has an image to train on.
    assert set(array[splits.train].tolist()) == {
        labels[index] for index in range(count - tested) if index not in out
    }
    again, _ = split_indices(array, names(3), parts, chosen, groups)
    assert all(np.array_equal(splits[name], again[name]) for name in ("train", "validation", "test"))  # type: ignore[literal-required]


def test_two_of_one_picture_move_few_of_the_others() -> None:
    labels = np.zeros(200, np.int32)
    chosen = SplitSettings(0.2, 0.2)
    alone, _ = split_indices(labels, ("a",), free(200), chosen)
    kept, _ = split_indices(labels, ("a",), free(200), chosen, ((3, 150), (7, 8, 9)))
    assert len(kept.test) == len(alone.test) and len(kept.validation) == len(alone.validation)
    moved = [set(kept[name].tolist()) ^ set(alone[name].tolist()) for name in ("train", "validation", "test")]  # type: ignore[literal-required]
    assert len(set().union(*moved)) <= 10


def test_a_picture_in_two_classes_takes_its_room_from_both() -> None:
    """The one image of a class is not taken to the test by its copy in another class."""
    labels = np.array([0] * 20 + [1], np.int32)
    for seed in range(20):
        splits, notes = split_indices(labels, names(2), free(21), SplitSettings(0.2, 0.4, seed), ((0, 20),))
        assert {0, 20} <= set(splits.train.tolist())
        assert (len(splits.test), len(splits.validation)) == (8, 4)
        assert notes == ("Class “class 1” has one image, which trains: none is left to validate or test on.",)


def test_a_class_of_copies_is_said() -> None:
    labels = np.repeat(np.arange(2, dtype=np.int32), (30, 10))
    splits, notes = split_indices(
        labels, names(2), free(40), SplitSettings(0.1, 0.1), (tuple(range(30, 40)),)
    )
    assert set(range(30, 40)) <= set(splits.train.tolist())
    assert notes == (
        "Class “class 1” has 10 images of so few pictures that, copies kept in one part, "
        "none is left to validate or test on.",
    )


def test_small_classes_are_said() -> None:
    labels = np.array([0] * 30 + [1] + [2, 2], np.int32)
    splits, notes = split_indices(labels, ("many", "one", "two", "none"), free(33), SplitSettings(0.1, 0.1))
    assert 30 in splits.train
    assert notes == (
        "Class “none” has no image to train on.",
        "Class “one” has one image, which trains: none is left to validate or test on.",
        "Class “two” has 2 images: too few to train, validate and test on.",
    )


def test_what_comes_with_the_data_is_not_said_to_be_missing() -> None:
    labels = np.array([0] * 10 + [1, 2, 2] + [0, 1, 2], np.int32)
    given_ = Splits(np.arange(13), EMPTY, np.arange(13, 16))
    _splits, notes = split_indices(labels, names(3), given_, SplitSettings(0.2, 0.5))
    assert notes == ("Class “class 1” has one image, which trains: none is left to validate on.",)
    _splits, notes = split_indices(labels, names(3), given_, SplitSettings(0, 0.5))
    assert notes == ()


def test_many_small_classes_are_said_in_one_sentence() -> None:
    labels = np.arange(50, dtype=np.int32)
    _splits, notes = split_indices(labels, tuple(map(str, range(50))), free(50), SplitSettings(0.1, 0.1))
    assert notes == ("50 classes have one image each, which trains: none is left to validate or test on.",)


@pytest.mark.parametrize(("validation", "test", "seed"), [(-0.1, 0, 0), (0, 1, 0), (0.6, 0.4, 0), (0, 0, -1)])
def test_shares_that_cannot_be(validation: float, test: float, seed: int) -> None:
    with pytest.raises(UserError):
        SplitSettings(validation, test, seed)
