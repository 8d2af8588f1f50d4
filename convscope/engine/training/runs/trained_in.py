"""A run's folder named where a model is wanted means the model that came out of it."""

from __future__ import annotations

from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import is_regular


def trained_in(model: str) -> str:
    """The model file of a run's folder; what is no run comes back as it is.

    Raises:
        UserError: the run has no model yet.
    """
    folder = Path(model)
    if not is_regular(folder / "settings.json"):
        return model

    from convscope.engine.training.runs.run import Run, is_run

    if not is_run(folder):
        return model
    path = Run.open(folder).model_path
    if path is None:
        raise UserError(f"{folder} holds no trained model yet: convscope train --resume {folder} goes on.")
    return str(path)
