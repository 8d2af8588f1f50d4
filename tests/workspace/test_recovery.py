"""Unsaved work on the disk: whole at any moment, and harmless when it is not."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from convscope.core.task import Cancelled, Task
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.workspace import recovery
from convscope.workspace.data_settings import DataSettings
from convscope.workspace.kept_models import NamedModel
from convscope.workspace.lab import SOBEL_X, Lab
from convscope.workspace.recovery import (
    Recovered,
    Work,
    clear_work,
    has_work,
    lab_from_json,
    lab_to_json,
    load_work,
    save_work,
)
from convscope.workspace.workspace import Workspace

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


def test_the_work_of_a_workspace_is_what_is_open(work: Work) -> None:
    workspace = Workspace(work.images, LAB)
    workspace.select_image(workspace.images[2].id)
    assert Work.of(workspace) == Work(work.images, 2, LAB)


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


def changed(folder: Path, **values: object) -> None:
    """Other values in what was kept."""
    document = json.loads((folder / "work.json").read_text())
    (folder / "work.json").write_text(json.dumps({**document, **values}))


def told(recovered: Recovered) -> list[str]:
    """What could not be brought back."""
    return [
        error.message.removesuffix(" of the last run could not be brought back.")
        for error in recovered.errors
    ]


def test_a_wrong_setting_in_the_lab_is_left_aside_and_the_rest_comes_back(folder: Path, work: Work) -> None:
    save_work(folder, work)
    lab = json.loads((folder / "work.json").read_text())["lab"]
    changed(folder, lab={**lab, "display": "loud"})
    recovered = back(folder)
    assert told(recovered) == ["The kernels"] and recovered.lab == Lab()
    assert recovered.work is not None and len(recovered.work.images) == 3


def test_one_damaged_model_keeps_no_other_away(folder: Path, work: Work) -> None:
    save_work(folder, replace(work, models=(NamedModel("digits"),)))
    changed(
        folder, models=[["digits", ""], 5, ["VGG16"], {"file": "x"}, ["VGG16", "", {"input_shape": 5}], None]
    )
    recovered = back(folder)
    assert recovered.models == (NamedModel("digits"),) and told(recovered) == ["A model"] * 5
    changed(folder, models=7)
    recovered = back(folder)
    assert recovered.models == () and told(recovered) == ["The models"] and recovered.lab == LAB


def test_models_come_back_with_what_they_were_opened_with(folder: Path, work: Work) -> None:
    models = (
        NamedModel("digits"),
        NamedModel("VGG16", "imagenet", False, (64, 48, 3)),
        NamedModel("VGG16", "", False),
        NamedModel("lenet-5", input_shape=(None, None, 1)),
        NamedModel("/a/b.keras", "/a/w.h5"),
    )
    save_work(folder, replace(work, models=models))
    assert back(folder).models == models
    # Of a version that kept names and weights only.
    changed(folder, models=[["digits", ""], ["VGG16", "imagenet"]])
    assert back(folder).models == (NamedModel("digits"), NamedModel("VGG16", "imagenet"))


@pytest.mark.parametrize("kind", ["pipe", "zero", "loop", "folder", "nested", "large"])
def test_work_that_is_no_file_is_no_work(folder: Path, kind: str) -> None:
    folder.mkdir()
    path = folder / "work.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("nested", "large"):
        path.write_bytes(b"[" * 100_000 if kind == "nested" else b" " * (65 << 20))
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path)
    assert load_work(folder) is None


@pytest.mark.parametrize("kind", ["pipe", "zero", "loop", "folder"])
def test_an_image_that_is_no_file_keeps_no_other_away(folder: Path, work: Work, kind: str) -> None:
    save_work(folder, work)
    path = folder / json.loads((folder / "work.json").read_text())["images"][1]["values"]
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "zero" else path)
    recovered = back(folder)
    assert recovered.work is not None and len(recovered.errors) == 1
    assert [image.name for image in recovered.work.images] == ["photo.png", "typed"]


def test_whatever_the_file_holds_it_is_work_or_none(folder: Path, work: Work) -> None:
    """Values of every wrong kind in every place, and bytes changed: nothing else is ever raised."""
    save_work(
        folder,
        replace(
            work,
            models=(NamedModel("VGG16", "imagenet", False, (64, 48, 3)),),
            dataset="digits",
            input=InputSettings((8, 8), 3, "crop"),
            augmentation=Augmentation(rotation=10.0),
            settings={"digits": DataSettings(Augmentation(), InputSettings(), SplitSettings())},
        ),
    )
    path, random = folder / "work.json", Random(4)
    whole = path.read_text()
    places: list[tuple[object, object]] = []

    def look(value: object) -> None:
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):  # type: ignore[arg-type]
            places.append((value, key))
            if isinstance(each, dict | list):
                look(each)

    document = json.loads(whole)
    look(document)
    wrong = [None, True, -1, 10**400, 1e999, "x", "\ud800", [], {}, [1], {"a": 1}, [[1, 2], [3]]]
    for container, key in places:
        before = container[key]  # type: ignore[index]
        for value in random.sample(wrong, 2):
            container[key] = value  # type: ignore[index]
            path.write_text(json.dumps(document))
            load_work(folder)
        container[key] = before  # type: ignore[index]
    for _ in range(60):
        data = bytearray(whole.encode())
        for place in (random.randrange(len(data)) for _ in range(3)):
            data[place] = random.randrange(256)
        path.write_bytes(data[: random.choice((len(data), random.randrange(len(data))))])
        load_work(folder)


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
    workspace = Workspace(work.images, LAB)
    workspace.set_input(InputSettings((224, 160), 3, "crop"))
    save_work(folder, Work.of(workspace))
    assert back(folder).input == InputSettings((224, 160), 3, "crop")
    workspace.set_input(InputSettings())
    save_work(folder, Work.of(workspace))
    assert back(folder).input == InputSettings()
    assert back(folder).augmentation is None
    workspace.set_augmentation(Augmentation(rotation=10.0, flip_horizontal=True, fill="reflect"))
    save_work(folder, Work.of(workspace))
    assert back(folder).augmentation == workspace.augmentation


@pytest.mark.parametrize("bad", [{"size": [0, 9], "channels": None, "fit": "crop"}, {"size": 3}, [1]])
def test_an_input_that_cannot_be_is_left_aside(folder: Path, work: Work, bad: object) -> None:
    save_work(folder, work)
    changed(folder, input=bad)
    recovered = back(folder)
    assert recovered.input is None and recovered.lab == LAB
    assert told(recovered) == ["What images are brought to"]


def test_what_is_set_for_each_data_set_comes_back(folder: Path, work: Work) -> None:
    workspace = Workspace(work.images, LAB)
    settings = {
        "/data/bücher \udce9": DataSettings(
            Augmentation(rotation=10.0), InputSettings((64, 48), 1, "pad"), SplitSettings(0.3, 0.2, 7), False
        ),
        "digits": DataSettings(batch_size=64, labels="categorical"),
    }
    workspace.bring_data_settings(settings)
    save_work(folder, Work.of(workspace))
    assert back(folder).settings == settings


@pytest.mark.parametrize(
    "bad", [{"labels": "none"}, {"split": {"validation": 3}}, {"augmentation": {"x": 1}}, 7]
)
def test_data_settings_that_cannot_be_are_left_aside(folder: Path, work: Work, bad: object) -> None:
    save_work(folder, work)
    changed(folder, data_settings={"digits": bad, "fashion": DataSettings(batch_size=8).to_json()})
    recovered = back(folder)
    assert recovered.settings == {"fashion": DataSettings(batch_size=8)}
    assert told(recovered) == ["What was set for the data set digits"]
