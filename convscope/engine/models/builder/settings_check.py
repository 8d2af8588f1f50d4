"""Whether the settings of a layer make sense by themselves, whatever comes before the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convscope.engine.models.layer_specs import KINDS

# Settings that any layer may have besides its kind's own: these, and "trainable".
INITIALIZERS = ("kernel_initializer", "bias_initializer")
# Letters of a value in a sentence.
_LONGEST = 60
_INITIALIZERS = (
    "zeros",
    "ones",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "orthogonal",
)


def settings_problem(kind: str, config: Mapping[str, Any]) -> str:
    """What is wrong with a typed setting by itself, "" when nothing is."""
    options = {option.name: option for option in KINDS[kind].options}
    for key, value in config.items():
        if key in INITIALIZERS:
            # By name only: what Keras makes of a nested configuration may run code.
            if value not in _INITIALIZERS:
                return f"{key} is {_short(value)}, not one of {', '.join(_INITIALIZERS)}"
            continue
        if key == "trainable":
            if not isinstance(value, bool):
                return f"{key} is {_short(value)}, not true or false"
            continue
        if key not in options:
            return f"{kind} has no setting {key}"
        option = options[key]
        if value is None:
            if not option.optional and option.default is not None:
                return f"{key} is missing"
            continue
        problem = _value_problem(option.kind, value, option.low, option.high, option.choices)
        if problem:
            return f"{key} {problem}"
    return ""


def _value_problem(
    kind: str, value: Any, low: float | None, high: float | None, choices: Sequence[str]
) -> str:
    if kind == "choice":
        return (
            "" if value in choices else f"is {_short(value, quoted=False)}, not one of {', '.join(choices)}"
        )
    if kind == "bool":
        return "" if isinstance(value, bool) else f"is {_short(value)}, not true or false"
    numbers = list(value) if isinstance(value, (tuple, list)) else [value]
    if kind == "shape":
        fine = all(n is None or (isinstance(n, int) and not isinstance(n, bool)) for n in numbers)
        sizes = isinstance(value, (tuple, list)) and len(value) > 0
        return "" if fine and sizes else f"is {_short(value)}, not sizes such as 28×28×1"
    if kind == "size" and numbers and all(isinstance(n, (tuple, list)) for n in numbers):
        numbers = [n for side in numbers for n in side]
    if not numbers:
        return "has no number"
    whole = kind in ("int", "size")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int if whole else (int, float)):
            return f"is {number!r}, not a {'whole ' if whole else ''}number"
        if low is not None and number < low:
            return f"is {number}, less than {low:g}"
        if high is not None and number > high:
            return f"is {number}, more than {high:g}"
    if (kind in ("int", "float") and isinstance(value, (tuple, list))) or (
        kind in ("size", "range") and isinstance(value, (tuple, list)) and len(value) != 2
    ):
        return f"is {_short(value)}, not {'one number' if kind in ('int', 'float') else 'one number or two'}"
    return ""


def _short(value: Any, *, quoted: bool = True) -> str:
    """A value that a file holds, as much of it as a sentence can."""
    text = repr(value) if quoted else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
