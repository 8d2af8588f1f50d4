"""The kernel's walk over the image, one output pixel after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scan:
    """Where the sliding window stands: output pixels in reading order.

    Attributes:
        rows, columns: the output's size.
        position: 0 … rows·columns − 1, the output pixel in hand.
    """

    rows: int
    columns: int
    position: int = 0

    @property
    def count(self) -> int:
        """How many positions there are."""
        return self.rows * self.columns

    @property
    def at_end(self) -> bool:
        """True at the last output pixel."""
        return self.position == self.count - 1

    @property
    def place(self) -> tuple[int, int]:
        """(row, column) of the output pixel in hand."""
        return divmod(self.position, self.columns)

    def moved(self, steps: int) -> Scan:
        """So many steps on, or back; it stops at both ends."""
        return replace(self, position=min(max(self.position + steps, 0), self.count - 1))

    def at(self, row: int, column: int) -> Scan:
        """At a given output pixel, or the nearest there is."""
        row, column = min(max(row, 0), self.rows - 1), min(max(column, 0), self.columns - 1)
        return replace(self, position=row * self.columns + column)

    def filled(
        self, picture: NDArray[np.uint8], blank: int = 0, ahead: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """The output as far as the scan has come: uint8 as given.

        Args:
            blank: the level of what lies ahead.
            ahead: a picture of it instead, of the same shape.
        """
        shown = picture.copy()
        row, column = self.place
        shown[row, column + 1 :] = blank if ahead is None else ahead[row, column + 1 :]
        shown[row + 1 :] = blank if ahead is None else ahead[row + 1 :]
        return shown
