"""A rectangle of pixels, half-open like a slice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """Rows top…bottom−1 and columns left…right−1; a source window may reach over the image's edge.

    Attributes:
        top, left, bottom, right: in pixels; bottom and right are one past the last.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """What indexes an array with it: `values[region.slices]`."""
        return (slice(self.top, self.bottom), slice(self.left, self.right))

    def clipped(self, height: int, width: int) -> Region:
        """The part inside an image of this size; empty (height or width 0) when there is none."""
        top, bottom = (min(max(edge, 0), height) for edge in (self.top, self.bottom))
        left, right = (min(max(edge, 0), width) for edge in (self.left, self.right))
        return Region(top, left, max(top, bottom), max(left, right))
