"""One parameter of a preset, a method, a layer, an optimizer, …: what it may be, and how it is called.

Ranges, defaults and words stand here once: what checks a value and the form that asks for it read the same. A
frozen dataclass of settings declares its fields with `setting`, so that they are its parameters as well.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, Literal

from convscope.core.errors import UserError

Kind = Literal[
    "real", "whole", "odd", "choice", "several", "flag", "size", "shape", "range", "floats"
]  # fmt: skip
NUMBERS = ("real", "whole", "odd")
# Letters of a value in a sentence.
_LONGEST = 60
# From here on thousands are set apart.
_LARGE = 100_000


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: the keyword, such as "sigma" or the Keras argument.
        title: what a person calls it; the name in words where it is left out.
        kind: a number ("real", "whole", "odd"), one of `choices` ("choice"), a tuple of some of them
            ("several"), yes or no ("flag"), one whole number or height × width ("size"), a tuple of sizes
            ("shape"), two numbers ("range"), or one number or one for each channel ("floats").
        default: when nothing is chosen.
        minimum, maximum: of numbers.
        positive: the minimum itself is left out.
        step: what one notch adds; 0: a whole number goes by 1, a real one along 1, 2, 5, 10.
        unit: "px", "°", "%", or "" for a plain number.
        symbol: the formula's letter, such as "σ".
        choices: (value, words) each.
        others: other values than these are let through; a form offers these.
        nothing: what None means, such as "none"; "": there is no None.
        zero: what 0 means where that is special, such as "fitted to σ".
        required: it is always written out, because Keras asks for it or has another default.
        rare: a form shows it only where it is set.
        said: what a sentence calls it, where that is not the title: "number of steps".
        about: one clause: what it does.
    """

    name: str
    title: str = ""
    kind: Kind = "real"
    default: Any = None
    minimum: float = -math.inf
    maximum: float = math.inf
    positive: bool = False
    step: float = 0.0
    unit: str = ""
    symbol: str = ""
    choices: tuple[tuple[Any, str], ...] = ()
    others: bool = False
    nothing: str = ""
    zero: str = ""
    required: bool = False
    rare: bool = False
    said: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        if not self.title:
            object.__setattr__(self, "title", self.name.replace("_", " "))
        if not self.said:
            said = (
                self.title if self.title[1:2].isupper() or self.title[1:2].isdigit() else self.title.lower()
            )
            object.__setattr__(self, "said", f"{said} ({self.name})" if self.symbol else said)

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(value for value, _words in self.choices)

    @property
    def turned(self) -> bool:
        """Whether one gesture goes through many of its values, which then are one step of undo."""
        return self.kind not in ("flag", "several")

    @property
    def spans(self) -> str:
        """Its range in words: "0.3 to 5"."""
        return f"{written(self.minimum)} to {written(self.maximum)}"

    def problem(self, value: Any) -> str:
        """What is wrong with a value, as a clause that follows its name: "is 0, less than 1"; "" for nothing.

        A number must be of the very type: "5" and 5.0 are no whole number.
        """
        if value is None:
            return "" if self.nothing or self.default is None else "is missing"
        if self.others:
            return ""
        if self.kind in ("choice", "several"):
            chosen = value if self.kind == "several" and isinstance(value, (tuple, list)) else (value,)
            wrong = [each for each in chosen if each not in self.values]
            return f"is {short(wrong[0], quoted=False)}, not one of {self._choices}" if wrong else ""
        if self.kind == "flag":
            return "" if isinstance(value, bool) else f"is {short(value)}, not true or false"
        numbers = list(value) if isinstance(value, (tuple, list)) else [value]
        if self.kind == "shape":
            fine = all(n is None or (isinstance(n, int) and not isinstance(n, bool)) for n in numbers)
            sizes = isinstance(value, (tuple, list)) and len(value) > 0
            return "" if fine and sizes else f"is {short(value)}, not sizes such as 28×28×1"
        if self.kind == "size" and numbers and all(isinstance(n, (tuple, list)) for n in numbers):
            # Borders: ((top, bottom), (left, right)).
            numbers = [n for side in numbers for n in side]
        return self._wrong_number(value, numbers)

    def _wrong_number(self, value: Any, numbers: list[Any]) -> str:
        if not numbers:
            return "has no number"
        whole = self.kind in ("whole", "odd", "size")
        wanted: Any = Integral if whole else Real
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, wanted):
                return f"is {short(number)}, not a {'whole ' if whole else ''}number"
            if self.kind == "odd" and number % 2 == 0 and not (self.zero and number == 0):
                return f"is {short(number)}, not an odd number"
            if number < self.minimum or (self.positive and number == self.minimum):
                least = "not more than" if self.positive else "less than"
                return f"is {short(number)}, {least} {written(self.minimum)}"
            if number > self.maximum:
                return f"is {short(number)}, more than {written(self.maximum)}"
            if math.isnan(number):
                return "is nan, not a number"
        if self.kind in NUMBERS and isinstance(value, (tuple, list)):
            return f"is {short(value)}, not one number"
        if self.kind in ("size", "range") and isinstance(value, (tuple, list)) and len(value) != 2:
            return f"is {short(value)}, not one number or two"
        return ""

    def checked(self, value: Any, of: str = "") -> Any:
        """The value in its type; a number may also come as text.

        Args:
            of: whose parameter it is, such as the title of a method.

        Raises:
            UserError: it is of another kind or out of range.
        """
        given = self._read(value)
        if not self.problem(given):
            return float(given) if self.kind == "real" and given is not None else given
        subject = f"{of}: {self.said}" if of else f"The {self.said}"
        if self.choices:
            raise UserError(f"{subject} is one of {self._choices}, not {short(value, quoted=False)}.")
        if self.kind not in NUMBERS:
            raise UserError(f"{subject} {self.problem(given)}.")
        kind = {"real": "a number", "whole": "a whole number", "odd": "an odd number"}[self.kind]
        goes = f"is {kind} from {self.spans}" if of else f"goes from {self.spans}"
        raise UserError(f"{subject} {goes}, not {short(value, quoted=False)}.")

    def rounded(self, value: float) -> float:
        """The nearest value of its kind, as of a slider: 1.6 → 2, to an odd number 4 → 5."""
        if self.kind == "real" or (self.zero and value == 0) or not math.isfinite(value):
            return value
        whole = math.floor(value + 0.5)
        return whole + 1 if self.kind == "odd" and whole % 2 == 0 else whole

    def clamped(self, value: float) -> float:
        """The nearest value within the range."""
        return min(max(value, self.minimum), self.maximum)

    def _read(self, value: Any) -> Any:
        if self.kind not in NUMBERS:
            return value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return value
        whole = self.kind != "real" and isinstance(value, float) and value.is_integer()
        return int(value) if whole else value

    @property
    def _choices(self) -> str:
        return ", ".join(str(value) for value in self.values)


def between(
    name: str, title: str, default: float, minimum: float, maximum: float, step: float = 1, **rest: Any
) -> Parameter:
    """A number between two bounds: a whole one where its default is an int."""
    kind = rest.pop("kind", "whole" if isinstance(default, int) else "real")
    return Parameter(name, title, kind, default, minimum, maximum, step=step, **rest)


def parameter(name: str, default: Any, kind: Kind | None = None, **rest: Any) -> Parameter:
    """One whose kind follows from its default, where none is given."""
    return Parameter(name, kind=kind or _KINDS[type(default)], default=default, **rest)


_KINDS: Mapping[type, Kind] = {bool: "flag", int: "whole", float: "real", str: "choice"}


def plain(*words: str) -> tuple[tuple[str, str], ...]:
    """Choices that are their own words."""
    return tuple((word, word) for word in words)


def written(value: float) -> str:
    """A number as people write it: "2,147,483,647", "10000", "0.99", "1e-07"."""
    return f"{value:,.0f}" if _LARGE <= abs(value) < 1e15 and value == int(value) else f"{value:g}"


def short(value: Any, *, quoted: bool = True) -> str:
    """A value that a file holds, as much of it as a sentence can."""
    text = repr(value) if quoted else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


# -- records: frozen dataclasses whose fields are parameters -------------------------------------------------


def setting(default: Any, title: str = "", kind: Kind | None = None, **rest: Any) -> Any:
    """A field of a frozen dataclass that is a parameter; what kind follows from its default."""
    made = parameter("", default, kind, title=title, **rest)
    return field(default=default, metadata={"parameter": made})


@functools.cache
def parameters_of(record: type) -> Mapping[str, Parameter]:
    """What the fields of a dataclass were declared as with `setting`, in their order."""
    found = {each.name: each.metadata["parameter"] for each in fields(record) if "parameter" in each.metadata}
    return {name: _named(parameter, name) for name, parameter in found.items()}


def _named(parameter: Parameter, name: str) -> Parameter:
    title = parameter.title or name.replace("_", " ")
    return replace(parameter, name=name, title=title, said=parameter.said or title.lower())


def check_record(record: Any, of: str = "") -> None:
    """Refuse a record with a value that its declaration does not allow.

    Args:
        of: whose settings these are, where their names do not say it: "the plateau".

    Raises:
        UserError: such as "The factor of the plateau is 1: it goes from 0 to 0.99."
    """
    kind: type = type(record)
    for name, parameter in parameters_of(kind).items():
        value = getattr(record, name)
        if value is None and parameter.nothing:
            continue
        chosen = value if parameter.kind == "several" else (value,)
        if parameter.others:
            continue
        if parameter.choices:
            for each in chosen:
                if each not in parameter.values:
                    raise UserError(
                        f"There is no {parameter.said} called {each!r}: choose one of {parameter._choices}."
                    )
        elif parameter.kind in NUMBERS and _outside(parameter, value):
            owner = f" of {of}" if of else ""
            least = " more than" if parameter.positive else ""
            raise UserError(
                f"The {parameter.said}{owner} is {written(value)}: it goes from{least} {parameter.spans}."
            )


def _outside(parameter: Parameter, value: float) -> bool:
    # Not by `problem`: what a record's types allow, such as 0 for 0.0, is their own affair.
    inside = parameter.minimum <= value <= parameter.maximum
    return not inside or (parameter.positive and value == parameter.minimum)
