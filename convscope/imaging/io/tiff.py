"""TIFF files of the kinds that Pillow has no mode for, from their bytes.

Those are numbers of 16, 32 and 64 bits in several channels (float16, float64, integers of either sign),
planes of 16-bit CMYK or of gray with alpha, channels beyond the colours, and strips packed as WebP. libtiff
unpacks the strips: Pillow lets it, where they are told to be gray bytes.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import TiffImagePlugin

from convscope.core.errors import KindNotReadError, UserError
from convscope.imaging.io.refusals import damaged, not_read, too_large

_NONE, _WEBP = 1, 50001
# LZW, deflate under both its numbers, PackBits, LZMA, Zstandard.
_LIBTIFF = frozenset((5, 8, 32946, 32773, 34925, 50000))
_COLOURS = {0: 1, 1: 1, 2: 3, 5: 4}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_TYPES = {(1, 8): "u1", (1, 16): "u2", (1, 32): "u4", (1, 64): "u8"}
_TYPES |= {(2, bits): f"i{bits // 8}" for bits in (8, 16, 32, 64)}
_TYPES |= {(3, bits): f"f{bits // 8}" for bits in (16, 32, 64)}
_MOST_BYTES = 2**30
_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8)[:, ::-1], axis=1)[:, 0]


@dataclass(frozen=True, eq=False)
class Tiff:
    """What the first page of a TIFF holds.

    Attributes:
        values: H×W×channels in the file's own type, byte order of this machine; black is the least.
        colours: "L", "RGB" or "CMYK", the first channels.
        alpha: the channel behind the colours: "A", "a" (the colours are multiplied with it), or "" for none.
        more: channels that stand for no colour.
        bits: of a channel in the file.
        turn: the EXIF orientation.
        profile: the ICC profile.
        pages: whether there are more.
    """

    values: NDArray[Any]
    colours: str
    alpha: str
    more: int
    bits: int
    turn: int
    profile: bytes | None
    pages: bool


@dataclass(frozen=True)
class _Layout:
    name: str
    width: int
    height: int
    samples: int
    dtype: np.dtype[Any]
    compression: int
    predictor: int
    planar: bool
    reversed_bits: bool
    tile: tuple[int, int] | None
    rows: int
    offsets: tuple[int, ...]
    counts: tuple[int, ...]


def read_tiff(data: bytes, name: str, max_pixels: int) -> Tiff:
    """The first page of a TIFF of gray, RGB or CMYK.

    Raises:
        DamagedError: the bytes are not those that its tags tell of.
        KindNotReadError: other colours, other packings, complex numbers.
        UserError: over `max_pixels`, or over a gigabyte of numbers.
    """
    tags = _tags(data, name)
    try:
        width, height = int(tags[256]), int(tags[257])
        bits, kinds = np.atleast_1d(tags.get(258, 1)), np.atleast_1d(tags.get(339, _UNSIGNED))
        samples, photometric = int(tags.get(277, 1)), int(tags.get(262, 1))
        compression, planar = int(tags.get(259, _NONE)), int(tags.get(284, 1)) == 2
        extra = tuple(int(n) for n in np.atleast_1d(tags.get(338, ())))
        layout_numbers = _places(tags, width, height)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise damaged(name, f"tag {error}") from error
    if width <= 0 or height <= 0 or samples <= 0:
        raise damaged(name, f"a size of {width} × {height} × {samples}")
    if width * height > max_pixels:
        raise too_large(name, width * height, max_pixels)
    if len(set(bits)) != 1 or len(set(kinds)) != 1:
        raise not_read(name, "TIFF", "channels of different types")
    depth, kind = int(bits[0]), int(kinds[0])
    try:
        _known_kind(name, photometric, depth, kind, compression, samples)
    except KindNotReadError as error:
        if _pillow_knows(photometric, kind, tuple(map(int, bits)), compression):
            raise damaged(name, "Pillow reads this kind, and not this file") from error
        raise
    letter = ">" if data[:2] == b"MM" else "<"
    layout = _Layout(
        name,
        width,
        height,
        samples,
        np.dtype(letter + _TYPES[kind, depth]),
        compression,
        int(tags.get(317, 1)),
        planar,
        int(tags.get(266, 1)) == 2,
        *layout_numbers,
    )
    if (nbytes := width * height * samples * layout.dtype.itemsize) > _MOST_BYTES:
        raise UserError(
            f"{name} holds {nbytes / 2**30:,.1f} GB of numbers; convscope opens up to 1 GB: "
            "save it with fewer bits a channel."
        )
    values = _values(data, layout)
    if photometric == 0 and kind == _UNSIGNED:
        values = np.iinfo(values.dtype).max - values
    used = _COLOURS[photometric]
    behind = (extra + (0,) * samples)[: samples - used] if samples > used else ()
    # A fourth channel of RGB that is not told what it is for is alpha, as Pillow has it.
    if samples == 4 and used == 3 and not extra:
        behind = (2,)
    alpha = {1: "a", 2: "A"}.get(behind[0], "") if behind and used != 4 else ""
    profile = tags.get(34675)
    return Tiff(
        values,
        {1: "L", 3: "RGB", 4: "CMYK"}[used],
        alpha,
        samples - used - len(alpha),
        depth,
        _number(tags.get(274, 1)),
        profile if isinstance(profile, bytes) else None,
        tags.next != 0,
    )


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):  # a broken remark beside good pixels
        return 1


def _tags(data: bytes, name: str) -> Any:
    """The tags of the first page, by their numbers."""
    try:
        start = data[:16] if data[2:4] in (b"\x2b\0", b"\0\x2b") else data[:8]
        directory = TiffImagePlugin.ImageFileDirectory_v2(start)
        stream = io.BytesIO(data)
        stream.seek(directory.next)
        directory.load(stream)
    except Exception as error:  # whatever Pillow says about hostile bytes
        raise damaged(name, error) from error
    return directory


def _places(
    tags: Any, width: int, height: int
) -> tuple[tuple[int, int] | None, int, tuple[int, ...], tuple[int, ...]]:
    """The tile's height and width (None: strips), the rows of a strip, where the parts lie, their lengths."""
    tiled = 322 in tags
    tile = (int(tags[323]), int(tags[322])) if tiled else None
    offsets = np.atleast_1d(tags[324 if tiled else 273])
    counts = np.atleast_1d(tags[325 if tiled else 279])
    rows = min(int(tags.get(278, height)), height) or height
    if tile is not None and min(tile) <= 0:
        raise ValueError("322")
    return tile, rows, tuple(map(int, offsets)), tuple(map(int, counts))


def _known_kind(name: str, photometric: int, bits: int, kind: int, compression: int, samples: int) -> None:
    if photometric not in _COLOURS:
        raise not_read(name, "TIFF", f"colours of kind {photometric}")
    if samples < _COLOURS[photometric]:
        raise damaged(name, f"{samples} channels for colours of kind {photometric}")
    if (kind, bits) not in _TYPES:
        what = "complex numbers" if kind in (5, 6) else f"{bits} bits a channel of type {kind}"
        raise not_read(name, "TIFF", what)
    if photometric == 5 and (kind, bits) not in ((1, 8), (1, 16)):
        raise not_read(name, "TIFF", f"CMYK in {_TYPES[kind, bits]}")
    if compression not in _LIBTIFF | {_NONE, _WEBP}:
        raise not_read(name, "TIFF", f"compression {compression}")
    if compression == _WEBP and ((kind, bits) != (1, 8) or samples not in (3, 4)):
        raise damaged(name, "WebP holds three or four bytes a pixel")


def _pillow_knows(photometric: int, kind: int, bits: tuple[int, ...], compression: int) -> bool:
    """Whether this is a kind that Pillow reads, so that a file of it is damaged where Pillow does not."""
    kinds = {(key[1], key[2], key[4]) for key in TiffImagePlugin.OPEN_INFO}
    return compression in TiffImagePlugin.COMPRESSION_INFO and (photometric, (kind,), bits) in kinds


def _values(data: bytes, layout: _Layout) -> NDArray[Any]:
    """All numbers, H×W×channels, native byte order."""
    height, width = layout.height, layout.width
    planes, each = (layout.samples, 1) if layout.planar else (1, layout.samples)
    rows, columns = layout.tile or (layout.rows, width)
    down, across = -(-height // rows), -(-width // columns)
    if not (len(layout.offsets) == len(layout.counts) == planes * down * across):
        raise damaged(layout.name, f"{len(layout.offsets)} parts of {planes * down * across}")
    native = layout.dtype.newbyteorder("=")
    made = np.empty((height, width, layout.samples), native)
    for number, (offset, count) in enumerate(zip(layout.offsets, layout.counts, strict=True)):
        plane, place = divmod(number, down * across)
        top, left = place // across * rows, place % across * columns
        high = rows if layout.tile else min(rows, height - top)
        part = _part(data[offset : offset + count], high, columns, each, layout)
        bottom, right = min(top + high, height), min(left + columns, width)
        target = (
            made[top:bottom, left:right, plane : plane + 1] if layout.planar else made[top:bottom, left:right]
        )
        target[...] = part[: bottom - top, : right - left]
    return made


def _part(packed: bytes, height: int, width: int, channels: int, layout: _Layout) -> NDArray[Any]:
    """One strip or tile, height×width×channels."""
    if layout.compression == _WEBP:
        return _webp(packed, height, width, channels, layout.name)
    row = width * channels * layout.dtype.itemsize
    if layout.reversed_bits:
        packed = _REVERSED[np.frombuffer(packed, np.uint8)].tobytes()
    raw = packed if layout.compression == _NONE else _unpacked(packed, height, row, layout)
    if len(raw) < height * row:
        raise damaged(layout.name, f"{len(raw)} bytes in a part of {height * row}")
    if layout.predictor == 3:
        return _float_predicted(raw[: height * row], height, width, channels, layout)
    values = np.frombuffer(raw, layout.dtype, height * width * channels)
    values = values.astype(layout.dtype.newbyteorder("=")).reshape(height, width, channels)
    if layout.predictor == 2:
        whole = np.dtype(f"u{layout.dtype.itemsize}")
        values = np.cumsum(values.view(whole), axis=1, dtype=whole).view(values.dtype)
    elif layout.predictor != 1:
        raise not_read(layout.name, "TIFF", f"predictor {layout.predictor}")
    return values


def _unpacked(packed: bytes, height: int, row: int, layout: _Layout) -> bytes:
    """What libtiff makes of a part, told that it is a gray picture of bytes."""
    entries = (
        (256, row),
        (257, height),
        (258, 8),
        (259, layout.compression),
        (262, 1),
        (273, 8 + 2 + 10 * 12 + 4),
        (277, 1),
        (278, height),
        (279, len(packed)),
        (284, 1),
    )
    page = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    stream = io.BytesIO(struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + page + bytes(4) + packed)
    try:
        with PillowImage.open(stream, formats=("TIFF",)) as picture:
            return picture.tobytes()
    except Exception as error:  # whatever libtiff says about hostile bytes
        raise damaged(layout.name, error) from error


def _webp(packed: bytes, height: int, width: int, channels: int, name: str) -> NDArray[np.uint8]:
    mode = "RGB" if channels == 3 else "RGBA"
    try:
        with PillowImage.open(io.BytesIO(packed), formats=("WEBP",)) as picture:
            size = picture.size
            pixels = np.asarray(picture.convert(mode)) if size == (width, height) else None
    except Exception as error:  # whatever libwebp says about hostile bytes
        raise damaged(name, error) from error
    if pixels is None:
        raise damaged(name, f"a part of {size} instead of {(width, height)}")
    return pixels


def _float_predicted(raw: bytes, height: int, width: int, channels: int, layout: _Layout) -> NDArray[Any]:
    """Adobe's floating point predictor: bytes of equal weight stand together, each less the one before."""
    size = layout.dtype.itemsize
    if layout.dtype.kind != "f":
        raise damaged(layout.name, "a predictor of floats for whole numbers")
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1, channels)
    summed = np.cumsum(rows, axis=1, dtype=np.uint8).reshape(height, size, width * channels)
    values = np.ascontiguousarray(summed.transpose(0, 2, 1)).view(f">f{size}")
    return values.astype(layout.dtype.newbyteorder("=")).reshape(height, width, channels)
