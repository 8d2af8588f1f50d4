"""How often each value occurs, and the few numbers that sum an array up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts per bin and channel, with the true extremes.

    Attributes:
        edges: float64, bins + 1, in the units of the values.
        counts: float32, channels×bins.
        minimum, maximum, mean, deviation: over all channels; population standard deviation.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.float32]
    minimum: float
    maximum: float
    mean: float
    deviation: float


def histogram(values: NDArray[Any], bins: int = 256) -> Histogram:
    """The histogram of an H×W or H×W×3 array: bytes over 0–256, floats over their own range."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    if values.dtype == np.uint8:
        low, high = 0.0, 256.0
        source = values
    else:
        source = np.ascontiguousarray(values, np.float32)
        low, high = float(source.min()), float(source.max())
    minimum, maximum = float(values.min()), float(values.max())
    if low == high:
        # Beside a very large number half of one is nothing.
        half = max(0.5, 1e-3 * abs(low))
        low, high = low - half, high + half
    counts = np.stack(
        [cv2.calcHist([source], [channel], None, [bins], [low, high]).ravel() for channel in range(channels)]
    ).astype(np.float32)
    if source.dtype != np.uint8 and high == maximum:
        # OpenCV's upper end is exclusive; the largest value belongs to the last bin.
        counts[:, -1] += (source == maximum).reshape(-1, channels).sum(axis=0)
    mean, deviation = cv2.meanStdDev(source)
    total_mean = float(np.mean(mean))
    variance = float(np.mean(np.square(deviation) + np.square(mean))) - total_mean**2
    return Histogram(
        np.linspace(low, high, bins + 1),
        counts,
        minimum,
        maximum,
        total_mean,
        float(np.sqrt(max(variance, 0.0))),
    )
