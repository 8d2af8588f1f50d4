"""The downloads of data sets that a person has asked for: they go on while other things are done. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.data.sets.registry import DatasetInfo
    from convscope.jobs.job import Job
    from convscope.ui.panel_context import PanelContext

_KEY = "download."


class DownloadsViewModel:
    """Starts, stops and remembers them.

    Args:
        open_set: opens a set by its name.

    Attributes:
        refused: by name, why one has failed: the sentence and what lies behind it.
        on_show: whether they are on show; if not, messages tell of them.

    Signals:
        changed: something is new of the set of this name.
    """

    changed = Signal(str)

    def __init__(self, context: PanelContext, open_set: Callable[[str], object]) -> None:
        self._context, self._open = context, open_set
        self.refused: dict[str, tuple[str, str]] = {}
        self.on_show: Callable[[], bool] = lambda: False
        context.listen(context.jobs.changed, self._job_changed)

    def listed(self) -> tuple[DatasetInfo, ...]:
        """Every set that is downloaded by itself."""
        from convscope.engine.data.sets.registry import list_datasets

        return tuple(info for info in list_datasets() if info.size and not info.part_of)

    def job(self, name: str) -> Job | None:
        """The download of this set that waits or runs."""
        return next((job for job in self._context.jobs.running() if job.key == _KEY + name), None)

    def start(self, info: DatasetInfo) -> None:
        """Download a set, or go on with what is here of it."""
        name = info.name
        if self.job(name) is not None:
            return

        def work(task: Task) -> None:
            from convscope.engine.data.sets.registry import download_dataset

            download_dataset(name, task)

        def done(_nothing: object) -> None:
            self.changed.emit(name)
            if not self.on_show():
                self._context.offer(f"{info.title} is on this machine now.", "Open", lambda: self._open(name))

        def failed(error: BaseException) -> None:
            if not isinstance(error, UserError):
                self.refused[name] = (f"{info.title} could not be downloaded.", repr(error))
            else:
                self.refused[name] = (error.message, error.detail)
            if not isinstance(error, UserError) or not self.on_show():
                self._context.report(error)
            self.changed.emit(name)

        self.refused.pop(name, None)
        self._context.jobs.submit(
            "downloads",
            work,
            title=f"Downloading {info.title}",
            key=_KEY + name,
            on_done=done,
            on_failed=failed,
        )

    def stop(self, name: str) -> None:
        """Stop it; what has come stays, and is gone on with."""
        self._context.jobs.cancel_key(_KEY + name)

    def _job_changed(self, job: Job) -> None:
        if job.key is not None and job.key.startswith(_KEY):
            self.changed.emit(job.key.removeprefix(_KEY))
