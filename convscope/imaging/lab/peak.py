"""Where a result is largest: where a detector fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.numerals import numeral


@dataclass(frozen=True)
class Peak:
    """The largest value of a result, the first in reading order where there are several.

    Attributes:
        row, column: its place.
        channel: 0–2; 0 for one channel.
        value: as it is.
        count: how many values are as large.
    """

    row: int
    column: int
    channel: int
    value: float
    count: int

    @property
    def where(self) -> str:
        """ "row 0, column 0", and how many more there are."""
        return f"row {self.row}, column {self.column}" + (f" and {self.count - 1:,} more" * (self.count > 1))

    @property
    def words(self) -> str:
        """ "6600 at row 0, column 0"."""
        return f"{numeral(self.value)} at {self.where}"


def peak_of(values: NDArray[Any]) -> Peak | None:
    """The largest value of a result (H×W or H×W×3, finite); None where it does not stand out, or is none."""
    if not values.size:
        return None
    flat = np.ascontiguousarray(values).reshape(values.shape[0], -1)
    least, most, _, (at, row) = cv2.minMaxLoc(flat)
    if least == most and values.size > 1:
        return None
    channels = 1 if values.ndim == 2 else int(values.shape[2])
    column, channel = divmod(int(at), channels)
    count = int(np.count_nonzero(flat == flat[row, at]))
    return Peak(int(row), column, channel, float(flat[row, at]), count)
