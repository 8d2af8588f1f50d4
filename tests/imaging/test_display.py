"""Numbers as levels: each display mode against its definition, and what the scale says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.imaging.colormaps import colormap
from convscope.imaging.image import Image
from convscope.imaging.lab.display import show, to_bytes
from convscope.imaging.lab.operation import DISPLAY_MODES, Operation
from convscope.imaging.lab.stage import run

VALUES = np.array([[-300, -1, -0.5, 0], [0.5, 1.5, 254.5, 255.4], [256, 300, 2.5, 100]], np.float32)


def test_clip_rounds_halves_to_even() -> None:
    pixels, scale = to_bytes(VALUES, "clip")
    assert pixels.tolist() == [[0, 0, 0, 0], [0, 2, 254, 255], [255, 255, 2, 100]]
    assert (scale.low, scale.high) == (0, 255)


def test_abs_is_the_size_cut_at_255() -> None:
    pixels, scale = to_bytes(np.array([[-200, 0, 100, -1000, 2.5]], np.float32), "abs")
    assert pixels.tolist() == [[200, 0, 100, 255, 2]]
    assert (scale.low, scale.high) == (0, 255)


def test_stretch_goes_from_the_smallest_to_the_largest() -> None:
    pixels, scale = to_bytes(np.array([[-10, 0, 41]], np.float32), "stretch")
    assert pixels.tolist() == [[0, 50, 255]]
    assert (scale.low, scale.high) == (-10, 41)


def test_a_small_range_on_a_large_offset_is_still_stretched() -> None:
    pixels, _ = to_bytes(np.array([[1e6, 1e6 + 0.5, 1e6 + 1]], np.float32), "stretch")
    assert pixels.tolist() == [[0, 128, 255]]


def test_signed_is_white_at_zero_and_symmetric() -> None:
    pixels, scale = to_bytes(np.array([[-5, 0, 20]], np.float32), "signed")
    assert pixels.shape == (1, 3, 3)
    assert pixels[0, 1].tolist() == [255, 255, 255]
    assert pixels[0, 2].tolist() == [0xC2, 0x41, 0x0C]
    assert pixels[0, 0].tolist() == colormap("diverging")[96].tolist()
    assert (scale.low, scale.high) == (-20, 20)


def test_signed_colours_are_drawn_round_middle_gray() -> None:
    values = np.array([[[-8, 0, 8], [4, -4, 0]]], np.float32)
    pixels, _ = to_bytes(values, "signed")
    assert pixels.tolist() == [[[1, 128, 255], [192, 64, 128]]]


@pytest.mark.parametrize("mode", DISPLAY_MODES)
@pytest.mark.parametrize("value", [0.0, 7.0, -7.0])
def test_a_flat_picture(mode: Any, value: float) -> None:
    pixels, _ = to_bytes(np.full((3, 4), value, np.float32), mode)
    assert len(np.unique(pixels.reshape(12, -1), axis=0)) == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([1e-20, 1.0, 300.0, 1e12, 1e30]))
def test_against_the_definitions(seed: int, colour: bool, size: float) -> None:
    generator = np.random.default_rng(seed)
    values = (generator.normal(size=(9, 7, 3) if colour else (9, 7)) * size).astype(np.float32)
    exact = values.astype(np.float64)
    expected = {
        "clip": np.clip(np.rint(exact), 0, 255),
        "abs": np.clip(np.abs(exact), 0, 255),
        "stretch": 255 * (exact - exact.min()) / (exact.max() - exact.min()),
    }
    for mode, levels in expected.items():
        pixels, _ = to_bytes(values, mode)  # type: ignore[arg-type]
        assert pixels.dtype == np.uint8
        assert pixels.shape == values.shape
        assert np.abs(pixels - levels).max() <= 0.5001
    if colour:
        signed = 128 + 127 * exact / np.abs(exact).max()
        assert np.abs(to_bytes(values, "signed")[0] - signed).max() <= 0.5001


def test_bytes_are_shown_as_they_are() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(to_bytes(values, "clip")[0], values)


def test_the_picture_of_a_result_tells_its_true_extremes() -> None:
    shown = show(run(Image(VALUES, "values"), Operation(bias=1.0)), "clip")
    assert (shown.minimum, shown.maximum) == (-299, 301)
    assert (shown.low, shown.high) == (0, 255)
    assert not shown.pixels.flags.writeable
    np.testing.assert_array_equal(shown.pixels, to_bytes(VALUES + 1, "clip")[0])
