"""Kernels that the lab has saved with their names: they become those of the selected stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import open_regular
from convscope.core.task import Task
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import FORMAT, load_kernels
from convscope.workspace.openers.opener import Opener, OpenerContext

_BEGINNING = 1 << 8


def is_kernels(path: Path) -> bool:
    """Whether a file begins as one of kernels; a table of numbers alone is a picture, too."""
    if path.suffix.lower() != ".json":
        return False
    try:
        with open_regular(path) as file:
            return f'"{FORMAT}"'.encode() in file.read(_BEGINNING)
    except (OSError, UserError):
        return False


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    path = paths[0]

    def work(_task: Task) -> tuple[Kernel, ...]:
        return load_kernels(path)

    def done(kernels: tuple[Kernel, ...]) -> None:
        context.remember(path)
        context.workspace.edit_lab(context.workspace.lab.with_kernels(kernels), f"Import {path.name}")
        context.show("kernels")

    context.read(f"Opening {path.name}", work, done)


KERNELS = Opener("kernels", is_kernels, _open, "Kernels", (".json",))
