"""How often each value occurs, and the few numbers that sum an array up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.imaging.lab.peak import Peak

# So much is looked at while it is near to the processor.
_BAND_BYTES = 1 << 20
_QUIET = Task()


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts per bin and channel, with the true extremes.

    Attributes:
        edges: float64, bins + 1, in the units of the values.
        counts: float32, channels×bins.
        minimum, maximum, mean, deviation: over all channels; population standard deviation.
        peak: where the largest value is; None where none stands out.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.float32]
    minimum: float
    maximum: float
    mean: float
    deviation: float
    peak: Peak | None


def histogram(values: NDArray[Any], bins: int = 256, task: Task = _QUIET) -> Histogram:
    """The histogram of an H×W or H×W×3 array: bytes over 0–256, floats over their own range."""
    channels = 1 if values.ndim == 2 else int(values.shape[2])
    source = np.ascontiguousarray(values, values.dtype if values.dtype == np.uint8 else np.float32)
    minimum, maximum = np.inf, -np.inf
    first = (0, 0)
    total = squares = 0.0
    for top, band in _bands(source):
        task.check()
        least, most, _, place = cv2.minMaxLoc(band.reshape(band.shape[0], -1))
        if most > maximum:
            maximum, first = most, (top + int(place[1]), int(place[0]))
        minimum = min(minimum, least)
        mean, deviation = cv2.meanStdDev(band)
        count = band.shape[0] * band.shape[1]
        total += count * float(mean.sum())
        squares += count * float((np.square(deviation) + np.square(mean)).sum())
    low, high = (0.0, 256.0) if source.dtype == np.uint8 else (minimum, maximum)
    if low == high:
        # Beside a very large number half of one is nothing.
        half = max(0.5, 1e-3 * abs(low))
        low, high = low - half, high + half
    counts = np.zeros((channels, bins), np.float64)
    as_large = np.zeros(channels, np.int64)
    for _top, band in _bands(source):
        task.check()
        for channel in range(channels):
            counts[channel] += cv2.calcHist([band], [channel], None, [bins], [low, high]).ravel()
        if cv2.minMaxLoc(band.reshape(band.shape[0], -1))[1] == maximum:
            as_large += (band == maximum).reshape(-1, channels).sum(axis=0)
    if source.dtype != np.uint8 and high == maximum:
        # OpenCV's upper end is exclusive; the largest value belongs to the last bin.
        counts[:, -1] += as_large
    mean_of_all = total / source.size
    peak = None
    if minimum < maximum or source.size == 1:
        column, channel = divmod(first[1], channels)
        peak = Peak(first[0], column, channel, float(maximum), int(as_large.sum()))
    return Histogram(
        np.linspace(low, high, bins + 1),
        counts.astype(np.float32),
        float(minimum),
        float(maximum),
        mean_of_all,
        float(np.sqrt(max(squares / source.size - mean_of_all**2, 0.0))),
        peak,
    )


def _bands(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """The first row of each band of rows, and the band."""
    rows = max(1, _BAND_BYTES // max(1, values[:1].nbytes))
    for top in range(0, values.shape[0], rows):
        yield top, values[top : top + rows]
