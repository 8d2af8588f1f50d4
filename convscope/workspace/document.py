"""What a person has set, as named frozen values, and one undo over all of them.

A panel keeps what it shows and asks in parts; it never keeps a history of its own. A step of undo is the
values that it replaced, which costs a reference each. Undo takes back the latest step that is seen on the
panel on show, so that nothing changes behind the person's back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Generic, TypeVar

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.records import from_json, to_json

log = logging.getLogger(__name__)

Value = TypeVar("Value")

MERGE_SECONDS = 1.0


@dataclass(frozen=True)
class Unread:
    """Stands for a value in a step of undo until somebody has made its part, which knows the type.

    Attributes:
        data: the value as JSON's own types.
        first: it is what the part is at first.
    """

    data: Any = None
    first: bool = False


class Part(Generic[Value]):
    """One value of the workspace, replaced as a whole and never changed. Made by `Document.part`.

    Attributes:
        name: its id.
        panels: where it is seen: names of panels ("explain") or of their pages ("model.build"); empty:
            everywhere.
        kind: its type, as `core.records` reads it from JSON; or a function that reads it.
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
        return self._value

    @property
    def untouched(self) -> bool:
        """Whether it is as it began."""
        return self._value is self._first or self._value == self._first

    def is_first(self, value: object) -> bool:
        """Whether this is what it is at first."""
        if isinstance(value, Unread):
            return value.first
        return value is self._first or bool(value == self._first)

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
            self._document._heard(self)
            self.changed.emit(value)

    def read(self, data: Any) -> Value:
        """The value that JSON holds.

        Raises:
            ValueError, TypeError, KeyError, UserError: it is something else.
        """
        if isinstance(self.kind, FunctionType):
            value: Value = self.kind(data)
            return value
        return from_json(self.kind, data)


@dataclass(frozen=True, eq=False)
class Edit:
    """One edit: what it is called and the values that it replaced."""

    label: str
    before: Mapping[Part[Any], Any]
    merge: Hashable | None
    at: float

    def seen(self, scope: str) -> bool:
        """Whether it changed something that is on show there, and all of it can be read."""
        return any(_seen(part, scope) for part in self.before) and not any(
            isinstance(value, Unread) for value in self.before.values()
        )


class Document:
    """All parts, and the steps over them in the order in which they were made.

    A snapshot may be brought back before the network and the data set that it is of are open. What it set is
    held until `release`: a value that changes meanwhile only because something else did (a class of a network
    that is not there, see `following`) is brought back then; one that a person changed is not.

    Args:
        limit: how many steps are kept.

    Signals:
        changed: what undo and redo would do.
        touched: something that a snapshot holds has another value.
        acted: a part has another value by something that a person did.
    """

    changed = Signal()
    touched = Signal()
    acted = Signal(object)

    def __init__(self, limit: int = 500) -> None:
        self._limit = limit
        self._parts: dict[str, Part[Any]] = {}
        self._undo: list[Edit] = []
        self._redo: list[Edit] = []
        self._applying = False
        # Of a snapshot: what nobody has made a part for yet.
        self._waiting: dict[str, Any] = {}
        # Of steps that a snapshot brought: the same.
        self._promised: dict[str, Part[Any]] = {}
        self._holds: frozenset[str] = frozenset()
        self._held: dict[Part[Any], Any] = {}
        self._following = 0

    def part(self, name: str, value: Value, *panels: str, kind: Any = None, kept: bool = True) -> Part[Value]:
        """The part of this name; made if there is none yet, with what a snapshot brought or this value.

        Args:
            kind: its type where that is more than the value's own, such as `tuple[str, ...]`.
            kept: False for what a snapshot leaves out: what follows from other parts, or is a live frame.
        """
        if name not in self._parts:
            part = Part(self, name, value, panels, kind if kind is not None else type(value), kept)
            self._parts[name] = part
            if name in self._promised:
                self._keep_promise(self._promised.pop(name), part)
            if name in self._waiting:
                self._bring(part, self._waiting.pop(name))
        return self._parts[name]

    def values(self) -> dict[str, Any]:
        """What is set, by the names of the parts; what is as it began is left out. See `snapshot`."""
        now = {part: self._held.get(part, part.value) for part in self._parts.values() if part.kept}
        found = {part.name: value for part, value in now.items() if value != part._first}
        return {**self._waiting, **found}

    def snapshot(self) -> dict[str, Any]:
        """`values` as JSON's own types."""
        return {name: to_json(value) for name, value in self.values().items()}

    def restore(self, snapshot: Mapping[str, Any], *, hold: Collection[str] = ()) -> None:
        """Bring what a snapshot holds; no step of undo. What is not in it becomes what it was at first.

        A part that nobody has asked for yet gets its value when it is made. One whose value cannot be read
        stays as it is at first, and is logged: the others are not kept away by it.

        Args:
            hold: names of parts that are of something that is not open yet: they are held until `release`.
        """
        self._waiting = {name: data for name, data in snapshot.items() if name not in self._parts}
        self._holds, self._held = frozenset(hold), {}
        with self.following():
            for name, part in list(self._parts.items()):
                if name in snapshot:
                    self._bring(part, snapshot[name])
                elif part.kept:
                    part.set(part._first)

    def release(self) -> None:
        """All is open that the restored snapshot is of: what changed only meanwhile is brought back."""
        held, self._holds, self._held = self._held, frozenset(), {}
        with self.following():
            for part, value in held.items():
                part.set(value)

    @contextmanager
    def following(self) -> Iterator[None]:
        """What changes inside follows from something else, and is nothing that a person did."""
        self._following += 1
        try:
            yield
        finally:
            self._following -= 1

    def _heard(self, part: Part[Any]) -> None:
        if not self._following:
            self._held.pop(part, None)
            self.acted.emit(part)
        if part.kept:
            self.touched.emit()

    def _bring(self, part: Part[Any], data: Any) -> None:
        try:
            value = part.read(data)
        except (ValueError, TypeError, KeyError, UserError) as error:
            log.warning("%s of a snapshot cannot be read: %s", part.name, error)
            return
        if part.name in self._holds:
            self._held[part] = value
        with self.following():
            part.set(value)

    @property
    def steps(self) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
        """Those that undo and those that redo can take, oldest first."""
        return tuple(self._undo), tuple(self._redo)

    def promised(self, name: str, panels: tuple[str, ...]) -> Part[Any]:
        """The part of this name, or what stands for it until somebody makes it."""
        if name in self._parts:
            return self._parts[name]
        return self._promised.setdefault(name, Part(self, name, None, panels, None, True))

    def bring_steps(self, undo: Sequence[Edit], redo: Sequence[Edit]) -> None:
        """Put steps after those that there are; their values are read as soon as there are parts for them."""
        self._undo = [*self._undo, *(self._read(step) for step in undo)][-self._limit :]
        self._redo = [*self._redo, *(self._read(step) for step in redo)][-self._limit :]
        self._undo, self._redo = _some(self._undo), _some(self._redo)
        self.changed.emit()

    def _keep_promise(self, promised: Part[Any], part: Part[Any]) -> None:
        def known(step: Edit) -> Edit:
            if promised not in step.before:
                return step
            before = {part if each is promised else each: value for each, value in step.before.items()}
            return self._read(Edit(step.label, before, step.merge, step.at))

        self._undo = _some([known(step) for step in self._undo])
        self._redo = _some([known(step) for step in self._redo])

    def _read(self, step: Edit) -> Edit:
        """A step with all values that can be read now; what is damaged is no part of it."""
        before: dict[Part[Any], Any] = {}
        for part, value in step.before.items():
            if isinstance(value, Unread) and self._parts.get(part.name) is part:
                try:
                    before[part] = part._first if value.first else part.read(value.data)
                except (ValueError, TypeError, KeyError, UserError) as error:
                    log.warning("a step of %s cannot be read: %s", part.name, error)
            else:
                before[part] = value
        return Edit(step.label, before, step.merge, step.at)

    def known(self, name: str) -> Part[Any] | None:
        """The part of this name, if there is one."""
        return self._parts.get(name)

    def drop(self, name: str) -> None:
        """Forget a part and what was done to it: the thing that it described is gone."""
        part = self._parts.pop(name, None)
        if part is None:
            return
        self._held.pop(part, None)
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

    def _move(self, source: list[Edit], target: list[Edit], scope: str) -> bool:
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
            # What nobody has made a part for yet cannot be taken back.
            before = {part: value for part, value in step.before.items() if not isinstance(value, Unread)}
            now = {part: values.get(part, part.value) for part in before}
            target.append(Edit(step.label, now, None, 0.0))
            values.update(before)
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
            self._undo[-1] = Edit(label, last.before, merge, now)
            return
        self._undo.append(Edit(label, dict(before), merge, now))
        del self._undo[: -self._limit]

    def _apply(self, values: Mapping[Part[Any], Any]) -> None:
        # All values first: whoever hears of one may look at another.
        changed = [part for part, value in values.items() if value is not part.value and value != part.value]
        for part, value in values.items():
            part._value = value
        for part in changed:
            self._heard(part)
            part.changed.emit(part.value)


def _seen(part: Part[Any], scope: str) -> bool:
    return not part.panels or scope in part.panels or scope.partition(".")[0] in part.panels


def _met(step: Edit, before: Mapping[Part[Any], Any]) -> bool:
    """Whether a step and an edit are seen on one panel."""
    mine = [part.panels for part in step.before]
    others = [part.panels for part in before]
    return any(not a or not b or set(a) & set(b) for a in mine for b in others)


def _without(steps: list[Edit], part: Part[Any]) -> list[Edit]:
    return _some(
        [
            Edit(
                step.label,
                {each: value for each, value in step.before.items() if each is not part},
                step.merge,
                step.at,
            )
            for step in steps
        ]
    )


def _some(steps: list[Edit]) -> list[Edit]:
    """Those that have something to bring back."""
    return [step for step in steps if step.before]
