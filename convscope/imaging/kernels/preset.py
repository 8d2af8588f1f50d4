"""What a kernel preset is: a formula with named parameters and one sentence on what it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.parameter import Parameter, between
from convscope.imaging.kernels.kernel import Kernel

HALF_MAXIMUM = 15


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
        accepted = {
            p.name: float(p.checked(p.rounded(values.get(p.name, p.default)))) for p in self.parameters
        }
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
    least = 0 if automatic else 1
    return between("size", "Size", default, least, 31, 2, kind="odd", unit="px", symbol="K", zero=zero)


def half_width(reach: float) -> int:
    """The half side of the smallest kernel that reaches this far from its centre, 1 to 15."""
    # The tolerance keeps 3·0.1·10 from becoming 4.
    return max(1, min(HALF_MAXIMUM, math.ceil(reach - 1e-9)))


def grid(half: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(x to the right, y downwards) of every tap from the centre, in pixels; float64, (2·half + 1)² each."""
    steps = np.arange(-half, half + 1, dtype=np.float64)
    x, y = np.meshgrid(steps, steps)
    return x, y
