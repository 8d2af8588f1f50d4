"""Weights from a file into a model whose layers are known."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convscope.core.errors import MissingFileError, UserError
from convscope.core.opening import check_regular, is_there
from convscope.core.words import shape_words
from convscope.engine.keras_compat import finalize_normalizations
from convscope.engine.models.files.disk import check_disk
from convscope.engine.models.files.h5 import LayerWeights, check_h5, legacy_weights
from convscope.engine.models.files.keras2.renamed_weights import rename_weights
from convscope.engine.models.files.keras_zip import unpacked


def load_weights(model: Any, path: Path, called: str = "") -> None:
    """Load a weights-only `.h5` (Keras 1 to 3), a `.weights.h5`, or the weights of a whole-model file.

    Args:
        model: a Keras model; it changes only when the file fits.
        path: the file.
        called: what a person knows the model as; its own name by default.

    Raises:
        UserError: the file cannot be read, or its weights belong to another network.
    """
    if not is_there(path):
        raise MissingFileError(f"There is no file {path}.")
    check_regular(path, "a file of weights")
    if path.suffix.lower() == ".keras":
        with unpacked(path) as parts:
            load_checkpoint(model, parts.weights, path.name, called)
        return
    check_h5(path)
    legacy = legacy_weights(path)
    if legacy is None:
        load_checkpoint(model, path, path.name, called)
    else:
        load_legacy(model, legacy, path.name, called)


def numbers_in(path: Path) -> int:
    """How many weights a file holds, by its arrays' sizes.

    Raises:
        UserError: as `load_weights`.
    """
    if path.suffix.lower() == ".keras":
        with unpacked(path) as parts:
            return parts.numbers
    return check_h5(path)


def load_checkpoint(model: Any, path: Path, name: str, called: str = "") -> None:
    """Load a `.weights.h5` of Keras 3; `check_h5` first.

    Raises:
        UserError: it belongs to another network.
    """
    before = model.get_weights()
    try:
        with warnings.catch_warnings():
            # Of parts that it does not find, before it raises over them: what a person is told is below.
            warnings.simplefilter("ignore", UserWarning)
            if path.name.endswith(".weights.h5"):
                model.load_weights(path)
            else:
                # Keras tells the format by the file's name.
                with tempfile.TemporaryDirectory() as folder:
                    check_disk(Path(folder), path.stat().st_size, name)
                    model.load_weights(shutil.copy(path, Path(folder) / "copy.weights.h5"))
    except UserError:
        raise
    except Exception as error:
        # Keras raises many kinds of errors here, after it may have set some of the weights.
        if _load_renamed(model, path):
            return
        model.set_weights(before)
        finalize_normalizations(model)
        raise UserError(
            f"The weights in {name} do not belong to {called or model.name}.", detail=str(error)
        ) from error


def _load_renamed(model: Any, path: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "renamed.weights.h5"
        try:
            check_disk(Path(folder), path.stat().st_size, path.name)
            if not rename_weights(model, path, target):
                return False
            model.load_weights(target)
        except Exception:
            # As above: what the file says is told from its own names.
            return False
    return True


def load_legacy(model: Any, saved: Sequence[LayerWeights], name: str, called: str = "") -> None:
    """Put a legacy file's weights into a model: layers by order, within a layer by name where names tell.

    Raises:
        UserError: they belong to another network; the model is as before then.
    """
    layers, called = [layer for layer in model.layers if layer.weights], called or model.name
    if len(layers) != len(saved):
        raise UserError(
            f"The weights in {name} do not belong to {called}: they are of {len(saved)} layers, "
            f"and it has {len(layers)} with weights."
        )
    pairs = []
    for layer, weights in zip(layers, saved, strict=True):
        pairs += _paired(layer, weights, name, called)
    for variable, array in pairs:
        variable.assign(array)
    finalize_normalizations(model)


def _paired(layer: Any, saved: LayerWeights, name: str, model: str) -> list[tuple[Any, Any]]:
    # Keras's order in a file: what is trained first, then the rest.
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    arrays = list(saved.arrays)
    if len(variables) != len(arrays):
        raise UserError(
            f"The weights in {name} do not belong to {model}: layer {saved.layer} has {len(arrays)} arrays "
            f"there, and {layer.name} has {len(variables)}."
        )
    by_name = _by_name(variables, saved)
    if by_name is not None:
        arrays = by_name
    for variable, array in zip(variables, arrays, strict=True):
        if tuple(variable.shape) != tuple(array.shape):
            raise UserError(
                f"The weights in {name} do not belong to {model}: in layer {saved.layer} an array is "
                f"{shape_words(array.shape)} and {layer.name} needs {shape_words(variable.shape)}."
            )
    return list(zip(variables, arrays, strict=True))


def _by_name(variables: Sequence[Any], saved: LayerWeights) -> list[Any] | None:
    """The arrays in the variables' order by "layer/kernel", None unless these names fit one to one.

    A nested base's order in the file depends on which of its layers were frozen when it was saved.
    """
    theirs = {_tail(name): array for name, array in zip(saved.names, saved.arrays, strict=True)}
    ours = [_tail(variable.path) for variable in variables]
    if len(theirs) != len(variables) or set(ours) != set(theirs):
        return None
    return [theirs[name] for name in ours]


def _tail(name: str) -> str:
    return "/".join(name.split(":", 1)[0].split("/")[-2:])
