"""Nothing is downloaded that nobody has asked for: what is missing is said, with how to get it."""

from __future__ import annotations

import ast
import gzip
import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.cli import main
from convscope.core.errors import NotDownloadedError, UserError, WeightsNotDownloadedError
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.models.applications.build import build_application, download_weights
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import Draft
from convscope.engine.models.files.open_file import open_file
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.reuse.built import build_model
from convscope.engine.training.train import resume
from tests.made_runs import made_run

DOWNLOADERS = ("load_data", "get_file", "urlretrieve", "decode_predictions")


@pytest.fixture(autouse=True)
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An empty cache, and a network that notes whatever is tried."""
    tried: list[str] = []

    def note(*given: Any, **_: Any) -> Any:
        tried.append(str(getattr(given[0], "full_url", given[0])))
        raise OSError("no network in this test")

    monkeypatch.setattr(urllib.request, "urlopen", note)
    monkeypatch.setattr(socket, "create_connection", note)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path / "keras"))
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "datasets").mkdir()
    return tried


def based() -> Architecture:
    draft = Draft("mine", (64, 64, 3))
    draft.add("Base", name="base", application="VGG16", weights="imagenet", trainable=False)
    draft.add("Flatten")
    draft.add("Dense", units=2, activation="softmax")
    return draft.done


def test_an_architecture_with_an_imagenet_base_says_what_is_missing(
    tmp_path: Path, closed: list[str]
) -> None:
    architecture = based()
    architecture.save(tmp_path / "mine.json")
    for opens in (
        lambda: open_file(tmp_path / "mine.json"),
        lambda: open_model(tmp_path / "mine.json"),
        lambda: build_model(architecture),
        lambda: build_application("VGG16", weights="imagenet", include_top=False),
        lambda: open_model("VGG16", weights="imagenet", fetch=False),
        lambda: open_model("vgg16-cats-dogs", weights="imagenet", fetch=False),
    ):
        with pytest.raises(WeightsNotDownloadedError) as told:
            opens()
        assert "convscope models --download VGG16" in told.value.message and told.value.name == "VGG16"
    assert closed == []
    # Who asks for them gets a try.
    for asks in (
        lambda: open_model("VGG16", weights="imagenet"),
        lambda: download_weights("VGG16", include_top=False),
    ):
        with pytest.raises(UserError, match="cannot be downloaded now"):
            asks()
        assert closed.pop()


def test_a_file_in_the_cache_that_is_another_is_not_replaced_unasked(
    tmp_path: Path, closed: list[str]
) -> None:
    file = tmp_path / "keras" / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    file.write_bytes(b"something else")
    with pytest.raises(WeightsNotDownloadedError):
        build_application("VGG16", weights="imagenet", include_top=False, input_shape=(32, 32, 3))
    assert closed == [] and file.read_bytes() == b"something else"


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100"])
def test_a_set_that_a_run_or_a_workspace_names(name: str, closed: list[str]) -> None:
    with pytest.raises(NotDownloadedError, match=f"“convscope data download {name}”") as told:
        open_dataset(name)
    assert told.value.name == name and closed == []


def test_a_damaged_copy_of_a_set_is_not_downloaded_again_unasked(tmp_path: Path, closed: list[str]) -> None:
    (tmp_path / "keras" / "datasets" / "mnist.npz").write_bytes(gzip.compress(b"something"))
    with pytest.raises(UserError, match="damaged: delete it there"):
        open_dataset("mnist")
    assert closed == []


def test_a_run_on_cifar10_is_neither_evaluated_nor_gone_on_with(
    tmp_path: Path, closed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = made_run("far", tmp_path)
    path = run.folder / "settings.json"
    told = json.loads(path.read_text())
    told["data"] |= {"reference": "cifar10", "title": "CIFAR-10"}
    path.write_text(json.dumps(told))
    for name in ("model.keras", "last.keras"):
        (run.folder / name).write_bytes(b"PK")
    (run.folder / "last.json").write_text("{}")
    for words in (["evaluate", str(run.folder)], ["train", "--resume", str(run.folder)]):
        assert main(words) == 2
        assert "CIFAR-10 is not on this machine: download it (170 MB)" in capsys.readouterr().err
    with pytest.raises(NotDownloadedError):
        resume(run)
    assert closed == []


def test_the_command_that_is_named_exists(closed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--download", "VGG16", "--no-top"]) == 2
    assert "cannot be downloaded now" in capsys.readouterr().err
    assert closed
    assert main(["models", "--no-top"]) == 2


def test_every_set_of_keras_goes_through_the_one_door() -> None:
    """`load_data` and `get_file` would download: nobody else calls them."""
    calls = set()
    for path in Path(convscope.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in DOWNLOADERS:
                calls.add((path.name, node.attr))
    assert calls == {("keras_sets.py", "load_data"), ("state.py", "urlretrieve")}
