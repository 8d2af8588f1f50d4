"""What `model.to_json()` writes: a network's layers without weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.opening import open_regular, read_bytes
from convscope.engine.models.configuration import LARGEST, configuration, major_version

# How much of a file is looked at to tell what it is, and how many of a folder.
_BEGINNING = 1 << 12
_MANY = 200
_ENDINGS = (".weights", "_weights", "-weights")


@dataclass(frozen=True, eq=False)
class Description:
    """A network's configuration, not yet checked.

    Attributes:
        config: as in a whole model's file.
        version: major version of the Keras that wrote it.
    """

    config: Any
    version: int


def is_description(path: Path) -> bool:
    """Whether a file looks like Keras's own description of a network, by its beginning."""
    if path.suffix.lower() != ".json":
        return False
    try:
        with open_regular(path) as file:
            return b'"class_name"' in file.read(_BEGINNING)
    except (OSError, UserError):
        return False


def description(path: Path) -> Description:
    """Read one.

    Raises:
        UserError: it cannot be read.
    """
    told = configuration(read_bytes(path, LARGEST, "a description of a network"), path.name)
    if not isinstance(told, dict):
        raise UserError(f"{path.name} describes no network.")
    said = told.get("keras_version") or ("3" if "module" in told else "1")
    return Description(
        {key: value for key, value in told.items() if key not in ("keras_version", "backend")},
        major_version(said, 1),
    )


def description_beside(weights: Path) -> Path | None:
    """The description of the network that weights are for: the one of their name, or the only one beside."""
    stem = weights.stem
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    named = weights.with_name(f"{stem}.json")
    if is_description(named):
        return named
    try:
        others = sorted(weights.parent.glob("*.json"))
    except OSError:
        return None
    found = [path for path in others[:_MANY] if is_description(path)]
    return found[0] if len(found) == 1 and len(others) <= _MANY else None
