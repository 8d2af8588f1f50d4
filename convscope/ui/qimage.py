"""Arrays as the images that Qt paints and puts on the clipboard."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """A picture of uint8 H×W or H×W×3 as a QImage (RGB32) with memory of its own."""
    made = bgra(pixels)
    height, width = made.shape[:2]
    return QImage(made.data, width, height, made.strides[0], QImage.Format.Format_RGB32)


def bgra(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Its bytes in the order of Qt's RGB32, H×W×4."""
    code = cv2.COLOR_GRAY2BGRA if pixels.ndim == 2 else cv2.COLOR_RGB2BGRA
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code), np.uint8)
