"""How everything is saved: the ending that a name gets, a job that writes, and what is said of it. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.core.errors import UserError

if TYPE_CHECKING:
    from convscope.core.task import Task
    from convscope.ui.panel_context import PanelContext

Write = Callable[[Path, "Task"], Sequence[Path] | None]
"""Writes a file, in a worker; may tell all files that it wrote, where there are others beside it."""


def with_ending(path: str | Path, endings: Iterable[str]) -> Path:
    """A file's name with one of these endings: the first, where it has none of its own.

    Raises:
        UserError: it has one that is none of several.
    """
    path, known = Path(path), tuple(endings)
    if not known or path.suffix.lower() in known:
        return path
    if len(known) > 1 and path.suffix:
        last = f"{', '.join(known[:-1])} or {known[-1]}"
        raise UserError(f"{path.name} ends in {path.suffix}: use {last}.")
    return path.with_name(path.name + known[0])


def save_as(
    context: PanelContext,
    path: str | Path,
    write: Write,
    endings: Iterable[str] = (),
    *,
    lane: str = "view",
    said: str = "",
) -> None:
    """Write a file in a job; that it is saved, or why it is not, is said.

    Args:
        endings: what its name may end in; none: anything.
        said: in place of "Saved NAME.".
    """
    try:
        file = with_ending(path, endings)
    except UserError as error:
        context.report(error)
        return

    def work(task: Task) -> Sequence[Path] | None:
        try:
            return write(file, task)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UserError(
                f"{file.name} cannot be saved: {why}; choose another name or folder.", detail=str(error)
            ) from error

    def done(files: Sequence[Path] | None) -> None:
        others = ", ".join(one.name for one in files or () if one != file)
        context.notify(said or f"Saved {file.name}{f', with {others} beside it' if others else ''}.")

    context.submit(lane, work, f"Saving {file.name}", on_done=done)
