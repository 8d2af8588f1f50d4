"""Photographs of phones: HEIC, and the container that it shares with AVIF. pillow-heif is imported late."""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import KindNotReadError
from convscope.core.process_state import picture_formats
from convscope.imaging.image import Note, NoteKind
from convscope.imaging.io.refusals import damaged, not_read

SUFFIXES = ("heic", "heif", "hif")
# So the note begins that a script must heed: Pillow alone opens none.
OPENED = Note("HEIC, opened by pillow-heif", NoteKind.HEIC)
HEAD = 64
"""As many bytes as `container` wants to see."""

_AVIF = frozenset((b"avif", b"avis"))
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_ANY = frozenset((b"mif1", b"msf1", b"mif2"))
_OTHER = {
    b"avci": "H.264 inside",
    b"avcs": "H.264 inside",
    b"jpeg": "JPEG inside",
    b"jpgs": "JPEG inside",
    b"j2ki": "JPEG 2000 inside",
    b"j2is": "JPEG 2000 inside",
    b"vvic": "H.266 inside",
    b"vvis": "H.266 inside",
    b"evbi": "EVC inside",
}
Container = Literal["", "AVIF", "HEIF"]


def container(start: bytes) -> Container:
    """What a file is by its first `HEAD` bytes; "" is neither."""
    major, brands = _brands(start)
    if major in _AVIF or (major in _ANY and brands & _AVIF and not brands & _HEIC):
        return "AVIF"
    return "HEIF" if major in _HEIC | _ANY or major in _OTHER else ""


def _brands(start: bytes) -> tuple[bytes, frozenset[bytes]]:
    """The main brand of a file, and those that it can be taken for; b"" where it has none."""
    if start[4:8] != b"ftyp":
        return b"", frozenset()
    end = min(len(start), int.from_bytes(start[:4], "big"))
    return start[8:12], frozenset(start[place : place + 4] for place in range(16, end - 3, 4))


def register(name: str, start: bytes) -> None:
    """Teach Pillow to open HEIC, if it can be had.

    Raises:
        KindNotReadError: pillow-heif is not there, or the container holds something else.
    """
    if other := _OTHER.get(_brands(start)[0]):
        raise not_read(name, "HEIF", other)
    if not picture_formats.heif():
        raise KindNotReadError(
            f"{name} is a HEIC photograph, which needs pillow-heif: pip install pillow-heif, "
            "or save it as JPEG."
        )


def heif_lines() -> list[str]:
    """Lines of Python after which Pillow opens HEIC."""
    return ["from pillow_heif import register_heif_opener", "", "register_heif_opener()"]


def why_not(stream: BinaryIO, name: str) -> Exception:
    """The error for a HEIC that Pillow could not identify: it does not tell what pillow-heif told it."""
    from pillow_heif import open_heif

    stream.seek(0)
    data = stream.read()
    try:
        open_heif(io.BytesIO(data))
    except Exception as error:  # whatever libheif says about hostile bytes
        if "nsupported" in str(error) and whole(io.BytesIO(data), len(data)):
            return not_read(name, "HEIF", "a coding that libheif does not know")
        return damaged(name, error)
    return damaged(name, "no picture in it")


def wide_values(stream: BinaryIO) -> tuple[NDArray[np.uint16], str]:
    """The numbers of a HEIC of more than 8 bits, as they are: H×W or H×W×channels; and Pillow's mode."""
    from pillow_heif import open_heif

    stream.seek(0)
    file: Any = open_heif(stream, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    values = np.asarray(file)
    return values, file.mode.partition(";")[0]


def is_turned(stream: BinaryIO) -> bool:
    """Whether a container tells its decoder to turn or to mirror what is in it."""
    stream.seek(0)
    start = stream.read(2**16)
    return b"irot" in start or b"imir" in start


def avif_bits(data: bytes) -> int:
    """Bits a channel of an AVIF, from the configuration of its decoder."""
    place = data.find(b"av1C")
    if place < 0 or place + 7 > len(data):
        return 8
    flags = data[place + 6]
    return 12 if flags & 0x20 else 10 if flags & 0x40 else 8


def whole(file: BinaryIO, size: int) -> bool:
    """Whether the boxes of a container fill its file; costs a few short reads."""
    place = 0
    while place < size:
        file.seek(place)
        head = file.read(16)
        if len(head) < 8 or not head[4:8].isalnum():
            return False
        length = struct.unpack(">I", head[:4])[0]
        if length == 0:  # to the end
            return True
        if length == 1:
            if len(head) < 16:
                return False
            length = struct.unpack(">Q", head[8:])[0]
        if length < 8:
            return False
        place += length
    return place == size
