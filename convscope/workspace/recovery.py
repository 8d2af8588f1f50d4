"""Unsaved work, kept so that it survives a crash: both documents, what is open, and drawn images whole.

`work.json` names everything; images that have no file lie beside it as .npy, named by their content, so that
one that did not change is not written again, and so do models that were built by hand. The JSON is replaced
last: the folder is whole at any moment.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from convscope.core.errors import MissingFileError, UserError
from convscope.core.files import write_whole
from convscope.core.opening import GB, MB, is_regular, named, read_json
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.io.numpy_files import UNREADABLE, load_array
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import DISPLAY_MODES, SHOWN_CHANNELS, Operation
from convscope.workspace.data_settings import DataSettings, input_from_json
from convscope.workspace.kept_models import (
    PATTERNS,
    KeptModel,
    NamedModel,
    is_kept,
    is_spared,
    read_entry,
    write_model,
)
from convscope.workspace.lab import Lab
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.models.builder.architecture import Architecture
    from convscope.engine.models.opened import OpenedModel

log = logging.getLogger(__name__)

VERSION = 1
_FILE = "work.json"
_LARGEST = 64 * MB
_NO_TASK = Task()

_digests: WeakKeyDictionary[Image, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Work:
    """What is open at one moment.

    Attributes:
        images: the film strip.
        current: the index of the current image.
        lab: the kernel lab's document.
        architecture: the model builder's; None if it was never looked at.
        models: the open models, by name or file, or itself where it has none; the current one last.
        dataset: what opens the data set again; "" without.
        input: what images are brought to; None: nothing was set.
        augmentation: what training does to its images; None: nothing.
        settings: what was set for each data set, by what opens it.
    """

    images: tuple[Image, ...]
    current: int
    lab: Lab
    architecture: Architecture | None = None
    models: tuple[NamedModel | OpenedModel, ...] = ()
    dataset: str = ""
    input: InputSettings | None = None
    augmentation: Augmentation | None = None
    settings: Mapping[str, DataSettings] = field(default_factory=dict)

    @classmethod
    def of(cls, workspace: Workspace) -> Work:
        """The workspace's, as it is now: references only, so this takes no time."""
        models = sorted(
            (model for model in workspace.models if model.source.kind != "memory" or is_kept(model)),
            key=lambda model: model is workspace.model,
        )
        return cls(
            workspace.images,
            workspace.current,
            workspace.lab,
            workspace.architecture if workspace.has_architecture else None,
            tuple(m if is_kept(m) else NamedModel.of(m.source) for m in models),
            workspace.dataset.reference if workspace.dataset is not None else "",
            workspace.input if workspace.has_input else None,
            workspace.augmentation,
            workspace.all_data_settings,
        )


@dataclass(frozen=True)
class Recovered:
    """What could be brought back, and one error for each thing that could not.

    Attributes:
        lab, architecture, models, dataset, input, augmentation, settings: as in `Work`, but files of models
            in place of models.
        work: None if no image could be opened any more.
    """

    lab: Lab
    work: Work | None
    errors: tuple[UserError, ...]
    architecture: Architecture | None = None
    models: tuple[NamedModel | KeptModel, ...] = ()
    dataset: str = ""
    input: InputSettings | None = None
    augmentation: Augmentation | None = None
    settings: Mapping[str, DataSettings] = field(default_factory=dict)


def has_work(folder: Path) -> bool:
    """Whether an earlier run left work here."""
    return is_regular(folder / _FILE)


def save_work(folder: Path, work: Work, task: Task = _NO_TASK) -> None:
    """Write the work, whole or not at all.

    Raises:
        OSError: the disk is full or refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    kept = {_FILE}
    for image in work.images:
        task.check()
        if image.path is not None:
            entries.append({"path": str(image.path)})
            continue
        name = f"{_digest(image)}.npy"
        kept.add(name)
        if not is_regular(folder / name):
            buffer = io.BytesIO()
            np.save(buffer, image.values, allow_pickle=False)
            write_whole(folder / name, buffer.getbuffer())
        entries.append({"values": name, "name": image.name, "notes": list(image.notes)})
    models: list[Any] = []
    for model in work.models:
        task.check()
        entry = model.to_json() if isinstance(model, NamedModel) else write_model(folder, model, task)
        if entry is not None:
            models.append(entry)
    files = {entry["file"] for entry in models if isinstance(entry, dict)}
    files |= {path.name for path in folder.glob("*.keras") if is_spared(path)}
    kept |= {*files, *(f"{Path(name).stem}.classes.json" for name in files)}
    document = {
        "version": VERSION,
        "current": work.current,
        "images": entries,
        "lab": lab_to_json(work.lab),
        "architecture": work.architecture.to_json() if work.architecture is not None else "",
        "models": models,
        "dataset": work.dataset,
        "input": asdict(work.input) if work.input is not None else None,
        "augmentation": asdict(work.augmentation) if work.augmentation is not None else None,
        "data_settings": {reference: each.to_json() for reference, each in work.settings.items()},
    }
    write_whole(folder / _FILE, json.dumps(document).encode())
    for path in _beside(folder):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def load_work(folder: Path, task: Task = _NO_TASK) -> Recovered | None:
    """What an earlier run left, or None if nothing can be used; what is damaged keeps nothing else away."""
    try:
        document = read_json(folder / _FILE, _LARGEST, "unsaved work")
        if not isinstance(document, dict) or document["version"] != VERSION:
            return None
    except MissingFileError:
        return None
    except (KeyError, UserError) as error:
        log.warning("unsaved work cannot be read: %s", error)
        return None
    errors: list[UserError] = []
    lab = _part(lambda: lab_from_json(document["lab"]), None, "The kernels", errors)
    models = _models(folder, document.get("models", []), errors)
    dataset = document.get("dataset", "")
    given = _part(lambda: input_from_json(document.get("input")), None, "What images are brought to", errors)
    augmentation = _part(
        lambda: _augmentation(document.get("augmentation")), None, "The augmentation", errors
    )
    settings = _settings(document.get("data_settings", {}), errors)
    images, chosen = _images(folder, document, errors, task)
    architecture = None
    if document.get("architecture"):
        from convscope.engine.models.builder.architecture import Architecture

        text = str(document["architecture"])
        architecture = _part(
            lambda: Architecture.from_json(text, "The last run's draft"), None, "The layers", errors
        )
    if lab is None and not (images or models or settings or architecture or augmentation or given):
        log.warning("unsaved work makes no sense: %s", [error.detail for error in errors])
        return None
    more = (architecture, models, dataset if isinstance(dataset, str) else "", given, augmentation, settings)
    lab = lab or Lab()
    work = Work(tuple(images), chosen, lab, architecture) if images else None
    return Recovered(lab, work, tuple(errors), *more)


_Made = TypeVar("_Made")
_WRONG = (UserError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)


def _part(read: Callable[[], _Made], without: _Made, what: str, errors: list[UserError]) -> _Made:
    """What `read` gives; where it is damaged that is told, and there is none."""
    try:
        return read()
    except _WRONG as error:
        log.warning("%s of the last run: %r", what, error)
        errors.append(UserError(f"{what} of the last run could not be brought back.", detail=repr(error)))
        return without


def _models(folder: Path, data: Any, errors: list[UserError]) -> tuple[NamedModel | KeptModel, ...]:
    def one(entry: Any) -> NamedModel | KeptModel:
        return read_entry(folder, entry) if isinstance(entry, dict) else NamedModel.from_json(entry)

    entries: list[Any] = _part(lambda: list(data), [], "The models", errors)
    found = [_part(lambda entry=entry: one(entry), None, "A model", errors) for entry in entries]  # type: ignore[misc]
    return tuple(model for model in found if model is not None)


def _settings(data: Any, errors: list[UserError]) -> dict[str, DataSettings]:
    entries: dict[Any, Any] = _part(lambda: dict(data), {}, "The settings of data sets", errors)
    found = {
        reference: _part(
            lambda each=each: DataSettings.from_json(each),  # type: ignore[misc]
            None,
            f"What was set for the data set {named(str(reference))}",
            errors,
        )
        for reference, each in entries.items()
    }
    return {str(reference): each for reference, each in found.items() if each is not None}


def _images(
    folder: Path, document: Mapping[str, Any], errors: list[UserError], task: Task
) -> tuple[list[Image], int]:
    """The images, and which of them is the current one."""
    entries: list[Any] = _part(lambda: list(document["images"]), [], "The images", errors)
    current = _part(lambda: int(document["current"]), 0, "The choice of an image", errors)
    images: list[Image] = []
    chosen = 0
    for number, entry in enumerate(entries):
        task.progress(number / len(entries))
        try:
            image = _image(folder, entry, task)
        except UserError as error:
            errors.append(error)
            continue
        if number <= current:
            chosen = len(images)
        images.append(image)
    return images, chosen


def clear_work(folder: Path) -> None:
    """Forget the work: the run ended as it should."""
    # The JSON first: without it the rest means nothing.
    for path in [folder / _FILE, *_beside(folder)]:
        path.unlink(missing_ok=True)


def _beside(folder: Path) -> list[Path]:
    """The files that the JSON names."""
    return [path for pattern in ("*.npy", *PATTERNS) for path in folder.glob(pattern)]


def lab_to_json(lab: Lab) -> dict[str, Any]:
    """The lab as JSON's own types."""
    stages = []
    for stage in lab.stages:
        values: dict[str, Any] = {field.name: getattr(stage, field.name) for field in fields(stage)}
        values["kernels"] = [
            {
                "weights": kernel.weights.tolist(),
                "divisor": kernel.divisor,
                "name": kernel.name,
                "preset": kernel.preset,
                "parameters": dict(kernel.parameters),
            }
            for kernel in stage.kernels
        ]
        stages.append(values)
    return {
        "stages": stages,
        "selected": lab.selected,
        "display": lab.display,
        "chosen": lab.chosen,
        "channel": lab.channel,
    }


def lab_from_json(data: Any) -> Lab:
    """The lab of `lab_to_json`.

    Raises:
        UserError, KeyError, TypeError, ValueError: this is no lab.
    """
    stages = []
    for values in data["stages"]:
        kernels = tuple(
            Kernel(
                np.array(kernel["weights"], dtype=np.float64),
                str(kernel["name"]),
                kernel["preset"],
                tuple((str(name), float(value)) for name, value in kernel["parameters"].items()),
                float(kernel.get("divisor", 1.0)),
            )
            for kernel in values["kernels"]
        )
        stages.append(Operation(**{**values, "kernels": kernels}))
    if data["display"] not in DISPLAY_MODES:
        raise ValueError(f"no display mode {data['display']!r}")
    # Without a word on it, a display that is not that of the kernels was chosen.
    found = Lab(tuple(stages), int(data["selected"]), data["display"])
    chosen = bool(data.get("chosen", found.display != data["display"]))
    channel = data.get("channel", "all")
    if channel not in SHOWN_CHANNELS:
        raise ValueError(f"no channel {channel!r}")
    return replace(found, display=data["display"], chosen=chosen, channel=channel)


def _augmentation(data: Any) -> Augmentation | None:
    if not data:
        return None
    from convscope.engine.data.augmentation import Augmentation

    return Augmentation(**data)


def _image(folder: Path, entry: Any, task: Task) -> Image:
    try:
        if "path" in entry:
            return load_image(Path(entry["path"]), task=task)
        name = str(entry["name"])
        # Only a plain name: a tampered file must not lead to another folder.
        values = load_array(folder / Path(entry["values"]).name, GB, "an image")
        return Image(values, name, None, tuple(str(note) for note in entry["notes"]))
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
