"""Receptive fields: which pixels of the image one value of a feature map depends on.

The field of the value at row r is the pixel rows `low + r·stride` to `high + r·stride`, both included; pixels
outside the image are padding. Layers in a row compose, branches that meet are united (the largest field over
all paths), after Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks",
Distill 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

from convscope.engine.models.kinds.base import WHOLE, Window


@dataclass(frozen=True)
class Axis:
    """One axis of a field, in pixels of the image: that of the first value, and the step to the next one."""

    low: float = 0.0
    high: float = 0.0
    stride: float = 1.0

    @property
    def size(self) -> int:
        """Pixels across."""
        return ceil(self.high) - floor(self.low) + 1


@dataclass(frozen=True)
class Field:
    """The receptive field of every value of a map.

    Attributes:
        rows, columns: along height and width.
        whole: the value depends on the whole image (flattening, global pooling); the axes then mean nothing.
        gated: besides this field, the whole image acts through a gate (squeeze-and-excitation) or through
            the statistics of whole maps (group normalisation).
    """

    rows: Axis = Axis()
    columns: Axis = Axis()
    whole: bool = False
    gated: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rows.size, self.columns.size

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels from one value's field to its neighbour's, down and across."""
        return self.rows.stride, self.columns.stride

    @property
    def offset(self) -> tuple[int, int]:
        """The first value's first pixel, row and column; negative where it begins in the padding."""
        return floor(self.rows.low), floor(self.columns.low)

    def box(self, row: int, column: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The pixels that the value at (row, column) sees: top, left, bottom, right; the last two excluded.

        Args:
            row, column: the value's place on its map.
            height, width: the image's size, to which the box is clipped.
        """
        if self.whole:
            return 0, 0, height, width
        top = floor(self.rows.low + row * self.rows.stride)
        left = floor(self.columns.low + column * self.columns.stride)
        bottom = ceil(self.rows.high + row * self.rows.stride) + 1
        right = ceil(self.columns.high + column * self.columns.stride) + 1
        return max(top, 0), max(left, 0), min(bottom, height), min(right, width)


def follow(field: Field, window: Window) -> Field:
    """The field after one more layer that looks through `window`."""
    if window is WHOLE or field.whole:
        return Field(whole=True)
    axes = []
    for axis, kernel, step, before in zip(
        (field.rows, field.columns), window.kernel, window.stride, window.before, strict=True
    ):
        if window.upsample:
            # Output o receives from the inputs (o + before − kernel + 1)/stride, rounded up, to
            # (o + before)/stride, rounded down; unrounded, the field covers every output's.
            low = axis.low + axis.stride * (before - kernel + 1) / step
            high = axis.high + axis.stride * before / step
            axes.append(Axis(low, high, axis.stride / step))
        else:
            low = axis.low - before * axis.stride
            high = axis.high + (kernel - 1 - before) * axis.stride
            axes.append(Axis(low, high, axis.stride * step))
    return replace(field, rows=axes[0], columns=axes[1], gated=field.gated or window.gate)


def join(fields: Sequence[Field | None]) -> Field | None:
    """The field where branches meet: the union; a branch that sees the whole image gates the others."""
    known = [field for field in fields if field is not None]
    local = [field for field in known if not field.whole]
    if not local:
        return known[0] if known else None
    gated = any(field.gated for field in local) or len(local) < len(known)
    rows = _union([field.rows for field in local])
    columns = _union([field.columns for field in local])
    return Field(rows, columns, gated=gated)


def _union(axes: Sequence[Axis]) -> Axis:
    return Axis(
        min(axis.low for axis in axes), max(axis.high for axis in axes), max(axis.stride for axis in axes)
    )
