"""`convscope maps`: a grid and raw numbers from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.interpret.activations.activations import look
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.runtime import start
from convscope.imaging.colormaps import colormap
from convscope.imaging.samples import load_sample

DIGIT = str(resource_path("images", "digit-3.png"))


def test_grid_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid, npy = tmp_path / "grid.png", tmp_path / "maps.npy"
    words = ["maps", "digits", DIGIT, "--layer", "conv2d_1", "-o", str(grid), "--npy", str(npy)]
    assert main(words) == 0
    values = np.load(npy)
    start()
    expected = look(open_model("digits"), load_sample("digit-3")).value("conv2d_1")
    assert values.dtype == np.float32 and values.shape == (11, 11, 64)
    np.testing.assert_allclose(values, expected, atol=1e-5)
    with PillowImage.open(grid) as opened:
        pixels = np.asarray(opened)
    # 16 in a row, a pixel between.
    assert pixels.shape == (4 * 12 - 1, 16 * 12 - 1, 3)
    one = values[:, :, 17]
    level = np.clip((one - one.mean()) / one.std() * 64 + 128, 0, 255).astype(np.uint8)
    shown = pixels[12:23, 12:23].astype(int)
    assert np.abs(shown - colormap("viridis")[level]).max() <= 4
    told = capsys.readouterr().out
    assert "64 maps of 11×11" in told and "11×11×64, float32" in told
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    blank = int((values.max(axis=(0, 1)) == values.min(axis=(0, 1))).sum())
    assert facts["shape"] == [11, 11, 64] and facts["blank"] == blank and facts["output"] == str(grid)


def test_a_vector_and_other_looks(tmp_path: Path) -> None:
    grid, npy = tmp_path / "grid.png", tmp_path / "values.npy"
    words = ["maps", "digits", DIGIT, "--layer", "dense_1", "-o", str(grid), "--npy", str(npy)]
    assert main([*words, "--normalise", "none", "--colormap", "gray", "--columns", "5"]) == 0
    values = np.load(npy)
    assert values.shape == (10,) and values.sum() == pytest.approx(1, abs=1e-5)
    with PillowImage.open(grid) as opened:
        pixels = np.asarray(opened)
    assert pixels.shape == (17, 44, 3)
    assert pixels[0, 27].tolist() == [round(float(values[3]) * 255)] * 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--layer", "conv2d"], "Say where to write"),
        (["--layer", "conv", "-o", "a.png"], "no layer conv: is it conv2d"),
        (["--layer", "zzz", "-o", "a.png"], "no layer zzz: it has input, conv2d, "),
        (["--layer", "conv2d#2", "-o", "a.png"], "conv2d of Digits convnet has one output, no #2"),
        (["--layer", "conv2d", "-o", "a.jpg"], "name it a.png"),
        (["--layer", "conv2d", "-o", "a.png", "--columns", "0"], "--columns"),
    ],
)
def test_mistakes_are_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["maps", "digits", DIGIT, *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told and told.count("\n") == 1


def test_a_missing_image_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["maps", "digits", "nowhere.png", "--layer", "conv2d", "-o", "a.png"]) == 2
    assert "nowhere.png" in capsys.readouterr().err


def test_the_layer_of_an_output_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3, name="conv")(inputs)
    box = layers.Dense(4, name="corners")(layers.Flatten()(maps))
    keras.Model(inputs, {"mask": maps, "box": box}).save(tmp_path / "net.keras")
    path, npy = str(tmp_path / "net.keras"), tmp_path / "maps.npy"
    for name, shape in (("mask", (6, 6, 4)), ("box", (4,))):
        assert main(["maps", path, DIGIT, "--head", name, "--npy", str(npy)]) == 0
        assert np.load(npy).shape == shape
    assert main(["maps", path, DIGIT, "--npy", str(npy)]) == 2
    assert "--layer PATH, or --head NAME" in capsys.readouterr().err
