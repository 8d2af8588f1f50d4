"""Room on the disk, looked for before a file is laid out there."""

from __future__ import annotations

import shutil
from pathlib import Path

from convscope.core.errors import UserError


def check_disk(folder: Path, size: int, name: str) -> None:
    """Refuse to lay weights out on a disk that they would fill.

    Args:
        folder: where to.
        size: bytes.
        name: the file's, for the sentence.

    Raises:
        UserError: there is too little room.
    """
    free = shutil.disk_usage(folder).free
    if size > free - free // 10:
        raise UserError(
            f"{name} unpacks to {size / 1e9:,.1f} GB, and {folder.parent} has {free / 1e9:,.1f} GB left: "
            "make room there, or set TMPDIR to a folder with more."
        )
