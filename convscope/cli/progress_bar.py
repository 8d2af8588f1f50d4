"""A progress bar on standard error, for subcommands that take long."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from convscope.cli.streams import drawing
from convscope.core.printable import printable
from convscope.core.task import Task, seconds_left
from convscope.core.words import time_left

_WIDTH = 24
# Where there is no terminal (a log file), a line is enough this often.
_QUIET = 5.0


class _Bar:
    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()
        self._shown = 0
        self._began, self._fraction = time.perf_counter(), 0.0
        # The task whose progress it is.
        self.task: Task | None = None

    def show(self, fraction: float | None, text: str) -> None:
        text = self._with_time(fraction, printable(text))
        now = time.monotonic()
        if not self._terminal:
            if now - self._last >= _QUIET:
                self._last = now
                percent = "" if fraction is None else f"{fraction:4.0%} "
                print(f"{percent}{text}", file=sys.stderr)
            return
        filled = 0 if fraction is None else round(fraction * _WIDTH)
        # A line that is too long would wrap, and could not be drawn over.
        line = f"[{'█' * filled}{' ' * (_WIDTH - filled)}] {text}"[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line:<{self._shown}}", end="", file=drawing(sys.stderr), flush=True)
        self._shown = len(line)

    def _with_time(self, fraction: float | None, text: str) -> str:
        """The time left first: what a line has no room for is cut off at its end."""
        now = time.perf_counter()
        if fraction is not None:
            if fraction < self._fraction:
                # Another part of the work, which has a pace of its own.
                self._began = now
            self._fraction = fraction
        assert self.task is not None
        left = seconds_left(self.task.left, fraction, now - self._began)
        return text if left is None else f"{time_left(left)} · {text}"

    def close(self) -> None:
        if self._terminal and self._shown:
            print(f"\r{'':<{self._shown}}\r", end="", file=drawing(sys.stderr), flush=True)


@contextmanager
def progress_bar() -> Iterator[Task]:
    """A task whose progress is drawn; Ctrl+C cancels it, so that work ends in order; a second one kills."""
    bar = _Bar()
    task = bar.task = Task(on_progress=bar.show)
    before = signal.getsignal(signal.SIGINT)

    def cancel(number: int, frame: FrameType | None) -> None:
        task.cancel()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, cancel)
    try:
        yield task
    finally:
        signal.signal(signal.SIGINT, before)
        bar.close()
