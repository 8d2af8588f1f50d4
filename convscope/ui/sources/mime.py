"""What a drop or the clipboard holds: files, or a picture without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from convscope.imaging.image import OVER_WHITE, Image


def offered(mime: QMimeData) -> bool:
    """Whether a drop or the clipboard holds files or a picture."""
    return mime.hasImage() or any(url.isLocalFile() for url in mime.urls())


def local_paths(mime: QMimeData) -> list[Path]:
    """The files of a drop or the clipboard."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def from_qimage(picture: QImage, name: str) -> Image:
    """A picture from the clipboard; transparency is laid over white, and said so."""
    notes: tuple[str, ...] = ()
    straight = picture.convertToFormat(QImage.Format.Format_RGBA8888)
    height, width = straight.height(), straight.width()
    rgba = np.frombuffer(straight.constBits(), np.uint8)
    pixels = rgba.reshape(height, -1)[:, : 4 * width].reshape(height, width, 4)
    values: NDArray[Any] = pixels[..., :3]
    alpha = pixels[..., 3:]
    if picture.hasAlphaChannel() and (alpha < 255).any():
        weight = alpha.astype(np.float32) / 255
        values = np.rint(values * weight + 255 * (1 - weight)).astype(np.uint8)
        notes = (OVER_WHITE,)
    if picture.isGrayscale():
        values = values[..., 0]
    return Image(np.array(values, order="C"), name, None, notes)
