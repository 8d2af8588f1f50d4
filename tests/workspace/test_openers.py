"""Every path is taken for what it is, and goes where it is used; what is bad is refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel_files import save_kernels
from convscope.workspace.openers import registry
from convscope.workspace.openers.opener import OpenerContext
from convscope.workspace.openers.registry import ASKED_ABOUT, is_quick, sort
from convscope.workspace.workspace import Workspace


class Window:
    """What an opener is given, where nothing else is there: what was done is noted."""

    def __init__(self) -> None:
        self.workspace = Workspace([Image(np.zeros((2, 2), np.uint8), "black")])
        self.done: list[tuple[object, ...]] = []

    def read(self, title: str, work: Callable[[Task], Any], done: Callable[[Any], None]) -> None:
        try:
            value = work(Task())
        except UserError as error:
            self.refuse([error])
        else:
            done(value)

    def open_model(self, spec: str | Path, **options: Any) -> object:
        self.done.append(("model", Path(spec).name, *(Path(each).name for each in options.values())))
        return None

    def open_dataset(self, reference: str | Path) -> None:
        self.done.append(("dataset", Path(reference).name))

    def show(self, panel: str, page: str = "") -> None:
        self.done.append(("show", panel, page))

    def remember(self, path: Path) -> None:
        self.done.append(("remember", path.name))

    def refuse(self, errors: Sequence[UserError]) -> None:
        self.done += [("refuse", error.message) for error in errors]


def open_all(window: OpenerContext, paths: Sequence[Path]) -> None:
    """As the window does."""
    for name, each in sort(paths).items():
        registry.opener(name).open(window, each)


def folder(path: Path, *names: str) -> Path:
    """A folder with empty files."""
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(b"")
    return path


def test_everything_is_taken_for_what_it_is(tmp_path: Path) -> None:
    save_kernels(tmp_path / "blur.json", [make("box-blur")])
    TEMPLATES["mnist-small"].architecture.save(tmp_path / "draft.json")
    (tmp_path / "layers.json").write_text(json.dumps({"class_name": "Sequential", "config": {}}))
    kinds = {
        "run": folder(tmp_path / "run", "settings.json", "status.json"),
        "model": folder(tmp_path / "saved", "saved_model.pb"),
        "dataset": folder(tmp_path / "classes", "ant/1.png", "bee/2.png"),
        "image": folder(tmp_path / "pictures", "1.png", "2.png"),
        "kernels": tmp_path / "blur.json",
        "architecture": tmp_path / "draft.json",
    }
    for name, path in kinds.items():
        assert sort([path]) == {name: [path]}
        assert is_quick(path) == (name not in ("dataset", "image"))
    assert list(sort([tmp_path / "layers.json"])) == ["model"]
    folder(tmp_path, "a.npz", "train-images-idx3-ubyte")
    assert list(sort([tmp_path / name for name in ("a.npz", "train-images-idx3-ubyte")])) == ["dataset"]
    assert list(sort([tmp_path / name for name in ("a.png", "b.csv", "c.doc", "gone")])) == ["image"]
    folders = [kinds["dataset"], kinds["image"], kinds["run"]]
    assert sort(folders, "unsorted folders") == {
        "dataset": [kinds["dataset"]], ASKED_ABOUT: [kinds["image"]], "run": [kinds["run"]],
    }  # fmt: skip
    assert sort(folders, "folders") == {ASKED_ABOUT: folders[:2], "run": [kinds["run"]]}


def test_kernels_and_drafts_go_where_they_are_used(tmp_path: Path) -> None:
    save_kernels(tmp_path / "blur.json", [make("box-blur")])
    draft = TEMPLATES["mnist-small"].architecture.insert(1, "Dropout")
    draft.save(tmp_path / "draft.json")
    window = Window()
    open_all(window, [tmp_path / "blur.json", tmp_path / "draft.json"])
    assert window.workspace.lab.stage.kernel == make("box-blur")
    assert window.workspace.undo_label == "Import blur.json"
    assert window.workspace.architecture == draft
    assert [each for each in window.done if each[0] == "show"] == [
        ("show", "kernels", ""),
        ("show", "model", "build"),
    ]


def test_layers_and_weights_that_come_together_are_one_model(tmp_path: Path) -> None:
    (tmp_path / "layers.json").write_text(json.dumps({"class_name": "Sequential", "config": {}}))
    paths = [tmp_path / name for name in ("w.weights.h5", "layers.json", "other.keras")]
    window = Window()
    open_all(window, paths)
    assert window.done == [("model", "layers.json", "w.weights.h5"), ("model", "other.keras")]


def test_what_is_bad_is_refused_and_the_rest_comes(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.ones((3, 3)))
    (tmp_path / "bad.json").write_text("{")
    folder(tmp_path / "empty", "a.txt")
    window = Window()
    open_all(window, [tmp_path / name for name in ("bad.json", "good.npy", "gone.png", "empty")])
    assert window.workspace.image.name == "good.npy"
    refused = [str(each[1]) for each in window.done if each[0] == "refuse"]
    assert len(refused) == 3 and all("\n" not in sentence for sentence in refused)
