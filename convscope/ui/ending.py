"""What a panel and its parts hold on to outside of it, let go of together when it ends. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Emits(Protocol):
    """A signal, Qt's or psygnal's."""

    def connect(self, slot: Callable[..., Any], /) -> Any: ...

    def disconnect(self, slot: Callable[..., Any], /) -> Any: ...


class Ending:
    """Undoes, last first, whatever was begun for the time that something lives.

    The workspace and the jobs outlive a panel: what it hears of them must end with it.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self.ended = False

    def listen(self, signal: Emits, function: Callable[..., Any]) -> None:
        """Call `function` whenever the signal is emitted, until the end."""
        signal.connect(function)
        self._undo.append(lambda: signal.disconnect(function))

    def call(self, function: Callable[[], object]) -> None:
        """Call `function` at the end: it stops a timer or cancels a job."""
        self._undo.append(function)

    def end(self) -> None:
        """Let go of everything. A second time does nothing."""
        self.ended = True
        while self._undo:
            self._undo.pop()()
