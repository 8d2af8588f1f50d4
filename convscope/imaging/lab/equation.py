"""Sums as they are written: with "=" where the numbers shown come to the result shown, else with "≈".

Numbers are shown with a few digits, so what a reader adds up is not what the machine did: 1 / 1 is not
0.999996. A short sum is given the digits that it needs; a long one stays short and says "≈".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import floor, isfinite, log10

from convscope.imaging.numerals import bracketed, numeral

DIGITS, MOST = 6, 9
"""Digits of a result, and of an operand at most: float32 has no more."""

Left = Callable[[int], tuple[str, float]]
"""The left side with its numbers to so many digits, and what these numbers come to."""


@lru_cache(maxsize=1 << 16)
def as_shown(value: float, digits: int = DIGITS) -> float:
    """The number that `numeral` shows."""
    whole = float(value).is_integer() and abs(value) < 1e15
    return float(value) if whole or not isfinite(value) else float(f"{value:.{digits}g}")


def agrees(shown: float, value: float, digits: int = DIGITS) -> bool:
    """Whether a sum of shown numbers comes to the shown result, to its last digit.

    Args:
        shown: what the numbers come to as they are shown.
        value: the result; `digits` of it are shown.
    """
    told = as_shown(value, digits)
    if not told or not isfinite(told):
        return shown == told
    unit = 10.0 ** (floor(log10(abs(told))) + 1 - digits)
    return abs(shown - told) <= 0.5000001 * unit


def equation(left: Left, value: float, *, first: int = DIGITS, most: int = MOST, digits: int = DIGITS) -> str:
    """ "left = value", with so many digits on the left that it is true; "left ≈ value" where none are enough.

    Args:
        left: the left side.
        first: digits of its numbers to begin with, those that "≈" has.
        most: at most.
        digits: of the result.
    """
    for each in range(first, max(first, most) + 1):
        text, shown = _tried(left, each)
        if agrees(shown, value, digits):
            return f"{text} = {numeral(value, digits)}"
    return f"{left(first)[0]} ≈ {numeral(value, digits)}"


def _tried(left: Left, digits: int) -> tuple[str, float]:
    try:
        return left(digits)
    except (ArithmeticError, ValueError):
        # A divisor that is shown as 0.
        return "", float("nan")


def added(values: Sequence[float], digits: int) -> tuple[str, float]:
    """Numbers in a row, "3.2 + (−1.5)", and what they come to as shown."""
    text = " + ".join(bracketed(value, digits) for value in values)
    return text, sum(as_shown(value, digits) for value in values)


def products(values: Sequence[float], factors: Sequence[float], digits: int) -> tuple[str, float]:
    """Products in a row, "105·5 + 102·(−1)", and what they come to as shown."""
    text, total = [], 0.0
    for value, factor in zip(values, factors, strict=True):
        text.append(f"{bracketed(value, digits)}·{bracketed(factor, digits)}")
        total += as_shown(value, digits) * as_shown(factor, digits)
    return " + ".join(text), total
