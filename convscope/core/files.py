"""The one way to write a file: whole or not at all, and never through a link that somebody has laid.

What is written gets a name that nobody can know beforehand, is made new (O_CREAT, O_EXCL, O_NOFOLLOW), goes
through to the disk, and then takes the file's place. A link that stands there is replaced, not followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from convscope.core.errors import UserError

UNFINISHED = re.compile(r"\..+\.part(\.\w+)?$")
"""What a file is called while it is written; one that is left over is of a process that died."""


@contextlib.contextmanager
def replacing(path: Path, *, suffix: str = "") -> Iterator[Path]:
    """A new, empty file beside `path` to write into; it takes its place at the end, or goes.

    Args:
        suffix: its ending, for writers that tell the format by it.

    Raises:
        OSError: the folder is missing, full or not writable; or a device, a pipe or a folder stands there.
    """
    if _is_special(path):
        raise OSError(errno.EINVAL, "something else than a file stands there", str(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=f".part{suffix}", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        part.chmod(_mode(path))
        yield part
        with part.open("ab") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes | memoryview | str) -> None:
    """Write a file whole or not at all. Text is UTF-8.

    Raises:
        OSError: it cannot be written there.
    """
    with replacing(path) as part, part.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


def save(path: Path | str, data: bytes | memoryview | str) -> None:
    """Write a file where a person wants it, whole or not at all; a link is followed, so that it stays a link.

    Raises:
        UserError: the folder is missing, full or not writable, or the path is a folder.
    """
    path = Path(path)
    try:
        target = path.resolve()
        if target.is_dir():
            raise UserError(f"{path.name or path} is a folder: give the name of a file.")
        if _is_special(target):
            # A device would be replaced by a file, where one may do that.
            raise UserError(f"{path.name} is not an ordinary file: give another name.")
        write_whole(target, data)
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} cannot be saved: there is no folder {path.parent}.", detail=str(error)
        ) from error
    except PermissionError as error:
        raise UserError(
            f"{path.name} cannot be saved: you may not write to {path.parent}; choose another folder.",
            detail=str(error),
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise UserError(
            f"{path.name[:80]!a} cannot be saved: {reason}; choose another name or folder.",
            detail=str(error),
        ) from error


def set_aside(path: Path) -> Path | None:
    """Give a file that cannot be understood another name beside it, so that a new one does not replace it.

    Returns:
        Where it is now; None: it cannot be moved.
    """
    aside = path.with_name(f"{path.stem}-unreadable-{time.time_ns()}{path.suffix}")
    try:
        path.rename(aside)
    except OSError:
        return None
    return aside


def open_to_append(path: Path) -> IO[bytes]:
    """Open an ordinary file to write at its end, or make it; no link is followed and no pipe waited for.

    Raises:
        OSError: something else stands there, or it cannot be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o666), "ab")


def _is_special(path: Path) -> bool:
    """Whether a device, a pipe, a socket or a folder stands there: root would put a file in its place."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _mode(path: Path) -> int:
    """The permissions that the file has, or those of a new one."""
    try:
        return path.lstat().st_mode & 0o777 if not path.is_symlink() else 0o666 & ~_UMASK
    except OSError:
        return 0o666 & ~_UMASK


def _umask() -> int:
    # It can only be read by setting it: once, before there are threads that make files.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()
