"""Embedded colour profiles (ICC): what a file's numbers stand for, and the same colours as sRGB.

Everything behind the opening of a picture (screen, kernels, networks) takes numbers for sRGB; a photograph of
a phone (Display P3), of a camera (Adobe RGB) or for print (CMYK) says in its profile that they are not.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageCms

from convscope.imaging.image import Note, NoteKind

_IGNORED = Note("its colour profile is damaged or of another kind, and was not used", NoteKind.NOTHING)
# As the makers of photographs mean it: whites match, and the darkest black stays black.
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
# The many spellings of sRGB differ by rounding.
_SAME = 2


@dataclass(frozen=True, eq=False)
class _Conversion:
    """From one profile to sRGB; `transform` is None where the numbers are sRGB already."""

    name: str
    mode: str
    transform: ImageCms.ImageCmsTransform | None


def to_srgb(picture: PillowImage.Image, profile: object, notes: list[str]) -> PillowImage.Image:
    """The same colours as sRGB, by relative colorimetry with black point compensation.

    Args:
        picture: mode L, RGB or CMYK. It is not changed.
        profile: the bytes of its ICC profile; anything that is none counts as no profile.
        notes: what was done is added, or why nothing could be.

    Returns:
        L for L, RGB for RGB and CMYK; the picture itself where there is nothing to convert.
    """
    if not isinstance(profile, bytes) or not profile or picture.mode not in ("L", "RGB", "CMYK"):
        return picture
    conversion = _conversion(profile, picture.mode)
    if conversion is None:
        notes.append(_IGNORED)
        return picture
    if conversion.transform is None:
        return picture
    notes.append(Note(f"colour profile {conversion.name} became sRGB", NoteKind.PROFILE))
    source = picture if picture.mode == conversion.mode else picture.convert(conversion.mode)
    converted = conversion.transform.apply(source)
    # Grays remain neutral: any channel is the gray level.
    return converted.getchannel("G") if picture.mode == "L" else converted


def pixels_to_srgb(pixels: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """`to_srgb` for uint8 H×W or H×W×3."""
    picture = PillowImage.fromarray(pixels)
    converted = to_srgb(picture, profile, [])
    return pixels if converted is picture else np.asarray(converted)


def script_lines(mode: str) -> list[str]:
    """Lines of Python that do the same to `picture`, as Pillow opened it: one without transparency.

    They need `io`, and `ImageCms` from PIL.

    Args:
        mode: "L" or "RGB": what the picture became.
    """
    lines = [
        'source = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))',
        'modes = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}',
        "picture = picture.convert(modes[source.profile.xcolor_space.strip()])",
        'srgb = ImageCms.createProfile("sRGB")',
        f"picture = ImageCms.profileToProfile(picture, source, srgb, {int(_INTENT)}, "
        f'"RGB", flags={int(_FLAGS)})',
    ]
    return [*lines, 'picture = picture.getchannel("G")'] if mode == "L" else lines


@lru_cache(maxsize=8)
def _conversion(profile: bytes, mode: str) -> _Conversion | None:
    """How to convert pictures of a mode; None where the profile is damaged or not for such pictures.

    Kept, as the photographs of a folder share theirs.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space == "RGB" and mode == "L":
            mode = "RGB"
        if space != {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}[mode]:
            return None
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), mode, "RGB", _INTENT, _FLAGS
        )
        name = "".join(c for c in ImageCms.getProfileDescription(source).strip() if c.isprintable())[:60]
        if mode != "CMYK":
            patches = _patches(mode)
            shown = np.asarray(transform.apply(patches), np.int16)
            if np.abs(shown - np.asarray(patches.convert("RGB"), np.int16)).max() <= _SAME:
                return _Conversion(name, mode, None)
    except Exception:  # whatever is said about hostile bytes: the picture opens without them
        return None
    return _Conversion(f"“{name}”" if name else "without a name", mode, transform)


def _patches(mode: str) -> PillowImage.Image:
    """All grays, or 17 levels of each colour."""
    if mode == "L":
        return PillowImage.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.minimum(np.arange(17) * 16, 255).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
    return PillowImage.fromarray(np.ascontiguousarray(colours.reshape(17, -1, 3)))
