"""How shares and times are written, the same in the window, on the command line and in files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def percent(part: float, digits: int = 1, *, fixed: bool = False) -> str:
    """A share, 0–1, in hundredths; only all is "100 %", only none is "0 %".

    4 of 32 are "12.5 %", 8 of 32 "25 %", 1 of 5,000 "< 0.1 %", 4,999 of 5,000 "> 99.9 %".

    Args:
        digits: behind the point, where they are needed.
        fixed: always so many, so that numbers stand under each other: "25.00 %".
    """
    value, step = 100 * part, 10.0**-digits
    if not fixed and abs(value - round(value)) < 1e-9:
        return f"{round(value)} %"
    if 0 < value < step / 2:
        return f"< {step:.{digits}f} %"
    if 100 - step / 2 <= value < 100:
        return f"> {100 - step:.{digits}f} %"
    return f"{value:.{digits}f} %"


def share(count: int, whole: int) -> str:
    """A share of a whole with both its counts: "4 of 32, 12.5 %"."""
    said = f"{count:,} of {whole:,}"
    return f"{said}, {percent(count / whole)}" if whole else said


def counted(number: int, one: str, several: str = "") -> str:
    """A number of things: "1 class", "1,000 classes"."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def clock(seconds: float) -> str:
    """A stretch of time as a clock shows it: "0:42", "1:05:00"."""
    minutes, second = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def time_left(seconds: float) -> str:
    """What is still to be waited: "1:12 left"."""
    return f"{clock(seconds)} left"


def file_size(count: int) -> str:
    """Bytes: "17.7 MB" (of 1,000,000 bytes)."""
    for limit, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= limit:
            return f"{count / limit:.3g} {unit}" if count < 1000 * limit else f"{count / limit:,.0f} {unit}"
    return f"{count} bytes"


def sizes(shape: Iterable[int | None]) -> str:
    """The shape of an array, rows first: "300 × 451 × 3"; a free size is "?"."""
    return " × ".join(_sizes(shape))


def times(shape: Iterable[int | None]) -> str:
    """A shape in short: "26×26×32"; a free size is "?"."""
    return "×".join(_sizes(shape))


def shape_words(shape: Iterable[int | None], sign: str = "×") -> str:
    """A shape that may have no sizes at all: "26×26×32", "one number"."""
    return sign.join(_sizes(shape)) or "one number"


def size_words(value: Any) -> str:
    """3 and (3, 3) → "3×3"; ((1, 2), (0, 1)) → "1+2×0+1"; None → ""."""
    if value is None:
        return ""
    sides = value if isinstance(value, tuple) else (value, value)
    return "×".join("+".join(_sizes(side if isinstance(side, tuple) else (side,))) for side in sides)


def _sizes(shape: Iterable[int | None]) -> list[str]:
    return ["?" if size is None else str(size) for size in shape]


def megabytes(done: int, whole: int = 0) -> str:
    """How much of a file is there: "120 of 825 MB", or "120 MB" where the whole is not known."""
    return f"{done / 1e6:,.0f} of {whole / 1e6:,.0f} MB" if whole else f"{done / 1e6:,.0f} MB"


def breakable(name: str) -> str:
    """A layer's long name with marks, which nobody sees, at which a label may break it."""
    return name.replace("/", "/\u200b").replace("_", "_\u200b")
