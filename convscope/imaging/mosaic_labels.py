"""The labels under the tiles of a mosaic in a saved picture; in the window: `ui/canvas/mosaic_labels`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def labelled(pixels: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    """A tile, uint8 H×W×3, with a white band below it in which its label stands, as large as it fits."""
    height, width = pixels.shape[:2]
    band = max(16, round(height / 12))
    made = np.full((height + band, width, 3), 255, np.uint8)
    made[:height] = pixels
    # OpenCV's letters are ASCII only.
    text = label.replace("−", "-").replace("×", "x").encode("ascii", "replace").decode()
    scale = band / 40
    wide = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)[0][0]
    scale *= min(1.0, (width - 4) / max(wide, 1))
    base = (2, height + band - max(4, round(band * 0.3)))
    cv2.putText(made, text, base, cv2.FONT_HERSHEY_SIMPLEX, scale, (32, 32, 32), 1, cv2.LINE_AA)
    return made
