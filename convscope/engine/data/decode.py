"""Image files to pixels, fast, and telling broken files from good ones without decoding them all."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from convscope.core.errors import KindNotReadError, UserError
from convscope.core.opening import GB, is_regular, is_there, open_regular, read_bytes
from convscope.core.task import Task
from convscope.engine.data.resize import Target, to_target, within
from convscope.imaging.io import heif
from convscope.imaging.io.decode import AVIF, FORMATS, turned
from convscope.imaging.io.decode import decode as decode_any
from convscope.imaging.io.profile import pixels_to_srgb
from convscope.imaging.io.quiet import quiet_libpng, quiet_libtiff, quiet_pillow

_AVIF = (".avif",)
_USUAL = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", *(_AVIF if AVIF else ()))
_PHONES = tuple(f".{ending}" for ending in heif.SUFFIXES)
SUFFIXES = frozenset((*_USUAL, *_PHONES, ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"))

# Pictures that are not read here; whoever has them should hear of it.
FOREIGN = frozenset(
    (
        *(() if AVIF else _AVIF),
        ".jxl",
        ".svg",
        ".psd",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".jp2",
        ".exr",
    )
)

_TAIL = 64
# As far as the descriptions of a JPEG reach: a few segments of 64 KiB.
_DESCRIPTIONS = 2**18
# What libjpeg says of pixels that are not those that were stored.
_HARM = re.compile("Corrupt JPEG data|Premature end of JPEG|Inconsistent progression")
# More than that is a mistake or an attack: a small file may unpack to gigabytes. (Pillow's own limit.)
_LARGEST = 178_956_970
_MOST_BYTES = GB


class UnreadableError(Exception):
    """A file that is not an image, or a broken one; the text says which."""


def decode(data: bytes, target: Target | None = None) -> NDArray[np.uint8]:
    """Decode an encoded image of any usual format.

    JPEG files are decoded at 1/2, 1/4 or 1/8 size when that still covers the target, unless that is to be
    exact. All else is as in `convscope.imaging.io.decode.decode`: transparency is laid over white, EXIF
    orientation and embedded colour profiles are honoured, of an animation the first frame is taken.

    Args:
        data: the file's bytes.
        target: what to bring it to; None keeps size and colours.

    Returns:
        uint8: the target's shape, or H×W×3, or H×W for gray files when there is no target.

    Raises:
        UnreadableError: not an image, or a broken one.
    """
    pixels = _decoded(data, target)
    return pixels if target is None else to_target(pixels, target)


def _decoded(data: bytes, target: Target | None) -> NDArray[np.uint8]:
    """The image, at least as large as the target."""
    pixels = _fast(data, target) if _is_plain(data) else None
    return _with_pillow(data) if pixels is None else pixels


def _is_plain(data: bytes) -> bool:
    if data[:3] == b"\xff\xd8\xff":
        return True
    # PNG of 8 bits without palette and transparency; Pillow takes care of the others.
    plain = data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 26 and data[24] == 8 and data[25] in (0, 2)
    return plain and not _describes(data, b"tRNS")


def _describes(data: bytes, name: bytes) -> bool:
    """Whether something is named before the pixels of a JPEG or PNG."""
    return data.find(name, 0, data.find(b"IDAT") if data[0] == 0x89 else _DESCRIPTIONS) >= 0


def _fast(data: bytes, target: Target | None) -> NDArray[np.uint8] | None:
    """A plain PNG; a JPEG by libjpeg-turbo. None: Pillow is to try it."""
    gray = target is not None and target.channels == 1 and not target.exact
    is_jpeg = data[0] == 0xFF
    size, channels = _jpeg_size(data) if is_jpeg else _png_size(data)
    if channels == 4:
        return None  # CMYK: Pillow knows Adobe's inversion.
    if size is not None and size[0] * size[1] > _LARGEST:
        raise UnreadableError(f"too large: {size[1]:,} × {size[0]:,} pixels")
    profile, turn = _description(data)
    as_gray = channels == 1 if target is None or target.exact or profile else gray
    pixels = _jpeg(data, as_gray, size, target) if is_jpeg else _png(data, as_gray)
    if pixels is None:
        return None
    # After shrinking, as that is cheaper.
    return turn(pixels_to_srgb(pixels, profile) if profile else pixels)


def _upright(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def _description(data: bytes) -> tuple[bytes | None, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]:
    """What a JPEG or PNG says that its colours are, and how a JPEG is to be turned."""
    png = data[0] == 0x89
    coloured = _describes(data, b"iCCP" if png else b"ICC_PROFILE\0")
    if not coloured and (png or not _describes(data, b"Exif\0\0")):
        return None, _upright
    try:
        with quiet_pillow(), Image.open(io.BytesIO(data), formats=FORMATS) as header:
            profile = header.info.get("icc_profile") if coloured else None
            return (
                profile if isinstance(profile, bytes) else None,
                _upright if png else partial(turned, picture=header),
            )
    except Exception:  # good pixels beside a broken description
        return None, _upright


def _png(data: bytes, gray: bool) -> NDArray[np.uint8] | None:
    with quiet_libpng():
        pixels = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE if gray else cv2.IMREAD_COLOR
        )
    if pixels is None or gray:
        return pixels  # type: ignore[return-value]
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def _jpeg(
    data: bytes, gray: bool, size: tuple[int, int] | None, target: Target | None
) -> NDArray[np.uint8] | None:
    """Decode; one that is damaged in its middle is refused, though it could be filled with gray."""
    least: dict[str, int] = {}
    if size is not None and target is not None and not target.exact:
        divisor = 1
        # Turned by EXIF or not, the shorter side must still cover the longer side of the target.
        while divisor < 8 and min(size) // (2 * divisor) >= max(target.height, target.width):
            divisor *= 2
        least = {
            "min_height": -(-size[0] // divisor),
            "min_width": -(-size[1] // divisor),
            "min_factor": divisor,
        }
    colours = "GRAY" if gray else "RGB"
    try:
        pixels = simplejpeg.decode_jpeg(data, colours, strict=True, **least)
    except ValueError as error:
        if _HARM.search(str(error)):
            raise UnreadableError("damaged: its JPEG data do not add up") from error
        try:
            # A remark that harms no pixel: an unknown revision of the format, say.
            pixels = simplejpeg.decode_jpeg(data, colours, strict=False, **least)
        except ValueError:
            return None
    return pixels[..., 0] if gray else pixels


def _jpeg_size(data: bytes) -> tuple[tuple[int, int] | None, int]:
    """(height, width) and components from a JPEG's frame header; (None, 3) if there is none."""
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, components = struct.unpack_from(">HHB", data, position + 5)
            return (height, width), components
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None, 3


def _png_size(data: bytes) -> tuple[tuple[int, int] | None, int]:
    """(height, width) and channels from a PNG's header, without palette and transparency."""
    width, height = struct.unpack_from(">II", data, 16)
    return (height, width), 1 if data[25] == 0 else 3


def _with_pillow(data: bytes) -> NDArray[np.uint8]:
    try:
        return decode_any(io.BytesIO(data), "the file", _LARGEST, Task())[0]
    except UserError as error:
        raise UnreadableError(_why(error)) from error


def _why(error: BaseException) -> str:
    if isinstance(error, KindNotReadError) and error.detail:
        return error.detail
    if isinstance(error, UserError):
        error = error.__cause__ or error
    # Pillow names the whole path or the object in memory; whoever reads this knows which file it is.
    if isinstance(error, UnidentifiedImageError):
        return "damaged: no image can be read from it"
    if "truncated" in str(error).lower():
        return "cut off"
    return str(error).split("<")[0].strip() or type(error).__name__


def read_image(path: Path, target: Target | None = None) -> NDArray[np.uint8]:
    """`decode` a file.

    Raises:
        UnreadableError: it cannot be read or decoded.
    """
    return decode(_bytes(path), target)


def read_thumbnail(path: Path, side: int) -> NDArray[np.uint8]:
    """A file's image, whole, uint8 H×W×3, its longer side at most `side`.

    Raises:
        UnreadableError: it cannot be read or decoded.
    """
    return within(_decoded(_bytes(path), Target(side, side, 3)), side)


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path, _MOST_BYTES, "an image")
    except UserError as error:
        raise UnreadableError(_strerror(error)) from error


def _strerror(error: UserError) -> str:
    """The system's own words, which name no file: who says this does."""
    cause = error.__cause__
    return (cause.strerror or str(cause)) if isinstance(cause, OSError) else error.message


def quick_check(path: Path) -> tuple[Literal["image", "broken", "other"], str]:
    """Look at a file's first and last bytes: is it an image, and is it whole?

    Costs some tens of microseconds; only a file that looks cut off is decoded to be sure.

    Returns:
        ("image", ""), ("broken", why) or ("other", ""): not an image, by content and by name.
    """
    if is_there(path) and not is_regular(path):
        return "other", ""
    try:
        with open_regular(path, "an image", _MOST_BYTES) as file:
            head = file.read(heif.HEAD)
            size = file.seek(0, io.SEEK_END)
            held = heif.container(head)
            boxes = (held == "HEIF" or (held == "AVIF" and AVIF)) and heif.whole(file, size)
            file.seek(max(0, size - _TAIL))
            tail = file.read(_TAIL)
    except OSError as error:
        return "broken", error.strerror or str(error)
    except UserError as error:
        return "broken", _strerror(error)
    if path.suffix.lower() in FOREIGN:
        return "broken", "not a format that is read here: save it as JPEG or PNG"
    named = path.suffix.lower() in SUFFIXES
    if size == 0:
        return ("broken", "the file is empty") if named else ("other", "")
    whole = True if boxes else _looks_whole(head, tail, size)
    if whole is None:
        return ("broken", "not an image, in spite of its name") if named else ("other", "")
    if whole:
        return "image", ""
    try:
        with (
            quiet_pillow(),
            quiet_libtiff(),
            open_regular(path, "an image", _MOST_BYTES) as file,
            Image.open(file, formats=FORMATS) as picture,
        ):
            picture.load()
    except Exception:  # Pillow does not read all that is read here
        try:
            read_image(path)
        except UnreadableError as error:
            return "broken", str(error)
    return "image", ""


def _looks_whole(head: bytes, tail: bytes, size: int) -> bool | None:
    """True: begins and ends as its format must; False: doubtful; None: not an image at all."""
    if head[:3] == b"\xff\xd8\xff":
        return b"\xff\xd9" in tail
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return b"IEND" in tail
    if head[:4] == b"GIF8":
        return tail.rstrip(b"\0").endswith(b";")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return int.from_bytes(head[4:8], "little") + 8 <= size
    if head[:2] == b"BM" and size > 26:
        return int.from_bytes(head[2:6], "little") == size
    if heif.container(head) == "HEIF" or (AVIF and heif.container(head)):
        return False
    if head[:4] in (b"II*\0", b"MM\0*") or (
        head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace()
    ):
        return False
    return None
