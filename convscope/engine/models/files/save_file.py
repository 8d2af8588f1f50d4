"""Saving an open model: a `.keras` or `.h5` file, its class names and how it wants its pixels beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.files import replacing
from convscope.core.task import Task
from convscope.engine.models.files.keras2.as_keras2 import NotInKeras2Error, in_keras2_form
from convscope.engine.models.files.keras2.as_keras3 import NOTE, in_plain_keras
from convscope.engine.models.files.keras2.own_parts import has_own_parts
from convscope.engine.models.files.sidecar import write_sidecar
from convscope.engine.models.opened import OpenedModel

H5 = (".h5", ".hdf5")
WEIGHTS_ALONE = ".weights.h5"
"""What Keras calls a file without layers; it would open such a whole model as one."""


@dataclass(frozen=True)
class SavedFile:
    """What was written.

    Attributes:
        files: the model, then its class names and preprocessing.
        loses: what this kind of file does not hold or who cannot open it, one sentence each.
    """

    files: tuple[Path, ...]
    loses: tuple[str, ...]


def save_model(
    model: OpenedModel, path: Path, task: Task | None = None, *, for_others: bool = False
) -> SavedFile:
    """Write a model as `NAME.keras` or `NAME.h5`, and `NAME.classes.json` beside it.

    Each file is written under another name and then takes its place, so that it is whole or not there.

    Args:
        model: stays as it is.
        path: where; `.keras` is added if it ends in neither `.keras`, `.h5` nor `.hdf5`. A `.keras` file
            holds everything, the state of an optimizer too; `.h5` is for Keras 2 as well.
        task: for progress and cancel.
        for_others: parts of this app's own become Keras's, where it has some that give the same answers.

    Raises:
        UserError: it cannot be written there, or not in this kind of file.
    """
    task = task or Task()
    target = target_of(path)
    h5 = target.suffix.lower() in H5
    task.progress(None, f"Writing {target.name}")
    network, own = _network(model.keras, for_others=for_others)
    try:
        with replacing(target, suffix=".h5" if h5 else ".keras") as temporary:
            if h5:
                loses = _save_h5(model.name, network, temporary)
            else:
                network.save(temporary)
                loses = (_KERAS_ONLY,)
            loses = (*loses, *own)
            task.check()
        names = target.with_name(f"{target.stem}.classes.json")
        write_sidecar(names, model.classes, model.preprocessing)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{target} cannot be written: {reason}.", detail=str(error)) from error
    return SavedFile((target, names), loses)


_OWN_PARTS = (
    "Only convscope opens this file: the network has a part of Keras 2 that Keras 3 lacks, such as its hard "
    "sigmoid."
)
_KERAS_ONLY = "Keras 2 cannot open a .keras file of Keras 3."
_NO_OPTIMIZER = "An .h5 file holds neither the optimizer's state nor that of layers that draw at random."


def _network(network: Any, *, for_others: bool) -> tuple[Any, tuple[str, ...]]:
    """What is written, and what has to be known of parts that Keras 3 does not have."""
    if not has_own_parts(network):
        return network, ()
    plain = in_plain_keras(network) if for_others else None
    return (network, (_OWN_PARTS,)) if plain is None else (plain, (NOTE,))


def target_of(path: Path) -> Path:
    """The file that `save_model` writes when it is told this path.

    Raises:
        UserError: the name is that of a file of weights alone.
    """
    if path.name.lower().endswith(WEIGHTS_ALONE):
        name = path.name[: -len(WEIGHTS_ALONE)]
        raise UserError(
            f"Keras takes {path.name} for weights without layers: call the file {name}.h5 or {name}.keras."
        )
    return path if path.suffix.lower() in (".keras", *H5) else path.with_name(path.name + ".keras")


def _save_h5(name: str, network: Any, path: Path) -> tuple[str, ...]:
    """Write the layers and weights, in Keras 2's words where it has them all."""
    import h5py

    try:
        # Without the optimizer: Keras 2 does not know the settings that Keras 3 writes of it.
        network.save(path, include_optimizer=False)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise UserError(
            f"{name} cannot be kept in an .h5 file: save it as .keras.", detail=str(error)
        ) from error
    with h5py.File(path, "r+") as file:
        text = file.attrs["model_config"]
        loses: tuple[str, ...] = (_NO_OPTIMIZER,)
        try:
            text = json.dumps(in_keras2_form(json.loads(text))).encode()
            file.attrs["model_config"] = text
        except NotInKeras2Error as reason:
            loses = (_NO_OPTIMIZER, f"Only Keras 3 opens this one; of Keras 2: {reason}.")
    _check_opens(name, network, json.loads(text))
    return loses


def _check_opens(name: str, network: Any, config: dict[str, Any]) -> None:
    """Build the network from what its file says, as opening it will: Keras writes some that it cannot read.

    Raises:
        UserError: it cannot be built, or would be another network.
    """
    import keras

    from convscope.engine.models.files.open_file import from_legacy_config

    try:
        # Without values: it takes no memory for weights.
        with keras.StatelessScope(initialize_variables=False):
            again = from_legacy_config(config)
        same = [w.shape for w in again.weights] == [w.shape for w in network.weights]
        problem = "" if same else "other weights"
    except Exception as error:  # whatever stops Keras now would stop it then
        problem = repr(error)
    if problem:
        raise UserError(
            f"{name} cannot be kept in an .h5 file, from which Keras could not build it again: "
            "save it as .keras.",
            detail=problem,
        )
