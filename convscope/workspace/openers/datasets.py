"""Data sets: files of labelled images, and folders with one sub-folder a class."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_regular
from convscope.imaging.io.load import list_images
from convscope.workspace.openers.opener import Opener, OpenerContext

_SEARCHED = 500  # folders


def has_classes(path: Path) -> bool:
    """Whether a path is a data set: a file of one, or a folder whose images lie in sub-folders only."""
    if is_regular(path):
        from convscope.engine.data.formats.registry import is_dataset_file

        return is_dataset_file(path)
    try:
        if not is_folder(path) or list_images(path):
            return False
        inside = [child for child in path.iterdir() if not child.name.startswith(".")]
        return any("-ubyte" in child.name for child in inside if is_regular(child)) or any(
            _holds_images(child) for child in inside if is_folder(child)
        )
    except (OSError, UserError):
        return False


def _holds_images(folder: Path) -> bool:
    """Whether there is an image anywhere in a folder; very many others are not searched to the end."""
    for number, (place, _, _) in enumerate(os.walk(folder)):
        if number == _SEARCHED:
            return False
        with contextlib.suppress(UserError):  # a folder that may not be read
            if list_images(Path(place)):
                return True
    return False


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    context.open_dataset(paths[0])


DATASETS = Opener("dataset", has_classes, _open, slow=True)
