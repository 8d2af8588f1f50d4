"""All kinds that can be opened, and which kind a path is of: the first that takes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from convscope.core.opening import is_folder
from convscope.workspace.openers.architectures import ARCHITECTURES
from convscope.workspace.openers.datasets import DATASETS
from convscope.workspace.openers.images import IMAGES
from convscope.workspace.openers.kernels import KERNELS
from convscope.workspace.openers.models import MODELS
from convscope.workspace.openers.opener import Opener
from convscope.workspace.openers.runs import RUNS

OPENERS: list[Opener] = [RUNS, MODELS, KERNELS, ARCHITECTURES, DATASETS, IMAGES]
"""Images last: what nothing else takes is tried as one, and refused as one."""

AsksAbout = Literal["", "folders", "unsorted folders"]
ASKED_ABOUT = "asked about"
Sorted = dict[str, list[Path]]


def is_quick(path: Path) -> bool:
    """Whether it is known at once which kind a path is of: no folder has to be searched."""
    return not is_folder(path) or any(each.takes(path) for each in OPENERS if not each.slow)


def sort(paths: Iterable[Path], asks_about: AsksAbout = "") -> Sorted:
    """Paths by the names of their kinds, in the order in which the first of each came.

    Args:
        asks_about: folders of which kind are not opened, but are `ASKED_ABOUT`: "unsorted folders" are those
            without classes.
    """
    found: Sorted = {}
    for path in paths:
        found.setdefault(_kind(path, asks_about), []).append(path)
    return found


def opener(name: str) -> Opener:
    """The opener of this name.

    Raises:
        KeyError: there is none.
    """
    return {each.name: each for each in OPENERS}[name]


def _kind(path: Path, asks_about: AsksAbout) -> str:
    quick = next((each for each in OPENERS if not each.slow and each.takes(path)), None)
    if quick is not None:
        return quick.name
    asked = is_folder(path) and asks_about
    if asked == "folders":
        return ASKED_ABOUT
    slow = next(each for each in OPENERS if each.slow and each.takes(path))
    return ASKED_ABOUT if asked and slow is IMAGES else slow.name
