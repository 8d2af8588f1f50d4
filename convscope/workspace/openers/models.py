"""Models: whole ones, and Keras's description of the layers with the file of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convscope.core.opening import is_regular
from convscope.engine.models.files.description import is_description
from convscope.workspace.openers.opener import Opener, OpenerContext

SUFFIXES = frozenset((".keras", ".h5", ".hdf5", ".tflite", ".onnx", ".pb", ".pt", ".pth"))
WEIGHTS_SUFFIXES = (".h5", ".hdf5")


def is_model(path: Path) -> bool:
    """Whether a path looks like a saved network rather than a picture."""
    saved = path.suffix.lower() in SUFFIXES or is_regular(path / "saved_model.pb")
    return saved or is_description(path)


def _open(context: OpenerContext, paths: Sequence[Path]) -> None:
    described = [path for path in paths if is_description(path)]
    weights = [path for path in paths if path.suffix.lower() in WEIGHTS_SUFFIXES]
    if len(described) == len(weights) == 1:
        context.open_model(described[0], weights=weights[0])
        paths = [path for path in paths if path not in (described[0], weights[0])]
    for path in paths:
        context.open_model(path)


MODELS = Opener("model", is_model, _open, "Keras models", (".keras", ".h5", ".hdf5", ".json"))
