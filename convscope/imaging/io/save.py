"""Saving results: an 8-bit picture, exact numbers, or a float TIFF; all whole or not at all."""

from __future__ import annotations

import io
import os
import uuid
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.opening import is_regular, is_there


def save_png(path: Path | str, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 H×W (gray) or H×W×3 (RGB) as PNG.

    Raises:
        UserError: the folder is missing, full or not writable.
    """
    buffer = io.BytesIO()
    PillowImage.fromarray(np.asarray(pixels, np.uint8)).save(buffer, "PNG")
    write_whole(path, buffer.getvalue())


def save_npy(path: Path | str, values: NDArray[Any]) -> None:
    """Write an array exactly, as `numpy.save` does; the name is kept as it is given.

    Raises:
        UserError: the folder is missing, full or not writable.
    """
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    write_whole(path, buffer.getvalue())


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
    write_whole(path, data.tobytes())


def write_whole(path: Path | str, data: bytes) -> None:
    """Write a file whole or not at all: beside it first, then moved over it.

    A link is followed, so that it stays a link.

    Raises:
        UserError: the folder is missing, full or not writable, or the path is a folder.
    """
    path = Path(path)
    try:
        target = path.resolve()
        if target.is_dir():
            raise UserError(f"{path.name or path} is a folder: give the name of a file.")
        if is_there(target) and not is_regular(target):
            # A device would be replaced by a file, where one may do that.
            raise UserError(f"{path.name} is not an ordinary file: give another name.")
        temporary = target.with_name(f".convscope-{uuid.uuid4().hex}")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} cannot be saved: there is no folder {path.parent}.", detail=str(error)
        ) from error
    except PermissionError as error:
        raise UserError(
            f"{path.name} cannot be saved: you may not write to {path.parent}; choose another folder.",
            detail=str(error),
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"{path.name[:80]!a} cannot be saved: {_reason(error)}; choose another name or folder.",
            detail=str(error),
        ) from error


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
