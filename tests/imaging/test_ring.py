"""The padded border around a picture, and the largest value of a result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import BORDERS, Border, Operation
from convscope.imaging.lab.peak import peak_of
from convscope.imaging.lab.ring import ring_of

VALUES = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
MODES = {"zero": "constant", "same": "constant", "full": "constant", "replicate": "edge"}
BLACK = np.zeros((), np.uint8)


def stage(border: Border, rows: int = 3, columns: int = 3, **more: int) -> Operation:
    return Operation(kernels=(Kernel(np.ones((rows, columns))),), border=border, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("border", [border for border in BORDERS if border != "valid"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (5, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_ring_is_what_the_stage_reads_beyond_the_edges(
    border: Border, shape: tuple[int, int], dilation: int
) -> None:
    values = np.random.default_rng(1).integers(1, 256, (9, 11, 3), np.uint8)
    ring = ring_of(stage(border, *shape, dilation=dilation), values, values, np.zeros(3, np.uint8))
    assert ring is not None
    above, below, left, right = ring.amounts
    padded = np.pad(values, ((above, below), (left, right), (0, 0)), mode=MODES.get(border, border))  # type: ignore[call-overload]
    inner = slice(above, above + 9)
    parts = (padded[:above], padded[above + 9 :], padded[inner, :left], padded[inner, left + 11 :])
    for strip, numbers, part in zip(ring.pixels, ring.values, parts, strict=True):
        assert np.array_equal(strip, part) and np.array_equal(numbers, part)


def test_it_is_said_in_a_few_words() -> None:
    said = {
        border: found.words
        for border in BORDERS
        if (found := ring_of(stage(border), VALUES, VALUES, BLACK)) is not None
    }
    assert said == {
        "zero": "padding 1: zeros",
        "same": "padding 1: zeros",
        "full": "padding 2: zeros",
        "replicate": "padding 1: the edge",
        "reflect": "padding 1: mirrored",
        "wrap": "padding 1: wrapped round",
    }
    even = ring_of(stage("zero", 2, 2), VALUES, VALUES, BLACK)
    assert even is not None and (even.amounts, even.words) == ((0, 1, 0, 1), "padding 0 to 1: zeros")


def test_zeros_are_drawn_as_the_picture_draws_a_zero() -> None:
    ring = ring_of(stage("zero"), VALUES.astype(np.float32) - 6, VALUES, np.array(128, np.uint8))
    assert ring is not None
    assert {int(level) for strip in ring.pixels for level in np.unique(strip)} == {128}
    assert {float(value) for strip in ring.values for value in np.unique(strip)} == {0.0}


def test_there_is_none_where_nothing_is_padded() -> None:
    for operation in (
        stage("valid"),
        stage("zero", 1, 1),
        Operation(kernels=stage("zero").kernels, enabled=False),
    ):
        assert ring_of(operation, VALUES, VALUES, BLACK) is None


def test_the_largest_value_and_how_many_there_are() -> None:
    values = np.array([[1, 5, 2], [5, -9, 0]], np.float32)
    peak = peak_of(values)
    assert peak is not None
    assert (peak.row, peak.column, peak.channel, peak.value, peak.count) == (0, 1, 0, 5.0, 2)
    assert peak.words == "5 at row 0, column 1 and 1 more"
    assert peak_of(np.full((3, 3), 7, np.float32)) is None
    assert peak_of(np.zeros((0, 3), np.float32)) is None


@given(arrays(np.float32, (4, 5, 3), elements=st.integers(-50, 50)))
def test_it_is_the_first_in_reading_order(values: np.ndarray) -> None:
    peak = peak_of(values)
    if values.min() == values.max():
        assert peak is None
        return
    assert peak is not None
    flat = int(np.argmax(values))
    assert (peak.row, peak.column, peak.channel) == tuple(np.unravel_index(flat, values.shape))
    assert peak.value == values.max() and peak.count == (values == values.max()).sum()
