"""Where a picture lies in its view: zoom, pan and fit, in plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_SCALE = 64.0


@dataclass(frozen=True)
class ImageZoom:
    """What a person sees of a picture; one that is whole on show has none.

    Attributes:
        scale: screen points a pixel.
        x, y: what is in the middle, in the picture's pixels.
        width, height: of that picture: it says nothing of another.
    """

    scale: float
    x: float
    y: float
    width: int
    height: int


@dataclass
class Viewport:
    """A picture of width × height pixels seen through a rectangle of view_width × view_height screen points.

    x runs along columns, y along rows; pixel (row, column) covers [column, column + 1) × [row, row + 1).

    Attributes:
        width, height: the picture, in its pixels.
        view_width, view_height: the rectangle that it is seen through, in screen points.
        scale: screen points a pixel.
        centre_x, centre_y: the place of the picture in the middle of the rectangle, in its pixels.
        fitted: the whole picture is shown, and stays so when the rectangle changes.
        ring: what stands around the picture above, below, on the left and on the right, in its pixels.
        frame: screen points that each side with a ring has at least, so that it is seen at any scale.
    """

    width: int = 0
    height: int = 0
    view_width: float = 1.0
    view_height: float = 1.0
    scale: float = 1.0
    centre_x: float = 0.0
    centre_y: float = 0.0
    fitted: bool = True
    ring: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    frame: float = 0.0

    @property
    def margins(self) -> tuple[float, float, float, float]:
        """What stands around the picture, in screen points: above, below, on the left and on the right."""
        above, below, left, right = (
            max(side * self.scale, self.frame if side else 0.0) for side in self.ring
        )
        return (above, below, left, right)

    @property
    def fit_scale(self) -> float:
        """The scale at which the whole picture just fits."""
        if not self.width or not self.height:
            return 1.0
        above, below, left, right = self.ring
        across = _largest(self.view_width, self.width, (left, right), self.frame)
        down = _largest(self.view_height, self.height, (above, below), self.frame)
        return max(1e-4, min(across, down))

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest scale."""
        return (min(self.fit_scale, 1.0), max(self.fit_scale, MAX_SCALE))

    @property
    def left(self) -> float:
        """Where the picture's left edge lies in the rectangle."""
        return self.view_width / 2 - self.centre_x * self.scale

    @property
    def top(self) -> float:
        """Where the picture's upper edge lies in the rectangle."""
        return self.view_height / 2 - self.centre_y * self.scale

    def reduced_size(self, ratio: float = 1.0) -> tuple[int, int] | None:
        """The (height, width) that the whole picture is averaged down to; None where it is not reduced.

        Args:
            ratio: device pixels a screen point.
        """
        scale = self.scale * ratio
        if scale >= 1:
            return None
        return (max(1, round(self.height * scale)), max(1, round(self.width * scale)))

    def fit(self) -> None:
        """Show the whole picture, as large as it fits."""
        self.scale, self.fitted = self.fit_scale, True
        above, below, left, right = self.margins
        self.centre_x = self.width / 2 + (right - left) / 2 / self.scale
        self.centre_y = self.height / 2 + (below - above) / 2 / self.scale

    def resize(self, view_width: float, view_height: float) -> None:
        """Another rectangle: a fitted picture is fitted again, others keep their centre and scale."""
        self.view_width, self.view_height = max(1.0, view_width), max(1.0, view_height)
        self.settle()

    def settle(self) -> None:
        """Bring scale and centre within their limits: no blank beside a picture that could fill the view."""
        if self.fitted:
            self.fit()
            return
        low, high = self.limits
        self.scale = min(max(self.scale, low), high)
        above, below, left, right = (margin / self.scale for margin in self.margins)
        self.centre_x = _bounded(self.centre_x, -left, self.width + right, self.view_width / self.scale)
        self.centre_y = _bounded(self.centre_y, -above, self.height + below, self.view_height / self.scale)

    def zoom(self, factor: float, x: float, y: float) -> None:
        """Change the scale so that the place under the screen point (x, y) stays there."""
        low, high = self.limits
        scale = min(max(self.scale * factor, low), high)
        at_x, at_y = self.to_picture(x, y)
        self.scale, self.fitted = scale, math.isclose(scale, self.fit_scale, rel_tol=1e-6)
        self.centre_x = at_x - (x - self.view_width / 2) / scale
        self.centre_y = at_y - (y - self.view_height / 2) / scale
        self.settle()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by screen points; one that is whole on show cannot move, and stays fitted."""
        if self.fitted:
            return
        self.centre_x -= dx / self.scale
        self.centre_y -= dy / self.scale
        self.settle()

    def look_at(self, scale: float, x: float, y: float) -> None:
        """Another scale, with this place of the picture in the middle."""
        self.scale, self.centre_x, self.centre_y, self.fitted = scale, x, y, False
        self.settle()

    def follow(self, other: Viewport) -> None:
        """Show the same part as another view, by its share of the picture; the sizes may differ."""
        if not (self.width and self.height and other.width and other.height):
            return
        self.fitted = other.fitted
        # By area, so that a picture of half the size is shown twice as large.
        self.scale = other.scale * math.sqrt(other.width * other.height / (self.width * self.height))
        self.centre_x = other.centre_x / other.width * self.width
        self.centre_y = other.centre_y / other.height * self.height
        if self.fitted:
            self.fit()

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """A place of the picture, on the screen."""
        return (self.left + x * self.scale, self.top + y * self.scale)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """A screen point, as a place of the picture."""
        return ((x - self.left) / self.scale, (y - self.top) / self.scale)

    def pixel_at(self, x: float, y: float) -> tuple[int, int] | None:
        """The (row, column) at a screen point, or None beside the picture."""
        if not (0 <= x < self.view_width and 0 <= y < self.view_height):
            return None
        at_x, at_y = self.to_picture(x, y)
        row, column = math.floor(at_y), math.floor(at_x)
        return (row, column) if 0 <= row < self.height and 0 <= column < self.width else None

    def visible(self) -> tuple[float, float, float, float]:
        """The part on show: (top, left, height, width) in the picture's pixels."""
        x0, y0 = self.to_picture(0, 0)
        x1, y1 = self.to_picture(self.view_width, self.view_height)
        left, top = max(0.0, x0), max(0.0, y0)
        return (top, left, max(0.0, min(self.height, y1) - top), max(0.0, min(self.width, x1) - left))

    def visible_pixels(self) -> tuple[int, int, int, int]:
        """(first row, last row + 1, first column, last column + 1) of the pixels at least partly on show."""
        top, left, height, width = self.visible()
        return (
            math.floor(top),
            min(self.height, math.ceil(top + height)),
            math.floor(left),
            min(self.width, math.ceil(left + width)),
        )


def _bounded(centre: float, start: float, end: float, shown: float) -> float:
    if shown >= end - start:
        return (start + end) / 2
    return min(max(centre, start + shown / 2), end - shown / 2)


def _largest(room: float, size: int, ring: tuple[float, float], frame: float) -> float:
    """The largest scale at which a side of the picture fits with its ring."""
    # Each side takes its pixels or its least, whichever is more: all four cases must fit.
    sides = [((side, 0.0), (0.0, frame)) if side else ((0.0, 0.0),) for side in ring]
    return min((room - a[1] - b[1]) / (size + a[0] + b[0]) for a in sides[0] for b in sides[1])
