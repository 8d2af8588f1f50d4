"""The runs whose process died in the middle: what can be said of each, and gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from convscope.core.errors import UserError
from convscope.engine.training.runs.run import Run, list_runs


@dataclass(frozen=True)
class Unfinished:
    """A run that can go on.

    Attributes:
        run: its folder.
        name: for people.
        sentence: how far it came.
        starts_again: not even one epoch was over, so that going on is starting once more.
    """

    run: Run
    name: str
    sentence: str
    starts_again: bool


def unfinished_runs(parent: Path | None = None) -> tuple[Unfinished, ...]:
    """The runs that were cut off, the newest first; one that is damaged does not hide the others.

    Raises:
        UserError: the folder of the runs cannot be read.
    """
    found = []
    for run in list_runs(parent):
        try:
            if run.state == "interrupted" and run.can_resume:
                found.append(Unfinished(run, run.details.name, run.sentence, run.starts_again))
        except (UserError, OSError):  # damaged, or deleted meanwhile: the list of the runs tells
            continue
    return tuple(found)
