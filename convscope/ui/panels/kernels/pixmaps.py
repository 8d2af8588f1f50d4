"""Arrays as pixmaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap


def qimage(pixels: NDArray[np.uint8]) -> QImage:
    """A copy of uint8 H×W (gray) or H×W×3 (RGB) as a QImage."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()


def pixmap(pixels: NDArray[np.uint8]) -> QPixmap:
    """uint8 H×W (gray) or H×W×3 (RGB) as a QPixmap."""
    return QPixmap.fromImage(qimage(pixels))
