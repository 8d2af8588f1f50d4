"""What a long function is told about the job that it runs in: how to report and when to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal

from convscope.core.printable import printable


class Left(Enum):
    """What is told of the time left where the work itself cannot say."""

    BY_FRACTION = "as long as the rest of the fraction would take at the pace so far"


TimeLeft = float | None | Literal[Left.BY_FRACTION]
"""Seconds, None while nobody knows, or by the fraction."""


def seconds_left(told: TimeLeft, fraction: float | None, elapsed: float) -> float | None:
    """The one estimate of the time left that there is; None while that would be a guess.

    Args:
        told: by the work itself.
        fraction: how far it is, 0–1.
        elapsed: seconds since that was 0.
    """
    if told is not Left.BY_FRACTION:
        return told
    if fraction is None or fraction < 0.02 or elapsed <= 0.5:
        return None
    return elapsed * (1 - fraction) / fraction


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
        self._left: TimeLeft = Left.BY_FRACTION

    @property
    def left(self) -> TimeLeft:
        """What the last report said of the time left; see `seconds_left`."""
        return self._left

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Report how far the work is; raises `Cancelled` if it is no longer wanted."""
        self._report(fraction, text, Left.BY_FRACTION)

    def progress_for(self, fraction: float | None, text: str, left: TimeLeft) -> None:
        """The same, where the work knows the time left better than its fraction tells."""
        self._report(fraction, text, left)

    def _report(self, fraction: float | None, text: str, left: TimeLeft) -> None:
        self.check()
        self._left = left
        report = self._on_progress
        if report is not None:
            report(fraction, printable(text))

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


class PartOfTask(Task):
    """A part of a longer task: it is cancelled with the whole, and reports its share of the progress.

    Args:
        begin, share: where the part begins on the whole's way and how much of it that is, 0–1; a share of 0
            reports nothing.
        text: what it is called, whatever it says itself.
        on_partial: gets its partial results; None: nobody does.

    Attributes:
        fraction: how far the part itself is.
    """

    def __init__(
        self,
        whole: Task,
        begin: float = 0.0,
        share: float = 1.0,
        *,
        text: str = "",
        on_partial: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__()
        self._whole, self._begin, self._share, self._text = whole, begin, share, text
        self._hand_over = on_partial
        self.fraction = 0.0

    def progress(self, fraction: float | None, text: str = "") -> None:
        self.check()
        self.fraction = fraction or 0.0
        if self._share:
            on = None if fraction is None else self._begin + self._share * fraction
            self._whole.progress(on, self._text or text)

    def partial(self, value: Any) -> None:
        if self._hand_over is not None:
            self._hand_over(value)
        else:
            self.check()

    def check(self) -> None:
        self._whole.check()
