"""`convscope predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from convscope.cli import main
from convscope.core.paths import resource_path
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


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    """A network that tells a kind and a box, which Keras sorts first."""
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    kind = layers.Dense(3, activation="softmax", name="kind")(values)
    net = keras.Model(inputs, {"kind": kind, "box": layers.Dense(4, name="box")(values)})
    net.save(tmp_path / "heads.keras")
    return tmp_path / "heads.keras"


def test_of_several_outputs_that_with_classes_is_told_and_any_other_by_its_name(
    heads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Box coordinates were shown as four classes with percentages."""
    assert main(["predict", str(heads), COFFEE]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("class ")
    assert len(told.out.splitlines()) == 3 and told.out.count("%") == 3
    assert "It has 2 outputs: shown is kind; the other is box (4 numbers)." in told.err
    for option in ("--output", "--head"):
        assert main(["predict", str(heads), COFFEE, option, "box", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["output"], facts["kind"]) == ("box", "values")
        assert [each["name"] for each in facts["outputs"]] == ["box", "kind"]
        assert [set(row) for row in facts["values"]] == 4 * [{"index", "name", "value"}]
        assert "classes" not in facts
    assert main(["predict", str(heads), COFFEE, "--output", "size"]) == 2
    assert "heads has no output size: it has box (4 numbers), kind (3 classes)." in capsys.readouterr().err
    assert main(["predict", str(heads), COFFEE, "--output", "box", "--as", "classes"]) == 0
    assert capsys.readouterr().out.count("%") == 4


def test_a_regression_is_a_number_and_never_a_percentage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was "class 0 −62.42 %"."""
    import keras
    import numpy as np

    for units, activation, value in ((1, None, -62.42), (1, "tanh", -0.5), (30, None, 1766.14)):
        layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(units, activation)]
        net = keras.Sequential(layers)
        bias = np.arctanh(value) if activation else value
        net.layers[-1].set_weights([np.zeros((48, units)), np.full(units, bias)])
        net.save(tmp_path / "net.keras")
        assert main(["predict", str(tmp_path / "net.keras"), COFFEE]) == 0
        told = capsys.readouterr()
        assert "%" not in told.out and "class" not in told.out
        lines = told.out.splitlines()
        assert len(lines) == units
        assert float(lines[0].split()[-1].replace("−", "-")) == pytest.approx(value, abs=1e-4)
        assert lines[0].startswith("value ")


def test_a_folder_before_a_network_that_puts_out_numbers(
    heads: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(Path(COFFEE).read_bytes())
    words = ["predict", str(heads), str(folder), "--output", "box"]
    assert main([*words, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)["values"]
    assert [row["name"] for row in values] == ["value 0", "value 1", "value 2", "value 3"]
    table = tmp_path / "out.csv"
    assert main([*words, "--csv", str(table)]) == 0
    header, line = table.read_text().splitlines()
    assert header == "path,value 0,value 1,value 2,value 3,skipped,bytes,modified,model"
    assert line.startswith(f"a.jpg,{values[0]['value']:.6g},{values[1]['value']:.6g},")
    # All of it is known to the same line again.
    assert main([*words, "--csv", str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kept"] == 1
    # Another output is another answer.
    assert main([*words[:3], "--csv", str(table)]) == 0
    assert table.read_text().splitlines()[1].startswith("a.jpg,class ")
