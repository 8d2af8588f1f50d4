"""What may be taken off an objective so that pictures become smoother, paler or softer."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SOFT = 1e-3
_SIGMA = 1.0
_SHARE = 0.1


def penalty_gradient(values: Any, weights: tuple[float, float, float]) -> NDArray[np.float32]:
    """The gradient of the penalties.

    Total variation Σ√(dx² + dy² + ε), half the squared distance from middle gray ×4, and half the squared
    distance from a Gaussian-blurred copy (held fixed) ×8; each taken at a tenth, so that weight 1 changes a
    picture, whose objective has a gradient of RMS 1, well but does not rule it.

    Args:
        values: pictures 0–1, N×H×W×C.
        weights: of total variation, L2 and blur.

    Returns:
        float32, N×H×W×C.
    """
    variation, l2, blur = (_SHARE * weight for weight in weights)
    values = np.asarray(values, np.float32)
    total = np.zeros_like(values)
    if variation:
        down, right = np.zeros_like(values), np.zeros_like(values)
        down[:, :-1] = np.diff(values, axis=1)
        right[:, :, :-1] = np.diff(values, axis=2)
        length = np.sqrt(down**2 + right**2 + _SOFT**2)
        down, right = down / length, right / length
        total -= variation * (down + right)
        total[:, 1:] += variation * down[:, :-1]
        total[:, :, 1:] += variation * right[:, :, :-1]
    if l2:
        total += l2 * 4 * (values - 0.5)
    if blur:
        total += blur * 8 * (values - _blurred(values))
    return total


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    soft = [
        cv2.GaussianBlur(np.ascontiguousarray(picture), (0, 0), _SIGMA, borderType=cv2.BORDER_REFLECT)
        for picture in values
    ]
    return np.stack(soft).reshape(values.shape).astype(np.float32)
