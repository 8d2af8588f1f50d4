"""`convscope mute`."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from convscope.cli import main
from convscope.core.paths import resource_path
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.samples import load_sample

SEVEN = str(resource_path("images", "digit-7.png"))
MUTE = ["mute", "digits", SEVEN, "--layer", "conv2d_1"]


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main([*MUTE, *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_before_after_and_the_change(capsys: pytest.CaptureFixture[str]) -> None:
    """As a Keras copy with both filters and biases zeroed says it: the layer ends in ReLU."""
    import keras

    told = facts(capsys, "--channels", "3,7", "--top", "10")
    assert told["layer"] == "conv2d_1" and told["channels"] == [3, 7] and told["with"] == "zero"
    model = open_model("digits")
    copied = keras.models.clone_model(model.keras)
    copied.set_weights(model.keras.get_weights())
    layer = copied.get_layer("conv2d_1")
    weights = layer.get_weights()
    for array in weights:
        array[..., [3, 7]] = 0
    layer.set_weights(weights)
    batch = model.prepare(load_sample("digit-7")).batch
    for side, net in (("before", model.keras), ("after", copied)):
        expected = net.predict(batch, verbose=0)[0]
        said = {one["index"]: one["probability"] for one in told[side]["classes"]}  # type: ignore[index]
        np.testing.assert_allclose([said[n] for n in range(10)], expected, atol=1e-6)
    before, after = (
        {one["index"]: one for one in told[side]["classes"]}  # type: ignore[index]
        for side in ("before", "after")
    )
    for row in told["change"]:  # type: ignore[attr-defined]
        for key in ("probability", "logit"):
            expected = after[row["index"]][key] - before[row["index"]][key]
            assert row[key] == pytest.approx(expected, abs=1e-9)
    assert any(abs(row["logit"]) > 1e-3 for row in told["change"])  # type: ignore[attr-defined]


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*MUTE, "--channels", "0-2", "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 maps (0, 1, 2) of conv2d_1 off, 0 in their place"
    assert lines[1].startswith("7 ") and " → " in lines[1] and " points, score " in lines[1]


def test_a_whole_layer_is_off_where_no_channels_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the picture gets through: another one is told the same after it."""
    after = facts(capsys)["after"]
    three = str(resource_path("images", "digit-3.png"))
    assert main(["mute", "digits", three, "--layer", "conv2d_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["after"] == after


def test_the_mean_over_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("digit-2", "digit-3"):
        copy(resource_path("images", f"{name}.png"), tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    model = open_model("digits")
    batches = [model.prepare(load_sample(name)).batch for name in ("digit-2", "digit-3")]
    maps = [model.activations(one, ["conv2d_1"])["conv2d_1"][0] for one in batches]
    means = np.mean([one.mean(axis=(0, 1)) for one in maps], axis=0)
    channel = str(means.argmax())
    assert main([*MUTE, "--channels", channel, "--json", "--with", "mean-of", str(tmp_path)]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert "broken.png was skipped: " in said.err
    assert told["with"] == "mean" and told["means"] == {channel: pytest.approx(means.max(), rel=1e-5)}
    assert told["after"] != facts(capsys, "--channels", channel)["after"]
