"""The formats in which a data set lies on disk. A new one, such as COCO's, is one file and one line here."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.formats.base import DatasetFormat
from convscope.engine.data.formats.folder import CLASS_FOLDERS
from convscope.engine.data.formats.idx import IDX
from convscope.engine.data.formats.npz import NPZ

# The first that knows a path opens it; any folder may be one of classes.
FORMATS: tuple[DatasetFormat, ...] = (NPZ, IDX, CLASS_FOLDERS)


def open_path(path: Path, task: Task) -> Dataset:
    """Open a file or a folder.

    Raises:
        UserError: it has no format that is known, or cannot be read.
        Cancelled: the task was.
    """
    for each in FORMATS:
        if each.knows(path):
            return each.open(path, task)
    *names, last = (each.title for each in reversed(FORMATS))
    raise UserError(f"{path} is no data set: choose {', '.join(names)} or {last}.")


def is_dataset_file(path: Path) -> bool:
    """Whether a file's name says that it is a data set, or a part of one."""
    return any(fnmatch(path.name.lower(), pattern) for each in FORMATS for pattern in each.files)


def file_patterns() -> str:
    """The files of data sets, as a dialog filters them: "*-ubyte* *.npz"."""
    return " ".join(pattern for each in FORMATS for pattern in each.files)
