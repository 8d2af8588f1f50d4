"""Models that were built by hand, as files beside the rest of the unsaved work: they have no others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.models.opened import ModelSource, OpenedModel

log = logging.getLogger(__name__)

PATTERNS = ("*.keras", "*.classes.json")
"""What these files are called."""

_written: WeakKeyDictionary[OpenedModel, Path] = WeakKeyDictionary()
# Files of the last run that wait for the engine: what is written meanwhile must not clear them away.
_awaited: set[Path] = set()


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

    def to_json(self) -> list[Any]:
        """As JSON's own types."""
        plain = NamedModel(self.spec, self.weights) == self
        more = {"include_top": self.include_top, "input_shape": self.input_shape}
        return [self.spec, self.weights, *(() if plain else (more,))]

    @staticmethod
    def from_json(data: Any) -> NamedModel:
        """What `to_json` gave.

        Raises:
            KeyError, IndexError, TypeError, ValueError: it is something else.
        """
        spec, weights = str(data[0]), str(data[1])
        more = dict(data[2]) if len(data) > 2 else {}
        shape = more.get("input_shape")
        if shape is not None:
            shape = tuple(None if side is None else int(side) for side in shape)
            if len(shape) != 3 or any(side is not None and not 0 < side < 100_000 for side in shape):
                raise ValueError(f"no size of images: {shape}")
        return NamedModel(spec, weights, bool(more.get("include_top", True)), shape)


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
    """Whether a model needs a file here: it was made in memory; a trained one lies in its run's folder."""
    return model.source.kind == "memory" and model.source.weights != "trained"


def write_model(folder: Path, model: OpenedModel, task: Task) -> dict[str, Any] | None:
    """Write a model once, whole or not at all; what `read_entry` reads, None if it cannot be kept."""
    from convscope.engine.models.files.save_file import save_model

    path = _written.get(model)
    if path is None or path.parent != folder or not path.exists():
        path = folder / f"{uuid4().hex}.keras"
        try:
            save_model(model, path, task)
        except (UserError, ValueError, TypeError, RuntimeError) as error:
            log.warning("%s could not be kept: %s", model.name, error)
            return None
        _written[model] = path
    notes = list(model.notes)
    return {"file": path.name, "name": model.name, "weights": model.source.weights, "notes": notes}


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
    finally:
        _awaited.discard(kept.path)
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


def spare(models: Iterable[object]) -> None:
    """Leave these models' files alone until they have been opened."""
    _awaited.update(model.path for model in models if isinstance(model, KeptModel))


def is_spared(path: Path) -> bool:
    """Whether a file is still to be opened."""
    return path in _awaited
