"""A snapshot as a folder, which unsaved work is kept in so that it survives a crash.

`work.json` names everything; images that have no file lie beside it as .npy, named by their content, so that
one that did not change is not written again, and so do models that were built by hand. The JSON is replaced
last: the folder is whole at any moment.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import write_whole
from convscope.core.ids import is_id
from convscope.core.opening import GB, MB, is_regular, named, read_json
from convscope.core.records import from_json, to_json
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.io.numpy_files import UNREADABLE, load_array
from convscope.workspace.data import SETTINGS_OF, DataSettings
from convscope.workspace.images import OpenImages
from convscope.workspace.kept_models import (
    PATTERNS,
    KeptModel,
    NamedModel,
    keep_file,
    read_entry,
    write_model,
)
from convscope.workspace.lab import Lab
from convscope.workspace.models import OpenModels
from convscope.workspace.old_recovery import from_version_1
from convscope.workspace.snapshot import WorkspaceSnapshot
from convscope.workspace.workspace import read_architecture

log = logging.getLogger(__name__)

VERSION = 2
_FILE = "work.json"
_LARGEST = 64 * MB
_NO_TASK = Task()

_digests: WeakKeyDictionary[Image, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Recovered:
    """What could be brought back, and one error for each thing that could not.

    Attributes:
        snapshot: without images where none could be opened any more.
    """

    snapshot: WorkspaceSnapshot
    errors: tuple[UserError, ...]


def has_work(folder: Path) -> bool:
    """Whether an earlier run left work here."""
    return is_regular(folder / _FILE)


def save_work(folder: Path, work: WorkspaceSnapshot, task: Task = _NO_TASK) -> None:
    """Write a snapshot, whole or not at all.

    Raises:
        OSError: the disk is full or refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    kept = {_FILE}
    for image in work.images:
        task.check()
        if image.path is not None:
            entries.append({"id": image.id, "path": str(image.path)})
            continue
        name = f"{_digest(image)}.npy"
        kept.add(name)
        if not is_regular(folder / name):
            buffer = io.BytesIO()
            np.save(buffer, image.values, allow_pickle=False)
            write_whole(folder / name, buffer.getbuffer())
        entries.append({"id": image.id, "values": name, "name": image.name, "notes": list(image.notes)})
    models: list[dict[str, Any]] = []
    for model_id, model in work.models.items():
        task.check()
        entry: dict[str, Any] | None
        if isinstance(model, NamedModel):
            entry = to_json(model)
        elif isinstance(model, KeptModel):
            entry = keep_file(folder, model)
        else:
            entry = write_model(folder, model, task)
        if entry is not None:
            models.append({"id": model_id, **entry})
    files = {entry["file"] for entry in models if "file" in entry}
    kept |= {*files, *(f"{Path(name).stem}.classes.json" for name in files)}
    document = {
        "version": VERSION,
        "images": entries,
        "models": models,
        "dataset": work.dataset,
        "parts": work.plain(),
        "history": work.plain_history(),
    }
    write_whole(folder / _FILE, json.dumps(document).encode())
    for path in _beside(folder):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def load_work(folder: Path, task: Task = _NO_TASK) -> Recovered | None:
    """What an earlier run left, or None if nothing can be used; what is damaged keeps nothing else away."""
    errors: list[UserError] = []
    try:
        document = read_json(folder / _FILE, _LARGEST, "unsaved work")
        if document["version"] == 1:
            document = from_version_1(document, _Told(errors))
        elif document["version"] != VERSION:
            return None
    except MissingFileError:
        return None
    except (KeyError, TypeError, UserError) as error:
        log.warning("unsaved work cannot be read: %s", error)
        return None
    read = _Told(errors)
    models = _models(folder, document.get("models", []), read)
    dataset = document.get("dataset", "")
    parts = _parts(document.get("parts", {}), read)
    history = document.get("history", {})
    history = history if isinstance(history, dict) else {}
    images = _images(folder, document.get("images", []), read, task)
    if not (images or models or parts):
        log.warning("unsaved work makes no sense: %s", [error.detail for error in errors])
        return None
    snapshot = WorkspaceSnapshot(images, models, dataset if isinstance(dataset, str) else "", parts, history)
    return Recovered(snapshot, tuple(errors))


Read = TypeVar("Read")
_WRONG = (UserError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)


class _Told:
    """Reads one thing after the other; what is damaged is told, and there is none of it."""

    def __init__(self, errors: list[UserError]) -> None:
        self.errors = errors

    def __call__(self, read: Callable[[], Read], what: str, otherwise: Read) -> Read:
        try:
            return read()
        except _WRONG as error:
            log.warning("%s of the last run: %r", what, error)
            self.errors.append(
                UserError(f"{what} of the last run could not be brought back.", detail=repr(error))
            )
            return otherwise


def _models(folder: Path, data: Any, read: _Told) -> dict[str, NamedModel | KeptModel]:
    def one(entry: Any) -> tuple[str, NamedModel | KeptModel]:
        if not is_id(entry["id"]):
            raise ValueError(f"no id: {entry['id']!r}")
        return entry["id"], read_entry(folder, entry) if "file" in entry else from_json(NamedModel, entry)

    entries: list[Any] = read(lambda: list(data), "The models", [])
    found = [read(lambda entry=entry: one(entry), "A model", None) for entry in entries]  # type: ignore[misc]
    return dict(model for model in found if model is not None)


def _parts(data: Any, read: _Told) -> dict[str, Any]:
    """The parts; of the workspace's own, which are read here, only those that are sound."""
    parts: dict[str, Any] = read(lambda: {str(name): each for name, each in data.items()}, "The settings", {})
    own: dict[str, tuple[str, Callable[[Any], object]]] = {
        "images": ("The choice of an image", lambda each: from_json(OpenImages, each)),
        "models": ("The choice of a model", lambda each: from_json(OpenModels, each)),
        "lab": ("The kernels", lambda each: from_json(Lab, each)),
        "architecture": ("The layers", read_architecture),
    }
    for name in list(parts):
        what, check = own.get(name, ("", None))
        if name.startswith(SETTINGS_OF):
            what = f"What was set for the data set {named(name.removeprefix(SETTINGS_OF))}"
            check = lambda each: from_json(DataSettings, each)  # noqa: E731
        if check is not None and read(lambda: check(parts[name]), what, None) is None:  # noqa: B023
            del parts[name]
    return parts


def _images(folder: Path, data: Any, read: _Told, task: Task) -> tuple[Image, ...]:
    entries: list[Any] = read(lambda: list(data), "The images", [])
    images: dict[str, Image] = {}
    for number, entry in enumerate(entries):
        task.progress(number / len(entries))
        try:
            image = _image(folder, entry, task)
        except UserError as error:
            read.errors.append(error)
            continue
        images[image.id] = image
    return tuple(images.values())


def clear_work(folder: Path) -> None:
    """Forget the work: the run ended as it should."""
    # The JSON first: without it the rest means nothing.
    for path in [folder / _FILE, *_beside(folder)]:
        path.unlink(missing_ok=True)


def _beside(folder: Path) -> list[Path]:
    """The files that the JSON names."""
    return [path for pattern in ("*.npy", *PATTERNS) for path in folder.glob(pattern)]


def _image(folder: Path, entry: Any, task: Task) -> Image:
    try:
        if not is_id(entry["id"]):
            raise ValueError(f"no id: {entry['id']!r}")
        if "path" in entry:
            return replace(load_image(Path(entry["path"]), task=task), id=entry["id"])
        name = str(entry["name"])
        # Only a plain name: a tampered file must not lead to another folder.
        values = load_array(folder / Path(entry["values"]).name, GB, "an image")
        return Image(values, name, None, tuple(str(note) for note in entry["notes"]), entry["id"])
    except UserError:
        raise
    except (*UNREADABLE, AttributeError) as error:
        raise UserError("An image of the last run could not be brought back.", detail=str(error)) from error


def _digest(image: Image) -> str:
    known = _digests.get(image)
    if known is None:
        made = hashlib.sha256(f"{image.values.shape} {image.values.dtype} ".encode())
        made.update(image.values.data)
        known = _digests[image] = made.hexdigest()[:32]
    return known
