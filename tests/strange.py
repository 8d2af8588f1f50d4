"""What may stand in the place of a file that is to be read."""

from __future__ import annotations

import os
from pathlib import Path


def put(path: Path, kind: str, size: int) -> None:
    """A pipe, a folder, a link to /dev/zero, one to itself, or a file of `size` bytes; else nothing."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(size)
