"""SavedModel folders: TensorFlow's own graphs, opened as one layer that cannot be looked into.

A graph can do what a program can. So nothing of TensorFlow's sees the folder before all of its functions are
known to compute only (`check`), and even then it runs in a process that cannot do anything else (`worker`,
`isolation`).
"""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path
from typing import Any

from convscope.core.errors import UntrustedError, UserError
from convscope.core.opening import check_budget, is_folder
from convscope.engine.models.files.disk import check_disk
from convscope.engine.models.files.saved_model.check import ENDPOINT, check
from convscope.engine.models.files.saved_model.isolation import is_possible
from convscope.engine.models.files.saved_model.process import GraphProcess

NOTE = "A SavedModel is a finished graph: it predicts, but its layers cannot be looked into or trained."


def open_saved_model(folder: Path, *, trusted: bool = False) -> tuple[Any, list[str]]:
    """The serving function of a SavedModel as a Keras model of one opaque layer, and notes on it.

    Args:
        trusted: the person has said that they trust it: it runs even where a process cannot be shut off.

    Raises:
        UntrustedError: this system cannot shut a process off, and nobody has said that they trust the folder.
        UserError: the folder is none, it serves nothing, or its graph does more than compute.
    """
    checked = check(folder)
    if not (is_possible() or trusted):
        raise UntrustedError(
            f"{folder.name} is not opened: a SavedModel is a program, and on this system nothing keeps it "
            "from your files and the network. Open it only if you trust where it comes from (--trust).",
            folder,
        )
    variables = folder / "variables"
    _check_variables(variables, folder.name)
    place = tempfile.TemporaryDirectory(prefix="convscope-graph-")
    anew = Path(place.name)
    check_disk(anew, len(checked.graph), folder.name)
    (anew / "saved_model.pb").write_bytes(checked.graph)
    if is_folder(variables):
        (anew / "variables").symlink_to(variables.resolve(), target_is_directory=True)
    try:
        process = GraphProcess(anew, ENDPOINT, folder.name, isolated=is_possible())
    finally:
        # It has been read by now.
        place.cleanup()
    return _wrapped(process, checked, folder), [NOTE]


def _check_variables(variables: Path, name: str) -> None:
    size = 0
    try:
        for file in variables.iterdir() if is_folder(variables) else ():
            told = file.lstat()
            if not stat.S_ISREG(told.st_mode):
                raise UserError(f"{name} is not opened: {file.name} among its variables is no ordinary file.")
            size += told.st_size
    except OSError as error:
        raise UserError(f"The variables of {name} cannot be read.", detail=str(error)) from error
    check_budget(size, f"{name} holds")


def _wrapped(process: GraphProcess, checked: Any, folder: Path) -> Any:
    import keras

    from convscope.engine.models.files.saved_model.layer import layer_class

    key, shape, dtype = checked.input
    shapes = {name: (None, *each[1:]) for name, (each, _) in checked.outputs.items()}
    dtypes = {name: kind for name, (_, kind) in checked.outputs.items()}
    try:
        layer = layer_class()(process, shapes, dtypes, checked.weights, name=_plain(folder.stem))
        inputs = keras.Input(batch_shape=(None, *shape[1:]), dtype=dtype, name=_plain(key))
        outputs = layer(inputs)
    except Exception as error:
        process.close()
        raise UserError(f"The SavedModel {folder.name} cannot be loaded.", detail=str(error)) from error
    outputs = [outputs[name] for name in sorted(outputs)]
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=_plain(folder.stem))


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name) or "model"
