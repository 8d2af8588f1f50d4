"""The kernel: a 2-D array of weights, and what one does to it by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.core.errors import UserError

MAX_SIZE = 31
LEAST_DIVISOR, MOST_DIVISOR = 1e-6, 1e9
CUSTOM = "custom"


@dataclass(frozen=True, eq=False)
class Kernel:
    """A 2-D array of weights, 1×1 to 31×31, never changed after it is made.

    Attributes:
        weights: float64, kh×kw, read-only: what the pixels are multiplied with, already divided.
        name: a preset's name, the user's, or "custom".
        preset: the registry key of the preset that made it, or None once edited by hand.
        parameters: the preset's parameters in force, such as `(("sigma", 1.4),)`.
        divisor: what the weights are written over, as in 1/9 of a table of ones; see `numerators`.
    """

    weights: NDArray[np.float64]
    name: str = CUSTOM
    preset: str | None = None
    parameters: tuple[tuple[str, float], ...] = ()
    divisor: float = 1.0

    @classmethod
    def divided(cls, numerators: ArrayLike, divisor: float, name: str = CUSTOM) -> Kernel:
        """The kernel numerators/divisor, written so; a divisor beyond all use is divided away.

        Raises:
            UserError: no table of numbers of a kernel's size, or a divisor of 0.
        """
        above = cls(np.asarray(numerators, dtype=np.float64), name).weights
        if not divisor or not math.isfinite(divisor):
            raise UserError(f"A kernel cannot be divided by {divisor:g}: choose another divisor.")
        usual = LEAST_DIVISOR <= abs(divisor) <= MOST_DIVISOR
        with np.errstate(over="ignore"):
            return cls(above / divisor, name, divisor=abs(float(divisor)) if usual else 1.0)

    def __post_init__(self) -> None:
        try:
            # + 0.0 turns −0.0 into 0.0, so that equal kernels have equal bytes.
            with np.errstate(invalid="ignore"):  # of a file that holds numbers which are none
                weights = np.array(self.weights, dtype=np.float64, order="C") + 0.0
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError("A kernel is a table of numbers with equally long rows.") from error
        if weights.ndim != 2 or not all(1 <= n <= MAX_SIZE for n in weights.shape):
            raise UserError(
                f"A kernel is a table of 1×1 to {MAX_SIZE}×{MAX_SIZE} numbers, "
                f"not {'×'.join(map(str, weights.shape)) or 'a single number'}."
            )
        if not np.isfinite(weights).all():
            raise UserError("Every weight of a kernel must be a finite number.")
        if not LEAST_DIVISOR <= self.divisor <= MOST_DIVISOR:
            raise UserError(f"A divisor is from {LEAST_DIVISOR:g} to {MOST_DIVISOR:g}, not {self.divisor:g}.")
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Kernel)
            and (self.name, self.preset, self.parameters) == (other.name, other.preset, other.parameters)
            and self.divisor == other.divisor
            and np.array_equal(self.weights, other.weights)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.preset, self.parameters, self.weights.shape, self.weights.tobytes()))

    @property
    def by_hand(self) -> bool:
        """Whether its weights were edited by hand, so that it has no name of its own."""
        return self.preset is None and self.name == CUSTOM

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return (int(self.weights.shape[0]), int(self.weights.shape[1]))

    @cached_property
    def numerators(self) -> NDArray[np.float64]:
        """The weights as they are written, over the divisor: float64, kh×kw, read-only."""
        if self.divisor == 1:
            return self.weights
        # A quotient times its divisor is off by one in the last place at most: twelve digits tell.
        numerators = np.array(
            [[float(f"{value:.12g}") for value in row] for row in self.weights * self.divisor]
        )
        numerators.flags.writeable = False
        return numerators

    def edited(self, numerators: ArrayLike) -> Kernel:
        """A custom kernel with these weights over the same divisor: any edit turns the name to "custom"."""
        return Kernel.divided(numerators, self.divisor)

    def over(self, divisor: float) -> Kernel:
        """The same numbers over another divisor.

        Raises:
            UserError: a divisor of 0.
        """
        return Kernel.divided(self.numerators, divisor)

    def with_cell(self, row: int, column: int, value: float) -> Kernel:
        """One weight changed, to value/divisor."""
        weights = self.numerators.copy()
        weights[row, column] = value
        return self.edited(weights)

    def resized(self, rows: int, columns: int) -> Kernel:
        """Cropped or padded with zeros around the centre.

        Raises:
            UserError: a side below 1 or above 31.
        """
        if not (1 <= rows <= MAX_SIZE and 1 <= columns <= MAX_SIZE):
            raise UserError(f"A kernel has 1×1 to {MAX_SIZE}×{MAX_SIZE} weights, not {rows}×{columns}.")
        weights = np.zeros((rows, columns))
        overlap: list[tuple[slice, slice]] = []
        for old, new in zip(self.shape, (rows, columns), strict=True):
            # Centres are at (n - 1) // 2, so that the middle weight stays in the middle.
            shift = (new - 1) // 2 - (old - 1) // 2
            first, last = max(0, -shift), min(old, new - shift)
            overlap.append((slice(first, last), slice(first + shift, last + shift)))
        (old_rows, new_rows), (old_columns, new_columns) = overlap
        weights[new_rows, new_columns] = self.numerators[old_rows, old_columns]
        return self.edited(weights)

    def transposed(self) -> Kernel:
        return self.edited(self.numerators.T)

    def rotated(self) -> Kernel:
        """Turned by 90° clockwise."""
        return self.edited(np.rot90(self.numerators, -1))

    def flipped(self) -> Kernel:
        """Turned by 180°: what convolution does to a kernel before it slides."""
        return self.edited(self.numerators[::-1, ::-1])

    def normalised(self) -> Kernel:
        """Divided by its sum, so that brightness stays; whole numbers stay, over their sum as the divisor.

        Raises:
            UserError: the weights sum to zero.
        """
        total = float(self.weights.sum())
        # Relative to the weights: rounding is no sum, and a kernel of tiny weights has one.
        if abs(total) <= 1e-12 * float(np.abs(self.weights).sum()):
            raise UserError("These weights sum to 0, so they cannot be normalised to sum 1.")
        above = self.numerators
        if np.array_equal(above, np.rint(above)) and 0 < float(above.sum()) <= MOST_DIVISOR:
            return Kernel.divided(above, float(above.sum()))
        return Kernel(self.weights / total)

    def zero_mean(self) -> Kernel:
        """Its mean taken from every weight, so that flat regions give 0."""
        return self.edited(self.numerators - self.numerators.mean())
