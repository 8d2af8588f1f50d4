"""One dimension: c[k] = Σ s[k+t]·w[t], by hand and against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.operation import BORDERS, MODES
from convscope.imaging.lab.sequence import slide


def test_by_hand() -> None:
    result = slide([1, 2, 3, 4, 5], [1, 0, -1])
    assert result.output.tolist() == [-2, -2, -2]
    assert result.terms(1) == [(2, 1), (3, 0), (4, -1)]


def test_convolution_flips_the_weights() -> None:
    result = slide([1, 2, 3, 4, 5], [1, 0, -1], mode="convolve")
    assert result.output.tolist() == [2, 2, 2]
    assert result.weights.tolist() == [-1, 0, 1]


TYPED, ODD = [1, 2, 3, 4, 5, 6.5, -2], [1, 0, -1]


def test_the_sum_of_a_convolution_names_the_weights_as_they_were_typed() -> None:
    result = slide(TYPED, ODD, mode="convolve")
    assert result.rule == "c[k] = Σ s[k + 2 − t]·w[t],  t = 0 … 2"
    assert result.written(2) == "c[2] = s[4]·w[0] + s[3]·w[1] + s[2]·w[2] = 5·1 + 4·0 + 3·(−1) = 2"
    assert result.written(4) == "c[4] = s[6]·w[0] + s[5]·w[1] + s[4]·w[2] = (−2)·1 + 6.5·0 + 5·(−1) = −7"
    assert result.output.tolist() == [2, 2, 2, 2.5, -7]
    assert result.weight_names == ["w[2]", "w[1]", "w[0]"]


def test_the_sum_of_a_correlation() -> None:
    result = slide(TYPED, ODD)
    assert result.rule == "c[k] = Σ s[k + t]·w[t],  t = 0 … 2"
    assert result.written(2) == "c[2] = s[2]·w[0] + s[3]·w[1] + s[4]·w[2] = 3·1 + 4·0 + 5·(−1) = −2"
    assert result.size == "m − n + 1 = 7 − 3 + 1 = 5"


def test_with_a_border_the_sum_starts_p_earlier() -> None:
    result = slide(TYPED, ODD, border="zero")
    assert result.rule == "c[k] = Σ s[k − 1 + t]·w[t],  t = 0 … 2"
    assert result.written(0) == "c[0] = s[−1]·w[0] + s[0]·w[1] + s[1]·w[2] = 0·1 + 1·0 + 2·(−1) = −2"
    assert slide(TYPED, ODD, border="zero", mode="convolve").rule == "c[k] = Σ s[k + 1 − t]·w[t],  t = 0 … 2"
    assert slide(TYPED, ODD, border="zero", stride=3).rule == "c[k] = Σ s[3k − 1 + t]·w[t],  t = 0 … 2"
    assert result.size == "(m − n + 2P)/S + 1 = (7 − 3 + 2)/1 + 1 = 7"
    assert slide(TYPED, [1, 1], border="zero").size == "(m − n + P₁ + P₂)/S + 1 = (7 − 2 + 0 + 1)/1 + 1 = 7"


def test_full_is_that_of_numpy() -> None:
    result = slide(TYPED, ODD, border="full", mode="convolve")
    assert result.rule == "c[k] = Σ s[k − t]·w[t],  t = 0 … 2"
    assert result.size == "m + n − 1 = 7 + 3 − 1 = 9"
    assert result.output.tolist() == np.convolve(TYPED, ODD, "full").tolist()
    assert slide(TYPED, ODD, border="full").output.tolist() == np.correlate(TYPED, ODD, "full").tolist()


def test_same_is_that_of_keras() -> None:
    result = slide([1, 2, 3, 4], [1, 1, 1], border="same", stride=2)
    assert (result.output.tolist(), result.before, result.after) == ([6, 7], 0, 1)
    assert result.size == "⌈m/S⌉ = ⌈4/2⌉ = 2"
    assert slide([1, 2, 3, 4], [1, 1, 1], border="zero", stride=2).output.tolist() == [3, 9]


def test_a_long_sum_is_written_with_its_numbers_alone() -> None:
    assert slide(range(12), [1] * 10).written(0).startswith("c[0] = 0·1 + 1·1 + 2·1")


def test_borders_keep_the_length() -> None:
    assert slide([1, 2, 3], [1, 1, 1], border="zero").output.tolist() == [3, 6, 5]
    assert slide([1, 2, 3], [1, 1, 1], border="replicate").output.tolist() == [4, 6, 8]
    assert slide([1, 2, 3], [1, 1, 1], border="reflect").output.tolist() == [5, 6, 7]
    assert slide([1, 2, 3], [1, 1, 1], border="wrap").output.tolist() == [6, 6, 6]


numbers = st.floats(-1e3, 1e3, allow_nan=False, width=32)


@given(
    st.lists(numbers, min_size=1, max_size=30),
    st.lists(numbers, min_size=1, max_size=8),
    st.sampled_from(MODES),
    st.sampled_from(BORDERS),
    st.integers(1, 4),
)
def test_it_is_one_row_of_the_two_dimensional_one_and_its_sums_are_its_values(
    sequence: list[float], weights: list[float], mode: Any, border: Any, stride: int
) -> None:
    kernel = Kernel([weights])  # type: ignore[arg-type]
    try:
        ours = slide(sequence, weights, mode=mode, border=border, stride=stride)
    except UserError:
        assert border == "valid" and len(weights) > len(sequence)
        return
    slid = (kernel.flipped() if mode == "convolve" else kernel).weights
    row = correlate(np.array([sequence], np.float32), slid, border, stride)[::stride][0]
    np.testing.assert_allclose(ours.output, row, rtol=1e-5, atol=1e-3)
    for k, value in enumerate(ours.output.tolist()):
        assert sum(s * w for s, w in ours.terms(k)) == pytest.approx(value, abs=1e-6)
        for place, (number, _weight) in zip(ours.places(k), ours.terms(k), strict=True):
            assert not 0 <= place < len(sequence) or number == sequence[place]
    assert ours.size.endswith(f"= {len(ours.output)}")


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
