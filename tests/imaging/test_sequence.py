"""One dimension: c[k] = Σ s[k+t]·w[t], by hand and against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import UserError
from convscope.imaging.sequence import slide


def test_by_hand() -> None:
    result = slide([1, 2, 3, 4, 5], [1, 0, -1])
    assert result.output.tolist() == [-2, -2, -2]
    assert result.terms(1) == [(2, 1), (3, 0), (4, -1)]


def test_convolution_flips_the_weights() -> None:
    result = slide([1, 2, 3, 4, 5], [1, 0, -1], mode="convolve")
    assert result.output.tolist() == [2, 2, 2]
    assert result.weights.tolist() == [-1, 0, 1]


def test_borders_keep_the_length() -> None:
    assert slide([1, 2, 3], [1, 1, 1], border="zero").output.tolist() == [3, 6, 5]
    assert slide([1, 2, 3], [1, 1, 1], border="replicate").output.tolist() == [4, 6, 8]
    assert slide([1, 2, 3], [1, 1, 1], border="reflect").output.tolist() == [5, 6, 7]
    assert slide([1, 2, 3], [1, 1, 1], border="wrap").output.tolist() == [6, 6, 6]


numbers = st.floats(-1e3, 1e3, allow_nan=False, width=32)


@given(
    st.lists(numbers, min_size=1, max_size=30), st.lists(numbers, min_size=1, max_size=8), st.integers(1, 4)
)
def test_against_numpy(sequence: list[float], weights: list[float], stride: int) -> None:
    if len(weights) > len(sequence):
        with pytest.raises(UserError):
            slide(sequence, weights, stride=stride)
        return
    ours = slide(sequence, weights, stride=stride)
    full = np.correlate(np.array(sequence), np.array(weights), "valid")
    assert len(full) == len(sequence) - len(weights) + 1
    np.testing.assert_allclose(ours.output, full[::stride], atol=1e-6)
    for k, value in enumerate(ours.output):
        assert sum(s * w for s, w in ours.terms(k)) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("sequence", "weights"), [([], [1]), ([1], []), ([[1, 2]], [1])])
def test_what_is_not_one_row_is_refused(sequence: list[float], weights: list[float]) -> None:
    with pytest.raises(UserError, match="one row of numbers"):
        slide(sequence, weights)
