"""Damaged picture files: the same ones at every run, for every test that must survive them."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image as PillowImage
from profiles import P3, rgb_profile

from convscope.core.process_state import picture_formats


def _pillow(mode: str, file_format: str, **options: object) -> bytes:
    assert picture_formats.heif()
    y, x = np.mgrid[:24, :32]
    colours = np.dstack([x * 8, y * 10, (x + y) * 4, 255 - x * 7]).astype(np.uint8)
    picture = PillowImage.fromarray(colours).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def _opencv(ending: str, array: np.ndarray) -> bytes:
    return cv2.imencode(ending, array)[1].tobytes()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _gif() -> bytes:
    frames = [PillowImage.new("L", (20, 20), 80 * index) for index in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _exif() -> bytes:
    exif = PillowImage.Exif()
    exif[274] = 6
    return exif.tobytes()


def _fields_bmp() -> bytes:
    """A BMP of 32 × 24 pixels of three fields of 4 bits, which Pillow does not read."""
    pixels = (np.arange(24 * 32) % 4096).astype("<u2").tobytes()
    head = struct.pack("<IiiHHIIiiII3I", 40, 32, 24, 1, 16, 3, len(pixels), 0, 0, 0, 0, 0xF00, 0xF0, 0xF)
    return b"BM" + struct.pack("<IHHI", 66 + len(pixels), 0, 0, 66) + head + pixels


def seeds() -> dict[str, bytes]:
    """Good files of every format and of many kinds, by name."""
    wide = (np.arange(20 * 30 * 3).reshape(20, 30, 3) * 36).astype(np.uint16)
    return {
        "rgb.png": _pillow("RGB", "PNG"),
        "rgba.png": _pillow("RGBA", "PNG"),
        "gray-alpha.png": _pillow("LA", "PNG"),
        "palette.png": _pillow("P", "PNG"),
        "bit.png": _pillow("1", "PNG"),
        "gray16.png": _opencv(".png", wide[..., 0]),
        "rgb16.png": _opencv(".png", wide),
        "rgb.jpg": _pillow("RGB", "JPEG", exif=_exif()),
        "gray.jpg": _pillow("L", "JPEG", progressive=True),
        "cmyk.jpg": _pillow("CMYK", "JPEG"),
        "wide.jpg": _pillow("RGB", "JPEG", icc_profile=rgb_profile("Wide P3", P3, 2.2)),
        "wide.png": _pillow("RGB", "PNG", icc_profile=rgb_profile("Wide P3", P3, 2.2)),
        "photo.avif": _pillow("RGB", "AVIF"),
        "photo.heic": _pillow("RGB", "HEIF"),
        "lossy.webp": _pillow("RGB", "WEBP"),
        "lossless.webp": _pillow("RGBA", "WEBP", lossless=True),
        "rgb.bmp": _pillow("RGB", "BMP"),
        "fields.bmp": _fields_bmp(),
        "palette.bmp": _pillow("P", "BMP"),
        "raw.tif": _pillow("RGB", "TIFF"),
        "lzw.tif": _pillow("RGB", "TIFF", compression="tiff_lzw"),
        "jpeg.tif": _pillow("RGB", "TIFF", compression="jpeg"),
        "float.tif": _pillow("F", "TIFF"),
        "float-rgb.tif": _opencv(".tif", wide.astype(np.float32)),
        "float64-rgb.tif": _opencv(".tif", wide.astype(np.float64)),
        "rgb16.tif": _opencv(".tif", wide),
        "gray.gif": _pillow("L", "GIF"),
        "frames.gif": _gif(),
        "rgb.ppm": _pillow("RGB", "PPM"),
        "plain.pgm": b"P2\n# plain\n4 3\n15\n" + b" ".join(b"%d" % (i % 16) for i in range(12)),
        "matrix.npy": _npy(np.arange(48.0).reshape(6, 8)),
        "matrix.csv": b"1,2,3\n4,5,6.5\n-7,8,9e3\n",
    }


def mutations(count: int = 200, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """So many damaged files: (name, bytes), in turn over all formats and over the ways to damage.

    Cut short, bytes changed in the header or anywhere, bits flipped, pieces taken out, doubled, zeroed or
    swapped with another file's, sizes blown up to 0xFFFF, and the wrong ending.
    """
    rng = random.Random(seed)
    originals = seeds()
    names = list(originals)
    for number in range(count):
        name = names[number % len(names)]
        data = bytearray(originals[name])
        kind = (number // len(names)) % 8
        start = rng.randrange(len(data))
        end = min(len(data), start + rng.randrange(1, 64))
        if kind == 0:
            del data[start:]
        elif kind == 1:
            for _ in range(rng.randrange(1, 9)):
                data[rng.randrange(min(64, len(data)))] = rng.randrange(256)
        elif kind == 2:
            for _ in range(rng.randrange(1, 30)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 3:
            del data[start:end]
        elif kind == 4:
            data[start:start] = data[start:end] * rng.randrange(1, 20)
        elif kind == 5:
            data[start:end] = bytes(end - start)
        elif kind == 6:
            other = originals[rng.choice(names)]
            data[start:] = other[len(other) // 2 :]
        else:
            place = rng.randrange(min(48, len(data)))
            data[place : place + 4] = b"\xff" * 4
            name = rng.choice((name, rng.choice(names)))
        yield f"{number:03d}-{name}", bytes(data)
