"""Files that a subcommand will write: looked at before any work is done for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_regular, is_there, real_path


def check_output(path: Path | str | None, endings: Sequence[str], *inputs: Path | str) -> None:
    """Refuse a file that cannot or must not be written; None is no file.

    Args:
        path: the file.
        endings: what its name may end in; the first is proposed.
        inputs: what the command reads, which stays as it is.

    Raises:
        UserError: another ending, an input, a folder, no such folder, or no permission.
    """
    if path is None:
        return
    path = Path(path)
    if any(real_path(path) == real_path(Path(each)) for each in inputs):
        raise UserError(f"{path} is the input itself: choose another name for the result.")
    if is_folder(path):
        raise UserError(f"{path} is a folder: give the name of a file.")
    if is_there(path) and not is_regular(path):
        raise UserError(f"{path} is not an ordinary file: give another name.")
    if path.suffix.lower() not in endings:
        raise UserError(
            f"{path} has another ending than {' or '.join(endings)}: name it {path.stem}{endings[0]}."
        )
    if not is_folder(path.parent):
        raise UserError(f"{path} cannot be saved: there is no folder {path.parent}; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"{path} cannot be saved: you may not write to {path.parent}; choose another folder.")
