"""Every way to get something into the workspace: files, folders, drops, the clipboard, the pad, a camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.jobs.jobs import Jobs
from convscope.ui.ending import Ending
from convscope.ui.panel_context import ShowPanel
from convscope.ui.services.engine_sources import EngineSources
from convscope.ui.settings import Settings
from convscope.ui.sources import mime
from convscope.ui.sources.camera_view import CameraView
from convscope.ui.sources.drawing_pad import DrawingPad
from convscope.workspace.images import unique_name
from convscope.workspace.openers.images import IMAGES
from convscope.workspace.openers.models import MODELS
from convscope.workspace.openers.registry import ASKED_ABOUT, AsksAbout, Sorted, is_quick, opener, sort
from convscope.workspace.workspace import Workspace

Read = TypeVar("Read")

SEPARATE_ERRORS = 3  # bad files of one drop that get a message each; all more share one


@dataclass(frozen=True)
class WindowContext:
    """What the window gives to those who open things for it: nothing else of it is their business.

    Attributes:
        parent: of dialogs.
        settings: remembers the recent files.
        report: shows a failure as one sentence with its detail.
        offer: says one sentence with a button: the sentence, the button's words, what it does.
        show: goes to a panel, where there is one of this name.
        ask_about: asks the network about all pictures of a folder.
        ending: what ends with the window.
    """

    parent: QWidget
    workspace: Workspace
    jobs: Jobs
    settings: Settings
    report: Callable[[BaseException], None]
    offer: Callable[[str, str, Callable[[], object]], None]
    show: ShowPanel
    ask_about: Callable[[Path], None]
    ending: Ending


class Sources:
    """Opens whatever a person points at, off the GUI thread; what is bad says so, and what is current stays.

    It is what the openers are given: see `OpenerContext`.

    Attributes:
        engine: opens models and data sets.
    """

    def __init__(self, context: WindowContext) -> None:
        self._context = context
        self.workspace = context.workspace
        self.engine = EngineSources(
            context.workspace, context.jobs, context.settings, context.report, context.offer
        )
        self._pad: DrawingPad | None = None
        self._camera: CameraView | None = None

    def open_paths(self, paths: Sequence[str | Path], asks_about: AsksAbout = "") -> None:
        """Open files and folders, each as what it is: the one door for all of them.

        Args:
            asks_about: folders of which kind are not opened: the network is asked about their pictures.
        """
        given = [Path(path) for path in paths]
        quick = [path for path in given if is_quick(path)]
        folders = [path for path in given if path not in quick]
        self._open(sort(quick))
        if folders:
            title = f"Opening {folders[0].name}" if len(folders) == 1 else f"Opening {len(folders)} folders"
            self.read(title, lambda _task: sort(folders, asks_about), self._open)

    def _open(self, kinds: Sorted) -> None:
        for name, paths in kinds.items():
            if name == ASKED_ABOUT:
                self._context.ask_about(paths[0])
            else:
                opener(name).open(self, paths)

    # -- what openers are given ------------------------------------------------------------------------------

    def read(self, title: str, work: Callable[[Task], Read], done: Callable[[Read], None]) -> None:
        self._context.jobs.submit("view", work, title=title, on_done=done, on_failed=self._context.report)

    def open_model(self, spec: str | Path, **options: Any) -> object:
        return self.engine.open_model(spec, **options)

    def open_dataset(self, reference: str | Path) -> None:
        self.engine.open_dataset(reference)

    def show(self, panel: str, page: str = "") -> None:
        self._context.show(panel, page)

    def remember(self, path: Path) -> None:
        self._context.settings.remember(path)

    def refuse(self, errors: Sequence[UserError]) -> None:
        """A message each, or few of them and one for all the rest."""
        apart = len(errors) if len(errors) <= SEPARATE_ERRORS + 1 else SEPARATE_ERRORS
        for error in errors[:apart]:
            self._context.report(error)
        rest = errors[apart:]
        if rest:
            sentences = "\n".join(error.message for error in rest)
            self._context.report(UserError(f"{len(rest)} more files could not be opened.", detail=sentences))

    # -- drops, the clipboard, dialogs -----------------------------------------------------------------------

    def open_mime(self, data: QMimeData, asks_about: AsksAbout = "") -> None:
        """Open what was dropped or pasted: files, or a picture without one; see `open_paths`."""
        paths = mime.local_paths(data)
        if paths:
            self.open_paths(paths, asks_about)
            return
        picture = data.imageData()
        if not isinstance(picture, QImage) or picture.isNull():
            self._context.report(
                UserError("There is no image to paste: copy a picture or an image file first.")
            )
            return
        name = unique_name("pasted image", self.workspace.images)

        def work(task: Task) -> Image:
            return mime.from_qimage(picture, name)

        self.read(f"Opening {name}", work, lambda image: self.workspace.add_images([image]))

    def paste(self) -> None:
        """Open what the clipboard holds."""
        # On some systems there is nothing at all until somebody has copied something.
        self.open_mime(QGuiApplication.clipboard().mimeData() or QMimeData())

    def choose_files(self) -> None:
        """The dialog to open images."""
        self._choose("Open images", "sources.files", self.open_paths, IMAGES.filter, several=True)

    def choose_folder(self) -> None:
        """The dialog to open all images of a folder."""
        self._choose("Open a folder of images", "sources.folder", self.open_paths)

    def choose_model(self) -> None:
        """The dialog to open a model file."""
        self._choose(
            "Open a model", "sources.model", lambda paths: self.engine.open_model(paths[0]), MODELS.filter
        )

    def choose_dataset(self) -> None:
        """The dialog to open a folder with one sub-folder a class."""
        self._choose(
            "Open a folder with one sub-folder a class",
            "sources.dataset",
            lambda paths: self.engine.open_dataset(paths[0]),
        )

    def _choose(
        self,
        title: str,
        name: str,
        chosen: Callable[[list[str]], object],
        filter: str = "",
        *,
        several: bool = False,
    ) -> None:
        """A dialog for files of this filter, or for a folder without one."""
        recent = self._context.settings.recent
        dialog = QFileDialog(self._context.parent, title, str(Path(recent[0]).parent) if recent else "")
        dialog.setObjectName(name)
        if filter:
            dialog.setNameFilters([filter, "All files (*)"])
        mode = QFileDialog.FileMode
        files = mode.ExistingFiles if several else mode.ExistingFile
        dialog.setFileMode(files if filter else mode.Directory)
        dialog.accepted.connect(lambda: chosen(dialog.selectedFiles()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # -- what makes images -----------------------------------------------------------------------------------

    def draw(self) -> None:
        if self._pad is None:
            self._pad = DrawingPad(self.workspace, self._context.parent)
        self._pad.open_pad()

    def camera(self) -> None:
        if self._camera is None:
            self._camera = CameraView(self.workspace, self._context.jobs, self._context.parent)
            self._context.ending.call(self._camera.let_go)
        self._camera.open_camera()
