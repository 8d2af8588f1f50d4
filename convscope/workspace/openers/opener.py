"""One kind of thing that can be opened, and what opening may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.workspace.workspace import Workspace

Read = TypeVar("Read")


class OpenerContext(Protocol):
    """What an opener is given: nothing else of the window is its business."""

    workspace: Workspace

    def read(self, title: str, work: Callable[[Task], Read], done: Callable[[Read], None]) -> None:
        """Read in a worker, and go on with what was read; a failure is one sentence."""

    def open_model(self, spec: str | Path, **options: Any) -> object:
        """Open a model by its name or file, as the catalogue does."""

    def open_dataset(self, reference: str | Path) -> None:
        """Open a data set by its name, folder or file."""

    def show(self, panel: str, page: str = "") -> None:
        """Go to a panel, where there is one of this name."""

    def remember(self, path: Path) -> None:
        """Put it on the list of what was opened lately."""

    def refuse(self, errors: Sequence[UserError]) -> None:
        """Say what could not be opened."""


@dataclass(frozen=True)
class Opener:
    """One kind.

    Attributes:
        name: its id.
        takes: whether a path is of this kind, by its name and its beginning; never raises, never waits.
        open: opens all paths of this kind that came at once.
        title: of its dialog's filter, "Images and matrices"; "" for folders.
        endings: of its files, for that.
        slow: a folder is searched for it, which is done in a worker.
    """

    name: str
    takes: Callable[[Path], bool]
    open: Callable[[OpenerContext, Sequence[Path]], None]
    title: str = ""
    endings: tuple[str, ...] = ()
    slow: bool = False

    @property
    def filter(self) -> str:
        """For a dialog: "Images and matrices (*.png *.jpg)"."""
        return f"{self.title} ({' '.join(f'*{ending}' for ending in self.endings)})"
