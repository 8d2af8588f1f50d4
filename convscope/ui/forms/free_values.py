"""Values of settings as text, and back; what cannot be read raises ValueError."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from convscope.core.words import times


def read_number(text: str) -> float:
    """ "0.5", "1e-3" or "1/255"."""
    return float(Fraction(text.replace(" ", "").replace(",", ".")))


def optional(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same, and None for "none" and for nothing."""
    return lambda text: read(text) if text.strip() not in ("", "none") else None


def write_number(value: Any) -> str:
    """As short as can be; 1/255 says more than 0.00392157."""
    if value is None:
        return "none"
    fraction = Fraction(value).limit_denominator(1000) if value else Fraction(0)
    if (
        fraction.numerator == 1
        and fraction.denominator > 100
        and float(fraction) == value
        and value * 1e6 % 1
    ):
        return f"1/{fraction.denominator}"
    return f"{value:g}"


def read_numbers(text: str) -> float | tuple[float, ...]:
    """One number, or one for each channel: "0.485, 0.456, 0.406"."""
    numbers = tuple(read_number(part) for part in re.split(r"\s*;\s*|,?\s+", text.strip("() ")))
    return numbers if len(numbers) > 1 else numbers[0]


def write_numbers(value: Any) -> str:
    """(0.485, 0.456, 0.406) → "0.485, 0.456, 0.406"."""
    return (
        ", ".join(write_number(number) for number in value)
        if isinstance(value, tuple)
        else write_number(value)
    )


def read_shape(text: str) -> tuple[int | None, ...]:
    """ "28×28×1"; "?" for a free size."""
    parts = [part.strip() for part in re.split(r"[×x*,;]", text.strip("() "))]
    shape = tuple(None if part in ("?", "None") else int(part) for part in parts)
    if any(size is not None and size != -1 and size < 1 for size in shape):
        raise ValueError(text)
    return shape


def write_shape(value: Any) -> str:
    """(28, 28, 1) → "28×28×1"."""
    if value is None:
        return "none"
    return times(value)


def read_range(text: str) -> tuple[float, float]:
    low, high = (float(part) for part in re.split(r"\s*(?:,|;|–|…|\s)\s*", text.strip("() ")))
    return low, high


def write_range(value: Any) -> str:
    """(0.0, 1.0) → "0, 1"."""
    return ", ".join(f"{number:g}" for number in value)


def read_borders(text: str) -> Any:
    """ "1+1×0+2": top, bottom, left, right."""
    sides = [tuple(int(n) for n in side.split("+")) for side in re.split(r"[×x*]", text)]
    if len(sides) != 2 or any(len(side) != 2 for side in sides):
        raise ValueError(text)
    return tuple(sides)
