"""What a person has set, as named frozen values, and one undo over all of them.

A panel keeps what it shows and asks in parts; it never keeps a history of its own. A step of undo is the
values that it replaced, which costs a reference each. Undo takes back the latest step that is seen on the
panel on show, so that nothing changes behind the person's back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.records import from_json, to_json

log = logging.getLogger(__name__)

Value = TypeVar("Value")

MERGE_SECONDS = 1.0


class Part(Generic[Value]):
    """One value of the workspace, replaced as a whole and never changed. Made by `Document.part`.

    Attributes:
        name: its id.
        panels: where it is seen: names of panels ("explain") or of their pages ("model.build"); empty:
            everywhere.
        kind: its type, as `core.records` reads it from JSON.
        kept: whether a snapshot holds it.

    Signals:
        changed: the new value: after an edit, an undo, a redo or `set`.
    """

    changed = Signal(object)

    def __init__(
        self, document: Document, name: str, value: Value, panels: tuple[str, ...], kind: Any, kept: bool
    ) -> None:
        self._document = document
        self._first = self._value = value
        self.name = name
        self.panels = panels
        self.kind = kind
        self.kept = kept

    @property
    def value(self) -> Value:
        """The value now."""
        return self._value

    @property
    def untouched(self) -> bool:
        """Whether it is as it began."""
        return self._value is self._first or self._value == self._first

    def edit(self, value: Value, label: str, merge: Hashable | None = None) -> None:
        """Replace the value by one undoable step.

        Args:
            label: what the person did, as a menu says it: "Change the opacity".
            merge: edits in quick succession with the same `merge` are one step, as those of a drag are.
        """
        self._document.edit({self: value}, label, merge)

    def set(self, value: Value) -> None:
        """Replace the value without a step: it follows from something else, or is a live source's frame."""
        if value is not self._value and value != self._value:
            self._value = value
            self.changed.emit(value)


@dataclass(frozen=True)
class Step:
    """One edit: what it is called and the values that it replaced."""

    label: str
    before: Mapping[Part[Any], Any]
    merge: Hashable | None
    at: float

    def seen(self, scope: str) -> bool:
        """Whether it changed something that is on show there."""
        return any(_seen(part, scope) for part in self.before)


class Document:
    """All parts, and the steps over them in the order in which they were made.

    Args:
        limit: how many steps are kept.

    Signals:
        changed: what undo and redo would do.
    """

    changed = Signal()

    def __init__(self, limit: int = 500) -> None:
        self._limit = limit
        self._parts: dict[str, Part[Any]] = {}
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._applying = False
        # Of a snapshot: what nobody has made a part for yet.
        self._waiting: dict[str, Any] = {}

    def part(self, name: str, value: Value, *panels: str, kind: Any = None, kept: bool = True) -> Part[Value]:
        """The part of this name; made if there is none yet, with what a snapshot brought or this value.

        Args:
            kind: its type where that is more than the value's own, such as `tuple[str, ...]`.
            kept: False for what a snapshot leaves out: what follows from other parts, or is a live frame.
        """
        if name not in self._parts:
            part = Part(self, name, value, panels, kind if kind is not None else type(value), kept)
            self._parts[name] = part
            if name in self._waiting:
                self._bring(part, self._waiting.pop(name))
        return self._parts[name]

    def snapshot(self) -> dict[str, Any]:
        """What is set, as JSON's own types, by the names of the parts; what is as it began is left out."""
        found = {
            name: to_json(part.value)
            for name, part in self._parts.items()
            if part.kept and not part.untouched
        }
        return {**self._waiting, **found}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Bring what a snapshot holds; no step of undo. What is not in it becomes what it was at first.

        A part that nobody has asked for yet gets its value when it is made. One whose value cannot be read
        stays as it is at first, and is logged: the others are not kept away by it.
        """
        self._waiting = {name: data for name, data in snapshot.items() if name not in self._parts}
        for name, part in self._parts.items():
            if name in snapshot:
                self._bring(part, snapshot[name])
            elif part.kept:
                part.set(part._first)

    def _bring(self, part: Part[Any], data: Any) -> None:
        try:
            part.set(from_json(part.kind, data))
        except (ValueError, TypeError, KeyError, UserError) as error:
            log.warning("%s of a snapshot cannot be read: %s", part.name, error)

    def known(self, name: str) -> Part[Any] | None:
        """The part of this name, if there is one."""
        return self._parts.get(name)

    def drop(self, name: str) -> None:
        """Forget a part and what was done to it: the thing that it described is gone."""
        part = self._parts.pop(name, None)
        if part is None:
            return
        self._undo, self._redo = _without(self._undo, part), _without(self._redo, part)
        self.changed.emit()

    def edit(self, changes: Mapping[Part[Any], Any], label: str, merge: Hashable | None = None) -> None:
        """Replace several values by one step. What is done while a step is taken back makes none."""
        changes = {
            part: value for part, value in changes.items() if value is not part.value and value != part.value
        }
        if not changes:
            return
        if not self._applying:
            self._remember({part: part.value for part in changes}, label, merge)
        self._apply(changes)
        self.changed.emit()

    def undo_label(self, scope: str) -> str | None:
        """What undo would take back on this panel, or None."""
        return next((step.label for step in reversed(self._undo) if step.seen(scope)), None)

    def redo_label(self, scope: str) -> str | None:
        """What redo would do again on this panel, or None."""
        return next((step.label for step in reversed(self._redo) if step.seen(scope)), None)

    def undo(self, scope: str) -> bool:
        """Take the latest step back that is seen on this panel; False if there is none."""
        return self._move(self._undo, self._redo, scope)

    def redo(self, scope: str) -> bool:
        """Do the step again that undo took back last on this panel; False if there is none."""
        return self._move(self._redo, self._undo, scope)

    def _move(self, source: list[Step], target: list[Step], scope: str) -> bool:
        chosen = next((at for at in reversed(range(len(source))) if source[at].seen(scope)), None)
        if chosen is None:
            return False
        # What came later and replaced the same values goes with it, or it would come back to what never was.
        touched, moved = set(source[chosen].before), [chosen]
        for at in range(chosen + 1, len(source)):
            if touched & set(source[at].before):
                touched |= set(source[at].before)
                moved.append(at)
        values: dict[Part[Any], Any] = {}
        for at in reversed(moved):
            step = source.pop(at)
            now = {part: values.get(part, part.value) for part in step.before}
            target.append(Step(step.label, now, None, 0.0))
            values.update(step.before)
        self._applying = True
        try:
            self._apply(values)
        finally:
            self._applying = False
        self.changed.emit()
        return True

    def _remember(self, before: Mapping[Part[Any], Any], label: str, merge: Hashable | None) -> None:
        now = time.monotonic()
        last = self._undo[-1] if self._undo else None
        self._redo = [step for step in self._redo if not _met(step, before)]
        if (
            last is not None
            and merge is not None
            and last.merge == merge
            and now - last.at < MERGE_SECONDS
            and set(before) <= set(last.before)
        ):
            self._undo[-1] = Step(label, last.before, merge, now)
            return
        self._undo.append(Step(label, dict(before), merge, now))
        del self._undo[: -self._limit]

    def _apply(self, values: Mapping[Part[Any], Any]) -> None:
        # All values first: whoever hears of one may look at another.
        changed = [part for part, value in values.items() if value is not part.value and value != part.value]
        for part, value in values.items():
            part._value = value
        for part in changed:
            part.changed.emit(part.value)


def _seen(part: Part[Any], scope: str) -> bool:
    return not part.panels or scope in part.panels or scope.partition(".")[0] in part.panels


def _met(step: Step, before: Mapping[Part[Any], Any]) -> bool:
    """Whether a step and an edit are seen on one panel."""
    mine = [part.panels for part in step.before]
    others = [part.panels for part in before]
    return any(not a or not b or set(a) & set(b) for a in mine for b in others)


def _without(steps: list[Step], part: Part[Any]) -> list[Step]:
    left = []
    for step in steps:
        before = {each: value for each, value in step.before.items() if each is not part}
        if before:
            left.append(Step(step.label, before, step.merge, step.at))
    return left
