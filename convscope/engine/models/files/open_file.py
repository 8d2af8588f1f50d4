"""A model file → an opened model: what it is is told by its contents, and nothing in it is run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from convscope.core.errors import MissingFileError, NotEnoughMemoryError, UserError, WeightsAloneError
from convscope.core.ids import file_id
from convscope.core.opening import check_budget, is_folder, is_regular, is_there, open_regular
from convscope.core.task import Cancelled, Task
from convscope.engine.keras_compat import between_layers, from_legacy_config
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.build import to_keras
from convscope.engine.models.files.beside import Beside, beside
from convscope.engine.models.files.bounded import bounded, check_held
from convscope.engine.models.files.channels_last import NOTE, channels_last, is_channels_first
from convscope.engine.models.files.check_config import check_config
from convscope.engine.models.files.description import description, description_beside, is_description
from convscope.engine.models.files.gray_images import NOTE as GRAY
from convscope.engine.models.files.gray_images import lacks_channels, with_channels
from convscope.engine.models.files.h5 import check_h5, legacy_weights, model_config
from convscope.engine.models.files.h5_operations import with_homes
from convscope.engine.models.files.keras2.keras1 import THEANO, in_keras2_order, in_keras2_words
from convscope.engine.models.files.keras2.own_parts import register
from convscope.engine.models.files.keras2.rebuild import check_legacy, rebuild
from convscope.engine.models.files.keras_zip import unpacked
from convscope.engine.models.files.loss import loss_of
from convscope.engine.models.files.saved_model import open_saved_model
from convscope.engine.models.files.sidecar import Sidecar, sidecar_of
from convscope.engine.models.files.teachable_machine import NOTE as TEACHABLE
from convscope.engine.models.files.teachable_machine import PREPROCESSING, is_teachable
from convscope.engine.models.files.weights import load_checkpoint, load_legacy, load_weights, numbers_in
from convscope.engine.models.opened import ModelSource, OpenedModel

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_OTHERS = (".pt", ".pth", ".ckpt", ".npz", ".onnx", ".tflite")
SUFFIXES = (".keras", ".h5", ".hdf5", ".json")


def open_file(
    path: Path, task: Task | None = None, weights: Path | None = None, *, trusted: bool = False
) -> OpenedModel:
    """Open a `.keras` file, a whole-model `.h5` of Keras 1.2 to 3, a SavedModel folder or an architecture.

    An architecture is one of this app, or what `model.to_json()` wrote. One that lies beside a file of
    weights alone is taken for those.

    Class names and preprocessing come from a sidecar file if there is one. Nothing in the file is run:
    what is not on the list of Keras's own harmless parts is refused.

    Args:
        path: the file or folder.
        task: checked between the steps.
        weights: a file of weights to take instead of its own; not for folders.
        trusted: the person has said that they trust it; matters for folders alone.

    Returns:
        The network; its id is the same each time as long as the file is.

    Raises:
        UserError: one sentence: missing, cut short, no model, code inside, too large, other weights.
        WeightsAloneError: nothing says which layers they are of.
        UntrustedError: a SavedModel where nothing can be shut off, and nobody has said so.
    """
    task = task or Task()
    if weights is not None and path.suffix.lower() != ".json" and is_description(weights):
        # The other way round: a description has no weights, so it is clear what is meant.
        path, weights = weights, path
    if is_folder(path):
        model, notes = open_saved_model(path, trusted=trusted)
    else:
        model, notes = _from_file(path, task, weights)
    task.check()
    if is_channels_first(model):
        model = channels_last(model, path.name)
        notes = [*notes, NOTE]
    if lacks_channels(model):
        model = with_channels(model)
        notes = [*notes, GRAY]
    sidecar = sidecar_of(path)
    opened = OpenedModel(
        model,
        name=_name(path),
        classes=sidecar.classes,
        source=ModelSource(
            "file",
            str(path),
            path,
            path.name if weights is None else weights.name,
            # Whatever was done to it is noted.
            as_is=not notes and weights is None,
        ),
        notes=notes,
        loss=loss_of(path) if is_regular(path) else None,
    )
    if is_regular(path) and path.suffix != ".json" and weights is None:
        # An architecture's weights are others each time.
        opened.id = file_id(path)
    made = _as_told(opened, sidecar, path)
    # A finished graph is asked once what its numbers are: here, where nobody waits for it.
    _ = made.answer
    return made


def _as_told(opened: OpenedModel, sidecar: Sidecar, path: Path) -> OpenedModel:
    """With the names and the range of pixels that its own sidecar tells, else what lies beside it."""
    told = Beside() if sidecar.classes else beside(path)
    named = opened.with_(classes=told.classes) if told.classes else opened
    fits = named.answer.tells_classes and named.answer.count == len(told.classes)
    if fits:
        opened = named.noting(f"The names of its classes are those of {told.file} beside it.", of="classes")
    if sidecar.preprocessing is not None:
        return opened.with_(preprocessing=sidecar.preprocessing)
    # Of a finished graph the layers are not seen, but who wrote the labels is.
    graph = is_folder(path) and fits and told.teachable and opened.is_of(224, 224, 3)
    if graph or is_teachable(opened.keras):
        return opened.with_(preprocessing=PREPROCESSING).noting(TEACHABLE, of="preprocessing")
    return opened


def _name(path: Path) -> str:
    """The file's name; in the folder of a run every network is called alike, so there the folder's."""
    in_run = (path.parent / "settings.json").is_file() and path.stem in ("model", "best", "last")
    return path.absolute().parent.name if in_run else path.stem


def _from_file(path: Path, task: Task, weights: Path | None) -> tuple[Any, list[str]]:
    if path.suffix.lower() == ".json":
        return _from_json(path, task, weights)
    model, notes = _whole(path, task)
    if weights is not None:
        load_weights(model, weights, _name(path))
    return model, notes


def _from_json(path: Path, task: Task, weights: Path | None) -> tuple[Any, list[str]]:
    _look_at(path)
    task.progress(None, f"Looking through {path.name}")
    described = is_description(path)
    held = None if weights is None else numbers_in(weights)
    model = _described(path, task, held) if described else _typed(path, task, held)
    if weights is None:
        more = " Open the file of its weights together with it, or next." if described else ""
        return model, [f"An architecture without weights: they are random.{more}"]
    load_weights(model, weights, _name(path))
    return model, [f"Its layers are described in {path.name}; its weights are those of {weights.name}."]


def _typed(path: Path, task: Task, held: int | None) -> Any:
    architecture = Architecture.open(path)
    check_held(architecture.summary().totals.parameters, held, path.name)
    task.progress(None, f"Building {path.name}")
    try:
        # Not as files' own networks are built: a pretrained base brings its weights.
        with between_layers(task.check):
            return to_keras(architecture, task)
    except (UserError, MemoryError, Cancelled):
        raise
    except Exception as error:
        # Keras and TensorFlow raise many kinds of errors for settings that cannot be.
        raise UserError(f"{path.name} cannot be built.", detail=str(error)[:4000]) from error


def _described(path: Path, task: Task, held: int | None) -> Any:
    register()
    told = description(path)
    config = told.config if told.version > 1 else in_keras2_words(told.config, path.name)
    config = _model_config(config, path.name, told.version)
    task.progress(None, f"Building {path.name}")
    if told.version < 3:
        check_legacy(config, path.name)
        return bounded(lambda: rebuild(config, path.name), path.name, task, held=held, random=held is None)
    return bounded(lambda: _from_config(config), path.name, task, held=held, random=held is None)


def _look_at(path: Path) -> bytes:
    """A file's first bytes.

    Raises:
        UserError: it is not there, no ordinary file, empty, or beyond the budget.
    """
    if not is_there(path):
        raise MissingFileError(f"There is no model file {path}.")
    with open_regular(path, "a model file") as file:
        try:
            signature = file.read(8)
            size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise UserError(f"{path.name} cannot be read.", detail=str(error)) from error
    if not size:
        raise UserError(f"{path.name} is empty.")
    check_budget(size, f"{path.name} holds")
    return signature


def _whole(path: Path, task: Task) -> tuple[Any, list[str]]:
    signature = _look_at(path)
    task.progress(None, f"Looking through {path.name}")
    register()
    try:
        if signature == _HDF5:
            return _from_h5(path, task)
        # Other frameworks' files are zips too.
        if signature.startswith(_ZIP) and path.suffix.lower() not in _OTHERS:
            return _from_zip(path, task)
    except MemoryError as error:
        raise NotEnoughMemoryError(f"{path.name} needs more memory than this machine has.") from error
    kinds = "a .keras file, an .h5 file, a SavedModel folder or an architecture (.json)"
    if path.suffix.lower() in (".keras", ".h5", ".hdf5"):
        raise UserError(f"{path.name} is not a model file, or damaged from its beginning on.")
    raise UserError(f"{path.name} is not a model that convscope opens: it opens {kinds}.")


def _from_zip(path: Path, task: Task) -> tuple[Any, list[str]]:
    with unpacked(path) as parts:
        config = _model_config(parts.config, path.name, parts.version)
        notes = []
        task.progress(None, f"Building {path.name}")
        if parts.version < 3:
            check_legacy(config, path.name)
            model = bounded(lambda: rebuild(config, path.name), path.name, task, held=parts.numbers)
            notes.append(f"Keras {parts.version} wrote it; it was mended for Keras 3.")
        else:
            model = bounded(lambda: _from_config(config), path.name, task, held=parts.numbers)
        task.check()
        load_checkpoint(model, parts.weights, path.name)
        return model, notes


def _from_h5(path: Path, task: Task) -> tuple[Any, list[str]]:
    held = check_h5(path)
    told = model_config(path)
    if told is None:
        beside = description_beside(path)
        if beside is not None:
            return _from_json(beside, task, path)
        raise WeightsAloneError(
            f"{path.name} holds weights alone: open the network that they belong to, and load them into it; "
            "or open it together with their description (.json, from model.to_json())."
        )
    config, version = told
    operations: set[str] = set()
    if version < 2:
        config = in_keras2_words(config, path.name)
    elif version >= 3:
        config = with_homes(config, operations)
    config = _model_config(config, path.name, version)
    if version < 3:
        check_legacy(config, path.name)
    task.progress(None, f"Building {path.name}")
    weights = legacy_weights(path)
    if weights is None:
        raise UserError(f"{path.name} holds no weights.")
    if version >= 3:
        model = bounded(lambda: from_legacy_config(config), path.name, task, held=held)
        told_of = ", ".join(sorted(operations))
        notes = [f"It has operations ({told_of}) that Keras itself does not open in .h5 files."] * bool(
            told_of
        )
    else:
        model = bounded(lambda: rebuild(config, path.name), path.name, task, held=held)
        notes = [f"Keras {version} wrote it; it was mended for Keras 3."]
    if version < 2:
        weights = in_keras2_order([layer for layer in model.layers if layer.weights], weights)
        if is_channels_first(model):
            notes.append(THEANO)
    task.check()
    load_legacy(model, weights, path.name)
    return model, notes


def _model_config(config: Any, name: str, version: int) -> dict[str, Any]:
    checked = check_config(config, name, legacy=version < 3)
    if not isinstance(checked, dict) or "class_name" not in checked:
        raise UserError(f"{name} is not a Keras model: its configuration names no model.")
    return checked


def _from_config(config: dict[str, Any]) -> Any:
    import keras

    return keras.saving.deserialize_keras_object(config, safe_mode=True)
