"""Unpacking an archive that a stranger may have made: what is wanted, where it belongs, and no more.

Wanted is what lies under folders that the caller names; nothing else of the archive is ever written. A member
whose name leads out of its folder, a link, a device, one that is there twice, more bytes than were declared:
each ends it. Nothing is run, no permission is taken over, and no file that exists is written to.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Task

_CHUNK = 1 << 18
_BAD = re.compile(r"[\x00-\x1f\x7f\\:]")
_LONGEST = 200
# What a damaged archive makes the readers raise.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ArithmeticError,
    LookupError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True)
class Bounds:
    """What an archive may come to.

    Attributes:
        size: bytes of all that is in it, unpacked.
        members: files and folders.
    """

    size: int
    members: int


def unpack(archive: Path, into: Path, wanted: Mapping[str, str], bounds: Bounds, task: Task) -> int:
    """Unpack what is wanted of a `.zip`, or a tar file packed by gzip.

    Args:
        into: a folder, of which nobody else writes anything meanwhile.
        wanted: where in the archive, and where below `into`: "PetImages/Cat/" to "cat/". What ends in a slash
            is a folder with all that is in it, other names are of files.

    Returns:
        how many files were written.

    Raises:
        UserError: it is damaged, or is not what it says; what has been written stays.
        OSError: the disk is full, say.
        Cancelled: the task was.
    """
    limit = _Limit(archive.name, bounds)
    try:
        if zipfile.is_zipfile(archive):
            return _zip(archive, into, wanted, limit, task)
        return _tar(archive, into, wanted, limit, task)
    except gzip.BadGzipFile as error:
        raise UserError(f"{archive.name} is damaged: it is neither a zip nor a tar.gz archive.") from error
    except OSError as error:
        # A place in the file that there is not.
        if error.errno != errno.EINVAL:
            raise
        raise UserError(f"{archive.name} is damaged and cannot be unpacked.", detail=str(error)) from error
    except _DAMAGE as error:
        raise UserError(f"{archive.name} is damaged and cannot be unpacked.", detail=str(error)) from error


class _Limit:
    """Counts, and refuses what is beyond the bounds."""

    def __init__(self, name: str, bounds: Bounds) -> None:
        self.name, self._bounds = name, bounds
        self._size = self._members = 0

    def refuse(self, what: str) -> UserError:
        return UserError(f"{self.name} is not unpacked: {what}.")

    def member(self) -> None:
        self._members += 1
        if self._members > self._bounds.members:
            raise self.refuse(f"more than {self._bounds.members:,} files are in it")

    def add(self, size: int) -> None:
        self._size += size
        if size < 0 or self._size > self._bounds.size:
            raise self.refuse(f"it unpacks to more than {self._bounds.size / 1e6:,.0f} MB")


def _place(name: str, wanted: Mapping[str, str], limit: _Limit) -> str | None:
    """Where a member goes below the folder, "" for that itself; None: nowhere."""
    name = name.removeprefix("./")
    for begin, place in wanted.items():
        if begin.endswith("/") and name.startswith(begin):
            target = place + name.removeprefix(begin)
        elif name == begin:
            target = place
        else:
            continue
        for part in target.rstrip("/").split("/"):
            if part in ("", ".", "..") or _BAD.search(part) or len(part) > _LONGEST:
                raise limit.refuse(f"{printable(name)} in it is no name for a file of a data set")
        return target
    return None


def _zip(archive: Path, into: Path, wanted: Mapping[str, str], limit: _Limit, task: Task) -> int:
    files = 0
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        for member in members:
            limit.member()
            limit.add(member.file_size)
        for number, member in enumerate(members):
            task.progress(number / len(members), f"Unpacking {number:,} of {len(members):,} files")
            target = _place(member.filename, wanted, limit)
            if target is None:
                continue
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise limit.refuse(f"{printable(member.filename)} in it is packed in an unusual way")
            mode = stat.S_IFMT(member.external_attr >> 16)
            if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise limit.refuse(f"{printable(member.filename)} in it is a link or a device")
            if member.is_dir():
                _folder(into / target, limit)
                continue
            with opened.open(member) as source:
                _write(source, into / target, member.file_size, limit, task)
            files += 1
    return files


def _tar(archive: Path, into: Path, wanted: Mapping[str, str], limit: _Limit, task: Task) -> int:
    files, size = 0, archive.stat().st_size
    with archive.open("rb") as packed, gzip.GzipFile(fileobj=packed) as unpacked:
        counted = _Counted(unpacked, limit)
        # As a stream: no member can make it go back.
        with tarfile.open(fileobj=counted, mode="r|") as opened:  # type: ignore[call-overload]
            for member in opened:
                limit.member()
                task.progress(packed.tell() / size, f"Unpacking: {files:,} files")
                target = _place(member.name, wanted, limit)
                if target is None or (member.isdir() and not target.rstrip("/")):
                    continue
                if member.isdir():
                    _folder(into / target, limit)
                    continue
                source = opened.extractfile(member) if member.isreg() else None
                if source is None:
                    raise limit.refuse(f"{printable(member.name)} in it is a link or a device")
                _write(source, into / target, member.size, limit, task)
                files += 1
    return files


class _Counted:
    """A stream that is not read any further once more comes out of it than may."""

    def __init__(self, stream: gzip.GzipFile, limit: _Limit) -> None:
        self._stream, self._limit = stream, limit

    def read(self, size: int) -> bytes:
        self._limit.add(size)
        return self._stream.read(size)


def _folder(target: Path, limit: _Limit) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise limit.refuse(f"{printable(target.name)} in it is a file and a folder") from error


def _write(source: Any, target: Path, declared: int, limit: _Limit, task: Task) -> None:
    _folder(target.parent, limit)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(target, flags, 0o666)
    except (FileExistsError, IsADirectoryError) as error:
        raise limit.refuse(f"{printable(target.name)} is in it twice") from error
    written = 0
    read: Callable[[int], bytes] = source.read
    with os.fdopen(handle, "wb") as file:
        while chunk := read(_CHUNK):
            task.check()
            written += len(chunk)
            if written > declared:
                raise limit.refuse(f"{printable(target.name)} in it is larger than it says")
            file.write(chunk)
    if written != declared:
        raise limit.refuse(f"{printable(target.name)} in it is smaller than it says")
