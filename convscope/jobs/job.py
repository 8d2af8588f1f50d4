"""One piece of work on a lane, as the window sees it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from convscope.core.task import Left, Task, TimeLeft, seconds_left

State = Literal["waiting", "running", "done", "failed", "cancelled"]

_numbers = itertools.count(1)


@dataclass(eq=False)
class Job:
    """A function that runs on a lane, with its state; changed on the GUI thread only.

    Attributes:
        title: what the status bar calls it ("Training garments").
        lane: the lane it runs on.
        key: the view it works for; per key the latest request wins. None: independent of all others.
        number: its generation; a later request has a higher one.
        fraction: how far it is, 0–1, or None when unknown.
        text: what it is doing just now.
        left: what it says itself of the time left.
        quiet: short live work that the status bar does not list.
    """

    title: str
    lane: str
    function: Callable[[Task], Any]
    key: str | None = None
    quiet: bool = False
    on_done: Callable[[Any], None] | None = None
    on_failed: Callable[[BaseException], None] | None = None
    on_partial: Callable[[Any], None] | None = None
    on_cancelled: Callable[[], None] | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    state: State = "waiting"
    fraction: float | None = None
    text: str = ""
    left: TimeLeft = Left.BY_FRACTION
    started_at: float | None = None
    task: Task = field(default_factory=Task)

    @property
    def finished(self) -> bool:
        """Done, failed or cancelled: nothing more will come from it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def seconds_left(self) -> float | None:
        """The one estimate that all of the window shows; None while that would be a guess."""
        if self.started_at is None:
            return None
        return seconds_left(self.left, self.fraction, time.monotonic() - self.started_at)
