"""One output taken apart: the sum is the result, the window and its inverse agree, the text is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import ACTIVATIONS, BORDERS, CHANNELS, MODES, POOLS, Operation
from convscope.imaging.lab.pixel_sum import explain
from convscope.imaging.lab.size import problem
from convscope.imaging.lab.stage import run
from convscope.imaging.lab.window import output_at, outputs_of, source_window
from convscope.imaging.region import Region
from tests.written import check


@st.composite
def stages(draw: st.DrawFn) -> tuple[Image, Operation]:
    size = (draw(st.integers(3, 16)), draw(st.integers(3, 16)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = generator.integers(0, 256, (*size, 3) if draw(st.booleans()) else size).astype(np.uint8)
    kernel_size = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    divisor = draw(st.sampled_from([1, 9]))
    kernels = tuple(Kernel.divided(generator.integers(-9, 10, kernel_size) / 4, divisor) for _ in range(3))
    operation = Operation(
        kernels=kernels,
        mode=draw(st.sampled_from(MODES)),
        border=draw(st.sampled_from(BORDERS)),
        stride=draw(st.integers(1, 3)),
        dilation=draw(st.integers(1, 3)),
        bias=draw(st.sampled_from([0.0, 12.5, -3.0])),
        channels=draw(st.sampled_from(CHANNELS)),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        pool=draw(st.sampled_from(POOLS)),
        pool_size=draw(st.integers(1, 3)),
        pool_stride=draw(st.integers(1, 3)),
        enabled=draw(st.integers(0, 9)) > 0,
    )
    return Image(values, "drawn"), operation


@settings(max_examples=200, deadline=None)
@given(stages(), st.data())
def test_the_sum_is_the_result(stage: tuple[Image, Operation], data: Any) -> None:
    image, operation = stage
    if problem(operation, image.values.shape) is not None:
        return
    result = run(image, operation)
    row = data.draw(st.integers(0, result.shape[0] - 1))
    column = data.draw(st.integers(0, result.shape[1] - 1))
    channel = data.draw(st.integers(0, 2)) if result.values.ndim == 3 else 0
    taken = explain(image, operation, row, column, channel)
    # What is written is true to its digits.
    assert check(taken.written(zeros=data.draw(st.booleans()))) >= 1
    value = result.values[row, column, channel] if result.values.ndim == 3 else result.values[row, column]
    assert taken.value == pytest.approx(float(value), rel=1e-4, abs=1e-4)
    products = sum(float((part.patch * part.weights).sum()) / part.divisor for part in taken.channels)
    assert taken.total == pytest.approx(products + taken.bias)
    assert taken.window == source_window(operation, image.values.shape, row, column)
    for part in taken.channels:
        assert part.patch.shape == part.weights.shape == part.inside.shape == operation.kernel.shape or (
            not operation.enabled
        )
    # The last number of the text is the value, as far as its digits go.
    last = taken.text.splitlines()[-1].rsplit(" ", 1)[1].replace("−", "-")
    assert float(last) == pytest.approx(taken.value, rel=1e-5, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(stages(), st.data())
def test_windows_and_their_inverse(stage: tuple[Image, Operation], data: Any) -> None:
    image, operation = stage
    operation = replace(operation, pool="none")
    if problem(operation, image.values.shape) is not None:
        return
    rows, columns = run(image, operation).shape[:2]
    row = data.draw(st.integers(0, image.height - 1))
    column = data.draw(st.integers(0, image.width - 1))
    seen = outputs_of(operation, image.values.shape, row, column)
    covering = {
        (r, c)
        for r in range(rows)
        for c in range(columns)
        for window in [source_window(operation, image.values.shape, r, c)]
        if window.top <= row < window.bottom and window.left <= column < window.right
    }
    found = {(r, c) for r in range(seen.top, seen.bottom) for c in range(seen.left, seen.right)}
    assert found == covering
    nearest = output_at(operation, image.values.shape, row, column)
    assert (nearest is None) == (not covering)
    if nearest is not None:
        assert nearest in covering
        best = min(
            _distance(source_window(operation, image.values.shape, *place), row, column) for place in covering
        )
        assert _distance(source_window(operation, image.values.shape, *nearest), row, column) == best


def _distance(window: Region, row: int, column: int) -> float:
    """How far a pixel is from the window's middle, both axes' distances added."""
    return abs((window.top + window.bottom - 1) / 2 - row) + abs(
        (window.left + window.right - 1) / 2 - column
    )


def test_pooled_windows_and_gaps() -> None:
    operation = Operation(kernels=(Kernel(np.ones((3, 3))),), pool="max", pool_size=2, pool_stride=3)
    assert source_window(operation, (9, 9), 0, 1) == Region(-1, 2, 3, 6)
    assert outputs_of(operation, (12, 12), 5, 5) == Region(1, 1, 3, 3)
    assert output_at(operation, (12, 12), 4, 4) == (1, 1)
    pooling = Operation(pool="max", pool_size=2, pool_stride=3)
    assert output_at(pooling, (12, 12), 2, 0) is None


PLAIN = Image(np.arange(1, 17, dtype=np.uint8).reshape(4, 4), "plain")
CORNER = Operation(kernels=(Kernel(np.array([[0, -1, 0], [2, 0.5, 0], [0, 0, -3]])),), border="zero")


def test_text_leaves_out_zeros_or_lists_all() -> None:
    taken = explain(PLAIN, CORNER, 0, 0)
    assert taken.text == "1·0.5 + 6·(−3) = −17.5"
    assert taken.written(zeros=True) == (
        "0·0 + 0·(−1) + 0·0 + 0·2 + 1·0.5 + 2·0 + 0·0 + 5·0 + 6·(−3) = −17.5"
    )
    assert taken.channels[0].inside.tolist() == [[False] * 3, [False, True, True], [False, True, True]]


def test_padding_that_is_no_zero_is_written() -> None:
    taken = explain(PLAIN, replace(CORNER, border="replicate"), 0, 0)
    assert taken.text == "1·(−1) + 1·2 + 1·0.5 + 6·(−3) = −16.5"


def test_convolution_shows_the_kernel_flipped() -> None:
    taken = explain(PLAIN, replace(CORNER, mode="convolve", border="valid"), 0, 0)
    assert taken.channels[0].weights.tolist() == [[-3, 0, 0], [0, 0.5, 2], [0, -1, 0]]
    assert taken.text == "1·(−3) + 6·0.5 + 7·2 + 10·(−1) = 4"


def test_bias_activation_and_pooling_each_have_a_line() -> None:
    operation = replace(CORNER, border="valid", bias=50.0, activation="relu", pool="avg", pool_size=2)
    assert explain(PLAIN, operation, 0, 0, within=(0, 1)).text.splitlines() == [
        "3·(−1) + 6·2 + 7·0.5 + 12·(−3) = −23.5",
        "−23.5 + 50 (bias) = 26.5".replace("−23.5", "(−23.5)"),
        "ReLU(26.5) = 26.5",
        "(28 + 26.5 + 22 + 20.5)/4 = 24.25",
    ]
    taken = explain(PLAIN, replace(operation, pool="max"), 0, 0)
    assert taken.text.splitlines()[-1] == "max(28, 26.5, 22, 20.5) = 28"
    assert taken.tile is not None
    assert taken.tile.chosen == (0, 0)


def test_a_divisor_has_a_line_of_its_own() -> None:
    # The lectures' blur: 662 of nine ones, then 1/9 of it.
    values = [
        [0, 0, 0, 0],
        [0, 219, 253, 247],
        [0, 0, 190, 0],
        [0, 0, 0, 93],
        [0, 0, 221, 253],
        [136, 212, 0, 0],
    ]
    image = Image(np.array(values, np.uint8), "blur")
    operation = Operation(kernels=(Kernel.divided(np.ones((3, 3)), 9),), bias=1.0)
    taken = explain(image, operation, 1, 1)
    assert taken.text.splitlines() == [
        "0·1 + 0·1 + 0·1 + 0·1 + 219·1 + 253·1 + 0·1 + 0·1 + 190·1 = 662",
        "662/9 = 73.5556",
        "73.5556 + 1 (bias) = 74.5556",
    ]
    part = taken.channels[0]
    assert (part.sum, part.divisor, part.total) == (662, 9, 662 / 9)
    assert part.weights.tolist() == [[1] * 3] * 3 and part.products.sum() == 662
    assert run(image, operation).values[1, 1] == np.float32(np.float32(662) / np.float32(9) + np.float32(1))


def test_nothing_but_zeros_is_zero() -> None:
    nothing = Operation(kernels=(Kernel(np.zeros((3, 3))),))
    assert explain(PLAIN, nothing, 1, 1).text == "0 = 0"


@pytest.mark.parametrize("place", [(-1, 0, 0), (0, 4, 0), (0, 0, 1)])
def test_no_such_output(place: tuple[int, int, int]) -> None:
    with pytest.raises(UserError, match="There is no output"):
        explain(PLAIN, CORNER, *place)


def test_no_such_value_in_the_tile() -> None:
    with pytest.raises(UserError, match="pooling tile"):
        explain(PLAIN, Operation(pool="avg"), 0, 0, within=(2, 0))
