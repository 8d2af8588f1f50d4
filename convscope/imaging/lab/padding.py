"""Borders: how much is padded, and which source pixel each padded place shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.lab.operation import Border


def amounts(extent: int, border: Border, length: int, stride: int) -> tuple[int, int]:
    """Pixels padded (before, after) on one axis.

    "valid" pads nothing; "full" extent − 1 on each side; "same" what ⌈length/stride⌉ outputs need in total,
    as TensorFlow and Keras do; the others extent − 1 in total. The smaller half stands before.

    Args:
        extent: what the kernel covers.
        border: what stands beyond the edges.
        length: the image's, along this axis.
        stride: from one output to the next.
    """
    if border == "valid":
        return (0, 0)
    if border == "full":
        return (extent - 1, extent - 1)
    total = extent - 1
    if border == "same":
        outputs = -(-length // stride)
        total = max((outputs - 1) * stride + extent - length, 0)
    return (total // 2, total - total // 2)


def source_indices(start: int, stop: int, length: int, border: Border) -> NDArray[np.intp]:
    """Which source index (0…length−1) the positions start…stop−1 show; −1 where a padded zero stands.

    "reflect" mirrors without repeating the edge, over and over where the padding is longer than the image, as
    `numpy.pad` does; "wrap" goes on at the opposite side; the others have zeros. "valid" has no padding, so
    that only places beyond the image are −1.
    """
    positions = np.arange(start, stop)
    if border == "replicate":
        return np.clip(positions, 0, length - 1)
    if border == "wrap":
        return positions % length
    if border == "reflect":
        if length == 1:
            return np.zeros_like(positions)
        period = 2 * (length - 1)
        folded = positions % period
        return np.minimum(folded, period - folded)
    return np.where((positions < 0) | (positions >= length), -1, positions)


def window(
    values: NDArray[Any], rows: tuple[int, int], columns: tuple[int, int], border: Border
) -> NDArray[Any]:
    """The pixels of rows[0]…rows[1]−1 and columns[0]…columns[1]−1, padded where they lie beyond the image.

    Args:
        values: H×W or H×W×C, any dtype.
        rows, columns: half-open ranges that may reach over the edges.
        border: what stands beyond the edges.

    Returns:
        The same dtype; a view of `values` where nothing had to be padded.
    """
    for axis, (start, stop) in enumerate((rows, columns)):
        values = _along(values, axis, start, stop, border)
    return values


def _along(values: NDArray[Any], axis: int, start: int, stop: int, border: Border) -> NDArray[Any]:
    length = values.shape[axis]
    first, last = min(max(start, 0), length), min(max(stop, 0), length)
    inside = values[(slice(None),) * axis + (slice(first, max(first, last)),)]
    if first == start and last == stop:
        return inside
    parts = [
        _take(values, axis, source_indices(start, min(stop, 0), length, border)),
        inside,
        _take(values, axis, source_indices(max(start, length), stop, length, border)),
    ]
    return np.concatenate(parts, axis=axis)


def _take(values: NDArray[Any], axis: int, indices: NDArray[np.intp]) -> NDArray[Any]:
    taken = np.take(values, indices, axis=axis)
    if (indices < 0).any():
        taken[(slice(None),) * axis + (indices < 0,)] = 0
    return taken
