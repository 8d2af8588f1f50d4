"""The kernel: what it accepts, and what is done to it by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convscope.core.errors import UserError
from convscope.imaging.kernels.kernel import Kernel

COUNTED = Kernel(np.arange(1.0, 7.0).reshape(2, 3), name="counted", preset="x", parameters=(("a", 1.0),))


def test_weights_are_a_read_only_copy() -> None:
    weights = np.ones((3, 3), np.float32)
    kernel = Kernel(weights)  # type: ignore[arg-type]
    weights[0, 0] = 9
    assert kernel.weights.dtype == np.float64
    assert kernel.weights[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        kernel.weights[0, 0] = 2


@pytest.mark.parametrize(
    "weights",
    [
        1.0,
        [1, 2],
        np.ones((1, 32)),
        np.ones((0, 3)),
        np.ones((1, 1, 1)),
        [[np.nan]],
        [[np.inf]],
        [[1, 2], [3]],
        [["a"]],
        [[10**400]],
    ],
)
def test_what_is_no_kernel_is_refused(weights: object) -> None:
    with pytest.raises(UserError):
        Kernel(weights)  # type: ignore[arg-type]


def test_equal_kernels_have_equal_hashes() -> None:
    one, other = Kernel(np.zeros((2, 2))), Kernel(-np.zeros((2, 2)))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Kernel(np.zeros((2, 2)), name="named")
    assert one != Kernel(np.zeros((1, 4)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("transposed", [[1, 4], [2, 5], [3, 6]]),
        ("rotated", [[4, 1], [5, 2], [6, 3]]),
        ("flipped", [[6, 5, 4], [3, 2, 1]]),
        ("normalised", np.arange(1, 7).reshape(2, 3) / 21),
        ("zero_mean", [[-2.5, -1.5, -0.5], [0.5, 1.5, 2.5]]),
    ],
)
def test_changes_by_hand(change: str, expected: list[list[float]]) -> None:
    changed = getattr(COUNTED, change)()
    assert np.allclose(changed.weights, expected, rtol=1e-15)
    assert (changed.name, changed.preset, changed.parameters) == ("custom", None, ())


def test_one_cell() -> None:
    changed = COUNTED.with_cell(1, 2, -8)
    assert changed.weights.tolist() == [[1, 2, 3], [4, 5, -8]]
    assert COUNTED.weights[1, 2] == 6


def test_resizing_keeps_the_middle_in_the_middle() -> None:
    kernel = Kernel(np.arange(9.0).reshape(3, 3))
    larger = kernel.resized(5, 7)
    assert larger.shape == (5, 7)
    assert np.array_equal(larger.weights[1:4, 2:5], kernel.weights)
    assert larger.weights.sum() == kernel.weights.sum()
    assert larger.resized(3, 3) == kernel.edited(kernel.weights)
    assert kernel.resized(1, 1).weights.tolist() == [[4]]
    # The middle of an even side is its upper or left one.
    assert kernel.resized(4, 2).weights.tolist() == [[1, 2], [4, 5], [7, 8], [0, 0]]


@pytest.mark.parametrize("shape", [(0, 3), (3, 32), (10**9, 10**9)])
def test_resizing_out_of_range_is_refused_before_memory_is_taken(shape: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="1×1 to 31×31"):
        COUNTED.resized(*shape)


def test_a_sum_of_zero_cannot_be_normalised() -> None:
    for weights in ([[-1, 0, 1]], [[0.1, 0.2, -0.3]], [[0.0]]):
        with pytest.raises(UserError, match="sum to 0"):
            Kernel(np.array(weights)).normalised()
    assert Kernel(np.full((1, 2), 1e-15)).normalised().weights.tolist() == [[0.5, 0.5]]


NINTH = Kernel.divided(np.ones((3, 3)), 9)


def test_a_kernel_over_a_divisor_keeps_both() -> None:
    assert np.array_equal(NINTH.weights, np.full((3, 3), 1 / 9))
    assert np.array_equal(NINTH.numerators, np.ones((3, 3)))
    assert NINTH.divisor == 9 and not NINTH.numerators.flags.writeable
    assert Kernel(np.full((3, 3), 1 / 9)) != NINTH
    assert Kernel.divided([[1, 2]], -4) == Kernel.divided([[-1, -2]], 4)
    assert np.array_equal(NINTH.over(3).weights, np.full((3, 3), 1 / 3))
    assert NINTH.over(1) == Kernel(np.ones((3, 3)))


@settings(max_examples=200)
@given(
    arrays(np.int64, (2, 3), elements=st.integers(-9999, 9999)),
    st.one_of(st.integers(1, 10_000).map(float), st.floats(1e-3, 1e4)),
)
def test_numerators_come_back_exactly(numerators: np.ndarray, divisor: float) -> None:
    assert np.array_equal(Kernel.divided(numerators, divisor).numerators, numerators)


def test_changes_by_hand_are_above_the_divisor() -> None:
    changed = Kernel.divided([[1, 2], [3, 4]], 10).with_cell(0, 1, 7)
    assert (changed.numerators.tolist(), changed.divisor) == ([[1, 7], [3, 4]], 10)
    for kernel in (changed.transposed(), changed.rotated(), changed.flipped(), changed.resized(3, 2)):
        assert kernel.divisor == 10 and kernel.numerators.sum() == 15
    assert changed.zero_mean().numerators.sum() == 0


def test_whole_numbers_are_normalised_by_their_sum_as_the_divisor() -> None:
    assert Kernel(np.ones((3, 3))).normalised() == NINTH
    assert NINTH.normalised() == NINTH
    halves = Kernel(np.array([[0.5, 1.0]])).normalised()
    assert (halves.weights.tolist(), halves.divisor) == ([[1 / 3, 2 / 3]], 1)
    # A sum below 0 is no divisor that a lecture writes.
    assert Kernel(np.array([[-1.0, -1.0]])).normalised().divisor == 1


@pytest.mark.parametrize("divisor", [0, float("nan"), float("inf")])
def test_no_such_divisor(divisor: float) -> None:
    with pytest.raises(UserError, match="another divisor"):
        Kernel.divided([[1.0]], divisor)
    with pytest.raises(UserError, match="divisor is from"):
        Kernel(np.ones((1, 1)), divisor=divisor)


def test_a_divisor_beyond_all_use_is_divided_away() -> None:
    tiny = Kernel.divided([[1.0]], 2.0**99)
    assert (tiny.weights.tolist(), tiny.divisor) == ([[2.0**-99]], 1)
