"""Pooling against its definition, for any size, tile and stride."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.lab.pooling import pool


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.booleans(),
    st.sampled_from(["max", "avg"]),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
def test_against_the_definition(
    size: tuple[int, int], colour: bool, kind: Any, tile: int, stride: int, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(-50, 100, (*size, 3) if colour else size).astype(np.float32)
    if tile > min(size):
        with pytest.raises(UserError, match=f"A {tile}×{tile} pooling tile"):
            pool(values, kind, tile, stride)
        return
    windows = np.lib.stride_tricks.sliding_window_view(values, (tile, tile), axis=(0, 1))
    windows = windows[::stride, ::stride]
    pooled = pool(values, kind, tile, stride)
    assert pooled.dtype == np.float32
    assert pooled.flags.c_contiguous
    if kind == "max":
        np.testing.assert_array_equal(pooled, windows.max(axis=(-2, -1)))
    else:
        means = windows.mean(axis=(-2, -1), dtype=np.float64)
        np.testing.assert_allclose(pooled, means, rtol=1e-6, atol=1e-4)


def test_none_hands_on_what_it_gets() -> None:
    values = np.ones((2, 2), np.float32)
    assert pool(values, "none", 2, 2) is values


def test_the_largest_tile() -> None:
    values = np.arange(64 * 65, dtype=np.float32).reshape(64, 65)
    assert pool(values, "max", 64, 1).tolist() == [[64 * 65 - 2, 64 * 65 - 1]]
    assert pool(values, "avg", 64, 1).tolist() == [[values[:, :64].mean(), values[:, 1:].mean()]]
