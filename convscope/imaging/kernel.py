"""The kernel: a 2-D array of weights, and what one does to it by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convscope.errors import UserError

MAX_SIZE = 31


@dataclass(frozen=True, eq=False)
class Kernel:
    """A 2-D array of weights, 1×1 to 31×31, never changed after it is made.

    Attributes:
        weights: float64, kh×kw, read-only.
        name: a preset's name, the user's, or "custom".
        preset: the registry key of the preset that made it, or None once edited by hand.
        parameters: the preset's parameters in force, such as `(("sigma", 1.4),)`.
    """

    weights: NDArray[np.float64]
    name: str = "custom"
    preset: str | None = None
    parameters: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        try:
            # + 0.0 turns −0.0 into 0.0, so that equal kernels have equal bytes.
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
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Kernel)
            and (self.name, self.preset, self.parameters) == (other.name, other.preset, other.parameters)
            and np.array_equal(self.weights, other.weights)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.preset, self.parameters, self.weights.shape, self.weights.tobytes()))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return (int(self.weights.shape[0]), int(self.weights.shape[1]))

    def edited(self, weights: ArrayLike) -> Kernel:
        """A custom kernel with these weights: any edit by hand turns the name to "custom"."""
        return Kernel(np.asarray(weights, dtype=np.float64))

    def with_cell(self, row: int, column: int, value: float) -> Kernel:
        """One weight changed."""
        weights = self.weights.copy()
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
        weights[new_rows, new_columns] = self.weights[old_rows, old_columns]
        return self.edited(weights)

    def transposed(self) -> Kernel:
        """Rows become columns."""
        return self.edited(self.weights.T)

    def rotated(self) -> Kernel:
        """Turned by 90° clockwise."""
        return self.edited(np.rot90(self.weights, -1))

    def flipped(self) -> Kernel:
        """Turned by 180°: what convolution does to a kernel before it slides."""
        return self.edited(self.weights[::-1, ::-1])

    def normalised(self) -> Kernel:
        """Divided by its sum, so that brightness stays.

        Raises:
            UserError: the weights sum to zero.
        """
        total = float(self.weights.sum())
        # Relative to the weights: rounding is no sum, and a kernel of tiny weights has one.
        if abs(total) <= 1e-12 * float(np.abs(self.weights).sum()):
            raise UserError("These weights sum to 0, so they cannot be normalised to sum 1.")
        return self.edited(self.weights / total)

    def zero_mean(self) -> Kernel:
        """Its mean taken from every weight, so that flat regions give 0."""
        return self.edited(self.weights - self.weights.mean())
