"""Numbers as a person writes them in a sum: a true minus sign, brackets round negatives."""

from __future__ import annotations

from functools import lru_cache


def decimal(value: float, places: int) -> str:
    """A number with so many places behind the point, for columns: "8.740", "−0.693"; nothing is "−0.00"."""
    text = f"{value:.{places}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


# A kernel has few different weights and a picture few different values: the hover writes thousands of terms.
@lru_cache(maxsize=1 << 16)
def numeral(value: float, digits: int = 6) -> str:
    """A number with up to `digits` significant digits; whole numbers in full: "320", "−0.25", "1.2e−07"."""
    whole = float(value).is_integer() and abs(value) < 1e15
    text = str(int(value)) if whole else f"{value:.{digits}g}"
    return text.replace("-", "−")


@lru_cache(maxsize=1 << 16)
def bracketed(value: float, digits: int = 6) -> str:
    """The same, with brackets round a negative number: "(−1)"."""
    text = numeral(value, digits)
    return f"({text})" if text.startswith("−") else text
