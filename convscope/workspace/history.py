"""The steps of undo and redo as JSON, so that they outlive the window.

The latest `STEPS` are kept, and no more than `BYTES` of them; a single value larger than `LARGEST`, such as
a long drawing, is left out, and so is what no JSON can hold: the pixels of images and networks. Undo then
goes past that step.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from convscope.core.records import to_json
from convscope.workspace.document import Document, Edit, Part, Unread

log = logging.getLogger(__name__)

STEPS = 100
BYTES = 4 << 20
LARGEST = 256 << 10

# A step never changes: it is written once, however often the work is kept.
_written: WeakKeyDictionary[Edit, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class UndoHistory:
    """Steps, oldest first; references only."""

    undo: tuple[Edit, ...] = ()
    redo: tuple[Edit, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON's own types; on any thread."""
        room = BYTES
        plain: dict[str, Any] = {"panels": {}}
        for name, steps in (("undo", self.undo), ("redo", self.redo)):
            kept: list[Any] = []
            for step in reversed(steps[-STEPS:]):
                text = _step(step)
                room -= len(text)
                if room < 0:
                    break
                if text:
                    kept.append(json.loads(text))
                    plain["panels"].update(
                        (part.name, list(part.panels)) for part in step.before if part.kept
                    )
            plain[name] = kept[::-1]
        return plain


def _step(step: Edit) -> str:
    """A step as JSON; "" if nothing of it can be kept."""
    if step not in _written:
        before: dict[str, Any] = {}
        first: list[str] = []
        for part, value in step.before.items():
            if not part.kept:
                continue
            if part.is_first(value):
                first.append(part.name)
                continue
            try:
                data = value.data if isinstance(value, Unread) else to_json(value)
                if len(json.dumps(data)) <= LARGEST:
                    before[part.name] = data
            except (TypeError, ValueError) as error:
                log.warning("a step of %s is not kept: %s", part.name, error)
        some = bool(before or first)
        _written[step] = json.dumps({"label": step.label, "before": before, "first": first}) if some else ""
    return _written[step]


def bring(document: Document, data: Any) -> None:
    """Put the steps of `UndoHistory.plain` after those that there are; what is damaged is left out."""
    try:
        panels: Mapping[str, Sequence[str]] = data.get("panels", {})
        steps = {
            name: [_edit(document, step, panels) for step in data.get(name, [])[-STEPS:]]
            for name in ("undo", "redo")
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("the steps of undo cannot be read: %r", error)
        return
    document.bring_steps(steps["undo"], steps["redo"])


def _edit(document: Document, step: Any, panels: Mapping[str, Sequence[str]]) -> Edit:
    def part(name: str) -> Part[Any]:
        return document.promised(str(name), tuple(str(panel) for panel in panels[name]))

    before: dict[Part[Any], Any] = {part(name): Unread(value) for name, value in step["before"].items()}
    before.update((part(name), Unread(first=True)) for name in step["first"])
    return Edit(str(step["label"]), before, None, 0.0)
