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

from convscope.core.ids import new_id
from convscope.core.records import to_json
from convscope.core.task import Cancelled, Task
from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.engine.models.reuse.built import build_model
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.workspace import kept_models, recovery
from convscope.workspace.data import DataSettings
from convscope.workspace.kept_models import KeptModel, NamedModel, open_kept
from convscope.workspace.lab import SOBEL_X, Lab
from convscope.workspace.recovery import Recovered, clear_work, has_work, load_work, save_work
from convscope.workspace.snapshot import WorkspaceSnapshot, restore, take
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


def of(images: tuple[Image, ...], current: int, lab: Lab) -> WorkspaceSnapshot:
    """What is open: images, one of them current, and a lab."""
    workspace = Workspace(images, lab)
    workspace.select_image(images[current].id)
    return take(workspace)


@pytest.fixture
def work(tmp_path: Path) -> WorkspaceSnapshot:
    """A file, a drawing and a typed matrix."""
    path = tmp_path / "photo.png"
    assert cv2.imwrite(str(path), np.full((4, 5), 9, np.uint8))
    images = (
        Image(np.full((4, 5), 9, np.uint8), "photo.png", path),
        Image(np.arange(9, dtype=np.uint8).reshape(3, 3), "drawing", None, ("a note",)),
        Image(np.array([[0.5, -2.25]], np.float32), "typed"),
    )
    return of(images, 1, LAB)


def back(folder: Path) -> Recovered:
    """What is found there."""
    recovered = load_work(folder)
    assert recovered is not None
    return recovered


def again(recovered: Recovered) -> Workspace:
    """A workspace that it was brought back into."""
    workspace = Workspace([Image(np.zeros((2, 2), np.uint8), "sample")])
    restore(workspace, recovered.snapshot)
    return workspace


def test_everything_comes_back_exactly(folder: Path, work: WorkspaceSnapshot) -> None:
    assert not has_work(folder)
    save_work(folder, work)
    assert has_work(folder)
    recovered = back(folder)
    workspace = again(recovered)
    assert workspace.lab == LAB and recovered.errors == ()
    assert workspace.current == 1
    for old, new in zip(work.images, workspace.images, strict=True):
        assert (old.name, old.path, old.notes, old.id) == (new.name, new.path, new.notes, new.id)
        assert old.values.dtype == new.values.dtype
        assert np.array_equal(old.values, new.values)


def test_what_comes_back_is_the_same_snapshot(folder: Path, work: WorkspaceSnapshot) -> None:
    save_work(folder, work)
    save_work(folder.with_name("again"), take(again(back(folder))))
    first, second = (
        json.loads((each / "work.json").read_text()) for each in (folder, folder.with_name("again"))
    )
    assert first == second and first["parts"]["lab"]["channel"] == "luma"


def test_the_work_of_a_workspace_is_what_is_open(work: WorkspaceSnapshot) -> None:
    workspace = Workspace(work.images, LAB)
    workspace.select_image(workspace.images[2].id)
    snapshot = take(workspace)
    assert snapshot.images == work.images and snapshot.parts["lab"] == LAB
    assert snapshot.parts["images"].current == work.images[2].id
    assert set(snapshot.parts) == {"lab", "images"} and not snapshot.models and not snapshot.dataset


def test_a_drawing_that_did_not_change_is_not_written_again(folder: Path, work: WorkspaceSnapshot) -> None:
    save_work(folder, work)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")}
    assert len(before) == 2
    save_work(folder, of(work.images, 0, Lab()))
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npy")} == before
    save_work(folder, of(work.images[:1], 0, Lab()))
    assert not list(folder.glob("*.npy"))


def test_a_write_that_fails_leaves_the_last_work_whole(
    folder: Path, work: WorkspaceSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_work(folder, work)
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "work.json":
            raise OSError("No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_work(folder, of(work.images[1:2], 0, Lab()))
    monkeypatch.undo()
    assert [image.name for image in back(folder).snapshot.images] == ["photo.png", "drawing", "typed"]
    assert not list(folder.glob("*.tmp"))


def test_a_file_that_is_gone_is_an_error_and_the_rest_comes_back(
    folder: Path, work: WorkspaceSnapshot
) -> None:
    save_work(folder, work)
    assert work.images[0].path is not None
    work.images[0].path.unlink()
    recovered = back(folder)
    workspace = again(recovered)
    assert [image.name for image in workspace.images] == ["drawing", "typed"]
    assert workspace.image.name == "drawing"
    assert ["photo.png" in error.message for error in recovered.errors] == [True]


def test_without_any_image_the_lab_still_comes_back(folder: Path, work: WorkspaceSnapshot) -> None:
    save_work(folder, of(work.images[:1], 0, LAB))
    assert work.images[0].path is not None
    work.images[0].path.unlink()
    recovered = back(folder)
    workspace = again(recovered)
    assert recovered.snapshot.images == () and workspace.lab == LAB and len(recovered.errors) == 1
    assert workspace.image.name == "sample"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 99}',
        '{"version": 1}',
        '{"version": 2}',
        '{"version": 2, "images": 5, "models": 5, "dataset": 5, "parts": 5}',
        '{"version": 2, "images": [{"id": "lab", "values": "x"}], "parts": {"lab": 5, "images": 7}}',
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


def changed_part(folder: Path, name: str, value: object) -> None:
    """Another value of a part in what was kept."""
    document = json.loads((folder / "work.json").read_text())
    changed(folder, parts={**document["parts"], name: value})


def told(recovered: Recovered) -> list[str]:
    """What could not be brought back."""
    return [
        error.message.removesuffix(" of the last run could not be brought back.")
        for error in recovered.errors
    ]


def test_a_wrong_setting_in_the_lab_is_left_aside_and_the_rest_comes_back(
    folder: Path, work: WorkspaceSnapshot
) -> None:
    save_work(folder, work)
    changed_part(folder, "lab", {**to_json(LAB), "display": "loud"})
    recovered = back(folder)
    workspace = again(recovered)
    assert told(recovered) == ["The kernels"] and workspace.lab == Lab()
    assert len(workspace.images) == 3


def test_one_damaged_model_keeps_no_other_away(folder: Path, work: WorkspaceSnapshot) -> None:
    ids = [new_id() for _ in range(3)]
    save_work(folder, replace(work, models={ids[0]: NamedModel("digits")}))
    entries: list[object] = json.loads((folder / "work.json").read_text())["models"]
    changed(
        folder,
        models=[
            *entries,
            5,
            {"id": ids[1]},
            {"id": ids[1], "file": "x"},
            {"id": ids[1], "spec": "VGG16", "input_shape": 5},
            {"id": ids[1], "spec": "VGG16", "input_shape": [0, 1, 3]},
            {"id": "lab", "spec": "VGG16"},
            None,
        ],
    )
    recovered = back(folder)
    assert recovered.snapshot.models == {ids[0]: NamedModel("digits")}
    assert told(recovered) == ["A model"] * 7
    changed(folder, models=7)
    recovered = back(folder)
    assert recovered.snapshot.models == {} and told(recovered) == ["The models"]
    assert again(recovered).lab == LAB


def test_models_come_back_with_what_they_were_opened_with(folder: Path, work: WorkspaceSnapshot) -> None:
    models = (
        NamedModel("digits"),
        NamedModel("VGG16", "imagenet", False, (64, 48, 3)),
        NamedModel("VGG16", "", False),
        NamedModel("lenet-5", input_shape=(None, None, 1)),
        NamedModel("/a/b.keras", "/a/w.h5"),
    )
    named = {new_id(): model for model in models}
    save_work(folder, replace(work, models=named))
    assert list(back(folder).snapshot.models.items()) == list(named.items())
    # What is not open yet is in the next snapshot, too.
    workspace = again(back(folder))
    assert take(workspace).models == named


def test_a_model_that_was_trained_here_comes_back_with_its_weights(
    folder: Path, work: WorkspaceSnapshot
) -> None:
    built = build_model(TEMPLATES["mnist-small"].architecture, seed=1)
    source = ModelSource("memory", built.name, weights="trained")
    trained = OpenedModel(built.keras, name="mine", classes=built.classes, source=source)
    workspace = Workspace(work.images)
    workspace.add_model(trained)
    save_work(folder, take(workspace))
    kept = back(folder).snapshot.models[trained.id]
    assert isinstance(kept, KeptModel)
    later = open_kept(kept, Task())
    assert later.fingerprint() == trained.fingerprint()
    assert (later.name, later.source.kind, later.source.weights) == ("mine", "memory", "trained")


def test_a_model_too_large_for_the_folder_keeps_nothing_else_away(
    folder: Path, work: WorkspaceSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_models, "MOST_BYTES", 1000)
    workspace = Workspace(work.images)
    workspace.add_model(build_model(TEMPLATES["mnist-small"].architecture))
    save_work(folder, take(workspace))
    assert back(folder).snapshot.models == {} and len(back(folder).snapshot.images) == 3


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
def test_an_image_that_is_no_file_keeps_no_other_away(
    folder: Path, work: WorkspaceSnapshot, kind: str
) -> None:
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
    assert len(recovered.errors) == 1
    assert [image.name for image in again(recovered).images] == ["photo.png", "typed"]


def test_whatever_the_file_holds_it_is_work_or_none(folder: Path, work: WorkspaceSnapshot) -> None:
    """Values of every wrong kind in every place, and bytes changed: nothing else is ever raised."""
    save_work(
        folder,
        replace(
            work,
            models={new_id(): NamedModel("VGG16", "imagenet", False, (64, 48, 3))},
            dataset="digits",
            parts={
                **work.parts,
                "data:": DataSettings(Augmentation(rotation=10.0), InputSettings((8, 8), 3, "crop")),
                "data:digits": DataSettings(Augmentation(), InputSettings(), SplitSettings()),
                "layer": "conv2d",
                "panel": "kernels",
            },
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
            found = load_work(folder)
            if found is not None:
                again(found)
        container[key] = before  # type: ignore[index]
    for _ in range(60):
        data = bytearray(whole.encode())
        for place in (random.randrange(len(data)) for _ in range(3)):
            data[place] = random.randrange(256)
        path.write_bytes(data[: random.choice((len(data), random.randrange(len(data))))])
        load_work(folder)


def test_a_damaged_drawing_never_runs_code_and_never_leaves_the_folder(
    folder: Path, work: WorkspaceSnapshot, tmp_path: Path
) -> None:
    save_work(folder, work)
    np.save(tmp_path / "elsewhere.npy", np.zeros((2, 2), np.uint8))
    document = json.loads((folder / "work.json").read_text())
    document["images"][1]["values"] = "../elsewhere.npy"
    pickled = folder / document["images"][2]["values"]
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (folder / "work.json").write_text(json.dumps(document))
    recovered = back(folder)
    assert [image.name for image in again(recovered).images] == ["photo.png"]
    assert len(recovered.errors) == 2


def test_clearing_forgets_it(folder: Path, work: WorkspaceSnapshot) -> None:
    save_work(folder, work)
    clear_work(folder)
    assert not has_work(folder) and load_work(folder) is None
    assert not list(folder.iterdir())
    clear_work(folder)


def test_saving_and_loading_can_be_cancelled(folder: Path, work: WorkspaceSnapshot) -> None:
    save_work(folder, work)
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        save_work(folder, work, task)
    with pytest.raises(Cancelled):
        load_work(folder, task)
    assert recovery.has_work(folder)


def test_what_images_are_brought_to_comes_back(folder: Path, work: WorkspaceSnapshot) -> None:
    workspace = Workspace(work.images, LAB)
    workspace.set_input(InputSettings((224, 160), 3, "crop"))
    save_work(folder, take(workspace))
    assert again(back(folder)).input == InputSettings((224, 160), 3, "crop")
    workspace.set_input(InputSettings())
    save_work(folder, take(workspace))
    later = again(back(folder))
    assert later.input == InputSettings() and later.has_input
    assert later.augmentation is None
    workspace.set_augmentation(Augmentation(rotation=10.0, flip_horizontal=True, fill="reflect"))
    save_work(folder, take(workspace))
    assert again(back(folder)).augmentation == workspace.augmentation


def test_what_is_set_for_each_data_set_comes_back(folder: Path, work: WorkspaceSnapshot) -> None:
    workspace = Workspace(work.images, LAB)
    settings = {
        "/data/bücher \udce9": DataSettings(
            Augmentation(rotation=10.0), InputSettings((64, 48), 1, "pad"), SplitSettings(0.3, 0.2, 7), False
        ),
        "digits": DataSettings(batch_size=64, labels="categorical"),
    }
    for reference, each in settings.items():
        workspace.data_part_of(reference).set(each)
    save_work(folder, take(workspace))
    later = again(back(folder))
    assert {reference: later.data_settings_of(reference) for reference in settings} == settings


@pytest.mark.parametrize(
    "bad",
    [
        {"labels": "none"},
        {"split": {"validation": 3}},
        {"augmentation": {"rotation": "x"}},
        {"input": {"size": [0, 9], "channels": None, "fit": "crop"}},
        {"input": {"size": 3}},
        {"input": [1]},
        7,
    ],
)
def test_data_settings_that_cannot_be_are_left_aside(
    folder: Path, work: WorkspaceSnapshot, bad: object
) -> None:
    save_work(folder, work)
    changed_part(folder, "data:digits", bad)
    changed_part(folder, "data:fashion", to_json(DataSettings(batch_size=8)))
    recovered = back(folder)
    assert again(recovered).data_settings_of("fashion") == DataSettings(batch_size=8)
    assert again(recovered).data_settings_of("digits") == DataSettings()
    assert told(recovered) == ["What was set for the data set digits"]


def test_what_was_typed_into_a_closed_model_is_not_kept_for_ever(
    folder: Path, work: WorkspaceSnapshot
) -> None:
    workspace = Workspace(work.images, LAB)
    gone, drawn = new_id(), work.images[1].id
    for owner in (gone, drawn):
        workspace.part(f"layers.weights.{owner}", 0, "layers").set(3)
    assert set(take(workspace).parts) == {"lab", "images", f"layers.weights.{drawn}"}
