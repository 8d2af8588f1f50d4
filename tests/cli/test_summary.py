"""`convscope summary`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from convscope.cli import main
from convscope.engine.models.builder.templates import TEMPLATES


def summary(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["summary", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_template(capsys: pytest.CaptureFixture[str]) -> None:
    found = summary(capsys, "mnist-convnet")
    assert (found["name"], found["title"]) == ("mnist-convnet", "MNIST convnet 32-64-64")
    assert (found["parameters"], found["trainable"]) == (93_322, 93_322)
    second = next(layer for layer in found["layers"] if layer["path"] == "conv2d_1")
    assert second == {
        "path": "conv2d_1",
        "name": "conv2d_1",
        "kind": "Conv2D",
        "depthwise": False,
        "inputs": ["max_pooling2d"],
        "output_shape": [11, 11, 64],
        "parameters": 18_496,
        "trainable_parameters": 18_496,
        "trainable": True,
        "formula": "(3·3·32 + 1)·64 = 18,496",
        "multiply_adds": 11 * 11 * 64 * 3 * 3 * 32,
        "activation_bytes": 11 * 11 * 64 * 4,
        "receptive_field": {"size": [8, 8], "stride": [2, 2], "offset": [0, 0], "whole": False},
        "dtype": "float32",
        "activation": "relu",
    }
    # Pooling of 11×11 to 5×5 drops a row and a column.
    assert found["layers"][-1]["receptive_field"] == {
        "size": [26, 26],
        "stride": None,
        "offset": [0, 0],
        "whole": False,
    }
    lenet = summary(capsys, "lenet-5")["layers"][-1]["receptive_field"]
    assert (lenet["size"], lenet["whole"]) == ([28, 28], True)


def test_another_input_size(capsys: pytest.CaptureFixture[str]) -> None:
    found = summary(capsys, "MobileNetV2", "--input", "96x96x3", "--no-top")
    assert found["parameters"] == 2_257_984
    assert found["layers"][-1]["output_shape"] == [3, 3, 1280]


def test_an_architecture_file_as_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    TEMPLATES["lenet-5"].architecture.save(tmp_path / "net.json")
    assert main(["summary", str(tmp_path / "net.json")]) == 0
    out = capsys.readouterr().out
    assert "c3       Conv2D            10×10×16  (5·5·6 + 1)·16 = 2,416        240,000  14×14" in out
    assert "parameters 61,706: 61,706 trainable, 0 not" in out
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert lines["output"].endswith(" all")
    assert main(["summary", "mnist-convnet"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert lines["conv2d_2"].endswith(" 18×18")
    assert all(lines[path].endswith(" 26×26 of 28×28") for path in ("flatten", "dense", "dense_1"))
    assert "multiply-adds for one image 416,520" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nonesuch"], "There is no model nonesuch: convscope models lists them."),
        (["no/such.h5"], "There is no model file no/such.h5."),
        (["lenet-5", "--input", "28"], "--input is height x width x channels, such as 150x150x3, not 28."),
        (
            ["lenet-5", "--input", "0x28x1"],
            "--input is height x width x channels, such as 150x150x3, not 0x28x1.",
        ),
        (
            ["lenet-5", "--input", "8x8x1"],
            "LeNet-5 cannot be built: at c3, the 5×5 kernel is larger than its 4×4 map.",
        ),
        (
            ["digits", "--input", "30x30x1"],
            "Digits convnet takes 28×28×1 images: a size can be chosen for templates and keras.applications"
            " only.",
        ),
        (["VGG16", "--input", "8x8x3"], "VGG16 needs images of at least 32×32, not 8×8."),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["summary", *words]) == 2
    assert capsys.readouterr().err == f"convscope: {sentence}\n"
