"""Named sets of kernels, for a filter bank: several kernels on one image at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from convscope.core.errors import UserError
from convscope.core.parameter import Parameter, between
from convscope.imaging.kernels.gabor import PRESETS as _GABOR
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.registry import make

MAX_KERNELS = 64
ORIENTATIONS = between("orientations", "Directions", 6, 1, 16, 1, symbol="θ")
WAVELENGTHS = (3.0, 5.0, 8.0)
# σ = 0.56·λ passes one octave (Petkov & Kruizinga 1997) and leaves almost no answer to flat brightness.
_SIGMA_PER_WAVELENGTH = 0.56


@dataclass(frozen=True)
class Bank:
    """A set of kernels that has a name.

    Attributes:
        key, title, sentence: as for a preset.
        build: takes the set's parameters as keywords, all with defaults.
        parameters: those that are one number, for sliders. "gabor" also takes `wavelengths`, several.
    """

    key: str
    title: str
    sentence: str
    build: Callable[..., tuple[Kernel, ...]]
    parameters: tuple[Parameter, ...] = ()


def _presets(*keys: str) -> Callable[[], tuple[Kernel, ...]]:
    return lambda: tuple(make(key) for key in keys)


def _gabor_family(
    orientations: float = ORIENTATIONS.default, wavelengths: Sequence[float] = WAVELENGTHS
) -> tuple[Kernel, ...]:
    """Gabor kernels of θ × λ: all directions (k·180°/n) of the first wavelength, then of the next."""
    count = int(ORIENTATIONS.checked(ORIENTATIONS.rounded(orientations)))
    if not 1 <= len(wavelengths) <= MAX_KERNELS // count:
        raise UserError(
            f"A Gabor family of {count} directions takes 1 to {MAX_KERNELS // count} wavelengths, "
            f"not {len(wavelengths)}."
        )
    sigma = next(parameter for parameter in _GABOR[0].parameters if parameter.name == "sigma")
    return tuple(
        make(
            "gabor",
            theta=k * 180 / count,
            wavelength=wavelength,
            sigma=sigma.clamped(_SIGMA_PER_WAVELENGTH * wavelength),
            gamma=1.0,
        )
        for wavelength in wavelengths
        for k in range(count)
    )


BANKS: dict[str, Bank] = {
    bank.key: bank
    for bank in (
        Bank(
            "sobel",
            "Sobel set",
            "Edges in both directions and with both signs, one map each.",
            _presets("sobel-x", "sobel-y", "sobel-x-flipped", "sobel-y-flipped"),
        ),
        Bank(
            "lines",
            "Line set",
            "Thin lines in four directions, one map each.",
            _presets("line-horizontal", "line-vertical", "line-45", "line-135"),
        ),
        Bank(
            "gabor",
            "Gabor family",
            "Stripes of several directions and widths, like the first layer of a trained network.",
            _gabor_family,
            (ORIENTATIONS,),
        ),
        Bank(
            "laplacians",
            "Laplacians",
            "Four ways to find spots and edges in all directions at once.",
            _presets("laplacian-4", "laplacian-8", "log-5x5", "log"),
        ),
        Bank(
            "lecture",
            "First look",
            "What single kernels can do: blur, sharpen, find edges, lines and outlines.",
            _presets("identity", "gaussian", "sharpen", "sobel-x", "sobel-y", "line-45", "outline", "emboss"),
        ),
    )
}


def bank(key: str, **values: Any) -> tuple[Kernel, ...]:
    """The kernels of a named set, such as `bank("gabor", orientations=8, wavelengths=(4, 8))`.

    Raises:
        UserError: no such set, no such parameter, or one outside its range.
    """
    if key not in BANKS:
        raise UserError(f"There is no set of kernels called {key!r}: choose one of {', '.join(BANKS)}.")
    known = inspect.signature(BANKS[key].build).parameters
    if unknown := [name for name in values if name not in known]:
        raise UserError(f"The set of kernels {key} has no parameter {unknown[0]!r}.")
    return BANKS[key].build(**values)
