"""From a picture file's bytes to 8-bit gray or RGB, with a note for everything that had to be converted."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any, BinaryIO

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
    features,
)
from PIL import Image as PillowImage

from convscope.core.errors import DamagedError, KindNotReadError, NotEnoughMemoryError, UserError
from convscope.core.task import Cancelled, Task
from convscope.imaging.image import OVER_WHITE, UPRIGHT, Note, NoteKind
from convscope.imaging.io import heif
from convscope.imaging.io.bmp import read_bmp
from convscope.imaging.io.depth import levels, narrow, read_wide_colours
from convscope.imaging.io.profile import to_srgb
from convscope.imaging.io.quiet import quiet_libtiff, quiet_pillow
from convscope.imaging.io.refusals import damaged, not_read, too_large
from convscope.imaging.io.tiff import Tiff, read_tiff

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
READS = "PNG, JPEG, WebP, HEIC, BMP, TIFF, GIF or PPM"

# From Pillow 11.3 on, where it was built with libavif.
AVIF = "avif" in features.modules and bool(features.check("avif"))
if AVIF:
    from PIL import AvifImagePlugin

    FORMATS = (*FORMATS, str(AvifImagePlugin.AvifImageFile.format))
    READS = "PNG, JPEG, WebP, HEIC, AVIF, BMP, TIFF, GIF or PPM"

_MAGIC = re.compile(
    rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM|II\*\0|MM\0\*|II\+\0|MM\0\+|GIF8[79]a|P[1-6]\s", re.DOTALL
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Whoever opens the file in a script of their own will find so.
_NOT_PILLOW = "that Pillow does not read"
_FIRST_FRAME = Note("the first of several frames", NoteKind.NOTHING)
_ORIENTATION, _BITS, _PHOTOMETRIC = 274, 258, 262


def open_picture(stream: BinaryIO, name: str, max_pixels: int) -> PillowImage.Image:
    """Pillow's image with its header read, known to be one of `FORMATS` and no larger than `max_pixels`.

    Raises:
        DamagedError: the decoders here make nothing of it; that may be a kind which none of them knows.
        UserError: too many pixels, or no picture. UnidentifiedImageError never leaves.
    """
    start = stream.read(heif.HEAD)
    stream.seek(0)
    held = heif.container(start)
    if held == "HEIF":
        heif.register(name, start)
    try:
        picture = PillowImage.open(stream, formats=(held,) if held == "HEIF" else FORMATS)
    except PillowImage.DecompressionBombError as error:
        found = re.search(r"\((\d+) pixels\)", str(error))
        raise too_large(name, int(found[1]) if found else None, max_pixels) from error
    except UnidentifiedImageError as error:
        if held == "AVIF" and not AVIF:
            raise KindNotReadError(
                f"{name} is an AVIF picture, which needs Pillow 11.3 or newer: "
                "pip install -U pillow, or save it as PNG."
            ) from error
        if held == "HEIF":
            raise heif.why_not(stream, name) from error
        if held or _MAGIC.match(start):
            raise damaged(name, error) from error
        raise KindNotReadError(f"{name} is not a picture format convscope reads: use {READS}.") from error
    except Exception as error:  # whatever a decoder says about hostile bytes
        raise damaged(name, error) from error
    if picture.width * picture.height > max_pixels:
        raise too_large(name, picture.width * picture.height, max_pixels)
    return picture


def decode(
    stream: BinaryIO, name: str, max_pixels: int, task: Task
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode a picture of any of `FORMATS`, its colours brought to sRGB if a profile says what they are.

    Args:
        stream: open for reading, at its start.
        name: the file's name, for errors.
        max_pixels: the most pixels, checked in the header before memory is taken.
        task: checked between the steps.

    Returns:
        uint8 H×W or H×W×3, read-only, upright; and the notes.

    Raises:
        DamagedError: damaged or cut short.
        KindNotReadError: no picture, or a valid file of a kind that nothing here decodes.
        UserError: too large, or too little memory.
    """
    with quiet_pillow():
        try:
            try:
                return _by_pillow(stream, name, max_pixels, task)
            except DamagedError as error:
                try:
                    return _by_other_means(stream, name, max_pixels, error)
                except (UserError, MemoryError):
                    raise
                except Exception as other:  # whatever else is in hostile bytes
                    raise damaged(name, other) from error
        except MemoryError as error:
            raise NotEnoughMemoryError(
                f"{name} needs more memory than is free: close something or shrink it."
            ) from error


def _by_pillow(
    stream: BinaryIO, name: str, max_pixels: int, task: Task
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    picture = open_picture(stream, name, max_pixels)
    task.check()
    try:
        with quiet_libtiff() if picture.format == "TIFF" else nullcontext():
            return _decode_opened(picture, stream, task)
    except (Cancelled, MemoryError):
        raise
    except Exception as error:  # whatever a decoder says about hostile bytes
        raise damaged(name, error) from error


def _by_other_means(
    stream: BinaryIO, name: str, max_pixels: int, error: DamagedError
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """What Pillow made nothing of: read here, or told in truth whether it is damaged or of another kind."""
    stream.seek(0)
    start = stream.read(4)
    stream.seek(0)
    if start[:2] == b"BM":
        bitmap = read_bmp(stream.read(), name, max_pixels)
        picture = PillowImage.fromarray(bitmap.pixels)
        notes = [f"a kind of BMP {_NOT_PILLOW}"]
        if bitmap.palette and _is_gray(bitmap.pixels):
            picture = picture.getchannel(0)
        if bitmap.palette:
            notes.append(_palette_note(picture.mode == "L"))
        return _noted(np.asarray(_flat(picture, None, notes)), bitmap.bits, 1, notes)
    if start in _TIFF_MAGIC:
        with quiet_libtiff():
            return _from_tiff(read_tiff(stream.read(), name, max_pixels))
    if start[:3] == b"\xff\xd8\xff" and (kind := _strange_jpeg(stream)):
        raise not_read(name, "JPEG", kind) from error
    raise error


def _palette_note(gray: bool) -> Note:
    return Note(f"palette colours became {'gray' if gray else 'RGB'}", NoteKind.NOTHING)


def _is_gray(pixels: NDArray[np.uint8]) -> bool:
    return bool((pixels == pixels[..., :1]).all())


def _from_tiff(tiff: Tiff) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    notes = [f"a kind of TIFF {_NOT_PILLOW}"]
    notes += [_FIRST_FRAME] if tiff.pages else []
    count = {"L": 1, "RGB": 3, "CMYK": 4}[tiff.colours]
    if tiff.more:
        notes.append(f"the first {count} of {tiff.values.shape[2]} channels")
    if tiff.values.dtype in (np.uint8, np.uint16):
        mode = tiff.colours + tiff.alpha
        raw = narrow(tiff.values[..., : count + len(tiff.alpha)], tiff.bits)
        picture = PillowImage.frombytes(mode, raw.shape[1::-1], raw.tobytes())
        return _noted(np.asarray(_flat(picture, tiff.profile, notes)), tiff.bits, tiff.turn, notes)
    if tiff.alpha:
        notes.append("its transparency was not used")
    pixels, more = levels(tiff.values[..., 0] if count == 1 else tiff.values[..., :count])
    return _noted(pixels, 8, tiff.turn, [*notes, *more])


def _noted(
    pixels: NDArray[np.uint8], bits: int, turn: int, notes: list[str]
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """The pixels turned upright, and the notes with those of bits and turn."""
    if bits > 8:
        notes.append(f"{bits} bits a channel reduced to 8")
    if turn in _TURNS:
        pixels = _TURNS[turn](pixels)
        notes.append(UPRIGHT)
    return _frozen(pixels), tuple(notes)


def _strange_jpeg(stream: BinaryIO) -> str:
    """What makes a JPEG one that is not read here; "" where its frame is a usual one."""
    data = stream.read(2**20)
    place = 2
    while place + 10 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, channels = data[place + 4], data[place + 9]
            if marker in (0xC3, 0xC7, 0xCB, 0xCF):
                return "lossless"
            if marker in (0xC5, 0xC6, 0xCD, 0xCE):
                return "hierarchical"
            if bits == 12:
                return "12 bits a channel"
            return f"{channels} channels" if channels in (2, 5, 6) else ""
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return ""


def _decode_opened(
    picture: PillowImage.Image, stream: BinaryIO, task: Task
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    notes: list[str] = []
    if picture.format in ("GIF", "TIFF", "WEBP", "PNG", "AVIF") and _has_frames(picture):
        notes.append(_FIRST_FRAME)
        picture.seek(0)
    bits, profile = _bits(picture, stream), picture.info.get("icc_profile")
    if picture.format == "HEIF":
        return _from_heif(picture, bits, profile, stream, notes)
    tiff = picture.format == "TIFF"
    # Pillow turns TIFF upright itself and forgets the tag as it loads; the others keep it, PNG even behind
    # the pixels.
    orientation = _orientation(picture) if tiff else 1
    inverted = tiff and bits > 8 and _tag(picture, _PHOTOMETRIC) == 0
    colours = read_wide_colours(picture, stream) if bits == 16 else None
    picture = picture if colours is None else colours
    picture.load()
    task.check()
    turn = 1 if tiff else _orientation(picture)

    pixels: NDArray[np.uint8]
    if picture.mode.startswith("I;16") or (not tiff and picture.mode == "I"):
        pixels = narrow(np.asarray(picture), bits, inverted)
        if isinstance(key := picture.info.get("transparency"), int):
            pixels = np.where(np.asarray(picture) == key, np.uint8(255), pixels)
            notes.append(OVER_WHITE)
        else:
            pixels = np.asarray(to_srgb(PillowImage.fromarray(pixels), profile, notes))
    elif picture.mode in ("I", "F"):
        pixels, more = levels(np.asarray(picture))
        notes += more
    else:
        pixels = np.asarray(_flat(picture, profile, notes))
    if bits > 8 and picture.mode not in ("F", "1") and (not tiff or picture.mode != "I"):
        notes.append(f"{bits} bits a channel reduced to 8")

    if turn in _TURNS:
        pixels = _TURNS[turn](pixels)
    if turn in _TURNS or orientation in _TURNS:
        notes.append(UPRIGHT)
    return _frozen(pixels), tuple(notes)


def _from_heif(
    picture: PillowImage.Image, bits: int, profile: object, stream: BinaryIO, notes: list[str]
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """libheif turns it upright by itself, once; its EXIF tells nothing more."""
    notes.append(heif.OPENED)
    if _has_frames(picture):
        notes.append("the main one of several pictures")
    turned = picture.info.get("original_orientation") in _TURNS and heif.is_turned(stream)
    if bits > 8:
        values, mode = heif.wide_values(stream)
        raw = narrow(values, bits)
        picture = PillowImage.frombytes(mode, raw.shape[1::-1], raw.tobytes())
    picture.load()
    pixels, told = _noted(np.asarray(_flat(picture, profile, notes)), bits, 1, notes)
    return pixels, (*told, *([UPRIGHT] if turned else []))


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


def _bits(picture: PillowImage.Image, stream: BinaryIO) -> int:
    """Bits a channel in the file, 16 for every PNG or PPM of more than 8."""
    if picture.format == "HEIF":
        return int(picture.info.get("bit_depth", 8))
    if picture.format == "AVIF":
        stream.seek(0)
        return heif.avif_bits(stream.read(2**16))
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


def _flat(picture: PillowImage.Image, profile: object, notes: list[str]) -> PillowImage.Image:
    """Any 8-bit picture as mode L or RGB, in sRGB."""
    gray = picture.mode in ("1", "L", "LA", "La") or _gray_palette(picture)
    if picture.mode == "1":
        notes.append(Note("1 bit a pixel became black and white", NoteKind.NOTHING))
    elif picture.mode in ("P", "PA"):
        notes.append(_palette_note(gray))
    elif picture.mode in ("CMYK", "YCbCr", "LAB"):
        kind = NoteKind.MORE if picture.mode == "LAB" else NoteKind.NOTHING
        notes.append(Note(f"{picture.mode} became RGB", kind))
    if picture.mode == "LAB":
        profiles = (ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"))
        return ImageCms.buildTransform(*profiles, "LAB", "RGB").apply(picture)
    if picture.mode == "CMYK":
        picture = to_srgb(picture, profile, notes)
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    target = "L" if gray else "RGB"
    if not picture.has_transparency_data:
        # Pillow's convert would copy, which a large picture cannot afford.
        return to_srgb(picture if picture.mode == target else picture.convert(target), profile, notes)
    picture = picture.convert("LA" if gray else "RGBA")
    opaque = to_srgb(picture.convert(target), profile, notes)
    alpha = picture.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return opaque
    notes.append(OVER_WHITE)
    white = PillowImage.new(opaque.mode, opaque.size, "white")
    white.paste(opaque, mask=alpha)
    return white


def _gray_palette(picture: PillowImage.Image) -> bool:
    """Whether a picture with a palette uses grays only, as a gray GIF does."""
    if picture.mode != "P":
        return False
    palette = np.array(picture.getpalette("RGB") or []).reshape(-1, 3)
    used = palette[np.array(picture.histogram()[: len(palette)]) > 0]
    return bool((used == used[:, :1]).all())
