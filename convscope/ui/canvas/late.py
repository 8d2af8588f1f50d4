"""When an answer is so late that the pictures of the question before must be dimmed."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, QTimer

from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs
from convscope.ui.canvas.veil import Veil
from convscope.ui.ending import Ending

# What is answered within this time needs no word; a picture that follows a drag must not flicker.
LATE_MS = 500
WORDS = "Working: this is still the answer to what was asked before"


class Late(QObject):
    """Watches the jobs that a view waits for, and lays a veil over it while none of them answers.

    Args:
        jobs: where the answers come from.
        veil: over what they are shown on.
        ending: of the panel whose view it is.
        patience: milliseconds within which an answer is not late.
    """

    def __init__(self, jobs: Jobs, veil: Veil, ending: Ending, patience: int | None = None) -> None:
        super().__init__(veil)
        self._jobs, self._veil = jobs, veil
        self._keys: frozenset[str] = frozenset()
        # Jobs up to this number are answered.
        self._answered = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LATE_MS if patience is None else patience)
        self._timer.timeout.connect(self._cover)
        ending.listen(jobs.changed, self._watch)
        ending.call(self._end)

    def set_keys(self, keys: Collection[str]) -> None:
        """Wait for these jobs, by their keys, from now on."""
        self._keys = frozenset(keys)
        self._lift()

    def answer(self) -> None:
        """What the jobs work on is on show already, in part: they only complete it."""
        self._answered = max([self._answered, *self._pending()])
        self._lift()

    def _end(self) -> None:
        self._timer.stop()
        self._veil.set_words("")

    def _watch(self, job: Job) -> None:
        if job.key not in self._keys:
            return
        # A request that gave way to the next one is no answer.
        if job.state in ("done", "failed") or (job.finished and not self._pending()):
            self._lift()
        elif not self._timer.isActive() and not self._veil.words and self._pending():
            self._timer.start()

    def _lift(self) -> None:
        self._timer.stop()
        self._veil.set_words("")
        if self._pending():
            self._timer.start()

    def _pending(self) -> list[int]:
        running = self._jobs.running()
        return [job.number for job in running if job.key in self._keys and job.number > self._answered]

    def _cover(self) -> None:
        if self._pending():
            self._veil.set_words(WORDS)
