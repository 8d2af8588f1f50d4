"""What the window's process and the shut-off one say to each other: a line of JSON, then arrays' bytes.

Neither side believes the other: lengths are bounded before memory is taken, and nothing is unpickled.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_HEADER = 1 << 20
_TYPES = frozenset(["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"])


class BrokenMessageError(Exception):
    """The other side has ended, or says what cannot be."""


def write_message(file: IO[bytes], facts: dict[str, Any], arrays: Sequence[NDArray[Any]] = ()) -> None:
    """Say some facts and arrays of numbers.

    Raises:
        OSError: the other side has ended.
    """
    whole = [np.ascontiguousarray(array) for array in arrays]
    described = [[_type(array), list(array.shape)] for array in whole]
    header = json.dumps({**facts, "arrays": described}).encode()
    file.write(struct.pack("<I", len(header)) + header)
    for array in whole:
        file.write(array.tobytes())
    file.flush()


def read_message(file: IO[bytes], limit: int) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Hear facts and arrays.

    Args:
        limit: bytes of all arrays together.

    Raises:
        BrokenMessageError: the other side has ended, or says what cannot be.
    """
    (length,) = struct.unpack("<I", _read(file, 4))
    if length > _HEADER:
        raise BrokenMessageError(f"a header of {length} bytes")
    try:
        facts = json.loads(_read(file, length))
        described = [(str(kind), tuple(int(n) for n in shape)) for kind, shape in facts.pop("arrays")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BrokenMessageError(repr(error)) from error
    arrays, left = [], limit
    for kind, shape in described:
        if kind not in _TYPES or len(shape) > 8 or any(n < 0 for n in shape):
            raise BrokenMessageError(f"an array of {kind} {shape}")
        size = np.dtype(kind).itemsize
        for n in shape:
            size *= n
        left -= size
        if left < 0:
            raise BrokenMessageError(f"arrays of more than {limit} bytes")
        arrays.append(np.frombuffer(_read(file, size), kind).reshape(shape))
    return facts, arrays


def _type(array: NDArray[Any]) -> str:
    return "?" if array.dtype == bool else array.dtype.newbyteorder("<").str.lstrip("<|=")


def _read(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if data is None or len(data) != length:
        raise BrokenMessageError("it has ended")
    return data
