"""Which pixels belong together: an output pixel and the window of the source that it was made from."""

from __future__ import annotations

from convscope.imaging.region import Region
from convscope.imaging.size import output_size
from convscope.imaging.stage import before_pooling
from convscope.ui.panels.kernels.frame import Box, Frame, Place


def output_place(frame: Frame, place: Place) -> tuple[int, int]:
    """(row, column) of the output pixel for a place of either picture.

    A place on the source belongs to the output whose window has it in the middle, or to the nearest one.
    """
    stage = frame.result.operation
    rows, columns = frame.result.shape[:2]
    if place.side == "result" or not stage.enabled:
        found = [place.row, place.column]
    else:
        size = output_size(stage, frame.result.source.values.shape)
        found = []
        for at, axis in ((place.row, size.height), (place.column, size.width)):
            middle = at + axis.padded[0] - (axis.covered - 1) // 2
            output = round(middle / axis.stride)
            if axis.pool_size:
                output //= axis.pool_stride
            found.append(output)
    return (min(max(found[0], 0), rows - 1), min(max(found[1], 0), columns - 1))


def boxes(frame: Frame, row: int, column: int) -> tuple[Box, Box]:
    """(row, column, height, width) of the window on the source, and of the output pixel on the result."""
    stage = frame.result.operation
    result = (float(row), float(column), 1.0, 1.0)
    if not stage.enabled:
        return result, result
    size = output_size(stage, frame.result.source.values.shape)
    part = before_pooling(stage, Region(row, column, row + 1, column + 1))
    window: list[float] = []
    for first, count, axis in ((part.top, part.height, size.height), (part.left, part.width, size.width)):
        window += [first * axis.stride - axis.padded[0], (count - 1) * axis.stride + axis.covered]
    return (window[0], window[2], window[1], window[3]), result
