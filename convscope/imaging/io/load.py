"""Opening images: from a file, a folder's list, and small previews."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import GB, is_folder, is_regular, named, open_regular
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io import heif
from convscope.imaging.io.decode import AVIF, READS, decode, open_picture, turned
from convscope.imaging.io.matrix import is_npy, read_npy, read_text
from convscope.imaging.io.profile import to_srgb
from convscope.imaging.io.quiet import quiet_pillow

MAX_PIXELS = 100_000_000
# More than so many pixels take, uncompressed in 32 bits for each of three colours, with room for more frames.
_LARGEST = 4 * GB
_PICTURES = ("png", "jpg", "jpeg", "jfif", "webp", "bmp", "tif", "tiff", "gif", "ppm", "pgm", "pbm", "pnm")
_MORE = (*heif.SUFFIXES, *(("avif",) if AVIF else ()))
PICTURE_SUFFIXES = frozenset(f".{ending}" for ending in (*_PICTURES, *_MORE))
MATRIX_SUFFIXES = frozenset((".npy", ".csv", ".tsv"))
_NO_TASK = Task()


def load_image(path: Path | str, *, max_pixels: int = MAX_PIXELS, task: Task = _NO_TASK) -> Image:
    """Open a picture (PNG, JPEG, WebP, HEIC, AVIF, BMP, TIFF, GIF, PPM) or a matrix (.npy, .csv, .tsv).

    A picture becomes 8-bit gray H×W or RGB H×W×3 in sRGB, upright; `notes` say what was converted. A matrix
    keeps its values. The size is read from the header, before memory is taken for the pixels. Never changes
    the file, never runs code from it. Safe to call from several threads.

    Args:
        path: the file.
        max_pixels: the most pixels (height × width) that are opened.
        task: checked between the steps.

    Raises:
        UserError: missing, a folder, not readable, empty, no picture, damaged, or too large.
    """
    path = Path(path)
    with _opened(path) as stream:
        return _load(stream, path.name, path, max_pixels, task)


def list_images(folder: Path | str) -> list[Path]:
    """The pictures and matrices directly in a folder, by their names, hidden files left out.

    Raises:
        UserError: no such folder, or it may not be read.
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise UserError(f"{named(folder)} is not a folder: choose a folder with images in it.")
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES | MATRIX_SUFFIXES
            and not path.name.startswith(".")
            and is_regular(path)
        ]
    except OSError as error:
        raise UserError(
            f"The folder {named(folder)} cannot be read: check its permissions.", detail=str(error)
        ) from error
    return sorted(found, key=lambda path: (path.name.lower(), path.name))


def thumbnail(source: Image | Path | str, size: int) -> NDArray[np.uint8]:
    """A small preview: uint8 RGB h×w×3, the longer side at most `size`; a smaller picture keeps its size.

    A JPEG file is decoded at an eighth, a quarter or half of its size, which is several times faster.

    Raises:
        UserError: as `load_image`.
    """
    if isinstance(source, Image):
        pixels = source.pixels
    else:
        draft = _draft(Path(source), size)
        pixels = load_image(source).pixels if draft is None else draft
    scale = size / max(pixels.shape[:2])
    if scale < 1:
        width, height = (max(1, round(n * scale)) for n in (pixels.shape[1], pixels.shape[0]))
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _draft(path: Path, size: int) -> NDArray[np.uint8] | None:
    """A plain JPEG, or a HEIC with a preview, at no less than twice the size, upright; else None."""
    with _opened(path) as stream, quiet_pillow():
        start = stream.read(heif.HEAD)
        phone = heif.container(start) == "HEIF"
        if start[:3] != b"\xff\xd8\xff" and not phone:
            return None
        stream.seek(0)
        picture = open_picture(stream, path.name, MAX_PIXELS)
        if picture.mode not in ("L", "RGB"):
            return None
        if picture.draft(picture.mode, (2 * size, 2 * size)) is None and phone:
            return None
        try:
            pixels = np.asarray(to_srgb(picture, picture.info.get("icc_profile"), []))
            return pixels if phone else turned(pixels, picture)
        except Exception:  # the whole decoding finds the words
            return None


def _load(stream: BinaryIO, name: str, path: Path | None, max_pixels: int, task: Task) -> Image:
    suffix = Path(name).suffix.lower()
    if suffix == ".npy" or is_npy(stream):
        return read_npy(stream, name, path, max_pixels=max_pixels)
    if suffix in (".csv", ".tsv"):
        return read_text(stream, name, path, max_pixels=max_pixels, task=task)
    values, notes = decode(stream, name, max_pixels, task)
    return Image(values, name, path, notes)


def _opened(path: Path) -> BinaryIO:
    """The file, open for reading and not empty."""
    if is_folder(path):
        raise UserError(f"{named(path)} is a folder: open one of the images in it.")
    stream = open_regular(path, f"an image: {READS}", _LARGEST)
    if not os.fstat(stream.fileno()).st_size:
        stream.close()
        raise _empty(named(path))
    return stream


def _empty(name: str) -> UserError:
    return UserError(f"{name} is empty (0 bytes): open another copy of it.")
