"""Plain definitions that the fast code is held against: loops over windows, as a textbook writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_PAD = {
    "zero": "constant",
    "same": "constant",
    "full": "constant",
    "replicate": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}


def correlate_by_definition(
    values: NDArray[Any], kernel: NDArray[np.float64], border: str, stride: int, dilation: int
) -> NDArray[np.float64]:
    """Σ values[stride·r + dilation·i, stride·c + dilation·j]·kernel[i, j] of every channel, in float64."""
    source = values.astype(np.float64)
    covered = [dilation * (n - 1) + 1 for n in kernel.shape]
    if border != "valid":
        pads = [((n - 1) // 2, n - 1 - (n - 1) // 2) for n in covered]
        if border == "full":
            pads = [(n - 1, n - 1) for n in covered]
        elif border == "same":
            # TensorFlow's documentation of SAME: by the rest that the last stride leaves.
            totals = [
                max(n - (stride if m % stride == 0 else m % stride), 0)
                for n, m in zip(covered, source.shape[:2], strict=True)
            ]
            pads = [(total // 2, total - total // 2) for total in totals]
        pads += [(0, 0)] * (source.ndim - 2)
        source = np.pad(source, pads, mode=_PAD[border])  # type: ignore[call-overload]
    rows, columns = ((source.shape[axis] - covered[axis]) // stride + 1 for axis in (0, 1))
    result = np.zeros((max(rows, 0), max(columns, 0), *source.shape[2:]))
    for r in range(rows):
        for c in range(columns):
            top, left = r * stride, c * stride
            patch = source[top : top + covered[0] : dilation, left : left + covered[1] : dilation]
            result[r, c] = np.tensordot(kernel, patch, axes=((0, 1), (0, 1)))
    return result


def tolerance(values: NDArray[Any], kernel: NDArray[np.float64], relative: float = 1e-4) -> float:
    """`relative` of the largest result that such an image and kernel could have."""
    return relative * max(float(np.abs(values).max()) * float(np.abs(kernel).sum()), 1e-30)
