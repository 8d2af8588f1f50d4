"""Numbers as levels: each display mode by hand, and their scales."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.imaging.display import to_bytes

VALUES = np.array([[-510.0, -127.4, -0.5, 0.0], [0.5, 1.5, 254.6, 1020.0]], np.float32)


def test_clip_rounds_halves_to_even_and_cuts_at_the_ends() -> None:
    pixels, scale = to_bytes(VALUES, "clip")
    assert pixels.tolist() == [[0, 0, 0, 0], [0, 2, 255, 255]]
    assert (scale.low, scale.high) == (0, 255)


def test_absolute_forgets_the_sign_and_cuts_at_255() -> None:
    pixels, scale = to_bytes(VALUES, "abs")
    assert pixels.tolist() == [[255, 127, 0, 0], [0, 2, 255, 255]]
    assert (scale.low, scale.high) == (0, 255)


def test_stretch_spans_the_range() -> None:
    pixels, scale = to_bytes(np.array([[-10.0, 0.0, 10.0]], np.float32), "stretch")
    assert pixels.tolist() == [[0, 128, 255]]
    assert (scale.low, scale.high) == (-10, 10)


def test_stretch_keeps_a_small_range_on_a_large_offset() -> None:
    pixels, _ = to_bytes(np.array([[1e6, 1e6 + 1, 1e6 + 2]], np.float32), "stretch")
    assert pixels.tolist() == [[0, 128, 255]]


def test_signed_is_symmetric_about_zero_in_blue_and_orange() -> None:
    pixels, scale = to_bytes(np.array([[-4.0, 0.0, 2.0, 4.0]], np.float32), "signed")
    assert pixels.shape == (1, 4, 3)
    assert (scale.low, scale.high) == (-4, 4)
    negative, zero, half, positive = pixels[0].astype(int)
    assert negative[2] > negative[0] and positive[0] > positive[2]
    assert (zero >= 253).all()
    assert positive[0] < half[0] <= 255


def test_signed_colour_channels_lie_around_middle_gray() -> None:
    values = np.zeros((1, 2, 3), np.float32)
    values[0, 0] = (-3, 0, 3)
    assert to_bytes(values, "signed")[0].tolist() == [[[1, 128, 255], [128, 128, 128]]]


@pytest.mark.parametrize("mode", ["clip", "abs", "stretch", "signed"])
def test_constant_huge_and_empty_ranges_are_shown_without_a_warning(mode: str) -> None:
    for values in (np.zeros((2, 2)), np.full((2, 2), 7.0), np.array([[-1e30, 1e30]])):
        pixels, scale = to_bytes(values.astype(np.float32), mode)  # type: ignore[arg-type]
        assert pixels.dtype == np.uint8
        assert scale.low <= scale.high
    pixels, _ = to_bytes(np.array([[-1e30, 1e30]], np.float32), mode)  # type: ignore[arg-type]
    expected = {"clip": [0, 255], "abs": [255, 255], "stretch": [0, 255]}
    if mode in expected:
        assert pixels[0].tolist() == expected[mode]


def test_the_given_array_stays_and_the_picture_is_read_only() -> None:
    before = VALUES.copy()
    pixels, _ = to_bytes(VALUES, "signed")
    assert (before == VALUES).all()
    assert not pixels.flags.writeable
