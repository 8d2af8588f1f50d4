"""Keeps unsaved work on the disk while the window is open, and brings it back after a crash."""

from __future__ import annotations

import logging
from pathlib import Path

from psygnal import SignalInstance
from PySide6.QtCore import QLockFile, QObject, QTimer

from convscope.core.paths import state_dir
from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.workspace.data_settings import DataSettings
from convscope.workspace.kept_models import spare
from convscope.workspace.recovery import Recovered, Work, clear_work, has_work, load_work, save_work
from convscope.workspace.workspace import Workspace

log = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds between two writes at least
_MARKER = "restoring"
WINDOWS = 16  # that can be open at once with their work kept


class Keeper(QObject):
    """One window's place on the disk; a second window has its own.

    Args:
        workspace: whose work is kept.
        jobs: writes and reads, in the lane "keeping".
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
        for signal in self._signals():
            signal.connect(self._changed)

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
            return None
        marker.touch()
        recovered = load_work(self.folder, task)
        if recovered is not None:
            spare(recovered.models)
        return recovered

    def restore(self, recovered: Recovered) -> None:
        """Put it into the workspace: images and documents; an edit that can be undone."""
        if recovered.work is not None:
            images = recovered.work.images
            self._workspace.add_images(images)
            self._workspace.select_image(images[recovered.work.current].id)
        self._workspace.edit_lab(recovered.lab, "Restore the last work")
        if recovered.architecture is not None:
            self._workspace.edit_architecture(recovered.architecture, "Restore the last work")
        settings = dict(recovered.settings)
        # Without a data set, and by versions that kept those of one only.
        alone = DataSettings(recovered.augmentation, recovered.input)
        if recovered.dataset not in settings and alone != DataSettings():
            settings[recovered.dataset] = alone
        self._workspace.bring_data_settings(settings)

    def close(self) -> None:
        """The window closes as it should: nothing needs to be kept."""
        self._timer.stop()
        for signal in self._signals():
            signal.disconnect(self._changed)
        if self.folder is not None:
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

    def _signals(self) -> tuple[SignalInstance, ...]:
        workspace = self._workspace
        return (
            workspace.lab_changed,
            workspace.architecture_changed,
            workspace.images_changed,
            workspace.image_changed,
            workspace.models_changed,
            workspace.model_changed,
            workspace.dataset_changed,
            workspace.data_settings_changed,
        )

    def _changed(self, *_: object) -> None:
        # Throttled, not put off: a long drag is kept as it goes.
        if self.folder is not None and not self._timer.isActive():
            self._timer.start()

    def _save(self) -> None:
        folder, work = self.folder, Work.of(self._workspace)
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
