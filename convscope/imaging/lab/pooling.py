"""Max and average pooling: the largest, or the mean, of every tile."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.imaging.lab.operation import Pool


def pool(values: NDArray[np.float32], kind: Pool, size: int, stride: int) -> NDArray[np.float32]:
    """Pool every channel without padding: tiles that do not fit in whole are left out.

    Args:
        values: float32, H×W or H×W×C.
        kind: "max", "avg", or "none", which returns `values`.
        size, stride: of the square tiles, in pixels.

    Returns:
        float32, (⌊(H − size)/stride⌋ + 1) × (⌊(W − size)/stride⌋ + 1) [× C], contiguous.

    Raises:
        UserError: not one tile fits.
    """
    if kind == "none":
        return values
    height, width = values.shape[:2]
    if height < size or width < size:
        raise UserError(f"A {size}×{size} pooling tile does not fit into {height}×{width} values.")
    # Both know sums and maxima that cost the same for any tile; what they pad is cut off.
    if kind == "max":
        pooled = cv2.dilate(values, np.ones((size, size), np.uint8), anchor=(0, 0))
    else:
        pooled = cv2.blur(values, (size, size), anchor=(0, 0))
    return np.ascontiguousarray(pooled[: height - size + 1 : stride, : width - size + 1 : stride])
