"""What a view model is given in a test that has no Qt: jobs that run when the test says so, and a context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from convscope.core.task import Cancelled, Task
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext
from convscope.workspace.workspace import Workspace


class InlineJobs:
    """Stands for `Jobs`: what was submitted waits until `run`, and runs on the test's own thread.

    Attributes:
        waiting: the jobs, oldest first; per key the latest request wins.
    """

    changed = Signal(object)
    failed = Signal(object, object)

    def __init__(self) -> None:
        self.waiting: list[Job] = []

    def submit(self, lane: str, function: Callable[[Task], Any], **words: Any) -> Job:
        """Keep it until `run`."""
        words.pop("supersede", None)
        job = Job(lane=lane, function=function, **words)
        if job.key is not None:
            self.cancel_key(job.key)
        job.task = Task(lambda *_: None, lambda value: job.on_partial and job.on_partial(value))
        self.waiting.append(job)
        self.changed.emit(job)
        return job

    def run(self) -> None:
        """Run all that waits, and all that follows from it."""
        while self.waiting:
            job = self.waiting[0]
            job.state = "running"
            try:
                value = job.function(job.task)
            except Cancelled:
                self._end(job, "cancelled")
            except Exception as error:
                self._end(job, "failed")
                if job.on_failed is None:
                    raise
                job.on_failed(error)
            else:
                self._end(job, "done")
                if job.on_done is not None:
                    job.on_done(value)

    def cancel(self, job: Job) -> None:
        """Take it off the list."""
        if job in self.waiting:
            job.task.cancel()
            self._end(job, "cancelled")
            if job.on_cancelled is not None:
                job.on_cancelled()

    def cancel_key(self, key: str) -> None:
        """Take all of a view off the list."""
        for job in [job for job in self.waiting if job.key == key]:
            self.cancel(job)

    def running(self) -> list[Job]:
        """What waits or runs."""
        return list(self.waiting)

    def idle(self) -> bool:
        """Whether nothing does."""
        return not self.waiting

    def _end(self, job: Job, state: Any) -> None:
        job.state = state
        if job in self.waiting:
            self.waiting.remove(job)
        self.changed.emit(job)


class Told:
    """What a view model said to the person: errors, notices, offers, and where it went."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.notices: list[str] = []
        self.offers: list[str] = []
        self.shown: list[tuple[str, str]] = []


def bare_context(
    workspace: Workspace, jobs: InlineJobs, told: Told | None = None, **more: Any
) -> PanelContext:
    """A context without a window.

    Args:
        more: fields of `PanelContext` that the view model needs: `predictor`, `sources`, `splitting`.
    """
    told = told or Told()

    def nothing(*_: Any) -> None:
        """There is no window that would."""

    fields: dict[str, Any] = {
        "report": told.errors.append,
        "notify": told.notices.append,
        "offer": lambda sentence, _button, _run: told.offers.append(sentence),
        "show_panel": lambda name, page="": told.shown.append((name, page)),
        "predictor": None,
        "sources": None,
        "splitting": None,
        **dict.fromkeys(("open_model", "open_dataset", "choose_model", "choose_dataset"), nothing),
        **dict.fromkeys(("runs_changed", "ask_about"), nothing),
        **more,
    }
    return PanelContext(workspace=workspace, jobs=jobs, **fields)  # type: ignore[arg-type]
