"""`convscope explain`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain as attribute
from convscope.engine.interpret.attribution.picture import LEAST, Style, picture
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.io.load import load_image

COFFEE = str(resource_path("images", "coffee.jpg"))
SEVEN = str(resource_path("images", "digit-7.png"))


def test_overlay_numbers_and_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay, relevance = tmp_path / "overlay.png", tmp_path / "heat.npy"
    assert main(["explain", "imagenet", COFFEE, "-o", str(overlay), "--npy", str(relevance), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert load_image(overlay).values.shape == (400, 600, 3)
    values = np.load(relevance)
    assert values.shape == (7, 7) and values.dtype == np.float32 and values.max() != 1
    assert told["classes"][0]["name"] == "espresso"
    assert set(told["classes"][0]) == {"index", "name", "probability", "logit"}
    assert (told["method"], told["target"], told["class"]) == ("grad-cam", "espresso", 967)
    assert (told["layer"], told["shape"]) == ("top_relu6", [7, 7])
    assert told["score"] == pytest.approx(told["classes"][0]["logit"], rel=1e-5)
    assert told["maximum"] == pytest.approx(float(values.max()))
    box = told["box"]
    assert 0 <= box["top"] < box["bottom"] <= 400 and 0 <= box["left"] < box["right"] <= 600
    assert told["maps"] == [{key: told[key] for key in told["maps"][0]}]


def test_the_overlay_is_the_windows_own_and_may_be_even(tmp_path: Path) -> None:
    seven = load_image(SEVEN)
    made = attribute(AttributionContext(open_model("digits"), seven), MapRequest("grad-cam"))
    for words, style in (
        ([], Style()),
        (["--blend", "even"], Style(opacity=0.5, blend="even")),
        (["--opacity", "1"], Style(opacity=1)),
    ):
        file = tmp_path / "overlay.png"
        assert main(["explain", "digits", SEVEN, "-o", str(file), *words]) == 0
        expected = picture(made, style, image=seven, least=LEAST)
        np.testing.assert_allclose(load_image(file).values.astype(int), expected, atol=1)


def test_classes_by_name_and_layers_by_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    relevance = tmp_path / "heat.npy"
    words = [
        "explain",
        "digits",
        SEVEN,
        "--class",
        "7",
        "--minus",
        "1",
        "--layer",
        "conv2d_1",
        "--npy",
        str(relevance),
    ]
    assert main([*words, "--method", "HiResCAM", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["target"], told["minus"], told["layer"]) == ("7 − 1", 1, "conv2d_1")
    values = np.load(relevance)
    assert values.shape == (11, 11) and values.min() < 0


def test_several_methods_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wall, report = tmp_path / "wall.png", tmp_path / "report.html"
    words = ["explain", "digits", SEVEN, "--method", "grad-cam", "saliency"]
    # Said once or twice, it means the same.
    words += ["--method", "integrated-gradients"]
    words += ["--set", "steps=10", "--npy", str(tmp_path / "heat.npy")]
    words += ["-o", str(wall), "--report", str(report)]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "Grad-CAM of 7 at conv2d_2: 3×3" in told.out
    assert "Integrated gradients of 7: 28×28" in told.out
    assert np.load(tmp_path / "heat.saliency.npy").shape == (28, 28)
    assert load_image(wall).values.shape == (224 + 19, 3 * (224 + 8) - 8, 3)
    assert "steps 10" in report.read_text(encoding="utf-8")


def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "seven.png").write_bytes(Path(SEVEN).read_bytes())
    (source / "broken.png").write_bytes(b"no")
    assert main(["explain", "digits", str(source), "-o", str(tmp_path / "out")]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("1 overlay and table.csv in ")
    assert "broken.png: " in told.err
    assert (tmp_path / "out/seven.grad-cam.png").exists()


def test_a_script(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    assert main(["explain", "digits", SEVEN, "--script", str(script)]) == 0
    assert script.read_text(encoding="utf-8").startswith('"""Grad-CAM of "7" at conv2d_2')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["digits", SEVEN, "--method", "zzz"], "There is no method zzz: choose one of grad-cam, "),
        (["digits", SEVEN, "--method", "grad-cm"], "There is no method grad-cm (did you mean grad-cam"),
        (["digits", SEVEN, "--class", "ten"], "Digits convnet has no class called ten: it has 0, 1, 2, "),
        (["digits", SEVEN, "--class", "-1"], "Digits convnet has classes 0 to 9: there is no class -1."),
        (["digits", SEVEN, "--class", " "], "Name a class of Digits convnet, or give its number: 0 to 9."),
        (["digits", SEVEN, "--class", "10"], "Digits convnet has classes 0 to 9: there is no class 10."),
        (["digits", SEVEN, "--layer", "dense"], "dense cannot explain the decision"),
        (["digits", SEVEN, "--minus", "3"], "--minus needs --class"),
        (["digits", SEVEN, "--opacity", "2"], "--opacity goes from 0 to 1, not 2."),
        (["digits", SEVEN, "--threshold", "0"], "--threshold is over 0 and at most 1, not 0."),
        (["digits", SEVEN, "--set", "steps"], "--set takes SETTING=VALUE"),
        (["digits", SEVEN, "--set", "stops=3"], "No method has a setting stops."),
        (["digits", SEVEN, "--method", "rise", "--set", "masks=1"], "RISE: masks is a whole number"),
        (["digits", str(Path(SEVEN).parent)], "For a folder of pictures give one --method, and with -o"),
        (["nonesuch", SEVEN], "There is no model nonesuch"),
        (["digits", "nothing.png"], "There is no file nothing.png"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"convscope: {sentence}")
    assert told.count("\n") == 1


def test_a_script_of_a_network_without_a_file_has_it_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    assert main(["explain", "mnist-small", SEVEN, "--method", "saliency", "--script", str(script)]) == 0
    assert "Saved beside the script: script.keras, script.classes.json." in capsys.readouterr().err
    assert "keras.saving.load_model(Path(__file__).with_name('script.keras')" in script.read_text("utf-8")


def test_a_folder_of_nothing_but_broken_pictures_fails_and_is_valid_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    assert main(["explain", "digits", str(tmp_path), "-o", str(tmp_path / "out"), "--json"]) == 2

    def refused(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    row = json.loads(capsys.readouterr().out, parse_constant=refused)["rows"][0]
    assert row["probability"] is None and row["index"] is None
    assert row["error"].startswith("broken.png is not a picture format")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--layer", "nope"], "Digits convnet has no layer nope"),
        (["--layer", "dense"], "dense cannot explain the decision"),
    ],
)
def test_a_folder_is_not_begun_with_a_question_that_no_picture_answers(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["explain", "digits", str(Path(SEVEN).parent), "-o", str(out), *words]) == 2
    assert capsys.readouterr().err.startswith(f"convscope: {sentence}")
    assert not out.exists()


def test_an_output_by_its_name_and_both_directions_of_a_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(inputs))
    kind = layers.Dense(3, activation="softmax", name="kind")(values)
    net = keras.Model(inputs, {"kind": kind, "age": layers.Dense(1, name="age")(values)})
    path, png = str(tmp_path / "net.keras"), tmp_path / "out.png"
    net.save(path)
    words = ["explain", path, COFFEE, "--method", "hires-cam", "--json"]
    assert main([*words, "-o", str(png)]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == "kind"
    found = []
    # -o is the file; --output is one, too, where its word is a file's name.
    for more in (["--output", "age", "-o", str(png)], ["--head", "age", "--output", str(png), "--down"]):
        png.unlink()
        assert main([*words, *more]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert png.is_file() and facts["kind"] == "values" and "classes" not in facts
        found.append(facts)
    up, down = found
    assert (up["target"], down["target"]) == ("what pushes age up", "what pulls age down")
    assert up["score"] == pytest.approx(up["values"][0]["value"]) == -down["score"]
    assert up["maximum"] == pytest.approx(-down["minimum"])
    assert main([*words, "--down"]) == 2
    assert "only a number that is none is asked what pulls it down" in capsys.readouterr().err
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(Path(COFFEE).read_bytes())
    (tmp_path / "maps").mkdir()
    batch = ["explain", path, str(folder), "--head", "age", "-o", str(tmp_path / "maps"), "--json"]
    assert main(batch) == 0
    (row,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["rows"]
    assert (row["name"], row["probability"]) == ("age", None)
    assert ",age,," in (tmp_path / "maps" / "table.csv").read_text()
