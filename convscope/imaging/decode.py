"""From a picture file's bytes to 8-bit gray or RGB, with a note for everything that had to be converted."""

from __future__ import annotations

import re
import threading
import warnings
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from PIL import Image as PillowImage

from convscope.errors import UserError
from convscope.task import Cancelled, Task

# Only these decoders ever see a user's bytes. Image.open finds formats by name among the imported plugins.
_PLUGINS = (
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    WebPImagePlugin.WebPImageFile,
    BmpImagePlugin.BmpImageFile,
    TiffImagePlugin.TiffImageFile,
    GifImagePlugin.GifImageFile,
    PpmImagePlugin.PpmImageFile,
)
FORMATS: tuple[str, ...] = tuple(str(plugin.format) for plugin in _PLUGINS)
READS = "PNG, JPEG, WebP, BMP, TIFF, GIF or PPM"

_MAGIC = re.compile(
    rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM|II\*\0|MM\0\*|II\+\0|MM\0\+|GIF8[79]a|P[1-6]\s", re.DOTALL
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*")
_ORIENTATION, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 274, 258, 262, 339


class _QuietPillow:
    """Silences Pillow's warnings while any thread is inside: what matters of them becomes a note or an error.

    `warnings.catch_warnings` alone is not safe with threads: two that overlap restore each other's filters.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


quiet_pillow = _QuietPillow()


def open_picture(stream: BinaryIO, name: str, max_pixels: int) -> PillowImage.Image:
    """Pillow's image with its header read, known to be one of `FORMATS` and no larger than `max_pixels`.

    Raises:
        UserError: too many pixels, damaged, or no picture; UnidentifiedImageError never leaves.
    """
    try:
        picture = PillowImage.open(stream, formats=FORMATS)
    except PillowImage.DecompressionBombError as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        raise too_large(name, int(found[1]) if found else None, max_pixels) from error
    except UnidentifiedImageError as error:
        stream.seek(0)
        if _MAGIC.match(stream.read(16)):
            raise damaged(name, error) from error
        raise UserError(f"{name} is not a picture format convscope reads: use {READS}.") from error
    except Exception as error:  # whatever a decoder says about hostile bytes
        raise damaged(name, error) from error
    if picture.width * picture.height > max_pixels:
        raise too_large(name, picture.width * picture.height, max_pixels)
    return picture


def decode(
    stream: BinaryIO, name: str, max_pixels: int, task: Task
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode a picture of any of `FORMATS`.

    Args:
        stream: open for reading, at its start.
        name: the file's name, for errors.
        max_pixels: the most pixels, checked in the header before memory is taken.
        task: checked between the steps.

    Returns:
        uint8 H×W or H×W×3, read-only, upright; and the notes.

    Raises:
        UserError: see `open_picture`; or the pixels are damaged or cut short.
    """
    with quiet_pillow:
        if (values := _float_rgb_tiff(stream, name, max_pixels)) is not None:
            pixels, notes = levels(values)
            return _frozen(pixels), notes
        stream.seek(0)
        picture = open_picture(stream, name, max_pixels)
        task.check()
        try:
            return _decode_opened(picture, stream, task)
        except (UserError, Cancelled):
            raise
        except MemoryError as error:
            raise UserError(
                f"{name} needs more memory than is free: close something or shrink it."
            ) from error
        except Exception as error:  # whatever a decoder says about hostile bytes
            raise damaged(name, error) from error


def _decode_opened(
    picture: PillowImage.Image, stream: BinaryIO, task: Task
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    notes: list[str] = []
    if picture.format in ("GIF", "TIFF", "WEBP", "PNG") and _has_frames(picture):
        notes.append("the first of several frames")
        picture.seek(0)
    bits = _bits(picture)
    # Pillow turns TIFF upright itself and forgets the tag as it loads; the others keep it, PNG even behind
    # the pixels.
    orientation = _orientation(picture) if picture.format == "TIFF" else 1
    inverted = picture.format == "TIFF" and bits > 8 and _tag(picture, _PHOTOMETRIC) == 0
    picture.load()
    task.check()
    turn = _orientation(picture) if picture.format != "TIFF" else 1

    pixels: NDArray[np.uint8]
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format in ("PNG", "PPM")):
        pixels = _narrow(np.asarray(picture), 16 if picture.format != "TIFF" else bits, inverted)
        notes.append(f"{bits} bits a channel reduced to 8")
        if isinstance(key := picture.info.get("transparency"), int):
            pixels = np.where(np.asarray(picture) == key, np.uint8(255), pixels)
            notes.append("transparency laid over white")
    elif picture.mode in ("I", "F"):
        pixels, more = levels(np.asarray(picture))
        notes += more
    else:
        if bits > 8:
            notes.append(f"{bits} bits a channel reduced to 8")
            picture = _narrow_colour(picture, stream)
        pixels = np.asarray(_flat(picture, notes))

    if turn in _TURNS:
        pixels = _TURNS[turn](pixels)
    if turn in _TURNS or orientation in _TURNS:
        notes.append("turned upright, as the camera noted")
    return _frozen(pixels), tuple(notes)


def _frozen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


_TURNS: dict[int, Any] = {
    2: np.fliplr,
    3: lambda a: a[::-1, ::-1],
    4: np.flipud,
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: np.rot90,
}


def turned(pixels: NDArray[np.uint8], picture: PillowImage.Image) -> NDArray[np.uint8]:
    """The pixels of a picture that is not TIFF, turned as its EXIF orientation says."""
    turn = _TURNS.get(_orientation(picture))
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def _orientation(picture: PillowImage.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF beside good pixels: show the pixels
        return 1


def _has_frames(picture: PillowImage.Image) -> bool:
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # a later frame is broken; the first may be good
        return False


def _tag(picture: PillowImage.Image, tag: int) -> Any:
    return picture.tag_v2.get(tag) if isinstance(picture, TiffImagePlugin.TiffImageFile) else None


def _bits(picture: PillowImage.Image) -> int:
    """Bits a channel in the file, 16 for every PNG or PPM of more than 8."""
    if picture.format == "TIFF":
        bits = _tag(picture, _BITS) or (1,)
        return max(bits) if isinstance(bits, tuple) else int(bits)
    if picture.mode.startswith("I"):
        return 16
    arguments = [tile[3] for tile in picture.tile] if isinstance(picture, _PLUGINS) else []
    wide_ppm = picture.format == "PPM" and any(
        isinstance(a, tuple) and isinstance(a[-1], int) and a[-1] > 255 for a in arguments
    )
    return 16 if wide_ppm or any(";16" in str(a) for a in arguments) else 8


def _narrow(values: NDArray[Any], bits: int, inverted: bool = False) -> NDArray[np.uint8]:
    """Unsigned integers of up to 16 bits, scaled to 0–255 and rounded: for 16 bits a division by 257."""
    full = (1 << bits) - 1
    inputs = np.minimum(np.arange(1 << 16), full)
    if inverted:
        inputs = full - inputs
    return ((inputs * 255 + full // 2) // full).astype(np.uint8)[values]


def _narrow_colour(picture: PillowImage.Image, stream: BinaryIO) -> PillowImage.Image:
    """The picture again, its 16-bit colours rounded; Pillow alone cuts off the low byte.

    PPM Pillow rounds rightly; CMYK and premultiplied alpha OpenCV does not read: they stay Pillow's.
    """
    premultiplied = any("RGBa" in str(tile[3]) for tile in getattr(picture, "tile", []))
    if picture.format == "PPM" or picture.mode not in ("RGB", "RGBA") or premultiplied:
        return picture
    stream.seek(0)
    wide = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if wide is None or wide.dtype != np.uint16 or wide.shape[:2] != (picture.height, picture.width):
        return picture
    if wide.ndim == 2:
        return PillowImage.fromarray(_narrow(wide, 16))
    colours = cv2.cvtColor(wide, cv2.COLOR_BGR2RGB if wide.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    key = picture.info.get("transparency")
    if colours.shape[2] == 3 and isinstance(key, tuple):
        alpha = np.where((colours == np.array(key, np.uint16)).all(axis=2), 0, 65535).astype(np.uint16)
        colours = np.dstack([colours, alpha])
    narrow = _narrow(colours, 16)
    if (narrow[..., :3] == narrow[..., :1]).all():
        # A gray PNG with alpha, which both libraries open as colour.
        narrow = narrow[..., 0] if narrow.shape[2] == 3 else narrow[..., 2:]
    result = PillowImage.fromarray(np.ascontiguousarray(narrow))
    result.info["exif"] = picture.info.get("exif", b"")
    return result


def _flat(picture: PillowImage.Image, notes: list[str]) -> PillowImage.Image:
    """Any 8-bit picture as mode L or RGB."""
    if picture.mode == "1":
        notes.append("1 bit a pixel became black and white")
    elif picture.mode in ("P", "PA"):
        notes.append("palette colours became RGB")
    elif picture.mode in ("CMYK", "YCbCr", "LAB"):
        notes.append(f"{picture.mode} became RGB")
    if picture.mode == "LAB":
        profiles = (ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"))
        return ImageCms.buildTransform(*profiles, "LAB", "RGB").apply(picture)
    if picture.has_transparency_data:
        gray = picture.mode in ("1", "L", "LA", "La")
        picture = picture.convert("LA" if gray else "RGBA")
        opaque = picture.convert("L" if gray else "RGB")
        alpha = picture.getchannel("A")
        if alpha.getextrema() == (255, 255):
            return opaque
        notes.append("transparency laid over white")
        white = PillowImage.new(opaque.mode, opaque.size, "white")
        white.paste(opaque, mask=alpha)
        return white
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")


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
    factor, offset = 1.0, 0.0
    if low >= 0 and high <= 1:
        factor = 255.0
        notes.append(f"{kind} 0–1 scaled to 0–255")
    elif low >= 0 and high <= 255:
        notes.append(f"{kind} rounded to whole gray levels")
    elif high > low:
        # Halves, because the difference of two float64 can be more than a float64 holds.
        factor, offset = 255 / 2 / (high / 2 - low / 2), low
        notes.append(f"{kind} {low:g} to {high:g} stretched to 0–255")
    else:
        notes.append(f"{kind} all {low:g}, outside 0–255")
    pixels = np.empty(values.shape, np.uint8)
    # Row by row: exact in double precision without eight bytes for every pixel at once.
    for row, numbers in enumerate(values):
        exact = np.where(finite[row], numbers, low).astype(np.float64)
        pixels[row] = np.clip(np.rint((exact - offset) * factor), 0, 255)
        pixels[row][~finite[row]] = 0
    return pixels, tuple(notes)


def _float_rgb_tiff(stream: BinaryIO, name: str, max_pixels: int) -> NDArray[Any] | None:
    """The floats of an RGB TIFF, a kind that Pillow does not read; None for any other file."""
    header = stream.read(8)
    if header[:4] not in _TIFF_MAGIC:
        return None
    try:
        directory = TiffImagePlugin.ImageFileDirectory_v2(header)
        stream.seek(directory.next)
        directory.load(stream)
        width, height = int(directory[256]), int(directory[257])
        kinds, samples = directory.get(_SAMPLE_FORMAT, (1,)), int(directory.get(277, 1))
    except Exception:  # Pillow's own opening says what is wrong
        return None
    if samples not in (3, 4) or set(np.atleast_1d(kinds)) != {3}:
        return None
    if width * height > max_pixels:
        raise too_large(name, width * height, max_pixels)
    stream.seek(0)
    try:
        values = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise damaged(name, error) from error
    if values is None or values.ndim != 3:
        raise damaged(name, "OpenCV cannot decode this float TIFF")
    return cv2.cvtColor(values[..., :3], cv2.COLOR_BGR2RGB)


def too_large(name: str, pixels: int | None, max_pixels: int) -> UserError:
    """The error for a picture over the limit."""
    has = f"has {pixels:,} pixels" if pixels else "has too many pixels"
    return UserError(f"{name} {has}; convscope opens up to {max_pixels:,}: shrink it first.")


def damaged(name: str, why: object) -> UserError:
    """The error for a file that begins like a picture and cannot be decoded."""
    return UserError(f"{name} is damaged or cut short: open another copy of it.", detail=str(why))
