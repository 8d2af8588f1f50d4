"""The drawing pad's picture: strokes of a soft brush, white on black as in MNIST."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.image import Image

MIN_SIZE, MAX_SIZE = 28, 64
Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """One line drawn without lifting the pen.

    Attributes:
        points: (x, y) in pixels of the canvas; the middle of the top left pixel is (0.5, 0.5).
        radius: half the brush's width, in pixels.
        erase: True paints black.
    """

    points: tuple[Point, ...]
    radius: float
    erase: bool = False


class Canvas:
    """Strokes on size × size black pixels, painted as they are drawn.

    A pixel's brightness is the share of the brush over it: 1 to half a pixel inside the radius, 0 from half a
    pixel outside it. Strokes that overlap take the larger share, so a line has no knots.

    Args:
        size: rows and columns, 28–64.
        strokes: what is on it, in the order drawn.

    Raises:
        UserError: another size.
    """

    def __init__(self, size: int = 28, strokes: Iterable[Stroke] = ()) -> None:
        if not MIN_SIZE <= size <= MAX_SIZE:
            raise UserError(
                f"A drawing has {MIN_SIZE}×{MIN_SIZE} to {MAX_SIZE}×{MAX_SIZE} pixels, not {size}."
            )
        self.size = size
        self._strokes: list[Stroke] = []
        self._shares = np.zeros((size, size), np.float32)
        for stroke in strokes:
            self._start(stroke.radius, stroke.erase)
            for point in stroke.points:
                self.add_point(*point)

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """All strokes, in the order drawn; `Canvas(size, strokes)` draws them again."""
        return tuple(self._strokes)

    def begin_stroke(self, x: float, y: float, radius: float = 1.2, *, erase: bool = False) -> None:
        """Put the pen down at (x, y)."""
        self._start(radius, erase)
        self.add_point(x, y)

    def _start(self, radius: float, erase: bool) -> None:
        self._strokes.append(Stroke((), max(0.0, float(radius)), erase))

    def add_point(self, x: float, y: float) -> None:
        """Draw on from the last point to (x, y); only the pixels around that line are painted.

        Raises:
            UserError: no stroke has been begun.
        """
        if not self._strokes:
            raise UserError("The pen is not down: begin a stroke first.")
        stroke = self._strokes[-1]
        end = (float(x), float(y))
        self._paint(stroke.points[-1] if stroke.points else end, end, stroke.radius, stroke.erase)
        self._strokes[-1] = Stroke((*stroke.points, end), stroke.radius, stroke.erase)

    def render(self) -> NDArray[np.uint8]:
        """The picture: uint8 size×size, 0 black to 255 white."""
        return np.rint(self._shares * 255).astype(np.uint8)

    def image(self, name: str = "drawing") -> Image:
        """The picture as an image."""
        return Image(self.render(), name)

    def _paint(self, start: Point, end: Point, radius: float, erase: bool) -> None:
        reach = radius + 0.5
        first_row, last_row = self._span(start[1], end[1], reach)
        first_column, last_column = self._span(start[0], end[0], reach)
        if first_row >= last_row or first_column >= last_column:
            return
        y = np.arange(first_row, last_row)[:, None] + 0.5 - start[1]
        x = np.arange(first_column, last_column)[None] + 0.5 - start[0]
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = dx * dx + dy * dy
        # How far along the line the nearest point is, 0 at its start and 1 at its end.
        along = np.clip((x * dx + y * dy) / length, 0, 1) if length > 0 else 0.0
        share = np.clip(reach - np.hypot(x - along * dx, y - along * dy), 0, 1).astype(np.float32)
        part = self._shares[first_row:last_row, first_column:last_column]
        if erase:
            np.minimum(part, 1 - share, out=part)
        else:
            np.maximum(part, share, out=part)

    def _span(self, a: float, b: float, reach: float) -> tuple[int, int]:
        """The pixels along one axis that the brush can touch, within the canvas."""
        low, high = np.clip((min(a, b) - reach, max(a, b) + reach), 0, self.size)
        return int(np.floor(low)), int(np.ceil(high))
