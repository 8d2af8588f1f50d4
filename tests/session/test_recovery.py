"""Unsaved work on the disk: whole at any moment, and harmless when it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.imaging.image import Image
from convscope.imaging.kernel import Kernel
from convscope.imaging.operation import Operation
from convscope.imaging.presets import make
from convscope.session import recovery
from convscope.session.data_settings import DataSettings
from convscope.session.lab import SOBEL_X, Lab
from convscope.session.recovery import (
    Recovered,
    Work,
    clear_work,
    has_work,
    lab_from_json,
    lab_to_json,
    load_work,
    save_work,
)
from convscope.session.session import Session
from convscope.task import Cancelled, Task

LAB = Lab(
    (
        Operation(
            kernels=(Kernel(np.arange(6).reshape(2, 3) / 7, "mine", "gabor", (("sigma", 1.4),)),),
            mode="convolve",
            border="wrap",
            stride=2,
            dilation=3,
            bias=-0.1,
            activation="relu",
            pool="max",
            pool_size=3,
            pool_stride=1,
            enabled=False,
        ),
        Operation(kernels=(SOBEL_X, SOBEL_X.over(4), make("box-blur")), channels="filter"),
    ),
    1,
    "signed",
    chosen=True,
    channel="luma",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the work goes."""
    return tmp_path / "work"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A file, a drawing and a typed matrix."""
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), np.full((4, 5), 9, np.uint8))
    return Work(
        (
            Image(np.full((4, 5), 9, np.uint8), "photo.png", path),
            Image(np.arange(9, dtype=np.uint8).reshape(3, 3), "drawing", None, ("a note",)),
            Image(np.array([[0.5, -2.25]], np.float32), "typed"),
        ),
        1,
        LAB,
    )


def back(folder: Path) -> Recovered:
    """What is found there."""
    recovered = load_work(folder)
    assert recovered is not None
    return recovered


def test_everything_comes_back_exactly(folder: Path, work: Work) -> None:
    assert not has_work(folder)
    save_work(folder, work)
    assert has_work(folder)
    recovered = back(folder)
    assert recovered.lab == LAB and recovered.errors == ()
    assert recovered.work is not None and recovered.work.current == 1
    for old, new in zip(work.images, recovered.work.images, strict=True):
        assert (old.name, old.path, old.notes) == (new.name, new.path, new.notes)
        assert old.values.dtype == new.values.dtype
        assert np.array_equal(old.values, new.values)


def test_the_lab_is_plain_json() -> None:
    text = json.dumps(lab_to_json(LAB))
    assert lab_from_json(json.loads(text)) == LAB


def test_a_display_that_a_person_chose_stays_chosen_also_in_what_an_earlier_version_left() -> None:
    chosen = replace(Lab(), display="signed", chosen=True)
    for lab in (chosen, Lab()):
        kept = lab_to_json(lab)
        assert lab_from_json(kept) == lab
        del kept["chosen"]
        assert lab_from_json(kept) == lab


def test_the_work_of_a_session_is_what_is_open(work: Work) -> None:
    session = Session(work.images, LAB)
    session.select_image(session.images[2].id)
    assert Work.of(session) == Work(work.images, 2, LAB)


def test_a_drawing_that_did_not_change_is_not_written_again(folder: Path, work: Work) -> None:
    save_work(folder, work)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")}
    assert len(before) == 2
    save_work(folder, Work(work.images, 0, Lab()))
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")} == before
    save_work(folder, Work(work.images[:1], 0, Lab()))
    assert not list(folder.glob("*.npy"))


def test_a_write_that_fails_leaves_the_last_work_whole(
    folder: Path, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_work(folder, work)
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "work.json":
            raise OSError("No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_work(folder, Work(work.images[1:2], 0, Lab()))
    monkeypatch.undo()
    recovered = back(folder)
    assert recovered.work is not None
    assert [image.name for image in recovered.work.images] == ["photo.png", "drawing", "typed"]
    assert not list(folder.glob("*.tmp"))


def test_a_file_that_is_gone_is_an_error_and_the_rest_comes_back(folder: Path, work: Work) -> None:
    save_work(folder, work)
    assert work.images[0].path is not None
    work.images[0].path.unlink()
    recovered = back(folder)
    assert recovered.work is not None
    assert [image.name for image in recovered.work.images] == ["drawing", "typed"]
    assert recovered.work.images[recovered.work.current].name == "drawing"
    assert ["photo.png" in error.message for error in recovered.errors] == [True]


def test_without_any_image_the_lab_still_comes_back(folder: Path, work: Work) -> None:
    save_work(folder, Work(work.images[:1], 0, LAB))
    assert work.images[0].path is not None
    work.images[0].path.unlink()
    recovered = back(folder)
    assert recovered.work is None and recovered.lab == LAB and len(recovered.errors) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 99}',
        '{"version": 1}',
        '{"version": 1, "current": 0, "images": [], "lab": {"stages": [], "selected": 0, "display": "abs"}}',
        '{"version": 1, "current": 0, "images": [], "lab": {"stages": [{"kernels": [{"weights": "x"}]}]}}',
        '{"version": 1, "current": "x", "images": 5, "lab": {}}',
    ],
)
def test_work_that_makes_no_sense_is_left_aside(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "work.json").write_text(text)
    assert load_work(folder) is None


def test_a_wrong_setting_in_the_lab_is_left_aside(folder: Path, work: Work) -> None:
    save_work(folder, work)
    document = json.loads((folder / "work.json").read_text())
    document["lab"]["display"] = "loud"
    (folder / "work.json").write_text(json.dumps(document))
    assert load_work(folder) is None


def test_a_damaged_drawing_never_runs_code_and_never_leaves_the_folder(
    folder: Path, work: Work, tmp_path: Path
) -> None:
    save_work(folder, work)
    np.save(tmp_path / "elsewhere.npy", np.zeros((2, 2), np.uint8))
    document = json.loads((folder / "work.json").read_text())
    document["images"][1]["values"] = "../elsewhere.npy"
    pickled = folder / document["images"][2]["values"]
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (folder / "work.json").write_text(json.dumps(document))
    recovered = back(folder)
    assert recovered.work is not None
    assert [image.name for image in recovered.work.images] == ["photo.png"]
    assert len(recovered.errors) == 2


def test_clearing_forgets_it(folder: Path, work: Work) -> None:
    save_work(folder, work)
    clear_work(folder)
    assert not has_work(folder) and load_work(folder) is None
    assert not list(folder.iterdir())
    clear_work(folder)


def test_saving_and_loading_can_be_cancelled(folder: Path, work: Work) -> None:
    save_work(folder, work)
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        save_work(folder, work, task)
    with pytest.raises(Cancelled):
        load_work(folder, task)
    assert recovery.has_work(folder)


def test_what_images_are_brought_to_comes_back(folder: Path, work: Work) -> None:
    session = Session(work.images, LAB)
    session.set_input(InputSettings((224, 160), 3, "crop"))
    save_work(folder, Work.of(session))
    assert back(folder).input == InputSettings((224, 160), 3, "crop")
    session.set_input(InputSettings())
    save_work(folder, Work.of(session))
    assert back(folder).input == InputSettings()
    assert back(folder).augmentation is None
    session.set_augmentation(Augmentation(rotation=10.0, flip_horizontal=True, fill="reflect"))
    save_work(folder, Work.of(session))
    assert back(folder).augmentation == session.augmentation


@pytest.mark.parametrize("bad", [{"size": [0, 9], "channels": None, "fit": "crop"}, {"size": 3}, [1]])
def test_an_input_that_cannot_be_is_no_work(folder: Path, work: Work, bad: object) -> None:
    save_work(folder, work)
    document = json.loads((folder / "work.json").read_text())
    (folder / "work.json").write_text(json.dumps({**document, "input": bad}))
    assert load_work(folder) is None


def test_what_is_set_for_each_data_set_comes_back(folder: Path, work: Work) -> None:
    session = Session(work.images, LAB)
    settings = {
        "/data/bücher \udce9": DataSettings(
            Augmentation(rotation=10.0), InputSettings((64, 48), 1, "pad"), SplitSettings(0.3, 0.2, 7), False
        ),
        "digits": DataSettings(batch_size=64, labels="categorical"),
    }
    session.bring_data_settings(settings)
    save_work(folder, Work.of(session))
    assert back(folder).settings == settings


@pytest.mark.parametrize(
    "bad", [{"labels": "none"}, {"split": {"validation": 3}}, {"augmentation": {"x": 1}}, 7]
)
def test_data_settings_that_cannot_be_are_no_work(folder: Path, work: Work, bad: object) -> None:
    save_work(folder, work)
    document = json.loads((folder / "work.json").read_text())
    (folder / "work.json").write_text(json.dumps({**document, "data_settings": {"digits": bad}}))
    assert load_work(folder) is None
