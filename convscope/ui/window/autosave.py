"""Keeps unsaved work on the disk while the window is open, and brings it back after a crash."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

from convscope.core.paths import state_dir
from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui.ending import Ending
from convscope.workspace.recovery import Recovered, clear_work, has_work, load_work, save_work
from convscope.workspace.snapshot import take
from convscope.workspace.workspace import Workspace

log = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds between two writes at least
_MARKER = "restoring"
WINDOWS = 16  # that can be open at once with their work kept


class Autosave(QObject):
    """One window's place on the disk; a second window has its own.

    Work of a run that ended unexpectedly stays as it is until `restored` says that it is back, or that it
    cannot be: what is written before would take its place.

    Args:
        workspace: whose work is kept.
        jobs: writes, in the lane "keeping".
    """

    def __init__(self, workspace: Workspace, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._jobs = jobs
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(1000 * INTERVAL))
        self._timer.timeout.connect(self._save)
        self._lock: QLockFile | None = None
        self.folder: Path | None = None
        self._claim()
        self._pending = self.has_work
        self._ending = Ending()
        for signal in (
            workspace.document.touched,
            workspace.images_changed,
            workspace.image_changed,
            workspace.models_changed,
            workspace.dataset_changed,
        ):
            self._ending.listen(signal, self._changed)

    @property
    def has_work(self) -> bool:
        """Whether a run that ended unexpectedly left work."""
        return self.folder is not None and has_work(self.folder)

    def load(self, task: Task) -> Recovered | None:
        """That work; on a worker. None if it cannot be used."""
        if self.folder is None:
            return None
        marker = self.folder / _MARKER
        if marker.exists():
            # Work that was being brought back when the last run ended too may be what ended it.
            log.warning("unsaved work is left aside: bringing it back has failed once")
            self._pending = False
            return None
        marker.touch()
        return load_work(self.folder, task)

    def restored(self) -> None:
        """That work is in the workspace, or cannot be used: what is open now takes its place."""
        self._pending = False
        self._changed()

    def close(self) -> None:
        """The window closes as it should: nothing needs to be kept."""
        self._timer.stop()
        self._ending.end()
        if self.folder is not None:
            if not self._pending:
                clear_work(self.folder)
            (self.folder / _MARKER).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.unlock()

    def _claim(self) -> None:
        """The first place that no living window holds; those with work in them first."""
        try:
            base = state_dir() / "recovery"
            base.mkdir(exist_ok=True)
        except OSError as error:
            log.warning("no place for unsaved work: %s", error)
            return
        folders = [base / str(number) for number in range(WINDOWS)]
        for folder in sorted(folders, key=lambda folder: not has_work(folder)):
            lock = QLockFile(f"{folder}.lock")
            # A lock is stale only when its process is gone, however long that window has been open.
            lock.setStaleLockTime(0)
            if lock.tryLock(0):
                self._lock, self.folder = lock, folder
                return
        log.warning("no place for unsaved work: too many windows, or the folder cannot be written")

    def _changed(self, *_: object) -> None:
        # Throttled, not put off: a long drag is kept as it goes.
        if self.folder is not None and not self._pending and not self._timer.isActive():
            self._timer.start()

    def _save(self) -> None:
        folder, work = self.folder, take(self._workspace)
        if folder is None:
            return

        def write(task: Task) -> None:
            save_work(folder, work, task)
            (folder / _MARKER).unlink(missing_ok=True)

        self._jobs.submit(
            "keeping",
            write,
            title="Keeping your work",
            key="recovery",
            supersede="finish",
            quiet=True,
            on_failed=lambda error: log.warning("unsaved work could not be kept: %s", error),
        )
