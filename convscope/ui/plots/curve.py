"""A curve's numbers, and how few of them a screen needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""x and y, float64 (n,) each."""

NOTHING: Curve = (np.empty(0), np.empty(0))


def thin(curve: Curve, columns: int) -> Curve:
    """At most two points a column of the screen, its least and its largest, so that no peak is lost."""
    x, y = curve
    count = len(x)
    if count <= 2 * columns or columns < 1:
        return curve
    width = -(-count // columns)
    whole = count // width * width
    parts = y[:whole].reshape(-1, width)
    rows = np.arange(len(parts)) * width
    low, high = rows + np.argmin(parts, axis=1), rows + np.argmax(parts, axis=1)
    pairs = np.stack([np.minimum(low, high), np.maximum(low, high)], axis=1).ravel()
    chosen = np.concatenate([pairs, np.arange(whole, count)])
    return x[chosen], y[chosen]
