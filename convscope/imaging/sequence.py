"""Convolution in one dimension, where the sum can be seen whole (curriculum 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.errors import UserError
from convscope.imaging.operation import Border, Mode

_PAD = {"zero": "constant", "replicate": "edge", "reflect": "reflect", "wrap": "wrap"}


@dataclass(frozen=True, eq=False)
class SlidingSum:
    """A sequence, the weights that slide over it, and what comes out.

    Attributes:
        padded: float64, the sequence with its border, m + 2P.
        before: how many padded values stand before the first.
        weights: float64, n, as they slide: flipped already for a convolution.
        output: float64, ⌊(m − n + 2P)/S⌋ + 1.
        stride: how far the window moves.
    """

    padded: NDArray[np.float64]
    before: int
    weights: NDArray[np.float64]
    output: NDArray[np.float64]
    stride: int

    def terms(self, k: int) -> list[tuple[float, float]]:
        """The (value, weight) pairs of output k: c[k] = Σ_t s[kS + t]·w[t]."""
        start = k * self.stride
        return list(
            zip(self.padded[start : start + len(self.weights)].tolist(), self.weights.tolist(), strict=True)
        )


def slide(
    sequence: Sequence[float] | NDArray[np.float64],
    weights: Sequence[float] | NDArray[np.float64],
    *,
    mode: Mode = "correlate",
    border: Border = "valid",
    stride: int = 1,
) -> SlidingSum:
    """Slide weights over a sequence: c[k] = Σ_t s[k+t]·w[t]; length m − n + 1 without a border.

    Raises:
        UserError: a sequence is empty, not one-dimensional, or shorter than the weights.
    """
    source, kernel = np.atleast_1d(np.asarray(sequence, np.float64)), np.asarray(weights, np.float64)
    if source.ndim != 1 or kernel.ndim != 1 or not source.size or not kernel.size:
        raise UserError("The sequence and the weights are each one row of numbers, at least one number long.")
    if mode == "convolve":
        kernel = kernel[::-1]
    before = 0
    padded = source
    if border != "valid":
        before = (len(kernel) - 1) // 2
        padded = np.pad(source, (before, len(kernel) - 1 - before), mode=_PAD[border])  # type: ignore[call-overload]
    if len(padded) < len(kernel):
        raise UserError(
            f"{len(kernel)} weights do not fit into a sequence of {len(source)}: use fewer or a border."
        )
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))[::stride]
    return SlidingSum(padded, before, kernel, windows @ kernel, stride)
