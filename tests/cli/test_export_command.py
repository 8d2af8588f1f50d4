"""`convscope export`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.io.load import load_image

DIGIT = resource_path("images", "digit-7.png")


def test_the_shipped_digits_as_onnx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the converter's own process, as a person has it."""
    import onnxruntime

    path = tmp_path / "digits.onnx"
    assert main(["export", "digits", "-o", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [str(path), str(tmp_path / "digits.classes.json")]
    assert sorted(tmp_path.iterdir()) == sorted(Path(name) for name in told["files"])
    assert (told["images"], told["same_class"], told["same"]) == (100, 100, True)
    assert told["what"] == "images of Digits (test part)"
    assert told["bytes"] == path.stat().st_size and told["milliseconds"] > 0
    assert told["preprocessing"]["name"] == "0–1"
    model = open_model("digits")
    batch = model.prepare(load_image(DIGIT)).batch
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: batch})
    np.testing.assert_allclose(found, model.scores(batch)[1], atol=1e-5)


def test_a_keras_file_and_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.keras"
    words = ["export", "digits", "-o", str(path), "--data", "fashion"]
    assert main(words) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[:2] == ["mine.keras: Digits convnet as Keras 3", "It answers as the network does."]
    assert lines[2].split() == ["Compared", "on", "100", "images", "of", "Garments", "(test", "part)"]
    assert lines[-1] == "Keras 2 cannot open a .keras file of Keras 3."
    image = load_image(DIGIT)
    assert np.array_equal(open_model(path).predict(image).logits, open_model("digits").predict(image).logits)
    assert main([*words[:-2], "--images", str(resource_path("images")), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["what"]) == (21, "images of the folder images")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["-o", "net.pt"],
            "net.pt has an ending that says no format: it is .keras, .h5, .hdf5, .onnx, .tflite, or none for "
            "the folder of a SavedModel.",
        ),
        (["-o", "net.onnx", "--precision", "int8"], "ONNX is written in float32, not in int8."),
        (
            ["-o", "missing/net.onnx"],
            "missing/net.onnx cannot be saved: there is no folder missing; make it first.",
        ),
        (
            ["-o", "net.weights.h5"],
            "Keras takes net.weights.h5 for weights without layers: call the file net.h5 or net.keras.",
        ),
        (
            ["-o", "net.h5", "--images", "nowhere"],
            "nowhere is not a folder: choose a folder with images in it.",
        ),
    ],
)
def test_what_cannot_be(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", "digits", *words]) == 2
    assert capsys.readouterr().err == f"convscope: {sentence}\n"
    assert not list(tmp_path.iterdir())


def test_what_is_read_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = tmp_path / "w.h5"
    weights.write_bytes(b"mine")
    assert main(["export", "digits", "--weights", str(weights), "-o", str(weights)]) == 2
    assert capsys.readouterr().err == (
        f"convscope: {weights} is the input itself: choose another name for the copy.\n"
    )
    assert weights.read_bytes() == b"mine"


def test_a_run_is_compared_on_its_own_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train import train

    x = np.random.default_rng(0).integers(0, 256, (30, 6, 6)).astype(np.uint8)
    np.savez(tmp_path / "own.npz", x=x, y=np.arange(30) % 3)
    layers = [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    net = OpenedModel(keras.Sequential(layers), name="small")
    data = open_dataset(tmp_path / "own.npz")
    train(net, data, TrainingSettings(epochs=1, steps_per_epoch=1), folder=tmp_path / "run")
    words = ["export", str(tmp_path / "run"), "-o", str(tmp_path / "copy.keras"), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["what"].startswith("images of own")
    # Where it is gone, shipped images do.
    (tmp_path / "own.npz").unlink()
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["what"] == "images of Digits (test part)"
