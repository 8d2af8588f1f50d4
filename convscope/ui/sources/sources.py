"""Every way to get something into the workspace: files, folders, drops, the clipboard, the pad, a camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.io.load import MATRIX_SUFFIXES, PICTURE_SUFFIXES
from convscope.jobs.jobs import Jobs
from convscope.ui.settings import Settings
from convscope.ui.sources import opening
from convscope.ui.sources.camera_view import CameraView
from convscope.ui.sources.drawing_pad import DrawingPad
from convscope.ui.sources.engine_sources import EngineSources
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    from convscope.engine.models.builder.architecture import Architecture
    from convscope.ui.main_window import MainWindow

BUILDER = "model"  # the panel that the builder is a page of
SEPARATE_ERRORS = 3  # bad files of one drop that get a message each; all more share one


class Sources(QObject):
    """Opens images off the GUI thread; a bad one says so, and the current image stays.

    Args:
        window: the parent of the dialogs; shows the builder when an architecture was opened.
        workspace: where the images go.
        jobs: reads the files, in the lane "view".
        settings: remembers the recent files.
        report: shows a failure.

    Attributes:
        engine: opens models and data sets.
    """

    def __init__(
        self,
        window: MainWindow,
        workspace: Workspace,
        jobs: Jobs,
        settings: Settings,
        report: Callable[[BaseException], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._jobs = jobs
        self._settings = settings
        self._report = report
        self.engine = EngineSources(window, workspace, jobs, settings, report, window.offer)
        self._pad: DrawingPad | None = None
        self._camera: CameraView | None = None

    def open_paths(self, paths: Sequence[str | Path], asks_about: opening.AsksAbout = "") -> None:
        """Open images, folders of images, models, architectures and folders of classes, which are data sets.

        The first image becomes the current one.

        Args:
            asks_about: folders of which kind are not opened: the network is asked about their pictures.
        """
        images: list[Path] = []
        given = [Path(path) for path in paths]
        pair = opening.with_weights(given)
        if pair is not None:
            self.engine.open_model(pair[0], weights=pair[1])
        for path in given:
            if pair is not None and path in pair:
                continue
            if opening.is_model(path):
                self.engine.open_model(path)
            elif opening.is_architecture(path):
                self._open_architecture(path)
            else:
                images.append(path)
        if not images:
            return

        def work(task: Task) -> opening.Opened:
            return opening.open_files(images, task, asks_about)

        title = f"Opening {images[0].name}" if len(images) == 1 else f"Opening {len(images)} files"
        self._jobs.submit("view", work, title=title, on_done=self._opened, on_failed=self._report)

    def _open_architecture(self, path: Path) -> None:
        def done(architecture: Architecture) -> None:
            self._settings.remember(path)
            self._workspace.edit_architecture(architecture, f"Start from {path.name}")
            if BUILDER in [info.name for info in self._window.panel_infos]:
                self._window.show_panel(BUILDER)
                self._window.run_command(f"{BUILDER}.page.build")

        def work(_task: Task) -> Architecture:
            # Imported late, as are the layer kinds.
            from convscope.engine.models.builder.architecture import Architecture

            return Architecture.open(path)

        self._jobs.submit(
            "view",
            work,
            title=f"Opening {path.name}",
            on_done=done,
            on_failed=self._report,
        )

    def open_mime(self, mime: QMimeData, asks_about: opening.AsksAbout = "") -> None:
        """Open what was dropped or pasted: files, or a picture without one; see `open_paths`."""
        paths = opening.local_paths(mime)
        if paths:
            self.open_paths(paths, asks_about)
            return
        picture = mime.imageData()
        if not isinstance(picture, QImage) or picture.isNull():
            self._report(UserError("There is no image to paste: copy a picture or an image file first."))
            return
        name = opening.unique_name("pasted image", self._workspace.images)

        def work(task: Task) -> opening.Opened:
            return opening.Opened((opening.from_qimage(picture, name),), ())

        self._jobs.submit("view", work, title=f"Opening {name}", on_done=self._opened, on_failed=self._report)

    def paste(self) -> None:
        """Open what the clipboard holds."""
        # On some systems there is nothing at all until somebody has copied something.
        self.open_mime(QGuiApplication.clipboard().mimeData() or QMimeData())

    def choose_files(self) -> None:
        """The dialog to open images."""
        endings = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES | MATRIX_SUFFIXES))
        dialog = self._dialog("Open images", "sources.files")
        dialog.setNameFilters([f"Images and matrices ({endings})", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.open()

    def choose_folder(self) -> None:
        """The dialog to open all images of a folder."""
        dialog = self._dialog("Open a folder of images", "sources.folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.open()

    def draw(self) -> None:
        """The drawing pad."""
        if self._pad is None:
            self._pad = DrawingPad(self._workspace, self._window)
        self._pad.open_pad()

    def camera(self) -> None:
        """The camera."""
        if self._camera is None:
            self._camera = CameraView(self._workspace, self._jobs, self._window)
        self._camera.open_camera()

    def shutdown(self) -> None:
        """The window closes."""
        if self._camera is not None:
            self._camera.shutdown()

    def _dialog(self, title: str, name: str) -> QFileDialog:
        recent = self._settings.recent
        dialog = QFileDialog(self._window, title, str(Path(recent[0]).parent) if recent else "")
        dialog.setObjectName(name)
        dialog.accepted.connect(lambda: self.open_paths(dialog.selectedFiles()))
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _opened(self, opened: opening.Opened) -> None:
        for image in reversed(opened.images):
            if image.path is not None:
                self._settings.remember(image.path)
        self._workspace.add_images(opened.images)
        for folder in opened.asked_about[:1]:
            self._window.ask_about(folder)
        for folder in opened.datasets[:1]:
            self.engine.open_dataset(folder)
        errors = opened.errors
        apart = len(errors) if len(errors) <= SEPARATE_ERRORS + 1 else SEPARATE_ERRORS
        for error in errors[:apart]:
            self._report(error)
        rest = errors[apart:]
        if rest:
            sentences = "\n".join(error.message for error in rest)
            self._report(UserError(f"{len(rest)} more files could not be opened.", detail=sentences))
