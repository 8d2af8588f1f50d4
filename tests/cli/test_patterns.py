"""`convscope patterns`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli import main
from convscope.cli.patterns import numbers

DIGITS = ["patterns", "digits", "--layer", "conv2d_1", "--steps", "3"]


def test_a_grid_of_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, array = tmp_path / "grid.png", tmp_path / "grid.npy"
    words = [*DIGITS, "--filters", "0-8,12", "--size", "30", "-o", str(picture), "--npy", str(array)]
    assert main(words) == 0
    with Image.open(picture) as grid:
        assert grid.size == (8 * 30 + 7 * 4, 2 * 30 + 4)
    values = np.load(array)
    assert values.shape == (10, 30, 30, 1) and values.dtype == np.float32
    assert values.min() >= 0 and values.max() <= 255
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("conv2d_1 · filter 12  score")
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["patterns"]
    assert [fact["index"] for fact in facts] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]
    assert set(facts[0]) == {"name", "index", "score", "score_moved", "flat", "dead", "size"}
    np.testing.assert_array_equal(np.load(array), values)


def test_seed_and_recipe_change_the_picture(tmp_path: Path) -> None:
    found = []
    for number, more in enumerate((["--seed", "1"], ["--seed", "2"], ["--recipe", "classic"])):
        array = tmp_path / f"{number}.npy"
        output = str(tmp_path / "grid.png")
        assert main([*DIGITS, "--filters", "3", *more, "-o", output, "--npy", str(array)]) == 0
        found.append(np.load(array))
    assert not np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_classes_by_name_and_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "grid.png")
    words = ["patterns", "garments", "--steps", "2", "-o", output, "--size", "40"]
    assert main([*words, "--classes", "trouser, 9"]) == 2
    assert main([*words, "--classes", "Trouser"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("Trouser  score")
    assert "takes only 28×28 pixels here: --size was not heeded." in told.err
    assert main([*words, "--classes", "0-2,9", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["patterns"]) == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--layer", "nowhere"],
            "Digits convnet has no layer nowhere: it has input, conv2d, max_pooling2d, "
            "conv2d_1, max_pooling2d_1, conv2d_2, flatten, dense, dense_1.",
        ),
        (["--layer", "conv2d", "--filters", "32"], "conv2d has 32 filters, 0 to 31: there is no 32."),
        (["--layer", "conv2d", "--filters", "a"], "--filters is a list such as 0-15 or 3,7,20-23, not a."),
        (
            ["--layer", "conv2d", "--filters", ""],
            "--filters is a list such as 0-15 or 3,7,20-23, not nothing.",
        ),
        (["--layer", "conv2d", "--steps", "0"], "The number of steps goes from 1 to 10000, not 0."),
        (
            ["--layer", "conv2d", "-o", "grid.jpg"],
            "grid.jpg has another ending than .png: name it grid.png.",
        ),
        (
            ["--classes", "1", "--filters", "1"],
            "--filters belongs to --layer; --classes already names the objectives.",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = [] if "-o" in words else ["-o", str(tmp_path / "grid.png")]
    assert main(["patterns", "digits", *words, *output]) == 2
    assert capsys.readouterr().err == f"convscope: {sentence}\n"


def test_lists_of_numbers() -> None:
    assert numbers("0-3", "--filters") == [0, 1, 2, 3]
    assert numbers("7, 2 ,4-5", "--filters") == [7, 2, 4, 5]


def test_a_missing_folder_is_said_before_the_model_is_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.cli.patterns.opened", lambda arguments: pytest.fail("opened"))
    assert main(["patterns", "digits", "--layer", "conv2d", "-o", "/nowhere/at/all.png"]) == 2
    told = "/nowhere/at/all.png cannot be saved: there is no folder /nowhere/at; make it first."
    assert capsys.readouterr().err == f"convscope: {told}\n"


def test_numbers_of_a_chosen_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    kind = layers.Dense(3, activation="softmax", name="kind")(values)
    keras.Model(inputs, {"kind": kind, "age": layers.Dense(1, name="age")(values)}).save(tmp_path / "n.keras")
    grid = str(tmp_path / "grid.png")
    words = ["patterns", str(tmp_path / "n.keras"), "--steps", "2", "-o", grid, "--output", "age"]
    assert main([*words, "--classes", "age"]) == 0
    assert capsys.readouterr().out.startswith("age, as large as possible  score")
    assert main([*words, "--classes", "0", "--negative"]) == 0
    assert capsys.readouterr().out.startswith("age, as small as possible  score")
    assert main([*words, "--classes", "2"]) == 2
    assert "n has 1 value, 0 to 0: there is no 2." in capsys.readouterr().err
