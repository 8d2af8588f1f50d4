"""Drafts of networks as the builder saves them: the builder goes on with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.core.opening import is_regular
from convscope.core.task import Task
from convscope.workspace.openers.opener import Opener, OpenerContext

if TYPE_CHECKING:
    from convscope.engine.models.builder.architecture import Architecture


def is_architecture(path: Path) -> bool:
    """Whether a path looks like the layers of a network as the builder saves them."""
    return path.suffix.lower() == ".json" and is_regular(path)


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    for path in paths:
        _open_one(context, path)


def _open_one(context: OpenerContext, path: Path) -> None:
    def work(_task: Task) -> Architecture:
        # Imported late, as are the layer kinds.
        from convscope.engine.models.builder.architecture import Architecture

        return Architecture.open(path)

    def done(architecture: Architecture) -> None:
        context.remember(path)
        context.workspace.edit_architecture(architecture, f"Start from {path.name}")
        context.show("model", "build")

    context.read(f"Opening {path.name}", work, done)


ARCHITECTURES = Opener("architecture", is_architecture, _open, "Architectures", (".json",))
