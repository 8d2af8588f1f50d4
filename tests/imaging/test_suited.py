"""Which display suits which kernels, and what a table of numbers is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.imaging.image import Image
from convscope.imaging.kernels import PRESETS, make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.suited import is_table, suited_display


@pytest.mark.parametrize(
    ("preset", "display"),
    [
        *(
            (key, "abs")
            for key in ("sobel-x", "laplacian-8", "log", "line-45", "gabor", "roberts-1", "outline")
        ),
        *((key, "clip") for key in ("identity", "gaussian", "box-blur", "sharpen", "sharpen-8", "emboss")),
        *((key, "stretch") for key in ("ones", "curve", "x-shape")),
    ],
)
def test_a_preset_has_the_display_of_its_kind(preset: str, display: str) -> None:
    assert suited_display((Operation((make(preset),)),)) == display


def test_turning_a_parameter_leaves_the_kind() -> None:
    for psi in (0.0, 45.0, 90.0, 180.0):
        assert suited_display((Operation((make("gabor", psi=psi),)),)) == "abs"
    assert suited_display((Operation((make("ones", size=1),)),)) == "stretch"


def test_every_preset_has_one() -> None:
    assert {suited_display((Operation((make(key),)),)) for key in PRESETS} == {"abs", "clip", "stretch"}


def test_a_kernel_made_by_hand_keeps_what_there_was() -> None:
    custom = Operation((Kernel(np.array([[1.0, 2.0], [3.0, 4.0]])),))
    assert suited_display((custom,), before="abs") == "abs"
    assert suited_display((custom,), before="signed") == "signed"
    # One that was given a name has a kind of its own.
    assert suited_display((Operation((Kernel(np.ones((3, 3)), name="mine"),)),), before="abs") == "stretch"


def test_what_follows_keeps_the_display_of_what_went_in() -> None:
    sobel, blur = Operation((make("sobel-x"),)), Operation((make("gaussian"),))
    pool = Operation(pool="max")
    assert suited_display((sobel, pool)) == "abs"
    assert suited_display((sobel, blur)) == "abs"
    assert suited_display((blur, sobel)) == "abs"
    assert suited_display((blur, Operation((make("sobel-x"),), enabled=False))) == "clip"
    assert suited_display((sobel, Operation(activation="tanh"))) == "signed"
    assert suited_display((sobel, Operation(activation="sigmoid"))) == "stretch"
    assert suited_display((sobel, Operation(activation="relu"))) == "abs"


@pytest.mark.parametrize(
    ("values", "path", "table"),
    [
        (np.zeros((5, 5), np.uint8), None, True),
        (np.full((16, 16), 200, np.uint8), Path("icon.png"), True),
        (np.full((28, 28), 200, np.uint8), None, False),
        (np.full((28, 28), 7, np.uint8), None, True),
        (np.full((28, 28), -3, np.float32), None, True),
        (np.full((28, 28), 7, np.uint8), Path("dark.png"), False),
        (np.full((300, 400), 7, np.uint8), None, False),
        (np.zeros((5, 5, 3), np.uint8), None, False),
    ],
)
def test_what_a_table_is(values: np.ndarray, path: Path | None, table: bool) -> None:
    assert is_table(Image(values, "image", path)) == table
