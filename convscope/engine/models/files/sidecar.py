"""The file beside a model that tells the names of its classes, and how pixels are prepared for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.core.opening import is_regular, named, parse_json, read_text
from convscope.core.printable import json_text
from convscope.engine.data.preprocessing import MODES, Preprocessing

_LARGEST = 16 << 20
_MOST = 100_000


@dataclass(frozen=True)
class Sidecar:
    """What a file beside a model tells.

    Attributes:
        classes: names by index; empty when it tells none.
        preprocessing: how pixels are prepared; None when it does not tell.
    """

    classes: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None


def sidecar_of(model: Path) -> Sidecar:
    """What lies beside a model file: `NAME.classes.txt` or `NAME.classes.json`; empty when nothing does.

    Raises:
        UserError: such a file is there but cannot be read.
    """
    for name in (model.stem, model.name):
        for suffix in (".classes.json", ".classes.txt"):
            path = model.with_name(name + suffix)
            if is_regular(path):
                return read_sidecar(path)
    return Sidecar()


def read_sidecar(path: Path) -> Sidecar:
    """Class names, one a line (.txt), or JSON.

    JSON is a list, `{"0": "cat"}`, `{"cat": 0}`, Keras's `{"0": ["n01440764", "tench"]}`, or `{"classes": …,
    "preprocessing": "unit" | "raw" | "tf" | "caffe" | "torch" | {"scale": …, "offset": …}}`.

    Raises:
        UserError: none of these.
    """
    name = named(path)
    try:
        text = read_text(path, _LARGEST, "a list of class names")
        told = parse_json(text, name) if path.suffix == ".json" else None
    except UserError as error:
        raise UserError(f"{name} cannot be read as a list of class names.", detail=error.message) from error
    if path.suffix == ".json":
        return _from_json(told, name)
    lines = text.rstrip().splitlines()
    if len(lines) > _MOST:
        raise UserError(f"{name} has {len(lines):,} lines: a network has at most {_MOST:,} classes.")
    return Sidecar(tuple(_one_line(line) for line in lines))


def write_sidecar(path: Path, classes: Sequence[str], preprocessing: Preprocessing | None = None) -> None:
    """Write what `read_sidecar` reads, as JSON, whole or not at all."""
    data: dict[str, Any] = {"classes": list(classes)}
    if preprocessing is not None:
        data["preprocessing"] = preprocessing.to_dict()
    write_whole(path, json_text(data))


def _from_json(data: Any, name: str) -> Sidecar:
    if not isinstance(data, dict) or "classes" not in data:
        return Sidecar(_names(data, name))
    how = data.get("preprocessing")
    if how is None:
        return Sidecar(_names(data["classes"], name))
    if isinstance(how, str):
        if how not in MODES:
            raise UserError(f"{name}: preprocessing is one of {', '.join(MODES)}, not {how}.")
        return Sidecar(_names(data["classes"], name), MODES[how])
    if not isinstance(how, dict):
        raise UserError(f"{name}: preprocessing is a word or a description, not {how!r}.")
    return Sidecar(_names(data["classes"], name), Preprocessing.from_dict(how))


def _names(data: Any, name: str) -> tuple[str, ...]:
    if isinstance(data, list):
        data = dict(enumerate(data))
    if isinstance(data, dict):
        try:
            # {"0": name}; Keras's own index files have [WordNet id, name] instead of a name.
            by_index = {int(key): value for key, value in data.items()}
        except ValueError:
            # {"cat": 0}: the class-to-index table that Keras's image generators hand out.
            if all(isinstance(value, int) for value in data.values()):
                by_index = {value: key for key, value in data.items()}
            else:
                raise UserError(f"{name} does not say which class has which number.") from None
        if by_index and (min(by_index) < 0 or max(by_index) > _MOST):
            raise UserError(f"{name} has class numbers that cannot be.")
        named = {
            key: _one_line(value[-1] if isinstance(value, list) and value else value)
            for key, value in by_index.items()
        }
        return tuple(named.get(index, "") for index in range(max(named, default=-1) + 1))
    raise UserError(f"{name} does not hold class names.")


def _one_line(name: Any) -> str:
    """A name as it can be shown: what is no letter (line breaks, a terminal's commands) becomes a space."""
    return "".join(c if c.isprintable() else " " for c in str("" if name is None else name)).strip()
