"""What a format of data sets is: how a path is known, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset


@dataclass(frozen=True)
class DatasetFormat:
    """One format.

    Attributes:
        title: what a person chooses: "an .npz file".
        knows: whether a file or folder that exists is of it, by its name or by what lies in it.
        open: makes the data set of it; raises `UserError` where it cannot be read.
        files: patterns of its files' names, for dialogs and for what is dropped on the window.
    """

    title: str
    knows: Callable[[Path], bool]
    open: Callable[[Path, Task], Dataset]
    files: tuple[str, ...] = ()
