"""Runs work off the GUI thread and brings results, progress and failures back to it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Literal

from PySide6.QtCore import QObject, Qt, Signal

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.jobs.collector import Collector
from convscope.jobs.job import Job
from convscope.jobs.lane import Lane

log = logging.getLogger(__name__)

Supersede = Literal["finish", "cancel"]

PROGRESS_INTERVAL = 1 / 20  # seconds; a faster bar only takes time from the job


class Jobs(QObject):
    """The window's only way to a worker thread.

    Lanes: "imaging" (short array work), "view" (the second picture of a long list: thumbnails, spectra),
    "files" (long reading, which a thumbnail should not wait for), "engine" (short Keras calls), "long" (Keras
    work of many seconds, which a short call should not wait for), "folders" (Keras work on however many
    pictures), "training" (one long job), "keeping" (unsaved work to the disk and back, networks among it:
    nothing on show waits for it), "downloads" (data sets, which take minutes and for which nothing else
    waits). A lane runs one job at a time, in order. Per key the latest request wins: one that waits is
    replaced, one that runs either finishes and is shown once more (`supersede` "finish": the picture moves
    during a drag) or is cancelled ("cancel"). A result that is older than one already delivered or failed,
    or that was cancelled, is dropped.

    All signals and callbacks come on the thread that made this object.

    Attributes:
        delivering: what callbacks run in: the window's document is told that they are nothing a person did.

    Signals:
        changed: a job was added, moved on or ended.
        failed: a job failed and nobody took `on_failed`; the job and the exception.
    """

    changed = Signal(object)
    failed = Signal(object, object)
    _arrived = Signal(object, str, object)

    LANES = ("imaging", "view", "files", "engine", "long", "folders", "training", "keeping", "downloads")
    # Keras keeps all processors busy: the window, which needs one for a moment, comes first.
    NICE: ClassVar[dict[str, int]] = dict.fromkeys(
        ("files", "engine", "long", "folders", "training", "keeping", "downloads"), 3
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes = {name: Lane(name, self._perform, self.NICE.get(name, 0)) for name in self.LANES}
        self._jobs: list[Job] = []
        self._delivered: dict[str, int] = {}
        self._closed = False
        self.delivering: Callable[[], AbstractContextManager[object]] = nullcontext
        self._collector = Collector(self)
        # Queued by name: an automatic connection would call straight through when a test runs inline.
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        lane: str,
        function: Callable[[Task], Any],
        *,
        title: str,
        key: str | None = None,
        supersede: Supersede = "cancel",
        quiet: bool = False,
        on_done: Callable[[Any], None] | None = None,
        on_failed: Callable[[BaseException], None] | None = None,
        on_partial: Callable[[Any], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
    ) -> Job:
        """Queue `function(task)` on a lane and return its job at once."""
        job = Job(printable(title), lane, function, key, quiet, on_done, on_failed, on_partial, on_cancelled)
        job.task = Task(self._progress_reporter(job), lambda value: self._send(job, "partial", value))
        if self._closed:
            job.state = "cancelled"
            return job
        if key is not None:
            for older in [other for other in self._jobs if other.key == key]:
                if supersede == "cancel":
                    self.cancel(older)
                elif self._lanes[older.lane].remove(older):
                    self._end(older, "cancelled")
        self._jobs.append(job)
        self.changed.emit(job)
        self._lanes[lane].put(job)
        return job

    def cancel(self, job: Job) -> None:
        """Nobody wants this job's result any more; it stops at its next check."""
        if job.finished:
            return
        job.task.cancel()
        if self._lanes[job.lane].remove(job):
            self._end(job, "cancelled")

    def cancel_key(self, key: str) -> None:
        """Cancel all work for a view, because what it was for has changed."""
        for job in [job for job in self._jobs if job.key == key]:
            self.cancel(job)

    def running(self) -> list[Job]:
        """The jobs that wait or run, oldest first."""
        return list(self._jobs)

    def idle(self) -> bool:
        """True when nothing waits or runs."""
        return not self._jobs

    def shutdown(self, seconds: float = 1.5) -> bool:
        """Cancel everything and wait a little; False if a job would not stop (its thread is a daemon)."""
        self._closed = True
        for job in list(self._jobs):
            job.task.cancel()
        for lane in self._lanes.values():
            lane.close()
        deadline = time.monotonic() + seconds
        ended = [lane.join(deadline - time.monotonic()) for lane in self._lanes.values()]
        for job in list(self._jobs):
            self._end(job, "cancelled")
        self._collector.stop()
        return all(ended)

    # -- on the lane's thread -------------------------------------------------------------------------------

    def _perform(self, job: Job) -> None:
        if job.task.cancelled:
            self._send(job, "cancelled", None)
            return
        self._send(job, "started", None)
        try:
            result = job.function(job.task)
        except Cancelled:
            self._send(job, "cancelled", None)
        except Exception as error:
            # What TensorFlow lacks for this processor may show in any work on a network. Imported late: the
            # first paint does without the engine.
            from convscope.engine.keras_compat import cannot_run, no_kernel

            self._send(job, "failed", no_kernel("The network", error) if cannot_run(error) else error)
        else:
            self._send(job, "done", result)

    def _progress_reporter(self, job: Job) -> Callable[[float | None, str], None]:
        last, known = 0.0, True

        def report(fraction: float | None, text: str) -> None:
            nonlocal last, known
            now = time.monotonic()
            was, known = known, job.task.left is not None
            # That nobody knows any more how long it takes, since it was paused, is not followed by more.
            if now - last >= PROGRESS_INTERVAL or known != was:
                last = now
                self._send(job, "progress", (fraction, text, job.task.left))

        return report

    def _send(self, job: Job, what: str, value: Any) -> None:
        try:
            self._arrived.emit(job, what, value)
        except RuntimeError:
            # The window and this object are gone; a daemon thread's last word has no listener.
            log.debug("%s: %s after the window closed", job.title, what)

    # -- on the GUI thread ----------------------------------------------------------------------------------

    def _receive(self, job: Job, what: str, value: Any) -> None:
        with self.delivering():
            self._take(job, what, value)

    def _take(self, job: Job, what: str, value: Any) -> None:
        if job.finished:
            return
        if what == "started":
            job.state, job.started_at = "running", time.monotonic()
            self.changed.emit(job)
        elif what == "progress":
            fraction, text, left = value
            if fraction is not None and job.fraction is not None and fraction < job.fraction:
                # Another part of the work, which has a pace of its own.
                job.started_at = time.monotonic()
            job.fraction, job.text, job.left = fraction, text, left
            self.changed.emit(job)
        elif what == "partial":
            if not self._stale(job) and job.on_partial is not None:
                job.on_partial(value)
        elif what == "done":
            stale = self._stale(job)
            if job.key is not None and not stale:
                self._delivered[job.key] = job.number
            self._end(job, "cancelled" if stale else "done")
            if not stale and job.on_done is not None:
                job.on_done(value)
        elif what == "failed":
            self._fail(job, value)
        else:
            self._end(job, "cancelled")

    def _fail(self, job: Job, error: BaseException) -> None:
        stale = self._stale(job)
        if job.key is not None and not stale:
            # What was asked for before must not be shown over the sentence that says why.
            self._delivered[job.key] = job.number
        self._end(job, "failed")
        if isinstance(error, UserError):  # the person is told; that is no bug
            log.info("%s failed: %s", job.title, error.message)
        else:
            log.error("%s failed", job.title, exc_info=error)
        if stale:
            return
        if job.on_failed is not None:
            job.on_failed(error)
        else:
            self.failed.emit(job, error)

    def _stale(self, job: Job) -> bool:
        newer_shown = job.key is not None and self._delivered.get(job.key, 0) > job.number
        return job.task.cancelled or newer_shown

    def _end(self, job: Job, state: Literal["done", "failed", "cancelled"]) -> None:
        job.state = state
        # The listeners hold the job, the job holds the task: a ring, which would keep pictures in memory.
        job.task.detach()
        if job in self._jobs:
            self._jobs.remove(job)
        if state == "cancelled" and job.on_cancelled is not None:
            job.on_cancelled()
        self.changed.emit(job)
