"""What a kernel preset is: a formula with named parameters and one sentence on what it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.kernels.kernel import Kernel

HALF_MAXIMUM = 15


@dataclass(frozen=True)
class Parameter:
    """One number that a preset can be given, as a slider shows it.

    Attributes:
        name: the keyword, such as "sigma".
        symbol: the formula's letter, such as "σ".
        title: what a person calls it.
        unit: "px", "°", or "" for a plain number.
        minimum, maximum, step, default: of its slider.
        kind: "real" takes any number in the range, "whole" rounds to integers, "odd" to odd ones (4 → 5).
        zero: what 0 means where that is special, such as "automatic".
    """

    name: str
    symbol: str
    title: str
    unit: str
    minimum: float
    maximum: float
    step: float
    default: float
    kind: Literal["real", "whole", "odd"] = "real"
    zero: str = ""

    def accept(self, value: float) -> float:
        """The value, rounded as `kind` says.

        Raises:
            UserError: it is outside the range.
        """
        if not self.minimum <= value <= self.maximum:
            raise UserError(
                f"{self.title} ({self.name}) goes from {self.minimum:g} to {self.maximum:g}, not {value:g}."
            )
        if self.kind == "real" or (self.zero and value == 0):
            return float(value)
        whole = math.floor(value + 0.5)
        return float(whole + 1 if self.kind == "odd" and whole % 2 == 0 else whole)


@dataclass(frozen=True)
class Preset:
    """A kernel that has a name.

    Attributes:
        key: what scripts and the command line call it, such as "sobel-x".
        title: what a menu calls it.
        group: the menu's heading.
        sentence: what it does to a picture, in plain words. Kernels are meant as they slide: correlation.
        parameters: what `build` takes as keywords, as floats.
        build: the formula; float64, rows × columns.
        divisor: what the weights are written over, by the same parameters; None: they are not.
    """

    key: str
    title: str
    group: str
    sentence: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., NDArray[np.float64]]
    divisor: Callable[..., float] | None = None

    def make(self, **values: float) -> Kernel:
        """The kernel with these parameters, the defaults for those left out.

        Raises:
            UserError: a parameter that it does not have, or one outside its range.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in values:
            if name not in names:
                raise UserError(
                    f"The kernel {self.key} has no parameter {name!r}: "
                    + (f"it has {', '.join(names)}." if names else "it has none.")
                )
        accepted = {p.name: p.accept(values.get(p.name, p.default)) for p in self.parameters}
        return Kernel(
            self.build(**accepted),
            name=self.key,
            preset=self.key,
            parameters=tuple(accepted.items()),
            divisor=1.0 if self.divisor is None else self.divisor(**accepted),
        )


def fixed(key: str, title: str, group: str, sentence: str, weights: list[list[float]]) -> Preset:
    """A preset without parameters: its weights written out."""
    return Preset(key, title, group, sentence, (), lambda: np.array(weights, dtype=np.float64))


def size_parameter(default: int, *, automatic: bool = False) -> Parameter:
    """The side of a square kernel: odd, up to 31; 0 fits it to σ where `automatic`."""
    zero = "fitted to σ" if automatic else ""
    return Parameter("size", "K", "Size", "px", 0 if automatic else 1, 31, 2, default, "odd", zero)


def half_width(reach: float) -> int:
    """The half side of the smallest kernel that reaches this far from its centre, 1 to 15."""
    # The tolerance keeps 3·0.1·10 from becoming 4.
    return max(1, min(HALF_MAXIMUM, math.ceil(reach - 1e-9)))


def grid(half: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(x to the right, y downwards) of every tap from the centre, in pixels; float64, (2·half + 1)² each."""
    steps = np.arange(-half, half + 1, dtype=np.float64)
    x, y = np.meshgrid(steps, steps)
    return x, y
