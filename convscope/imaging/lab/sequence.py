"""Convolution in one dimension, where the sum can be seen whole (curriculum 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.lab import padding
from convscope.imaging.lab.equation import DIGITS, equation, products
from convscope.imaging.lab.operation import Border, Mode
from convscope.imaging.numerals import numeral

# Longer sums are written with their numbers alone.
_NAMED_TERMS = 9


@dataclass(frozen=True, eq=False)
class SlidingSum:
    """A sequence, the weights that slide over it, and what comes out.

    Attributes:
        padded: float64, the sequence with its border, m + P₁ + P₂.
        before: P₁, how many padded values stand before the first.
        length: m, how many numbers the sequence has.
        typed: float64, n, the weights as they were given: w.
        mode: "correlate" lays w on the sequence as it is, "convolve" turns it round first.
        border: what stands beyond the ends.
        stride: how far the window moves.
        output: float64, ⌊(m − n + P₁ + P₂)/S⌋ + 1.
    """

    padded: NDArray[np.float64]
    before: int
    length: int
    typed: NDArray[np.float64]
    mode: Mode
    border: Border
    stride: int
    output: NDArray[np.float64]

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weights as they slide, from left to right: turned round already for a convolution."""
        return self.typed[::-1] if self.mode == "convolve" else self.typed

    @property
    def weight_names(self) -> list[str]:
        """What stands under the weights as they slide: "w[0]", "w[1]" …, backwards for a convolution."""
        names = [f"w[{t}]" for t in range(len(self.typed))]
        return names[::-1] if self.mode == "convolve" else names

    @property
    def after(self) -> int:
        """P₂, how many padded values stand after the last."""
        return len(self.padded) - self.before - self.length

    def places(self, k: int) -> list[int]:
        """Which s[…] each w[0], w[1] … meets in output k; below 0 and from m on lies the border."""
        first = k * self.stride - self.before
        places = list(range(first, first + len(self.typed)))
        return places[::-1] if self.mode == "convolve" else places

    def terms(self, k: int) -> list[tuple[float, float]]:
        """The (value, weight) pairs of output k, in the order of the weights as they were given."""
        values = self.padded[np.add(self.places(k), self.before)]
        return list(zip(values.tolist(), self.typed.tolist(), strict=True))

    @property
    def rule(self) -> str:
        """What every output is, with the numbers in force: "c[k] = Σ s[2k − 1 + t]·w[t]"."""
        start = "k" if self.stride == 1 else f"{self.stride}k"
        turned = self.mode == "convolve"
        shift = (len(self.typed) - 1 if turned else 0) - self.before
        if shift:
            start += f" {'−' if shift < 0 else '+'} {abs(shift)}"
        return f"c[k] = Σ s[{start} {'−' if turned else '+'} t]·w[t],  t = 0 … {len(self.typed) - 1}"

    def written(self, k: int) -> str:
        """One output: "c[2] = s[4]·w[0] + s[3]·w[1] + s[2]·w[2] = 5·1 + 4·0 + 3·(−1) = 2"."""
        names = [f"s[{numeral(place)}]·w[{t}]" for t, place in enumerate(self.places(k))]
        values, weights = zip(*self.terms(k), strict=True)
        named = f" = {' + '.join(names)}" if len(names) <= _NAMED_TERMS else ""
        total = equation(lambda digits: products(values, weights, digits), float(self.output[k]), most=DIGITS)
        return f"c[{k}]{named} = {total}"

    @property
    def size(self) -> str:
        """How long the output is, with the numbers in force: "m − n + 1 = 10 − 3 + 1 = 8"."""
        m, n, s, outputs = self.length, len(self.typed), self.stride, len(self.output)
        if self.border == "same":
            return f"⌈m/S⌉ = ⌈{m}/{s}⌉ = {outputs}"
        if s == 1 and self.border == "valid":
            return f"m − n + 1 = {m} − {n} + 1 = {outputs}"
        if s == 1 and self.border == "full":
            return f"m + n − 1 = {m} + {n} − 1 = {outputs}"
        even = self.before == self.after
        pads, numbers = ("2P", str(2 * self.before)) if even else ("P₁ + P₂", f"{self.before} + {self.after}")
        left, right = ("⌊", "⌋") if (m - n + self.before + self.after) % s else ("", "")
        shown = f"{left}({m} − {n} + {numbers})/{s}{right}"
        return f"{left}(m − n + {pads})/S{right} + 1 = {shown} + 1 = {outputs}"


def slide(
    sequence: Sequence[float] | NDArray[np.float64],
    weights: Sequence[float] | NDArray[np.float64],
    *,
    mode: Mode = "correlate",
    border: Border = "valid",
    stride: int = 1,
) -> SlidingSum:
    """Slide weights over a sequence: c[k] = Σ_t s[k+t]·w[t]; length m − n + 1 without a border.

    A convolution has them the other way round, c[k] = Σ_t s[k+n−1−t]·w[t]; with the border "full" that is
    c[k] = Σ_t s[k−t]·w[t], as `numpy.convolve` has it.

    Raises:
        UserError: a sequence is empty, not one-dimensional, or shorter than the weights.
    """
    source, typed = np.atleast_1d(np.asarray(sequence, np.float64)), np.asarray(weights, np.float64)
    if source.ndim != 1 or typed.ndim != 1 or not source.size or not typed.size:
        raise UserError("The sequence and the weights are each one row of numbers, at least one number long.")
    before, after = padding.amounts(len(typed), border, len(source), stride)
    if len(source) + before + after < len(typed):
        raise UserError(
            f"{len(typed)} weights do not fit into a sequence of {len(source)}: use fewer or a border."
        )
    indices = padding.source_indices(-before, len(source) + after, len(source), border)
    padded = np.where(indices < 0, 0.0, source[indices])
    kernel = typed[::-1] if mode == "convolve" else typed
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))[::stride]
    return SlidingSum(padded, before, len(source), typed, mode, border, stride, windows @ kernel)
