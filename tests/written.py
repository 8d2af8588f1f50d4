"""Written sums read back: what the numbers on the left of "=" come to, as a reader would work it out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

_NOTES = (
    r"\(the sum over [\d,]+\)",
    r"\([\d,]+ smaller ones\)",
    r"\([\d,]+ more\)",
    r"\(bias\)",
    r"\bbias\b",
    r"\bconstant\b",
    r"\bpixel\b",
)
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "max": lambda *numbers: max(numbers),
    "min": lambda *numbers: min(numbers),
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -30 else math.exp(x),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "exponential": math.exp,
    "hard_sigmoid": lambda x: min(max(x / 6 + 0.5, 0.0), 1.0),
    "linear": lambda x: x,
}
_KNOWN = re.compile("|".join(sorted(_FUNCTIONS, key=len, reverse=True)) + r"|[\d.,e+\-*/() ]")


def equations(text: str) -> list[tuple[str, str, str]]:
    """The left sides, signs ("=" or "≈") and right sides in a text, one a line, if it has any."""
    found = []
    for line in text.splitlines():
        for sign in ("=", "≈"):
            if f" {sign} " in line:
                left, _, right = line.rpartition(f" {sign} ")
                found.append((left, sign, right.partition(";")[0]))
    return found


def worked_out(left: str) -> float | None:
    """What a left side comes to; None where it names a function that is not known here."""
    # "channel 3: …", "the mean of …: …", "each score less the largest, 2.3: …".
    text = left.rpartition(": ")[2].replace("−", "-").replace("·", "*")
    for note in _NOTES:
        text = re.sub(note, "", text)
    text = re.sub(r"√\(", "sqrt(", text)
    text = re.sub(r"√([\d.e+-]+)", r"sqrt(\1)", text)
    text = text.replace("e^(", "exp(").replace("ReLU(", "relu(")
    for words, name in (("the largest of ", "max"), ("the smallest of ", "min")):
        if text.startswith(words):
            # The last number is followed by "…" where not all are listed.
            text = f"{name}({text.removeprefix(words).partition(', …')[0]})"
    limit = re.fullmatch(r"(.*), at most ([\d.]+)", text)
    if limit is not None:
        text = f"min({limit[1]}, {limit[2]})"
    if _KNOWN.sub("", text):
        return None
    names: dict[str, Any] = {"__builtins__": {}, **_FUNCTIONS}
    return float(eval(text, names))


def check(text: str) -> int:
    """Whether every "=" in a text is true to the digits shown, and every "≈" nearly so.

    Returns:
        How many were worked out.
    """
    checked = 0
    for left, sign, right in equations(text):
        found = worked_out(left)
        if found is None:
            continue
        told, step = float(right.replace("−", "-")), unit(right)
        apart = abs(found - told)
        if sign == "≈":
            # Nearly so, of terms that may cancel; and where it is so, "=" says it.
            size = max(abs(told), worked_out(left.replace("−", "")) or 0.0)
            least, most = (0.4 * step, 1e-3 * size) if told else (0.0, 1e-9)
            assert least < apart <= most, f"{left} {sign} {right}: {found}"
        else:
            # Functions are computed in float32 there.
            most = 0.65 * step if re.search("[a-z]", left) else 0.5001 * step
            of_function = re.fullmatch(r"sigmoid\((.+)\)", left)
            if of_function:
                # e^x is off by the share that x itself is off by.
                most += abs(told) * 2**-24 * abs(float(of_function[1].replace("−", "-")))
            assert apart <= most, f"{left} {sign} {right}: {found}"
        checked += 1
    return checked


def unit(number: str) -> float:
    """One step of the sixth digit of a number, as all results are shown."""
    told = abs(float(number.replace("−", "-")))
    return 10.0 ** (math.floor(math.log10(told)) - 5) if told else 1e-12
