"""Models that were built, trained or given other weights in the window, as files beside the unsaved work."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.core.opening import GB, is_regular, read_bytes
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.models.opened import ModelSource, OpenedModel

log = logging.getLogger(__name__)

PATTERNS = ("*.keras", "*.classes.json")
"""What these files are called."""

MOST_BYTES = 2 * GB
"""Of the weights of a model that is kept."""

_written: WeakKeyDictionary[OpenedModel, Path] = WeakKeyDictionary()


@dataclass(frozen=True)
class NamedModel:
    """A model that is opened again by its name or file.

    Attributes:
        spec: the name or file.
        weights, include_top, input_shape: what it was opened with, as `open_model` takes it.
    """

    spec: str
    weights: str = ""
    include_top: bool = True
    input_shape: tuple[int | None, ...] | None = None

    @staticmethod
    def of(source: ModelSource) -> NamedModel:
        """What opens a model from there."""
        asked = source.asked
        return NamedModel(source.spec, asked.weights, asked.include_top, asked.input_shape)

    def __post_init__(self) -> None:
        shape = self.input_shape
        if shape is not None and (
            len(shape) != 3 or any(side is not None and not 0 < side < 100_000 for side in shape)
        ):
            raise ValueError(f"no size of images: {shape}")


@dataclass(frozen=True)
class KeptModel:
    """A model of the last run.

    Attributes:
        path: its file.
        name: what a person called it.
        weights: where its weights came from, in words.
        notes: what was told about it.
    """

    path: Path
    name: str
    weights: str
    notes: tuple[str, ...]


def is_kept(model: OpenedModel) -> bool:
    """Whether a model needs a file here: it was made in memory.

    One that was trained lies in its run's folder too, but a run can be deleted.
    """
    return model.source.kind == "memory"


def write_model(folder: Path, model: OpenedModel, task: Task) -> dict[str, Any] | None:
    """Write a model once, whole or not at all; what `read_entry` reads, None if it cannot be kept."""
    from convscope.engine.models.files.save_file import save_model

    if 4 * model.keras.count_params() > MOST_BYTES:
        log.warning("%s is too large to be kept: save it", model.name)
        return None
    path = _written.get(model)
    if path is None or path.parent != folder or not path.exists():
        path = folder / f"{uuid4().hex}.keras"
        try:
            save_model(model, path, task)
        except (UserError, ValueError, TypeError, RuntimeError) as error:
            log.warning("%s could not be kept: %s", model.name, error)
            return None
        _written[model] = path
    return _entry(KeptModel(path, model.name, model.source.weights, tuple(model.notes)))


def keep_file(folder: Path, kept: KeptModel) -> dict[str, Any] | None:
    """The same of a model that is not open yet: its file stays, or comes here from another folder."""
    here = folder / kept.path.name
    try:
        if here != kept.path and not here.exists():
            for path in (kept.path.with_suffix(".classes.json"), kept.path):
                if is_regular(path):
                    write_whole(folder / path.name, read_bytes(path, 4 * GB, "a model"))
    except (OSError, UserError) as error:
        log.warning("%s could not be kept: %s", kept.name, error)
        return None
    return _entry(kept)


def _entry(kept: KeptModel) -> dict[str, Any]:
    return {
        "file": kept.path.name,
        "name": kept.name,
        "weights": kept.weights,
        "notes": list(kept.notes),
    }


def read_entry(folder: Path, entry: Mapping[str, Any]) -> KeptModel:
    """What `write_model` told.

    Raises:
        KeyError, TypeError: it is something else.
    """
    # Only a plain name: a tampered file must not lead to another folder.
    path = folder / Path(str(entry["file"])).name
    notes = tuple(str(note) for note in entry["notes"])
    return KeptModel(path, str(entry["name"]), str(entry["weights"]), notes)


def open_kept(kept: KeptModel, task: Task) -> OpenedModel:
    """The model as it was.

    Raises:
        UserError: its file is gone or damaged.
    """
    from convscope.engine.models.files.open_file import open_file
    from convscope.engine.models.opened import ModelSource, OpenedModel

    try:
        opened = open_file(kept.path, task)
    except UserError as error:
        raise UserError(
            f"The model {kept.name} of the last run could not be brought back.", detail=error.message
        ) from error
    made = OpenedModel(
        opened.keras,
        name=kept.name,
        classes=opened.classes,
        preprocessing=opened.preprocessing,
        source=ModelSource("memory", kept.name, weights=kept.weights),
        notes=[note for note in kept.notes if note not in opened.notes],
        answers=opened,
    )
    _written[made] = kept.path
    return made


def open_named(named: NamedModel, task: Task) -> OpenedModel:
    """The model as it was opened; nothing is downloaded.

    Raises:
        UserError: it cannot be opened any more.
    """
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.training.runs.trained_in import trained_in

    spec = trained_in(named.spec)
    if named == NamedModel(named.spec):
        return open_model(spec, task=task)
    return open_model(
        spec,
        weights=named.weights or None,
        include_top=named.include_top,
        input_shape=named.input_shape,
        fetch=False,
        task=task,
    )
