"""A lock that the system takes away from a process that dies, however it dies."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from convscope.core.errors import UserError
from convscope.core.files import open_to_append


def _lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_locked(folder: Path) -> bool:
    """Whether some process (this one too) holds the folder."""
    path = folder / "lock"
    if not path.exists():
        return False
    try:
        with open_to_append(path) as file:
            return not _lock(file)
    except OSError:
        return False


@contextlib.contextmanager
def locked(folder: Path, *, name: str = "lock", said: str = "") -> Iterator[None]:
    """Hold the folder while inside.

    Args:
        name: of the lock's file in it.
        said: what is told where somebody else holds it.

    Raises:
        UserError: somebody else holds it, or it cannot be held.
    """
    try:
        opened = open_to_append(folder / name)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written in: its lock is no ordinary file, or cannot be written.",
            detail=str(error),
        ) from error
    with opened as file:
        if not _lock(file):
            raise UserError(said or f"{folder} is being trained in already.")
        yield
