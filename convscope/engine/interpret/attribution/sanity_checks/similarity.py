"""How alike two maps are: by rank, by structure, by where they are hottest."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Wang et al. (2004): an 11×11 Gaussian window of 1.5, K₁ = 0.01, K₂ = 0.03, for values 0–1.
_WINDOW, _DEVIATION, _C1, _C2 = 11, 1.5, 0.01**2, 0.03**2


def rank_correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Spearman's rank correlation of two maps of one shape, −1 to 1; equal values share their mean rank.

    0 where one map is the same everywhere, since it ranks nothing.
    """
    a, b = (_ranks(np.asarray(one).ravel()) for one in (first, second))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 0 else 0.0


def ssim(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Structural similarity (Wang et al., 2004) of two maps of one shape, each stretched to 0–1 first.

    1 for equal maps, about 0 for unrelated ones. Maps under 11 places a side count with mirrored borders.
    """
    a, b = (_stretched(one) for one in (first, second))
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a = _blurred(a * a) - mean_a**2
    var_b = _blurred(b * b) - mean_b**2
    both = _blurred(a * b) - mean_a * mean_b
    alike = ((2 * mean_a * mean_b + _C1) * (2 * both + _C2)) / (
        (mean_a**2 + mean_b**2 + _C1) * (var_a + var_b + _C2)
    )
    border = _WINDOW // 2
    if min(alike.shape) >= _WINDOW:
        alike = alike[border:-border, border:-border]
    return float(alike.mean())


def overlap(first: NDArray[Any], second: NDArray[Any], top: float = 0.2) -> float:
    """Intersection over union of the hottest places of two maps of one shape, 0–1.

    Args:
        top: which share of the places counts as hottest; of equal values the first in reading order.
    """
    count = max(1, round(np.asarray(first).size * top))
    hot = [
        set(np.argsort(-np.asarray(one).ravel(), kind="stable")[:count].tolist()) for one in (first, second)
    ]
    return len(hot[0] & hot[1]) / len(hot[0] | hot[1])


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places.ravel()]


def _stretched(values: NDArray[Any]) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    size = (_WINDOW, _WINDOW)
    return np.asarray(cv2.GaussianBlur(values, size, _DEVIATION, borderType=cv2.BORDER_REFLECT), np.float64)
