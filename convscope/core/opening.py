"""Safe opening: the one room through which everything that a person may point at is read.

Opening is reading: nothing is run, written, waited for, or taken without bound. Only ordinary files are
opened: a pipe, a device or a link to one would hang the reader or fill the memory. Every reader has a limit,
held against the size that the file says and against the bytes that come. JSON, text and arrays have one
function each (for arrays see `imaging.numpy_files`).
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from io import BufferedReader
from pathlib import Path
from typing import Any

from convscope.core.errors import MissingFileError, NotEnoughMemoryError, UserError
from convscope.core.printable import printable
from convscope.core.words import file_size

KB, MB, GB = 10**3, 10**6, 10**9
JSON_DEPTH = 100
"""How deeply lists and tables in JSON may stand in each other; a network within networks needs some 30."""
SHARE = 4
"""One thing that is opened may take this part (1 / SHARE) of the memory that is free."""

_LONGEST_NAME = 80
_GROUP = Path("/sys/fs/cgroup")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)


def named(path: Path | str) -> str:
    """A file's own name as a sentence can hold it: printable, and no longer than 80 letters."""
    name = printable(Path(path).name or str(path))
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def is_regular(path: Path) -> bool:
    """Whether there is an ordinary file, or a link to one. Never raises, never waits."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, or a link to one. Never raises: a link to itself is none."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Whether there is anything. Never raises: a link to itself leads to nothing."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def real_path(path: Path) -> Path:
    """Where a path leads, links followed. Never raises: a link to itself leads to itself."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path.absolute()


def open_regular(path: Path, what: str = "a file", limit: int | None = None) -> BufferedReader:
    """Open an ordinary file for reading; nothing else is even touched.

    Args:
        path: the file, or a link to it.
        what: what is wanted, with its article, for sentences: "a kernel file".
        limit: the most bytes that it may have; None: whoever reads has another bound.

    Returns:
        the open file. Where it has a limit, read no more than `limit + 1` bytes of it, as `read_bytes` does:
        it may grow, and a file of the system (/proc) says that it has none.

    Raises:
        MissingFileError: there is nothing of this name.
        UserError: a folder, a pipe, a device, a link to itself; no permission; more than the limit.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
    try:
        # Before it is opened: some devices do something when they are. And after: it may be another by then.
        _check(path, path.stat(), what, limit)
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _why(path, what, error) from error
    try:
        _check(path, os.fstat(descriptor), what, limit)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def check_regular(path: Path, what: str = "a file", limit: int | None = None) -> int:
    """The same for a library that opens files by their names: it may now.

    Returns:
        its size in bytes.

    Raises:
        UserError: as `open_regular`.
    """
    with open_regular(path, what, limit) as file:
        return os.fstat(file.fileno()).st_size


def read_bytes(path: Path, limit: int, what: str = "a file") -> bytes:
    """All of a file, which has no more than `limit` bytes.

    Raises:
        UserError: as `open_regular`; or it cannot be read.
    """
    with open_regular(path, what, limit) as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise _why(path, what, error) from error
    if data is None:  # what would have to be waited for
        raise UserError(f"{named(path)} is not an ordinary file: choose {what}.")
    if len(data) > limit:
        raise _too_large(path, what, limit)
    return data


def read_text(path: Path, limit: int, what: str = "a text file") -> str:
    """All of a text in UTF-8, with or without a byte order mark.

    Raises:
        UserError: as `read_bytes`; or it is no text.
    """
    data = read_bytes(path, limit, what)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{named(path)} is no text, so it is not {what}.", detail=str(error)) from error


def read_json(path: Path, limit: int, what: str = "a JSON file", *, exact: bool = False) -> Any:
    """What a JSON file holds.

    Args:
        path, limit, what: as of `read_bytes`.
        exact: as of `parse_json`.

    Raises:
        UserError: as `read_bytes` and `parse_json`.
    """
    return parse_json(read_bytes(path, limit, what), named(path), exact=exact)


def parse_json(text: str | bytes, name: str, *, exact: bool = False) -> Any:
    """What JSON says: the one way in which it is read, wherever it comes from.

    Args:
        text: UTF-8 where it is bytes. Its length is for the caller to bound.
        name: the sentence's subject: a file's name, "The configuration in vgg.h5".
        exact: neither NaN and infinities, which JSON does not know, nor a name that stands twice in a table.

    Raises:
        UserError: it is no JSON, nested more than `JSON_DEPTH` deep, or holds what `exact` excludes.
    """
    try:
        told = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        # Before it is read: the depth that Python's reader bears depends on the thread's stack.
        if _depth(told) > JSON_DEPTH:
            raise UserError(f"{name} is damaged: it is nested more than {JSON_DEPTH} deep.")
        if exact:
            return json.loads(told, parse_constant=_no_constant, object_pairs_hook=_unique)
        return json.loads(told)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} is damaged: it is no JSON.", detail=str(error)) from error


def free_memory() -> int:
    """Bytes of memory that can be taken now, in this process's group too; an estimate where nothing tells."""
    told = [value for value in (_of_system(), _of_group()) if value is not None]
    return max(0, min(told)) if told else 4 * GB


def budget() -> int:
    """Bytes that one thing may take when it is opened, built or run for the first time."""
    return free_memory() // SHARE


def check_budget(size: int, what: str) -> None:
    """Refuse what would take too much of the memory, before it does.

    Args:
        size: bytes.
        what: the sentence's subject and verb: "vgg.h5 holds".

    Raises:
        NotEnoughMemoryError: it is more than the budget.
    """
    free = free_memory()
    if size > free // SHARE:
        raise NotEnoughMemoryError(
            f"{what} {file_size(size)}, more than a quarter of the {file_size(free)} of memory that are "
            "free: close something, or use a machine with more."
        )


def _check(path: Path, status: os.stat_result, what: str, limit: int | None) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UserError(f"{named(path)} is a folder: choose {what}.")
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{named(path)} is not an ordinary file: choose {what}.")
    if limit is not None and status.st_size > limit:
        raise _too_large(path, what, limit, status.st_size)


def _too_large(path: Path, what: str, limit: int, size: int | None = None) -> UserError:
    most = file_size(limit)
    if size and file_size(size) == most:
        # Written short they are the same.
        has = f"it has {size:,} bytes, and {limit:,} bytes is"
    else:
        has = f"it has {file_size(size)}, and {most} is" if size else f"{most} is"
    return UserError(f"{named(path)} is too large for {what}: {has} the most.")


def _why(path: Path, what: str, error: OSError | ValueError) -> UserError:
    name, code = named(path), error.errno if isinstance(error, OSError) else None
    if isinstance(error, FileNotFoundError):
        return MissingFileError(f"There is no file {name}: check the name and the folder.", detail=str(path))
    if isinstance(error, PermissionError):
        text = f"{name} may not be read: change its permissions or copy it elsewhere."
    elif code == errno.ELOOP:
        text = f"{name} is a link that leads back to itself: choose {what}."
    else:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        text = f"{name} cannot be read ({why[:1].lower()}{why[1:]}): check the name and the disk."
    return UserError(text, detail=f"{path}: {error}")


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= JSON_DEPTH:
        return 0
    deepest = depth = 0
    for found in _TOKEN.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first != '"':
            depth -= 1
    return deepest


def _no_constant(name: str) -> Any:
    raise ValueError(f"JSON knows no {name}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name stands twice in one table")
    return table


def _of_system() -> int | None:
    if sys.platform == "win32":
        return _of_windows()
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:  # the system's own
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        # macOS tells only all of it: half is a guess that lets nothing freeze.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (OSError, ValueError):
        return None


def _of_windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")),
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    told = getattr(ctypes, "windll").kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # noqa: B009
    return int(status.free) if told else None


def _of_group() -> int | None:
    """What a container (cgroup 2) still allows; None outside of one."""
    try:
        most = (_GROUP / "memory.max").read_text(encoding="ascii").strip()
        if most == "max":
            return None
        now = int((_GROUP / "memory.current").read_text(encoding="ascii"))
        told = dict(
            line.split() for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
        )
    except (OSError, ValueError):
        return None
    # Pages of files that were read are given back when somebody needs them.
    return int(most) - now + int(told.get("inactive_file", 0))
