"""What a long function is told about the job that it runs in: how to report and when to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Cancelled(Exception):  # noqa: N818  it is no error
    """Raised inside a job whose result nobody wants any more."""


class Task:
    """Progress, partial results and cancellation, handed to every function that may take over 0.3 s.

    The default does nothing, so that the same function runs in a script or a test without a job.

    Args:
        on_progress: called with a fraction (0–1, or None when unknown) and a short text.
        on_partial: called with an intermediate result that is worth painting.
    """

    def __init__(
        self,
        on_progress: Callable[[float | None, str], None] | None = None,
        on_partial: Callable[[Any], None] | None = None,
    ) -> None:
        self._on_progress = on_progress
        self._on_partial = on_partial
        self._cancelled = threading.Event()

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Report how far the work is; raises `Cancelled` if it is no longer wanted."""
        self.check()
        report = self._on_progress
        if report is not None:
            report(fraction, text)

    def partial(self, value: Any) -> None:
        """Hand over an intermediate result."""
        hand_over = self._on_partial
        if hand_over is not None and not self._cancelled.is_set():
            hand_over(value)

    def detach(self) -> None:
        """Nobody listens any more."""
        self._on_progress = self._on_partial = None

    def cancel(self) -> None:
        """Ask the work to stop at its next `check`."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self._cancelled.is_set():
            raise Cancelled
