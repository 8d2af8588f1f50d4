"""Turning an array into what a view of it shows: resampled exactly for the screen, with a pixel grid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from convscope.imaging.shrink import shrink
from convscope.ui.canvas.viewport import Viewport
from convscope.ui.qimage import bgra, to_image

GRID_FROM = 8.0


def render(
    pixels: NDArray[np.uint8],
    view: Viewport,
    ratio: float = 1.0,
    *,
    smooth: bool = False,
    small: NDArray[np.uint8] | None = None,
) -> tuple[QImage, int, int]:
    """What the view shows of the picture, in device pixels.

    Enlarged pictures are sampled to the nearest pixel at the centre of each screen pixel; reduced ones are
    averaged.

    Args:
        pixels: uint8, H×W (gray) or H×W×3 (RGB).
        view: where the picture lies.
        ratio: device pixels a screen point.
        smooth: enlarged pictures are interpolated between the pixels instead.
        small: the picture as `shrink` leaves it at the view's `reduced_size`, if somebody has it already.

    Returns:
        The image (RGB32), and the device x and y in the view that its upper left corner belongs at.
    """
    scale = view.scale * ratio
    size = view.reduced_size(ratio)
    if size is not None:
        shown = small if small is not None and small.shape[:2] == size else shrink(pixels, *size)
        return to_image(shown), round(view.left * ratio), round(view.top * ratio)
    columns, x = _samples(view.left * ratio, scale, view.width, round(view.view_width * ratio))
    rows, y = _samples(view.top * ratio, scale, view.height, round(view.view_height * ratio))
    if not len(rows) or not len(columns):
        return QImage(), 0, 0
    if smooth:
        origin = view.left * ratio, view.top * ratio
        return to_image(_between(pixels, (len(columns), len(rows)), origin, (x, y), scale)), x, y
    part = pixels[rows[0] : rows[-1] + 1]
    cut = bgra(np.ascontiguousarray(part[:, columns[0] : columns[-1] + 1]))
    # Whole pixels of four bytes are moved at once, columns first, since there are fewer rows then.
    shown = np.take(cut.view(np.uint32)[:, :, 0], columns - columns[0], axis=1)
    shown = np.take(shown, rows - rows[0], axis=0)
    if scale >= GRID_FROM * ratio:
        _draw_grid(shown.view(np.uint8).reshape(*shown.shape, 4), rows, columns)
    height, width = shown.shape
    return QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB32), x, y


def _between(
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    origin: tuple[float, float],
    first: tuple[int, int],
    scale: float,
) -> NDArray[np.uint8]:
    """The picture interpolated (bicubic) at the centres of so many screen pixels, from the first one on."""
    across, down = ((place + 0.5 - zero) / scale - 0.5 for place, zero in zip(first, origin, strict=True))
    matrix = np.array([[1 / scale, 0, across], [0, 1 / scale, down]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    whole = np.ascontiguousarray(pixels)
    made = cv2.warpAffine(whole, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How bright pixels look, 0–255 (ITU-R 601), H×W."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    return pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def _samples(origin: float, scale: float, size: int, shown: int) -> tuple[NDArray[np.intp], int]:
    """The pixel under the centre of each screen pixel that has one, and the first such screen pixel."""
    index = np.floor((np.arange(shown) + 0.5 - origin) / scale).astype(np.intp)
    first, last = np.searchsorted(index, [0, size])
    return index[first:last], int(first)


def _draw_grid(shown: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
    """Hairlines between pixels, a little towards gray, so that they are seen on black and on white."""
    for axis, places in ((0, rows), (1, columns)):
        edges = np.flatnonzero(np.diff(places)) + 1
        lines = shown[edges] if axis == 0 else shown[:, edges]
        mixed = ((lines.astype(np.uint16) * 3 + 128) // 4).astype(np.uint8)
        if axis == 0:
            shown[edges] = mixed
        else:
            shown[:, edges] = mixed
