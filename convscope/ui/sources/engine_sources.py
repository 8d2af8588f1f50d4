"""Every way to get a model or a data set into the session: names, files, folders, drops."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from convscope.errors import UserError
from convscope.jobs import Jobs
from convscope.session.kept_models import KeptModel, open_kept
from convscope.session.session import Session
from convscope.task import Task
from convscope.ui.settings import Settings

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    """A data set that could not be opened.

    Attributes:
        reference: its name or path.
        sentence: why, and what to do.
        detail: what lies behind it, for those who ask.
    """

    reference: str
    sentence: str
    detail: str = ""


class EngineSources(QObject):
    """Opens models and data sets in workers; what is current stays when one cannot be opened.

    Args:
        window: the parent of the dialogs.
        session: where they go.
        jobs: opens models in the lane "engine", data sets in the lane "files".
        settings: remembers the recent files.
        report: shows a failure.

    Attributes:
        refused: the data set that was to be opened last, if that failed.
        teller: the widget that says so, if there is one; while it is on show nothing else has to.

    Signals:
        refused_changed: that, or None when another one is being opened.
    """

    refused_changed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        jobs: Jobs,
        settings: Settings,
        report: Callable[[BaseException], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._settings = settings
        self._report = report
        self._opening = 0
        # By what was asked for without options; other weights make another model of it.
        self._as_named: dict[str, OpenedModel] = {}
        self.refused: Refused | None = None
        self.teller: QWidget | None = None

    @property
    def opening(self) -> bool:
        """Whether a model is on its way."""
        return self._opening > 0

    def open_model(self, spec: str | Path, **options: object) -> None:
        """Open a model by its name or file; the options are those of the catalogue's `open_model`.

        One that is open already from the same name, with no options, becomes the current one again.
        """
        for index, model in enumerate(self._session.models):
            if not options and self._as_named.get(str(spec)) is model:
                self._session.select_model(index)
                return

        def work(task: Task) -> OpenedModel:
            # Imported here: the engine may still be starting, in this same lane.
            from convscope.engine.models.catalogue import open_model
            from convscope.engine.training.trained_in import trained_in

            return open_model(trained_in(str(spec)), task=task, **options)  # type: ignore[arg-type]

        def done(opened: OpenedModel) -> None:
            if opened.source.path is not None:
                self._settings.remember(opened.source.path)
            still_open = {
                name: model for name, model in self._as_named.items() if model in self._session.models
            }
            self._as_named = still_open if options else {**still_open, str(spec): opened}

        self._open(work, f"Opening {Path(spec).name}", done)

    def bring_back(self, model: tuple[str, str] | KeptModel) -> None:
        """Open a model that was open when the last run ended: by name and weights, or from its own file."""
        if isinstance(model, KeptModel):
            self._open(lambda task: open_kept(model, task), f"Bringing {model.name} back")
        else:
            spec, weights = model
            self.open_model(spec, **({"weights": weights} if weights else {}))

    def _open(
        self,
        make: Callable[[Task], OpenedModel],
        title: str,
        then: Callable[[OpenedModel], None] | None = None,
    ) -> None:
        def work(task: Task) -> OpenedModel:
            opened = make(task)
            # Its arithmetic takes longer than a frame, and every panel asks for it.
            _ = opened.sheet
            return opened

        def warm(opened: OpenedModel, task: Task) -> None:
            # The first answer and the first Grad-CAM, before they are asked for.
            from convscope.engine.seeing.attribution import explain

            opened.warm()
            task.check()
            explain.warm(opened, task)

        def done(opened: OpenedModel) -> None:
            if then is not None:
                then(opened)
            self._session.add_model(opened)
            # Its functions are traced before the first question, not during it.
            self._jobs.submit(
                "engine",
                lambda task: warm(opened, task),
                title=f"Getting {opened.name} ready",
                key="warm",
                supersede="finish",
                quiet=True,
                on_failed=lambda error: log.info("%s could not be warmed: %s", opened.name, error),
            )

        self._opening += 1
        job = self._jobs.submit(
            "engine",
            work,
            title=title,
            on_done=lambda opened: self._ended(done, opened),
            on_failed=lambda error: self._ended(self._report, error),
            on_cancelled=lambda: self._ended(),
        )
        if job.finished:
            self._opening -= 1

    def open_dataset(self, reference: str | Path) -> None:
        """Open a data set by its name, its folder or its file."""

        def work(task: Task) -> Dataset:
            from convscope.engine.data.registry import open_dataset

            return open_dataset(reference, task)

        def done(dataset: Dataset) -> None:
            if Path(dataset.reference).exists():
                self._settings.remember(Path(dataset.reference))
            self._session.set_dataset(dataset)

        def failed(error: BaseException) -> None:
            name = Path(reference).name
            if not isinstance(error, UserError):
                self._refuse(Refused(str(reference), f"{name} could not be opened."))
                self._report(error)
                return
            self._refuse(Refused(str(reference), error.message, error.detail))
            if self.teller is None or not self.teller.isVisible():
                self._report(error)

        self.forgive()
        self._jobs.submit(
            "files",
            work,
            title=f"Opening {Path(reference).name}",
            key="dataset",
            on_done=done,
            on_failed=failed,
        )

    def forgive(self) -> None:
        """Forget which data set could not be opened."""
        self._refuse(None)

    def _refuse(self, refused: Refused | None) -> None:
        if refused != self.refused:
            self.refused = refused
            self.refused_changed.emit(refused)

    def choose_model(self) -> None:
        """The dialog to open a model file."""
        dialog = self._dialog("Open a model", "sources.model")
        dialog.setNameFilters(["Keras models (*.keras *.h5 *.hdf5)", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.accepted.connect(lambda: self.open_model(dialog.selectedFiles()[0]))
        dialog.open()

    def choose_dataset(self) -> None:
        """The dialog to open a folder with one sub-folder a class."""
        dialog = self._dialog("Open a folder with one sub-folder a class", "sources.dataset")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.accepted.connect(lambda: self.open_dataset(dialog.selectedFiles()[0]))
        dialog.open()

    def _ended(self, then: Callable[..., None] | None = None, *arguments: object) -> None:
        self._opening -= 1
        if then is not None:
            then(*arguments)

    def _dialog(self, title: str, name: str) -> QFileDialog:
        recent = self._settings.recent
        dialog = QFileDialog(self._window, title, str(Path(recent[0]).parent) if recent else "")
        dialog.setObjectName(name)
        dialog.finished.connect(dialog.deleteLater)
        return dialog
