"""Asks a network about a folder's pictures in a worker; the latest folder wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from convscope.core.task import Task
from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs
from convscope.ui.panels.explain.folder.answers import Answers

if TYPE_CHECKING:
    from convscope.engine.models.answers.predict_folder import PictureFile
    from convscope.engine.models.opened import OpenedModel

KEY = "explain.folder"
TOP = 5
# So many numbers are kept of a picture where they are no classes.
MOST_NUMBERS = 32


class FolderRun(QObject):
    """One folder asked about at a time.

    Attributes:
        answers: of the latest folder, as far as they have come; None while its files are not listed.
        failed: why there are none: one sentence; "" where that is not so.

    Signals:
        begun: the files are known: `answers` is another.
        more: answers have come.
        ended: nothing runs any more: all have come, it was stopped, or it failed.
    """

    begun = Signal()
    more = Signal()
    ended = Signal()

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self.answers: Answers | None = None
        self.failed = ""

    @property
    def running(self) -> bool:
        """Whether answers are still to come."""
        return self._job is not None

    def ask(self, model: OpenedModel, folder: Path) -> None:
        """Ask about all pictures of a folder."""
        self.answers = None
        self._start(model, folder, None)

    def go_on(self) -> None:
        """Ask about those that were left when it was stopped."""
        if self.answers is not None and not self.running:
            self._start(self.answers.model, self.answers.folder, self.answers.waiting())

    def stop(self) -> None:
        """What has come stays."""
        self._jobs.cancel_key(KEY)

    def _start(self, model: OpenedModel, folder: Path, files: Sequence[PictureFile] | None) -> None:
        self.failed = ""

        def work(task: Task) -> None:
            from convscope.engine.models.answers.predict_folder import list_pictures, names_of, predict_folder

            wanted, names, are_classes = files, names_of(model), model.has_classes
            top = TOP if are_classes else MOST_NUMBERS
            if wanted is None:
                wanted = list_pictures(folder, task)
                task.partial(Answers(model, folder, wanted, names, top, are_classes=are_classes))
            for some in predict_folder(model, folder, wanted, top=top, task=task):
                task.partial(some)

        # Not "long": somebody looks at one of these pictures meanwhile, and asks why.
        job = self._jobs.submit(
            "folders",
            work,
            title=f"Predicting {folder.name}",
            key=KEY,
            supersede="cancel",
            on_partial=lambda value: self._came(job, value),
            on_done=lambda _nothing: self._end(job),
            on_failed=lambda error: self._fail(job, error),
            on_cancelled=lambda: self._end(job),
        )
        self._job = None if job.finished else job

    def _came(self, job: Job, value: object) -> None:
        if job is not self._job:
            return
        if isinstance(value, Answers):
            self.answers = value
            self.begun.emit()
        elif self.answers is not None:
            self.answers.add(value)  # type: ignore[arg-type]
            self.more.emit()

    def _fail(self, job: Job, error: BaseException) -> None:
        from convscope.core.errors import UserError

        if job is self._job:
            known = isinstance(error, UserError)
            self.failed = str(error) if known else f"Something went wrong ({type(error).__name__})."
        self._end(job)

    def _end(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.ended.emit()
