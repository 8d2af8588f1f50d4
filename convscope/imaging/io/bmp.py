"""BMP files of the kinds that Pillow does not read, from their bytes.

Those are bit fields of any width and place (4-4-4, 10-10-10, with or without alpha), palettes of 2 bits, runs
of 24 bits (OS/2's RLE24), and headers that are cut or of other lengths than usual. All other kinds are read
here as well, but Pillow is faster.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.imaging.io.refusals import damaged, not_read, too_large

_RAW, _RLE8, _RLE4, _FIELDS, _JPEG, _PNG, _ALPHA_FIELDS = range(7)
# OS/2 gave two numbers to other packings; its headers have a length of their own.
_OS2_HEADERS = frozenset((12, *range(16, 65, 2))) - {40, 52, 56}
_WINDOWS_HEADERS = frozenset((40, 52, 56, 108, 124))
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True, eq=False)
class Bitmap:
    """What a BMP holds.

    Attributes:
        pixels: uint8 H×W×3, or H×W×4 where it has alpha that is not zero throughout.
        palette: whether they come from one.
        bits: the most bits of a channel in the file.
    """

    pixels: NDArray[np.uint8]
    palette: bool
    bits: int


@dataclass(frozen=True)
class _Header:
    name: str
    width: int
    height: int
    bottom_up: bool
    bits: int
    packing: int
    masks: tuple[int, int, int, int]
    colours: NDArray[np.uint8]
    start: int


def read_bmp(data: bytes, name: str, max_pixels: int) -> Bitmap:
    """The pixels of a BMP, RGB or RGBA, each field of n bits scaled to 0–255 and rounded.

    What a packed picture skips has the palette's first colour, or is black.

    Raises:
        DamagedError: the bytes are not those that the header tells of.
        KindNotReadError: JPEG or PNG inside, Huffman runs, 64 bits a pixel.
        UserError: over `max_pixels`.
    """
    header = _header(data, name, max_pixels)
    if header.packing in (_RLE8, _RLE4) or _is_rle24(header):
        indices = _unpacked(data[header.start :], header)
    elif header.bits <= 8:
        indices = _indices(_rows(data, header), header)
    else:
        pixels, bits = _fields(_rows(data, header), header)
        return Bitmap(_upright(pixels, header), False, bits)
    if indices.ndim == 3:
        return Bitmap(_upright(indices, header), False, 8)
    if int(indices.max()) >= len(header.colours):
        raise damaged(name, f"colour {int(indices.max())} of a palette of {len(header.colours)}")
    return Bitmap(_upright(header.colours[indices], header), True, 8)


def _header(data: bytes, name: str, max_pixels: int) -> _Header:
    try:
        start, size = struct.unpack_from("<I", data, 10)[0], struct.unpack_from("<I", data, 14)[0]
        if size not in _OS2_HEADERS | _WINDOWS_HEADERS:
            raise not_read(name, "BMP", f"a header of {size} bytes")
        if size == 12:
            width, height, _planes, bits = struct.unpack_from("<HHHH", data, 18)
            packing, used, entry = _RAW, 0, 3
        else:
            fields = data[18 : 14 + size].ljust(36, b"\0")
            width, height, _planes, bits, packing = struct.unpack_from("<iiHHI", fields)
            used, entry = struct.unpack_from("<I", fields, 28)[0], 4
            if len(data) < 14 + size:
                raise damaged(name, "the file ends in its header")
    except struct.error as error:
        raise damaged(name, error) from error
    if width <= 0 or height == 0:
        raise damaged(name, f"a size of {width} × {height}")
    if width * abs(height) > max_pixels:
        raise too_large(name, width * abs(height), max_pixels)
    _known_kind(name, size, bits, packing)
    masks, table = _masks(data, size, bits, packing, name)
    colours = _colours(data, table, bits, used, entry, start)
    return _Header(name, width, abs(height), height > 0, bits, packing, masks, colours, start)


def _known_kind(name: str, size: int, bits: int, packing: int) -> None:
    depths = {
        _RAW: (1, 2, 4, 8, 16, 24, 32),
        _RLE8: (8,),
        _RLE4: (4,),
        _FIELDS: (16, 24, 32),
        _ALPHA_FIELDS: (16, 24, 32),
    }
    if size in _OS2_HEADERS:
        depths |= {_FIELDS: (), _JPEG: (24,), _ALPHA_FIELDS: ()}
        if packing == 3:
            raise not_read(name, "BMP", "Huffman runs of OS/2")
    elif packing in (_JPEG, _PNG):
        raise not_read(name, "BMP", f"{'JPEG' if packing == _JPEG else 'PNG'} inside of it")
    if bits not in depths.get(packing, ()):
        raise not_read(name, "BMP", f"{bits} bits a pixel in packing {packing}")


def _is_rle24(header: _Header) -> bool:
    return header.packing == _JPEG


def _masks(
    data: bytes, size: int, bits: int, packing: int, name: str
) -> tuple[tuple[int, int, int, int], int]:
    """Where red, green, blue and alpha lie in a pixel, and where the palette begins."""
    table = 14 + size
    if packing not in (_FIELDS, _ALPHA_FIELDS):
        return _DEFAULT_MASKS.get(bits, (0, 0, 0, 0)), table
    # The oldest header has its masks behind it; the later ones hold them at the same place.
    inside = (size - 40) // 4 if size > 40 else 0
    count = min(inside, 4) or (4 if packing == _ALPHA_FIELDS else 3)
    if len(data) < 54 + 4 * count:
        raise damaged(name, "the file ends in its masks")
    masks = struct.unpack_from(f"<{count}I", data, 54)
    red, green, blue, alpha = (*masks, 0)[:4]
    if not any((red, green, blue)):
        return _DEFAULT_MASKS.get(bits, (0, 0, 0, 0)), table
    full = (1 << bits) - 1
    taken = 0
    for mask in (red, green, blue, alpha):
        low = mask & -mask
        together = mask == 0 or (mask // low + 1) & (mask // low) == 0
        if mask & ~full or mask & taken or not together:
            raise damaged(name, f"masks {red:x} {green:x} {blue:x} {alpha:x}")
        taken |= mask
    return (red, green, blue, alpha), table + (0 if inside else 4 * count)


def _colours(data: bytes, table: int, bits: int, used: int, entry: int, start: int) -> NDArray[np.uint8]:
    """The palette as RGB, as many colours as there are, at most those that the bits can name."""
    if bits > 8:
        return np.zeros((0, 3), np.uint8)
    room = max(0, min(start, len(data)) - table) // entry
    count = min(used or 1 << bits, 1 << bits, room)
    raw = np.frombuffer(data, np.uint8, count * entry, table).reshape(count, entry)
    return np.ascontiguousarray(raw[:, 2::-1])


def _rows(data: bytes, header: _Header) -> NDArray[np.uint8]:
    """The rows as they lie in the file, each with what fills it up to 4 bytes."""
    stride = (header.width * header.bits + 31) // 32 * 4
    whole = stride * header.height
    if len(data) - header.start < whole:
        raise damaged(header.name, f"{whole} bytes of pixels, {max(0, len(data) - header.start)} are there")
    return np.frombuffer(data, np.uint8, whole, header.start).reshape(header.height, stride)


def _indices(rows: NDArray[np.uint8], header: _Header) -> NDArray[np.uint8]:
    """Palette indices of 1, 2, 4 or 8 bits, the highest bits of a byte first; H×W."""
    each = 8 // header.bits
    shifts = np.arange(each - 1, -1, -1, dtype=np.uint8) * np.uint8(header.bits)
    spread = (rows[..., None] >> shifts) & np.uint8((1 << header.bits) - 1)
    return spread.reshape(header.height, -1)[:, : header.width]


def _fields(rows: NDArray[np.uint8], header: _Header) -> tuple[NDArray[np.uint8], int]:
    """RGB or RGBA of pixels of 16, 24 or 32 bits, and the most bits of a channel."""
    width, size = header.width, header.bits // 8
    if header.bits == 24 and not any(header.masks):
        return np.ascontiguousarray(rows[:, : 3 * width].reshape(header.height, width, 3)[..., ::-1]), 8
    parts = rows[:, : size * width].reshape(header.height, width, size)
    values = np.zeros(parts.shape[:2], np.uint32)
    for place in range(size):
        values |= parts[..., place].astype(np.uint32) << np.uint32(8 * place)
    channels = [_scaled(values, mask) for mask in header.masks]
    # Writers that have no transparency leave its field empty; nobody draws a picture that cannot be seen.
    if header.masks[3] == 0 or not channels[3].any():
        channels.pop()
    return np.dstack(channels), max(mask.bit_count() for mask in header.masks)


def _scaled(values: NDArray[np.uint32], mask: int) -> NDArray[np.uint8]:
    if mask == 0:
        return np.zeros(values.shape, np.uint8)
    low = (mask & -mask).bit_length() - 1
    full = mask >> low
    numbers = (values & np.uint32(mask)) >> np.uint32(low)
    if full == 255:
        return numbers.astype(np.uint8)
    if full < 1 << 16:
        table = (np.arange(full + 1, dtype=np.int64) * 255 + full // 2) // full
        return table.astype(np.uint8)[numbers]
    return np.rint(numbers * (255.0 / full)).astype(np.uint8)


def _unpacked(data: bytes, header: _Header) -> NDArray[np.uint8]:
    """The runs of RLE4, RLE8 (indices, H×W) and RLE24 (RGB, H×W×3), the file's first row first."""
    width, height, deep = header.width, header.height, _is_rle24(header)
    unit = 3 if deep else 1
    rows = bytearray(width * height * unit)
    place, x, y = 0, 0, 0
    four = header.packing == _RLE4
    ended = False
    while place + 2 <= len(data) and y < height:
        count, value = data[place], data[place + 1]
        place += 2
        if count:  # one colour, again and again
            if deep:
                colour = data[place - 1 : place + 2]
                if len(colour) < 3:
                    break
                place += 2
                run = colour * count
            elif four:
                run = bytes((value >> 4, value & 15)) * ((count + 1) // 2)
            else:
                run = bytes((value,)) * count
        elif value == 0:
            x, y = 0, y + 1
            continue
        elif value == 1:
            ended = True
            break
        elif value == 2:
            if place + 2 > len(data):
                break
            x, y = x + data[place], y + data[place + 1]
            place += 2
            continue
        else:  # so many colours, one by one, filled up to two bytes
            count = value
            length = (count + 1) // 2 if four else count * unit
            literal = data[place : place + length]
            if len(literal) < length:
                break
            run = bytes(n for byte in literal for n in (byte >> 4, byte & 15)) if four else literal
            place += length + length % 2
        if x > width:
            raise damaged(header.name, f"a run at column {x} of {width}")
        kept = min(count, width - x)
        at = (y * width + x) * unit
        rows[at : at + kept * unit] = run[: kept * unit]
        x += count
    if not ended and y * width + x < height * width:
        raise damaged(header.name, f"its runs end in row {y} of {height}")
    made = np.frombuffer(bytes(rows), np.uint8)
    if not deep:
        return made.reshape(height, width)
    return np.ascontiguousarray(made.reshape(height, width, 3)[..., ::-1])


def _upright(pixels: NDArray[np.uint8], header: _Header) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[::-1] if header.bottom_up else pixels)
