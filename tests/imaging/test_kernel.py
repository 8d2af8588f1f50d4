"""The kernel: what it accepts, and what is done to it by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.errors import UserError
from convscope.imaging.kernel import Kernel

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
