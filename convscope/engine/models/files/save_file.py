"""Saving an open model: a `.keras` file and, beside it, its class names and how it wants its pixels."""

from __future__ import annotations

import os
from pathlib import Path

from convscope.engine.models.class_names import write_sidecar
from convscope.engine.models.opened import OpenedModel
from convscope.errors import UserError
from convscope.task import Task


def save_model(model: OpenedModel, path: Path, task: Task | None = None) -> tuple[Path, ...]:
    """Write a model as `NAME.keras`, with its optimizer's state if it has one, and `NAME.classes.json`.

    Each file is written under another name and then takes its place, so that it is whole or not there.

    Args:
        model: stays as it is.
        path: where; `.keras` is added if it does not end so.
        task: for progress and cancel.

    Returns:
        The files written.

    Raises:
        UserError: it cannot be written there.
    """
    task = task or Task()
    target = path if path.suffix == ".keras" else path.with_name(path.name + ".keras")
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part.keras")
    task.progress(None, f"Writing {target.name}")
    try:
        model.keras.save(temporary)
        task.check()
        temporary.replace(target)
        names = target.with_name(f"{target.stem}.classes.json")
        write_sidecar(names, model.classes, model.preprocessing)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{target} cannot be written: {reason}.", detail=str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return target, names
