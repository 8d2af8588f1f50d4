"""A data set made by hand: safe names, nothing overwritten, takes in one part, poor frames told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.data.collect import collection as module
from convscope.engine.data.collect.class_names import class_folder, same_class
from convscope.engine.data.collect.collection import Collection, Frame
from convscope.engine.data.collect.frame_quality import blurred, sharpness
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.split import Splits, SplitSettings, split_indices
from convscope.engine.data.takes import frame_name, take_and_frame, takes_of

EMPTY = np.empty(0, np.int64)


def picture(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """Noise in patches, RGB: each seed another picture."""
    cells = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    return np.repeat(np.repeat(cells, side // 8, 0), side // 8, 1)


# -- names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ("paper", "paper"),
        ("  thumbs   up ", "thumbs up"),
        ("a/b", "a-b"),
        ("../../etc", "-..-etc"),
        ("..hidden", "hidden"),
        ("ends. ", "ends"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("train", "train_"),
        ("Test", "Test_"),
        ("Schere ✂", "Schere ✂"),
        ("石", "石"),
        ("a\u0308pfel", "äpfel"),
    ],
)
def test_a_class_keeps_its_name_as_far_as_file_systems_can_hold_it(named: str, folder: str) -> None:
    assert class_folder(named) == folder


@pytest.mark.parametrize("named", ["", "   ", "...", "///", "\n"])
def test_a_name_of_which_nothing_is_left_is_refused(named: str) -> None:
    with pytest.raises(UserError, match="Give the class a name"):
        class_folder(named)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_every_name_is_one_folder_that_stays_what_it_is(named: str) -> None:
    try:
        folder = class_folder(named)
    except UserError:
        return
    assert Path(folder).name == folder
    assert not folder.startswith(".") and not folder.endswith((".", " "))
    assert len(folder.encode()) <= 81
    assert class_folder(folder) == folder


def test_names_that_some_file_system_takes_for_one_are_one_class(tmp_path: Path) -> None:
    made = Collection(tmp_path / "own")
    assert made.add_class("Paper") == "Paper"
    assert made.add_class("paper") == "Paper"
    assert made.classes == ("Paper",)
    assert same_class("STRASSE", "straße")


def test_names_of_frames_tell_take_and_number() -> None:
    assert frame_name(7, 12) == "take0007_012.png"
    assert take_and_frame(frame_name(12_345, 1_000)) == (12_345, 1_000)
    assert [take_and_frame(name) for name in ("take7_1.png", "cat.png", "take0007_012.jpg")] == [None] * 3
    names = [
        "a/take0001_001.png",
        "a/take0001_002.png",
        "a/x.png",
        "b/take0001_001.png",
        "b/take0002_001.png",
        "b/take0002_002.png",
    ]
    assert takes_of(names) == ((0, 1), (4, 5))


# -- the folder ----------------------------------------------------------------------------------------------


def filled(root: Path, takes: int = 2, frames: int = 4) -> Collection:
    made = Collection(root)
    for number, name in enumerate(("paper", "stone")):
        folder = made.add_class(name)
        for _ in range(takes):
            take = made.new_take()
            for frame in range(frames):
                made.add(folder, take, picture(1000 * number + 50 * take + frame))
    return made


def test_it_grows_as_an_ordinary_folder_of_classes(tmp_path: Path) -> None:
    made = filled(tmp_path / "own")
    found = open_folder(tmp_path / "own")
    assert found.classes == ("paper", "stone")
    assert found.counts().tolist() == [8, 8]
    assert len(found.takes) == 4
    first = made.frames("paper")[0]
    assert np.array_equal(made.read(first), picture(50))
    assert not [path for path in (tmp_path / "own").rglob("*") if path.name.endswith(".part")]


def test_a_collection_that_is_opened_again_goes_on_with_new_takes(tmp_path: Path) -> None:
    filled(tmp_path / "own")
    again = Collection(tmp_path / "own")
    take = again.new_take()
    assert take == 5
    added = again.add("paper", take, picture(1))
    assert added == Frame("paper", 5, 1) and len(again.frames()) == 17


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    made = Collection(tmp_path / "own")
    folder = made.add_class("paper")
    take = made.new_take()
    first = made.add(folder, take, picture(0))
    # Somebody else's file takes the next name, after this collection has looked.
    (tmp_path / "own" / folder / "take0001_002.png").write_bytes(b"mine")
    second = made.add(folder, take, picture(1))
    assert second.number == 3
    assert (tmp_path / "own" / folder / "take0001_002.png").read_bytes() == b"mine"
    made.remove((second,))
    third = made.add(folder, take, picture(2))
    assert third.number == 4
    assert made.restore((second,)) == (second,)
    assert np.array_equal(made.read(second), picture(1)) and np.array_equal(made.read(first), picture(0))


def test_a_removed_frame_is_in_no_data_set_and_comes_back(tmp_path: Path) -> None:
    made = filled(tmp_path / "own")
    gone = made.frames("paper")[:3]
    assert made.remove(gone) == gone
    assert made.dataset().counts().tolist() == [5, 8]
    assert made.remove(gone) == ()
    assert made.restore(gone) == gone
    assert made.dataset().counts().tolist() == [8, 8]


def test_a_frame_that_the_disk_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Collection(tmp_path / "own")
    folder = made.add_class("paper")

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(UserError, match="no space left on device"):
        made.add(folder, made.new_take(), picture(0))
    assert list((tmp_path / "own" / folder).iterdir()) == []


def test_what_is_no_picture_or_no_folder_is_refused(tmp_path: Path) -> None:
    made = Collection(tmp_path / "own")
    folder = made.add_class("paper")
    for wrong in (np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(UserError, match=r"A frame is|empty"):
            made.add(folder, 1, wrong)
    with pytest.raises(UserError, match="choose another folder"):
        made.add("gone", 1, picture(0))
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="not a folder"):
        Collection(tmp_path / "file")


# -- frames worth a second look ------------------------------------------------------------------------------


def test_a_blurred_frame_is_told_by_its_take_alone(tmp_path: Path) -> None:
    made = Collection(tmp_path / "own")
    folder = made.add_class("paper")
    sharp, soft = made.new_take(), made.new_take()
    for seed in range(4):
        made.add(folder, sharp, picture(seed))
    moved = made.add(folder, sharp, np.asarray(cv2.GaussianBlur(picture(9), (0, 0), 6), np.uint8))
    # A whole take of a soft thing is no fault.
    for seed in range(4):
        made.add(folder, soft, np.asarray(cv2.GaussianBlur(picture(20 + seed), (0, 0), 6), np.uint8))
    assert made.looked_at().blurred == {moved}
    assert Collection(tmp_path / "own").looked_at().blurred == {moved}


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    gray = picture(3)[..., 0]
    framed = np.pad(gray.astype(np.float64), 1, "reflect")
    laplacian = (
        framed[:-2, 1:-1] + framed[2:, 1:-1] + framed[1:-1, :-2] + framed[1:-1, 2:] - 4 * framed[1:-1, 1:-1]
    )
    assert sharpness(gray) == pytest.approx(laplacian.var(), rel=1e-5)
    assert blurred([100.0, 1.0]) == (False, False)
    assert blurred([100.0, 90.0, 1.0]) == (False, False, True)


def test_equal_frames_are_told_wherever_they_are(tmp_path: Path) -> None:
    made = Collection(tmp_path / "own")
    paper, stone = made.add_class("paper"), made.add_class("stone")
    made.add(paper, made.new_take(), picture(0))
    made.add(paper, made.new_take(), picture(1))
    again = made.add(stone, made.new_take(), picture(0))
    told = made.looked_at()
    assert told.repeated == {again} and len(told.frames) == 3
    assert Collection(tmp_path / "none").looked_at().frames == ()


# -- the split -----------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12)), min_size=1, max_size=20),
    validation=st.floats(0, 0.5),
    test=st.floats(0, 0.4),
    seed=st.integers(0, 2**31),
    linked=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_frames_of_one_take_are_in_one_part(
    sizes: list[tuple[int, int]], validation: float, test: float, seed: int, linked: list[tuple[int, int]]
) -> None:
    labels = np.repeat([label for label, _ in sizes], [count for _, count in sizes]).astype(np.int32)
    ends = np.cumsum([count for _, count in sizes])
    takes = tuple(
        tuple(range(end - count, end)) for (_, count), end in zip(sizes, ends.tolist(), strict=True)
    )
    takes = tuple(take for take in takes if len(take) > 1)
    pairs = {tuple(sorted((a % len(labels), b % len(labels)))) for a, b in linked}
    used: set[int] = set()
    groups: tuple[tuple[int, ...], ...] = ()
    for a, b in sorted(pairs):
        if a != b and not {a, b} & used:
            groups += ((a, b),)
            used |= {a, b}
    everything = Splits(np.arange(len(labels), dtype=np.int64), EMPTY, EMPTY)
    chosen = SplitSettings(validation, test, seed)
    splits, _ = split_indices(labels, ("a", "b", "c"), everything, chosen, groups, takes)
    part = np.full(len(labels), -1)
    for number, indices in enumerate((splits.train, splits.validation, splits.test)):
        assert (part[indices] == -1).all() and (np.diff(indices) > 0).all()
        part[indices] = number
    assert (part >= 0).all()
    for together in (*takes, *groups):
        assert len(set(part[list(together)].tolist())) == 1


def test_of_two_takes_one_validates_and_one_take_trains() -> None:
    labels = np.array([0] * 10 + [1] * 5, np.int32)
    takes = (tuple(range(6)), tuple(range(6, 10)), tuple(range(10, 15)))
    everything = Splits(np.arange(15, dtype=np.int64), EMPTY, EMPTY)
    splits, notes = split_indices(labels, ("a", "b"), everything, SplitSettings(0.2, 0.0), takes=takes)
    assert np.bincount(labels[splits.train], minlength=2)[1] == 5
    assert set(labels[splits.validation].tolist()) == {0}
    assert len(splits.validation) in (4, 6)
    assert notes == ("Class “b” has one take, which trains: none is left to validate on.",)


def test_the_opened_folder_keeps_takes_together_whatever_is_asked(tmp_path: Path) -> None:
    found = filled(tmp_path / "own", takes=6).dataset()
    for settings_ in (found.split_settings, SplitSettings(0.3, 0.2, 5), SplitSettings(0.3, 0.2, 5, True)):
        split = found.with_split(settings_)
        for name in ("validation", "test"):
            assert len(split.indices(name)) and len(split.indices(name)) % 4 == 0  # type: ignore[arg-type]
        for take in split.takes:
            inside = [
                set(take) <= set(split.splits[part].tolist()) for part in ("train", "validation", "test")
            ]  # type: ignore[index]
            assert sum(inside) == 1
