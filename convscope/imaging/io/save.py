"""Saving results: an 8-bit picture, exact numbers, or a float TIFF; all whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.files import save


def save_png(path: Path | str, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 H×W (gray) or H×W×3 (RGB) as PNG.

    Raises:
        UserError: the folder is missing, full or not writable.
    """
    buffer = io.BytesIO()
    PillowImage.fromarray(np.asarray(pixels, np.uint8)).save(buffer, "PNG")
    save(path, buffer.getvalue())


def save_npy(path: Path | str, values: NDArray[Any]) -> None:
    """Write an array exactly, as `numpy.save` does; the name is kept as it is given.

    Raises:
        UserError: the folder is missing, full or not writable.
    """
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    save(path, buffer.getvalue())


def save_tiff_float(path: Path | str, values: NDArray[Any]) -> None:
    """Write H×W or H×W×3 (RGB) as uncompressed TIFF of 32-bit floats, values as they are.

    Raises:
        UserError: another shape, or the folder is missing, full or not writable.
    """
    floats = np.asarray(values, np.float32)
    if floats.ndim not in (2, 3) or floats.shape[2:] not in ((), (3,)) or 0 in floats.shape:
        raise UserError(
            f"{Path(path).name}: an image is height × width or height × width × 3, not {floats.shape}."
        )
    # OpenCV writes blue first in memory as RGB.
    floats = np.ascontiguousarray(floats[..., ::-1] if floats.ndim == 3 else floats)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE]
    data = cv2.imencode(".tiff", floats, options)[1]
    save(path, data.tobytes())
