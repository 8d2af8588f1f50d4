"""Folders of trainings: the model that was trained in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.core.opening import is_regular
from convscope.workspace.openers.opener import Opener, OpenerContext


def is_run(path: Path) -> bool:
    """Whether a path looks like the folder of a training."""
    return is_regular(path / "settings.json") and is_regular(path / "status.json")


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    for path in paths:
        context.open_model(path)


RUNS = Opener("run", is_run, _open)
