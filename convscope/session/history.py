"""Undo and redo over immutable documents: a step is the whole state before it, which costs a reference."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")

MERGE_SECONDS = 1.0


@dataclass(frozen=True)
class Step(Generic[State]):
    """One edit: what it is called ("Edit weight") and the state that it started from."""

    label: str
    state: State
    merge: str | None
    at: float


class History(Generic[State]):
    """The states of one document, with undo and redo.

    Args:
        state: the first state.
        limit: how many steps are kept.
    """

    def __init__(self, state: State, limit: int = 500) -> None:
        self._state = state
        self._limit = limit
        self._undo: list[Step[State]] = []
        self._redo: list[Step[State]] = []

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or None."""
        return self._redo[-1].label if self._redo else None

    def edit(self, state: State, label: str, merge: str | None = None) -> None:
        """Go to a new state. Edits in quick succession with the same `merge` are one step, as a drag is."""
        now = time.monotonic()
        last = self._undo[-1] if self._undo else None
        quick = last is not None and now - last.at < MERGE_SECONDS
        if last is not None and quick and merge is not None and last.merge == merge and not self._redo:
            self._undo[-1] = Step(label, last.state, merge, now)
        else:
            self._undo.append(Step(label, self._state, merge, now))
            del self._undo[: -self._limit]
        self._redo.clear()
        self._state = state

    def undo(self) -> bool:
        """Take the last step back; False if there is none."""
        if not self._undo:
            return False
        step = self._undo.pop()
        self._redo.append(Step(step.label, self._state, None, 0.0))
        self._state = step.state
        return True

    def redo(self) -> bool:
        """Do the step again that undo took back; False if there is none."""
        if not self._redo:
            return False
        step = self._redo.pop()
        self._undo.append(Step(step.label, self._state, None, 0.0))
        self._state = step.state
        return True
