"""The state of the folder's page: which folder, its answers, their order, the row chosen. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.jobs.job import Job
from convscope.ui.export.writing import save_as, with_ending
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.explain.folder.answers import FolderAnswers, FolderOrder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.predict_folder import PictureFile

KEY = "explain.folder"
TOP = 5
# So many numbers are kept of a picture where they are no classes.
MOST_NUMBERS = 32
# So many pictures that were opened from here stay in the film strip.
KEPT = 12
_NOTHING = "Drop a folder of pictures here: the network says what it sees on each."


class FolderViewModel:
    """Asks the current network about all pictures of a folder; the latest folder wins. GUI thread only.

    Attributes:
        folder, order, selected: parts of the document: its path, "" for none; which rows are shown, and how;
            the picture that is chosen, by its path within the folder.
        answers: of the latest folder, as far as they have come; None while its files are not listed.
        failed: why there are none: one sentence; "" where that is not so.

    Signals:
        begun: the files are known: `answers` is another.
        more: answers have come.
        changed: anything else of what is shown.
        opened: a picture of the folder has become the current one.
    """

    begun = Signal()
    more = Signal()
    changed = Signal()
    opened = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        workspace = context.workspace
        self.folder = workspace.part("explain.folder", "", "explain")
        self.order = workspace.part("explain.folder.order", FolderOrder(), "explain")
        self.selected = workspace.part("explain.folder.selected", "", "explain")
        self.answers: FolderAnswers | None = None
        self.failed = ""
        self._job: Job | None = None
        self._added: list[str] = []
        context.ending.call(self.stop)
        context.listen(self.folder.changed, self._folder_changed)
        context.listen(self.order.changed, self._order_changed)
        context.listen(workspace.model_changed, self._model_changed)
        if self.folder.value:
            self._model_changed()

    @property
    def running(self) -> bool:
        """Whether answers are still to come."""
        return self._job is not None

    @property
    def outdated(self) -> bool:
        """Whether another network is current than the one that answered."""
        answers, model = self.answers, self.context.workspace.model
        return answers is not None and model is not None and answers.model is not model

    @property
    def words(self) -> str:
        """How far it is, or what to do."""
        answers, folder = self.answers, Path(self.folder.value)
        name = printable(folder.name)
        if self.failed:
            return printable(self.failed)
        if answers is None:
            if self.running:
                return f"Looking for pictures in {name}…"
            if self.folder.value and self.context.workspace.model is None:
                return f"There is no network to ask about {name} yet."
            return _NOTHING
        skipped = len(answers.problems)
        told = f"   ·   {skipped:,} skipped" if skipped else ""
        if self.running:
            return f"{name}: {answers.done:,} of {len(answers):,} pictures{told}"
        if answers.done < len(answers):
            return f"{name}: stopped after {answers.done:,} of {len(answers):,} pictures{told}"
        pictures = "1 picture" if len(answers) == 1 else f"{len(answers):,} pictures"
        return f"{name}: {pictures}{told}"

    # -- asking ----------------------------------------------------------------------------------------------

    def ask(self, folder: Path) -> None:
        """Ask about a folder; the one that is shown already is asked about anew."""
        if self.folder.value == str(folder):
            self._folder_changed()
        else:
            self.folder.set(str(folder))

    def stop(self) -> None:
        """What has come stays."""
        self.context.jobs.cancel_key(KEY)

    def go_on(self) -> None:
        """Stop; or ask the network that is current now; or about those that were left when it was stopped."""
        model = self.context.workspace.model
        if self.running:
            self.stop()
        elif self.outdated and model is not None:
            self._ask(model)
        elif self.answers is not None:
            self._start(self.answers.model, self.answers.folder, self.answers.waiting())
        self.changed.emit()

    def _folder_changed(self, *_: object) -> None:
        model = self.context.workspace.model
        self.stop()
        self.answers = None
        self.selected.set("")
        self.order.set(replace(self.order.value, only=None))
        if self.folder.value and model is not None:
            self._ask(model)
        self.changed.emit()

    def _order_changed(self, _order: FolderOrder) -> None:
        self.changed.emit()

    def _model_changed(self, *_: object) -> None:
        model = self.context.workspace.model
        if self.folder.value and model is not None and self.answers is None and not self.running:
            # It was dropped before there was a network.
            self._ask(model)
        self.changed.emit()

    def _ask(self, model: OpenedModel) -> None:
        self.answers = None
        self._start(model, Path(self.folder.value), None)

    def _start(self, model: OpenedModel, folder: Path, files: Sequence[PictureFile] | None) -> None:
        self.failed = ""

        def work(task: Task) -> None:
            from convscope.engine.models.predict_folder import list_pictures, names_of, predict_folder

            wanted, names, are_classes = files, names_of(model), model.has_classes
            top = TOP if are_classes else MOST_NUMBERS
            if wanted is None:
                wanted = list_pictures(folder, task)
                task.partial(FolderAnswers(model, folder, wanted, names, top, are_classes=are_classes))
            for some in predict_folder(model, folder, wanted, top=top, task=task):
                task.partial(some)

        # Not "long": somebody looks at one of these pictures meanwhile, and asks why.
        job = self.context.jobs.submit(
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

    def _came(self, job: Job, value: Any) -> None:
        if job is not self._job:
            return
        if isinstance(value, FolderAnswers):
            self.answers = value
            self.begun.emit()
        elif self.answers is not None:
            self.answers.add(value)
            self.more.emit()

    def _fail(self, job: Job, error: BaseException) -> None:
        if job is self._job:
            known = isinstance(error, UserError)
            self.failed = str(error) if known else f"Something went wrong ({type(error).__name__})."
        self._end(job)

    def _end(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.changed.emit()

    # -- one picture, and all of them ------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Make a picture of the folder the current one."""
        answers, workspace = self.answers, self.context.workspace
        if answers is None:
            return
        path = answers.folder / name
        for image in workspace.images:
            if image.path == path:
                workspace.select_image(image.id)
                self.opened.emit()
                return

        def work(task: Task) -> Image:
            from convscope.imaging.io.load import load_image

            return load_image(path, task=task)

        self.context.jobs.submit(
            "imaging",
            work,
            title=f"Opening {path.name}",
            key="explain.folder.open",
            quiet=True,
            on_done=self._add,
            on_failed=self.context.report,
        )

    def _add(self, image: Image) -> None:
        workspace = self.context.workspace
        workspace.add_images([image])
        still = {each.id for each in workspace.images}
        self._added = [*(each for each in self._added if each in still), image.id]
        while len(self._added) > KEPT:
            workspace.remove_image(self._added.pop(0), keep=False)
        self.opened.emit()

    def save_table(self, path: Path, rows: NDArray[np.int64]) -> None:
        """Write the rows on show, in their order, as `convscope predict FOLDER --csv` writes them."""
        answers = self.answers
        if answers is None:
            return

        def write(file: Path, _task: Task) -> None:
            from convscope.core.files import write_whole
            from convscope.engine.models.predict_folder import answer_key
            from convscope.engine.models.prediction_table import as_text, columns
            from convscope.engine.models.prediction_table import row as line

            key = answer_key(answers.model)
            plain = not answers.are_classes
            titles = columns(answers.top, answers.names if plain else ())
            some = (answers.answered(place) for place in rows.tolist())
            lines = [
                titles,
                *(line(one, answers.names, answers.top, key, are_classes=not plain) for one in some),
            ]
            write_whole(file, as_text(lines))

        said = f"{len(rows):,} lines saved as {with_ending(path, ('.csv',)).name}"
        save_as(self.context, path, write, (".csv",), lane="files", said=said)
