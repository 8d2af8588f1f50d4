"""Picture files built by hand, and what they must become."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image


def saved(picture: PillowImage.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def png(values: np.ndarray, colour: int, bits: int = 8, **chunks: bytes) -> bytes:
    """A PNG of H×W×C samples, written by the book; `chunks` go before the pixels."""
    kind = ">u2" if bits == 16 else "u1"
    lines = b"".join(b"\0" + np.ascontiguousarray(row, kind).tobytes() for row in values)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, colour, 0, 0, 0)
    middle = b"".join(chunk(name.encode(), data) for name, data in chunks.items())
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + middle
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def tiff(samples: bytes, order: str, width: int, height: int, **tags: int | tuple[int, ...]) -> bytes:
    """An uncompressed TIFF in strips: `order` is "<" or ">", tags are t258=16 and so on."""
    strips = tags.pop("strips", 1)
    assert isinstance(strips, int)
    entries: dict[int, tuple[int, ...]] = {
        256: (width,),
        257: (height,),
        259: (1,),
        277: (1,),
        278: (height,),
        279: (len(samples) // strips,) * strips,
    }
    for name, value in tags.items():
        entries[int(name[1:])] = value if isinstance(value, tuple) else (value,)
    entries[273] = (0,) * strips
    table = 8 + 2 + 12 * len(entries) + 4
    outside = sum(4 * len(values) for values in entries.values() if len(values) > 1)
    entries[273] = tuple(table + outside + index * (len(samples) // strips) for index in range(strips))
    directory, extra = b"", b""
    for tag in sorted(entries):
        values = entries[tag]
        data = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            place = struct.pack(f"{order}I", table + len(extra))
            extra += data
        else:
            place = data
        directory += struct.pack(f"{order}HHI", tag, 4, len(values)) + place
    start = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return start + struct.pack(f"{order}H", len(entries)) + directory + bytes(4) + extra + samples


def decode_image(data: bytes, name: str, **how: Any) -> Image:
    """What `load_image` makes of a file of this name that holds these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return load_image(path, **how)


def check(data: bytes, expected: object, *notes: str) -> Image:
    image = decode_image(data, "test")
    assert image.values.dtype == np.uint8
    np.testing.assert_array_equal(image.values, np.asarray(expected))
    assert image.notes == notes
    return image
