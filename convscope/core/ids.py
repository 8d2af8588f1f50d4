"""What things are told apart by: never a display name, a place in a list, or a string made of them."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import NAMESPACE_OID, uuid4, uuid5

from convscope.core.opening import real_path


def new_id() -> str:
    """An id that nothing else has, in this run or another: 32 hexadecimal digits."""
    return uuid4().hex


def is_id(text: object) -> bool:
    """Whether it is one that `new_id` made: what a file says may be anything."""
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{32}", text) is not None


def file_id(path: Path) -> str:
    """The id of what stands in a file now: the same until the file is written again.

    Raises:
        OSError: there is no such file.
    """
    real = real_path(path)
    now = real.stat()
    return uuid5(NAMESPACE_OID, f"{real}\0{now.st_ino}\0{now.st_mtime_ns}\0{now.st_size}").hex
