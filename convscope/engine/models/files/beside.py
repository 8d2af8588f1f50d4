"""What other programs put beside a model file: `labels.txt`, `metadata.json` (as Teachable Machine does)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.opening import MB, read_json, read_text
from convscope.core.printable import one_line

_LARGEST = 1 * MB
_NUMBERED = re.compile(r"(\d{1,6})\s+(\S.*)")
_MAKER = "teachablemachine"


@dataclass(frozen=True)
class Beside:
    """Names of classes that lie beside a model under a name that is not the model's own.

    Attributes:
        classes: by index; empty where there are none. They hold only for a network with so many classes.
        file: which file tells them.
        teachable: whether it is a file of Teachable Machine's.
    """

    classes: tuple[str, ...] = ()
    file: str = ""
    teachable: bool = False


def beside(model: Path) -> Beside:
    """What lies beside a model file, or folder; nothing that cannot be read keeps the model from opening."""
    for read, name in ((_of_metadata, "metadata.json"), (_of_labels, "labels.txt")):
        try:
            found = read(model.absolute().with_name(name))
        except UserError:
            continue
        if found.classes:
            return found
    return Beside()


def _of_metadata(path: Path) -> Beside:
    told = read_json(path, _LARGEST, "a list of labels")
    labels = told.get("labels") if isinstance(told, dict) else None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        return Beside()
    maker = str(told.get("packageName", "")).replace("-", "").lower()
    ours = _MAKER in maker or "tmVersion" in told
    return Beside(tuple(one_line(label).strip() for label in labels), path.name, ours)


def _of_labels(path: Path) -> Beside:
    """A label a line; "0 ROCK" as Teachable Machine writes them."""
    text = read_text(path, _LARGEST, "a list of labels").rstrip()
    lines = [one_line(line).strip() for line in text.splitlines()]
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    names = [found.group(2) for found in numbered if found is not None]
    if names and [int(found.group(1)) for found in numbered if found is not None] == list(range(len(lines))):
        return Beside(tuple(names), path.name, True)
    return Beside(tuple(lines) if any(lines) else (), path.name)
