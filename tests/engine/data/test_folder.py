"""A folder with one sub-folder a class."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.engine.data.duplicates import find_duplicates
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.resize import Target
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.split import SplitSettings

Make = Callable[..., Path]


def test_sub_folders_are_classes_and_file_names_decide_nothing(make_folder: Make) -> None:
    root = make_folder(cats=6, dogs=4)
    (root / "cats" / "000.png").rename(root / "cats" / "dog_without_suffix")
    dataset = open_dataset(root)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.counts().tolist() == [6, 4]
    assert dataset.kind == "files"
    assert (dataset.image_size, dataset.channels) == ((20, 30), 3)
    assert dataset.images.name(int(dataset.of_class(1)[0])) == "dogs/000.png"
    assert dataset.images.path(9) == root / "dogs" / "003.png"
    assert dataset.images.read(9)[0, 0].tolist() == [3, 3, 3]
    assert dataset.images.read(9)[5, 5].tolist() == [80, 80, 80]
    assert dataset.notes == ()
    assert [dataset.counts(part).tolist() for part in ("train", "validation", "test")] == [
        [4, 2],
        [1, 1],
        [1, 1],
    ]


def test_broken_files_are_listed_and_left_out(make_folder: Make) -> None:
    root = make_folder(cats=10, dogs=10)
    whole = (root / "cats" / "000.png").read_bytes()
    (root / "cats" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "cats" / "empty.jpg").write_bytes(b"")
    (root / "dogs" / "text.jpg").write_text("no image at all, in spite of the name")
    (root / "dogs" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0 something of another program")
    (root / "dogs" / ".hidden.png").write_bytes(whole)
    dataset = open_folder(root)
    assert len(dataset) == 20
    assert [name for name, _ in dataset.left_out] == ["cats/cut.png", "cats/empty.jpg", "dogs/text.jpg"]
    assert dict(dataset.left_out)["cats/empty.jpg"] == "the file is empty"
    assert dataset.notes[0].startswith("3 files are left out: cats/cut.png (")


def test_images_deeper_down_belong_to_the_class_above(make_folder: Make) -> None:
    root = make_folder(cats=3, dogs=3)
    (root / "cats" / "kittens").mkdir()
    shutil.copy(root / "cats" / "000.png", root / "cats" / "kittens" / "tiny.png")
    dataset = open_folder(root)
    assert dataset.counts().tolist() == [4, 3]
    assert "cats/kittens/tiny.png" in [dataset.images.name(index) for index in range(len(dataset))]


def test_parts_that_are_folders_stay_parts(make_folder: Make, tmp_path: Path) -> None:
    inner = make_folder(cats=5, dogs=5)
    root = tmp_path / "ready"
    for part in ("train", "val", "test"):
        shutil.copytree(inner, root / part)
    dataset = open_folder(root)
    assert dataset.classes == ("cats", "dogs")
    assert [len(dataset.indices(part)) for part in ("train", "validation", "test")] == [10, 10, 10]
    assert all(dataset.images.name(int(i)).startswith("test/") for i in dataset.indices("test"))
    # The files were copied: the app says that the test repeats the training set.
    found = find_duplicates(dataset)
    assert len(found.groups) == len(found.across) == 10
    assert found.notes[0].startswith("10 images are in training and in validation or test too (")


def test_duplicates_in_two_classes_are_said(make_folder: Make) -> None:
    root = make_folder(cats=4, dogs=4)
    shutil.copy(root / "cats" / "001.png", root / "dogs" / "other name.png")
    dataset = open_folder(root).with_split(SplitSettings(0, 0))
    found = find_duplicates(dataset)
    assert len(found.groups) == 1
    assert len(found.contradictory) == 1
    assert "in two classes at once (cats/001.png and dogs/other name.png)" in found.notes[-1]


def test_what_is_no_data_set_is_said(tmp_path: Path, make_folder: Make) -> None:
    with pytest.raises(UserError, match="There is no folder or file"):
        open_dataset(tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="no image in any sub-folder"):
        open_folder(empty)
    root = make_folder(cats=2)
    with pytest.raises(UserError, match="images but no classes"):
        open_folder(root / "cats")
    assert "one class only, “cats”" in " ".join(open_folder(root).notes)
    for file in (root / "cats").iterdir():
        file.write_bytes(b"")
    with pytest.raises(UserError, match="all 2 image files in it cannot be used"):
        open_folder(root)


def test_classes_that_an_archive_wrapped_are_found(make_folder: Make, tmp_path: Path) -> None:
    inner = tmp_path / "data set" / "images"
    inner.parent.mkdir()
    make_folder(cats=4, dogs=3).rename(inner)
    dataset = open_folder(tmp_path)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.reference == str(tmp_path) and dataset.title == tmp_path.name
    assert dataset.notes[0] == "The classes are those of data set/images."
    assert dataset.images.load(np.arange(7), Target(20, 30, 3))[1].all()
    # A single class is not looked through for others.
    shutil.rmtree(inner / "dogs")
    assert open_folder(inner).classes == ("cats",)


def test_parts_without_classes_are_said(make_folder: Make) -> None:
    root = make_folder(train=3, test=2)
    with pytest.raises(UserError, match=r"/test has images but no classes"):
        open_folder(root)


def test_pictures_of_other_formats_are_listed(make_folder: Make) -> None:
    root = make_folder(cats=2, dogs=2)
    (root / "cats" / "scan.JXL").write_bytes(b"\xff\x0a" + bytes(60))
    (root / "cats" / "notes.txt").write_text("not listed")
    why = "not a format that is read here: save it as JPEG or PNG"
    assert open_folder(root).left_out == (("cats/scan.JXL", why),)


def test_names_that_could_deceive_are_made_harmless() -> None:
    assert printable("a\nb\u202egpj.exe") == "a�b�gpj.exe"
    assert printable("Kätzchen 🐈 собака 猫") == "Kätzchen 🐈 собака 猫"


def test_files_of_different_sizes_have_no_size_together(make_folder: Make) -> None:
    root = make_folder(cats=3, dogs=3)
    Image.fromarray(np.zeros((50, 60), np.uint8)).save(root / "cats" / "large.png")
    assert open_folder(root).image_size is None


def test_opening_tells_how_far_it_is_and_can_be_cancelled(make_folder: Make) -> None:
    root, told = make_folder(cats=3, dogs=3), []
    task = Task(on_progress=lambda fraction, text: told.append((fraction, text)))
    open_folder(root, task)
    assert told == [(None, "Looking into photos"), (0.0, "Checking 0 of 6 files")]
    task.cancel()
    with pytest.raises(Cancelled):
        open_folder(root, task)


def test_a_file_that_breaks_later_is_left_out_of_its_batch(make_folder: Make) -> None:
    root = make_folder(cats=3, dogs=3)
    dataset = open_folder(root)
    (root / "cats" / "001.png").unlink()
    pixels, good = dataset.images.load(np.arange(3), Target(20, 30, 3))
    assert good.tolist() == [True, False, True]
    assert not pixels[1].any()
    assert list(dataset.images.unreadable) == ["cats/001.png"]  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="cannot be read: No such file"):
        dataset.images.read(1)


def test_a_folder_that_has_gone_is_told_and_may_come_back(make_folder: Make) -> None:
    root = make_folder(cats=3, dogs=3)
    dataset = open_folder(root)
    away = root.rename(root.with_name("unplugged"))
    everything, target = np.arange(6), Target(20, 30, 3)
    assert not dataset.images.load(everything, target)[1].any()
    assert dataset.images.gone and len(dataset.images.unreadable) == 6  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="has the folder gone"):
        find_duplicates(dataset)
    away.rename(root)
    (root / "cats" / "001.png").unlink()
    assert dataset.images.load(everything, target)[1].sum() == 5
    assert not dataset.images.gone  # type: ignore[attr-defined]
    assert list(dataset.images.unreadable) == ["cats/001.png"]  # type: ignore[attr-defined]


def test_classes_without_an_image_are_said(make_folder: Make) -> None:
    root = make_folder(cats=4, dogs=4)
    (root / "emus").mkdir()
    (root / "foxes").mkdir()
    (root / "foxes" / "empty.png").write_bytes(b"")
    dataset = open_folder(root)
    assert dataset.classes == ("cats", "dogs")
    assert "2 folders have no image that can be used, and no class: “emus”, “foxes”." in dataset.notes


def test_a_path_that_leads_nowhere_is_said_as_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no folder or file .*nowhere: check its name"):
        open_dataset(str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="no data set and no folder called nowhere: named sets are digits"):
        open_dataset("nowhere")


def test_odd_things_in_a_folder_do_no_harm(make_folder: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_folder(cats=3, dogs=3)
    (root / "itself").symlink_to("itself")
    (root / "cats" / "up").symlink_to(root)
    (root / "cats" / "gone.png").symlink_to("nowhere")
    (root / "dogs" / "folder.png").mkdir()
    os.mkfifo(root / "dogs" / "pipe.png")
    # Latin-1 names, as old archives have them.
    old = os.fsencode(root) + b"/caf\xe9"
    os.mkdir(old)  # noqa: PTH102
    shutil.copy(root / "cats" / "001.png", old + b"/\xff.png")
    dataset = open_folder(root)
    assert dataset.classes == ("caf�", "cats", "dogs")
    assert dataset.counts().tolist() == [1, 3, 3]
    assert dataset.images.name(0) == "caf�/�.png"
    assert dataset.left_out == (("cats/gone.png", "No such file or directory"),)
    assert dataset.images.load(np.arange(7), Target(20, 30, 3))[1].all()

    scan = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("dogs"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert ("dogs", "Permission denied") in open_folder(root).left_out


def test_what_a_mac_packs_beside_the_pictures_is_no_class(make_folder: Make) -> None:
    root = make_folder(cats=10, dogs=10)
    for part in ("train", "test"):
        shutil.copytree(root, root.parent / "set" / part)
    beside = root.parent / "set" / "__MACOSX" / "train" / "cats"
    beside.mkdir(parents=True)
    (beside / "._000.png").write_bytes(b"\0\5\x16\7")
    dataset = open_folder(root.parent / "set")
    assert dataset.classes == ("cats", "dogs")
    assert len(dataset.indices("test")) == 20
    # Nor does it keep the one folder that wraps the classes from being opened.
    for part in ("train", "test"):
        shutil.rmtree(root.parent / "set" / part)
    shutil.copytree(root, root.parent / "set" / "photos")
    assert open_folder(root.parent / "set").classes == ("cats", "dogs")
