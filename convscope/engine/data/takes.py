"""Takes: frames of one press of a button. They are nearly one picture, so a split keeps them together.

A take is kept in the names of its files, so that a folder may be moved, copied and added to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

_FRAME = re.compile(r"take(\d{4,9})_(\d{3,9})\.png", re.ASCII)


def frame_name(take: int, frame: int) -> str:
    """What the file of a frame is called: "take0007_012.png"."""
    return f"take{take:04}_{frame:03}.png"


def take_and_frame(name: str) -> tuple[int, int] | None:
    """The numbers in the name of a frame's file; None: it is of no take."""
    found = _FRAME.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def takes_of(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Which files are of one take, two or more each: indices, ascending; those of one folder only.

    Args:
        names: paths within a data set, with "/".
    """
    members: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        path = PurePosixPath(name)
        numbers = take_and_frame(path.name)
        if numbers is not None:
            members[str(path.parent), numbers[0]].append(index)
    return tuple(sorted(tuple(group) for group in members.values() if len(group) > 1))
