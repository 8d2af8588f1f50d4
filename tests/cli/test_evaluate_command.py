"""`convscope evaluate`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.paths import resource_path

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def two_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty of the shipped digits' test images as a folder: one sub-folder a class, ten of them."""
    from PIL import Image

    from convscope.engine.data.sets.registry import open_dataset

    digits, root = open_dataset("digits"), tmp_path_factory.mktemp("digits")
    for index in digits.indices("test")[:40]:
        folder = root / digits.classes[digits.labels[index]]
        folder.mkdir(exist_ok=True)
        Image.fromarray(digits.images.read(int(index))).save(folder / f"{index}.png")
    return root


def test_a_shipped_network_on_its_test_images(capsys: Said) -> None:
    assert main(["evaluate", "digits", "--data", "digits", "--json", "--worst", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["data"], told["images"]) == ("digits", 1000)
    assert told["accuracy"] == pytest.approx(0.989, abs=0.0025)
    confusion = np.array(told["confusion"])
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 1000
    assert np.trace(confusion) == round(told["accuracy"] * 1000)
    assert [row["images"] for row in told["classes"]] == confusion.sum(axis=1).tolist()
    assert len(told["mistakes"]) == 3
    sure = [row["confidence"] for row in told["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    assert all(row["true"] != row["predicted"] for row in told["mistakes"])


def test_all_of_a_folder_that_has_no_test_part(two_digits: Path, capsys: Said) -> None:
    assert main(["evaluate", "digits", "--data", str(two_digits)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("accuracy ")
    assert " on 40 images, loss 0." in lines[0]
    assert len(lines) >= 11
    assert main(["evaluate", "digits", "--data", str(two_digits), "--split", "validation", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"] < 15


def test_a_run_on_its_own_test_images_and_on_others(two_digits: Path, tmp_path: Path, capsys: Said) -> None:
    run = tmp_path / "run"
    words = ["--model", "mnist-small", "--data", "digits", "--epochs", "1", "--steps-per-epoch", "8"]
    assert main(["train", *words, "-o", str(run), "--json"]) == 0
    trained = json.loads(capsys.readouterr().out)
    assert main(["evaluate", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["images"] == 1000
    assert told["accuracy"] == pytest.approx(trained["test"]["accuracy"])
    assert main(["evaluate", str(run), "--data", str(two_digits), "--split", "all", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 40
    # Classes of other names are matched by number, which is said.
    capsys.readouterr()
    others = tmp_path / "others"
    shutil.copytree(two_digits, others)
    (others / "9").rename(others / "nine")
    assert main(["evaluate", str(run), "--data", str(others), "--json"]) == 0
    assert "calls 9 is nine in others: classes are matched by their numbers." in capsys.readouterr().err
    # Data that have changed since could hold images that were learned from.
    settings = json.loads((run / "settings.json").read_text())
    settings["data"]["fingerprint"] = "another"
    (run / "settings.json").write_text(json.dumps(settings))
    assert main(["evaluate", str(run)]) == 2
    assert "Digits is not what it was when " in capsys.readouterr().err
    assert main(["evaluate", str(run), "--data", "digits", "--json"]) == 0
    assert "is not what it was when" in capsys.readouterr().err
    # Every command that takes a model takes the run.
    seven = str(resource_path("images", "digit-7.png"))
    assert main(["predict", str(run), seven, "--json"]) == 0
    by_run = capsys.readouterr().out
    assert main(["predict", str(run / "model.keras"), seven, "--json"]) == 0
    assert by_run == capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "digits",
            "digits is not the folder of a run; for a model --data says what to evaluate it on: "
            "convscope evaluate digits --data DATA.",
        ),
        ("nonesuch --data digits", "nonesuch"),
        ("garments --data textures", "tells 10 classes apart, but Textures has 3."),
        ("digits --data nowhere", "There is no data set and no folder called nowhere"),
    ],
)
def test_what_is_wrong_is_one_sentence(words: str, sentence: str, capsys: Said) -> None:
    assert main(["evaluate", *words.split()]) == 2
    told = capsys.readouterr().err
    assert told.startswith("convscope: ")
    assert sentence in told


def test_a_run_without_a_model_is_said(two_digits: Path, tmp_path: Path, capsys: Said) -> None:
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train_network import details_of

    details = details_of(open_model("mnist-small"), open_dataset("digits"), TrainingSettings(), "New")
    Run.create(tmp_path / "run", details)
    for command in ("evaluate", "summary"):
        assert main([command, str(tmp_path / "run")]) == 2
        assert "holds no trained model yet" in capsys.readouterr().err
