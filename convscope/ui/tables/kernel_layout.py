"""Where the cells of a kernel lie in its editor, and what dragging on one of them does to its number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect

from convscope.ui import theme

WIDTH = 276
LARGEST_CELL = 56
LINE_HEIGHT = 22
DRAG_POINTS = 4


def wanted_height(rows: int, columns: int, width: int) -> int:
    """How high an editor of this width shall be, for its cells and the line below them."""
    wide = min(width - 2, theme.scaled(WIDTH) * 2) // columns
    cell = max(4, min(wide, theme.scaled(WIDTH) // rows, theme.scaled(LARGEST_CELL)))
    return rows * cell + theme.scaled(LINE_HEIGHT) + 2


@dataclass(frozen=True)
class KernelLayout:
    """Square cells in the middle of a widget of width × height screen points, and a line of words below."""

    rows: int
    columns: int
    width: int
    height: int

    @property
    def cell(self) -> int:
        """The side of a cell."""
        high = self.height - theme.scaled(LINE_HEIGHT) - 2
        return max(4, min((self.width - 2) // self.columns, high // self.rows, theme.scaled(LARGEST_CELL)))

    @property
    def grid(self) -> QRect:
        wide, high = self.columns * self.cell, self.rows * self.cell
        return QRect(max(1, (self.width - wide) // 2), 1, wide, high)

    @property
    def line(self) -> QRect:
        """The line below them."""
        return QRect(0, self.grid.bottom() + 2, self.width, theme.scaled(LINE_HEIGHT))

    def rect(self, row: int, column: int) -> QRect:
        cell, grid = self.cell, self.grid
        return QRect(grid.left() + column * cell, grid.top() + row * cell, cell, cell)

    def cell_at(self, position: QPoint) -> tuple[int, int] | None:
        """The (row, column) at a place of the widget."""
        if not self.grid.contains(position):
            return None
        offset = position - self.grid.topLeft()
        return (offset.y() // self.cell, offset.x() // self.cell)


def step_of(weights: NDArray[np.float64]) -> float:
    """What one notch of the wheel adds: 1 to whole numbers, else a tenth of the largest weight's size."""
    largest = float(np.abs(weights).max())
    if largest == 0 or np.array_equal(weights, np.rint(weights)):
        return 1.0
    return float(10.0 ** (math.floor(math.log10(largest)) - 1))


class Turning:
    """A number that is turned by dragging: a step every few points up or down, a tenth of it with Shift.

    Args:
        y: where the button went down, in screen points.
    """

    def __init__(self, y: float) -> None:
        self._y = y
        self._start: tuple[float, float] | None = None
        self._fine = False

    @property
    def begun(self) -> bool:
        """Whether it moved far enough to be no click."""
        return self._start is not None

    def begin(self, y: float, value: float, step: float) -> bool:
        """Begin from a number if the cursor is far enough away; True when it has begun now."""
        if self.begun or abs(self._y - y) < DRAG_POINTS:
            return False
        self._start = (value, step)
        return True

    def value(self, y: float, now: float, fine: bool) -> float:
        """The number with the cursor at y; `now` is what it is before."""
        assert self._start is not None
        start, step = self._start
        if fine != self._fine:
            # From here on with the other step, so that pressing Shift does not make the number jump.
            self._fine, self._y, self._start = fine, y, (now, step)
            return now
        return start + math.trunc((self._y - y) / DRAG_POINTS) * step * (0.1 if fine else 1.0)
