"""`convscope kernels`."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from convscope.cli import main
from convscope.imaging.kernels import PRESETS, make
from tests.processes import run_process


def test_json_lists_every_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in listed] == list(PRESETS)
    for entry in listed:
        assert np.array_equal(entry["weights"], make(entry["name"]).weights)
        assert entry["shape"] == list(np.shape(entry["weights"]))
        assert set(entry) == {
            "name",
            "title",
            "group",
            "sentence",
            "parameters",
            "weights",
            "divisor",
            "shape",
        }
    gabor = next(entry for entry in listed if entry["name"] == "gabor")
    assert [p["name"] for p in gabor["parameters"]] == ["theta", "wavelength", "sigma", "gamma", "psi"]
    assert all(p["min"] <= p["default"] <= p["max"] for p in gabor["parameters"])


def test_text_says_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels"]) == 0
    text = capsys.readouterr().out
    for preset in PRESETS.values():
        assert preset.key in text and preset.sentence in text
    assert "     0  -1   0\n    -1   5  -1\n     0  -1   0\n" in text
    assert "sigma: width, 0.3 to 5 px, usually 1\n" in text


def test_one_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "--group", "blur", "--json"]) == 0
    assert {entry["group"] for entry in json.loads(capsys.readouterr().out)} == {"Blur"}
    for unknown in ("x", ""):
        assert main(["kernels", "--group", unknown]) == 2
        assert "choose one of Basics, Blur" in capsys.readouterr().err


def test_neither_qt_nor_tensorflow_nor_opencv_is_imported() -> None:
    code = (
        "import sys; from convscope.cli import main; main(['kernels', '--json']);"
        "heavy = ('PySide6', 'pyqtgraph', 'tensorflow', 'keras', 'cv2', 'PIL');"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    ended = run_process([sys.executable, "-c", code])
    assert ended.stderr == "[]\n"
