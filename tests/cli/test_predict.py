"""`convscope predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from convscope.cli import main
from convscope.paths import resource_path
from tests.processes import run_process

COFFEE = str(resource_path("images", "coffee.jpg"))


def test_the_shipped_network_knows_coffee(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "imagenet", COFFEE, "--top", "3", "--json"]) == 0
    classes = json.loads(capsys.readouterr().out)["classes"]
    assert [score["name"] for score in classes] == ["espresso", "cup", "consomme"]
    first = classes[0]
    assert set(first) == {"index", "name", "probability", "logit"}
    assert first["index"] == 967
    assert first["probability"] == pytest.approx(0.94, abs=0.005)
    assert first["logit"] > classes[1]["logit"]


def test_bars_for_people_and_nothing_else(tmp_path: Path) -> None:
    """In a process of its own, because TensorFlow prints past Python."""
    done = run_process([sys.executable, "-m", "convscope", "predict", "imagenet", COFFEE])
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("espresso")
    assert lines[0].endswith("94.20 %  " + "█" * 28)


def test_what_a_file_does_not_say_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    net = keras.Sequential(layers)
    answers = []
    for name in ("net.keras", "net.h5"):
        net.save(tmp_path / name)
        assert main(["predict", str(tmp_path / name), COFFEE]) == 0
        told = capsys.readouterr()
        assert "the whole image stretched to the network's size, as Keras's own loaders do." in told.err
        answers.append(told.out)
    assert answers[0] == answers[1]


def test_json_knows_no_infinity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras
    import numpy as np

    layers = [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    net = keras.Sequential(layers)
    net.layers[-1].set_weights([np.zeros((16, 3), np.float32), np.array([0, np.inf, -np.inf], np.float32)])
    net.save(tmp_path / "m.keras")
    assert main(["predict", str(tmp_path / "m.keras"), COFFEE, "--json"]) == 0
    classes = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["classes"]
    assert [(score["probability"], score["logit"]) for score in classes] == [(1, None), (0, 0), (0, None)]


def test_random_weights_are_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "mnist-small", COFFEE, "--top", "10"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 10
    assert "Its weights are random" in told.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["imagenet", COFFEE, "--top", "0"], "--top is the number of classes to show, at least 1, not 0."),
        (["nonesuch", COFFEE], "There is no model nonesuch: convscope models lists them."),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *words]) == 2
    assert capsys.readouterr().err == f"convscope: {sentence}\n"


def test_a_missing_picture_is_said_before_the_model_is_opened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convscope.cli.predict.opened", lambda arguments: pytest.fail("opened"))
    assert main(["predict", "imagenet", "nothing.png"]) == 2
    assert "nothing.png" in capsys.readouterr().err
