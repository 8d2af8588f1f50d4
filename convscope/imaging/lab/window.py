"""Which source pixels an output is made from, and which outputs a source pixel goes into."""

from __future__ import annotations

from convscope.imaging.lab import padding
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.size import output_size
from convscope.imaging.region import Region


def source_window(operation: Operation, shape: tuple[int, ...], row: int, column: int) -> Region:
    """The source pixels that one output (row, column) covers, after pooling if there is any.

    It may reach over the image's edges, where the border's padding stands. A dilated kernel reads only every
    dilation-th pixel of it.

    Args:
        operation: the stage.
        shape: of the source, H×W or H×W×3.
        row, column: of the output.
    """
    if not operation.enabled:
        return Region(row, column, row + 1, column + 1)
    pooled = operation.pool != "none"
    edges: list[tuple[int, int]] = []
    for place, covered, length in zip((row, column), operation.effective_shape, shape[:2], strict=True):
        first, last = place, place
        if pooled:
            first = place * operation.pool_stride
            last = first + operation.pool_size - 1
        before = padding.amounts(covered, operation.border, length, operation.stride)[0]
        edges.append((first * operation.stride - before, last * operation.stride - before + covered))
    (top, bottom), (left, right) = edges
    return Region(top, left, bottom, right)


def outputs_of(operation: Operation, shape: tuple[int, ...], row: int, column: int) -> Region:
    """All outputs whose window covers a source pixel; empty where a stride steps over it.

    Args:
        operation: the stage.
        shape: of the source, H×W or H×W×3.
        row, column: of the source pixel.

    Raises:
        UserError: the stage cannot work on this shape.
    """
    if not operation.enabled:
        return Region(row, column, row + 1, column + 1)
    size = output_size(operation, shape)
    edges: list[tuple[int, int]] = []
    for place, axis in ((row, size.height), (column, size.width)):
        before = axis.padded[0]
        first = -(-(place + before - axis.covered + 1) // axis.stride)
        last = (place + before) // axis.stride
        first, last = max(first, 0), min(last, axis.convolved - 1)
        if axis.pool_size and first <= last:
            first = max(-(-(first - axis.pool_size + 1) // axis.pool_stride), 0)
            last = min(last // axis.pool_stride, axis.output - 1)
        edges.append((first, max(first, last + 1)))
    (top, bottom), (left, right) = edges
    return Region(top, left, bottom, right)


def output_at(operation: Operation, shape: tuple[int, ...], row: int, column: int) -> tuple[int, int] | None:
    """The output that lies over a source pixel: the one whose middle tap is nearest to it.

    None where no output's window covers the pixel. Arguments and errors as for `outputs_of`.
    """
    seen = outputs_of(operation, shape, row, column)
    if not (seen.height and seen.width):
        return None
    if not operation.enabled:
        return (row, column)
    size = output_size(operation, shape)
    place: list[int] = []
    for source, first, last, axis in (
        (row, seen.top, seen.bottom - 1, size.height),
        (column, seen.left, seen.right - 1, size.width),
    ):
        middle = source + axis.padded[0] - (axis.covered - 1) / 2
        nearest = middle / axis.stride
        if axis.pool_size:
            nearest = (nearest - (axis.pool_size - 1) / 2) / axis.pool_stride
        place.append(min(max(round(nearest), first), last))
    return (place[0], place[1])
