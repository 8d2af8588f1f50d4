"""More than 8 bits a channel, and numbers of any range, as 8-bit gray levels."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageFile, TiffImagePlugin


def narrow(values: NDArray[Any], bits: int, inverted: bool = False) -> NDArray[np.uint8]:
    """Unsigned integers of up to 16 bits, scaled to 0–255 and rounded: for 16 bits a division by 257."""
    full = (1 << bits) - 1
    inputs = np.minimum(np.arange(1 << 16), full)
    if inverted:
        inputs = full - inputs
    return ((inputs * 255 + full // 2) // full).astype(np.uint8)[values]


def read_wide_colours(picture: PillowImage.Image, stream: BinaryIO) -> PillowImage.Image | None:
    """An 8-bit picture of a PNG or TIFF file with 16 bits a channel, rounded.

    Pillow has no mode for such colours and cuts off their low bytes. Here it decodes the file twice, once
    for the high bytes and once for the low ones.

    Args:
        picture: opened by Pillow, not yet loaded; it is left so.
        stream: its file.

    Returns:
        Mode L, LA, RGB, RGBA or CMYK; None if this is no such file, or one with premultiplied alpha, where
        Pillow's own division by alpha is as good.
    """
    if not isinstance(picture, ImageFile.ImageFile) or picture.format not in ("PNG", "TIFF"):
        return None
    raw = _rawmode(picture)
    if picture.mode not in ("RGB", "RGBA", "CMYK") or raw.startswith("RGBa"):
        return None
    if raw == "LA;16B":
        # Pillow reads no low bytes here, but four bytes a pixel are RGBA to it: both bytes of both channels.
        pairs = np.asarray(_reopened(picture, stream, lambda _: "RGBA"))
        wide = (pairs[..., ::2].astype(np.uint16) << 8) | pairs[..., 1::2]
        return PillowImage.fromarray(narrow(wide, 16))
    big = isinstance(picture, TiffImagePlugin.TiffImageFile) and picture.tag_v2.prefix == b"MM"
    high = _reopened(picture, stream, lambda name: _byte(name, big, low=False))
    low = _reopened(picture, stream, lambda name: _byte(name, big, low=True))
    wide = (np.asarray(high).astype(np.uint16) << 8) | np.asarray(low)
    key = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(key, tuple):
        clear = (wide == np.array(key, np.uint16)).all(axis=2)
        wide = np.dstack([wide, np.where(clear, 0, 65535).astype(np.uint16)])
    pixels = narrow(wide, 16)
    if picture.mode == "CMYK":
        return PillowImage.frombytes("CMYK", picture.size, pixels.tobytes())
    colours = PillowImage.fromarray(pixels)
    colours.info["exif"] = high.info.get("exif", b"")
    return colours


def _rawmode(picture: ImageFile.ImageFile) -> str:
    arguments = picture.tile[0][3]
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _byte(name: str, big: bool, *, low: bool) -> str:
    """The raw mode that unpacks the high or the low byte where `name` unpacks 16-bit channels.

    "B" takes the first byte of each pair and "L" the second, whatever they mean. libtiff hands out native
    order, "N". A single channel of an uncompressed planar TIFF has no suffix: its order is the file's.
    """
    base, _, order = name.partition(";16")
    if order == "N":
        big = sys.byteorder == "big"
    elif order:
        big = order == "B"
    return f"{base};16{'B' if big != low else 'L'}"


def _reopened(
    picture: ImageFile.ImageFile, stream: BinaryIO, rename: Callable[[str], str]
) -> PillowImage.Image:
    """The first frame of the file, decoded with other raw modes."""
    stream.seek(0)
    again = PillowImage.open(stream, formats=(str(picture.format),))
    if not isinstance(again, ImageFile.ImageFile):
        raise TypeError(f"{picture.format} opened as {type(again).__name__}")
    again.tile = [
        ImageFile._Tile(codec, extents, offset, _renamed(arguments, rename))
        for codec, extents, offset, arguments in again.tile
    ]
    again.load()
    return again


def _renamed(arguments: Any, rename: Callable[[str], str]) -> Any:
    return (rename(arguments[0]), *arguments[1:]) if isinstance(arguments, tuple) else rename(arguments)


def levels(values: NDArray[Any]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Numbers of any range as gray levels, black where they are not finite.

    0–1 is taken times 255; other values within 0–255 as they are, rounded; all else is stretched from its
    smallest to its largest to 0–255.

    Returns:
        uint8 of the same shape, and what was done.
    """
    finite = np.isfinite(values)
    notes: list[str] = []
    if not finite.all():
        notes.append(f"{values.size - int(finite.sum()):,} values that are not finite became black")
    if not finite.any():
        return np.zeros(values.shape, np.uint8), tuple(notes)
    known = values if finite.all() else values[finite]
    low, high = float(known.min()), float(known.max())
    kind = "values" if np.issubdtype(values.dtype, np.integer) else "float values"
    # What counts as 0 and as 255, both halved: the difference of two float64 may be more than one holds.
    black, white = 0.0, 127.5
    if low >= 0 and high <= 1:
        white = 0.5
        notes.append(f"{kind} 0–1 scaled to 0–255")
    elif low >= 0 and high <= 255:
        notes.append(f"{kind} rounded to whole gray levels")
    elif high > low:
        black, white = low / 2, high / 2
        notes.append(f"{kind} {low:g} to {high:g} stretched to 0–255")
    else:
        notes.append(f"{kind} all {low:g}, outside 0–255")
    pixels = np.empty(values.shape, np.uint8)
    # Row by row: exact in double precision without eight bytes for every pixel at once.
    for row, numbers in enumerate(values):
        exact = np.where(finite[row], numbers, low).astype(np.float64)
        pixels[row] = np.clip(np.rint((exact / 2 - black) / (white - black) * 255), 0, 255)
        pixels[row][~finite[row]] = 0
    return pixels, tuple(notes)
