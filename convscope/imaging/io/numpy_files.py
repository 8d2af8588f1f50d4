"""NumPy's files, `.npy` and `.npz`: what they claim is held against what is there; nothing in them is run."""

from __future__ import annotations

import io
import math
import os
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.opening import check_regular, open_regular
from convscope.core.words import file_size

UNREADABLE = (
    UserError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    OverflowError,
    MemoryError,
    # The header of an array is a Python literal, which `numpy.lib.format` takes apart.
    SyntaxError,
    TokenError,
    RecursionError,
    # Of a zip in a version or packed in a way that Python does not read.
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Of an .npy or .npz file that cannot be read, is damaged, or lacks what was looked for."""

_MAGIC = b"\x93NUMPY"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MEMBERS = 10_000
_CHUNK = 1 << 20


class PickledError(ValueError):
    """An array of Python objects, which could run code and are never loaded."""


class NoArrayError(ValueError):
    """Something else in an array's place; its only argument is the name."""


def array_header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """What a .npy claims to hold: shape, whether by columns, type. The stream stands at the values then.

    Raises:
        One of `UNREADABLE`: it is no array, or one of Python objects.
    """
    version, _ = np.lib.format.read_magic(stream)
    if version not in (1, 2):
        raise ValueError(f"NumPy files of version {version} are not read")
    read = np.lib.format.read_array_header_1_0 if version == 1 else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(stream)
    if dtype.hasobject:
        raise PickledError("it holds Python objects")
    return shape, by_columns, dtype


def read_array(stream: BinaryIO, there: int) -> NDArray[Any]:
    """The array of a .npy.

    Args:
        stream: at its start.
        there: how many bytes there are; an array that claims more is damaged, and no memory is taken for it.

    Raises:
        One of `UNREADABLE`.
    """
    shape, by_columns, dtype = array_header(stream)
    size = math.prod(shape) * dtype.itemsize
    if not 0 <= size <= there:
        raise ValueError(f"it claims {size:,} bytes and has {there:,}")
    values = np.empty(size, np.uint8)
    view, done = values.data, 0
    while done < size:
        chunk = stream.read(min(_CHUNK, size - done))
        if not chunk:
            raise EOFError(f"it ends after {done:,} of {size:,} bytes")
        view[done : done + len(chunk)] = chunk
        done += len(chunk)
    return values.view(dtype).reshape(shape, order="F" if by_columns else "C")


def load_array(path: Path, limit: int, what: str = "a NumPy array") -> NDArray[Any]:
    """The array of an .npy file of at most `limit` bytes.

    Raises:
        One of `UNREADABLE`; a `UserError` where there is no such ordinary file.
    """
    with open_regular(path, what, limit) as file:
        return read_array(file, os.fstat(file.fileno()).st_size)


def map_array(path: Path, what: str = "a NumPy array") -> NDArray[Any]:
    """The array of an .npy file, read from the disk as it is looked at.

    Raises:
        One of `UNREADABLE`; a `UserError` where there is no such ordinary file.
    """
    check_regular(path, what)
    found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found


def load_archive(
    path: Path, limit: int, names: Collection[str] | None = None, what: str = "a NumPy archive"
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """The arrays of an .npz file, which unpacks to at most `limit` bytes.

    Args:
        names: the only ones that are read; None: all.

    Returns:
        the arrays by name, and the names of all that it holds, in alphabetical order.

    Raises:
        One of `UNREADABLE`; a `UserError` where there is no such ordinary file, or it unpacks to more.
    """
    with open_regular(path, what, limit) as file, zipfile.ZipFile(file) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if len(members) > _MEMBERS:
            raise ValueError(f"it holds {len(members):,} arrays")
        if sum(member.file_size for member in archive.infolist()) > limit:
            raise UserError(
                f"{path} unpacks to more than {file_size(limit)}, which is too much to hold in memory."
            )
        arrays = {
            name: _member(archive, member, name)
            for name, member in members.items()
            if names is None or name in names
        }
        return arrays, tuple(sorted(members))


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    if member.compress_type not in _PACKED or member.flag_bits & 1:
        raise ValueError(f"{name} is packed in a way that NumPy does not use, or locked")
    with archive.open(member) as stream:
        start = io.BytesIO(stream.read(len(_MAGIC)))
    if start.getvalue() != _MAGIC:
        raise NoArrayError(name)
    with archive.open(member) as stream:
        return read_array(stream, member.file_size)  # type: ignore[arg-type]
