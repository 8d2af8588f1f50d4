"""The ways to a data set, by name, folder or file; how far its opening is, or why it failed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from convscope.core.opening import is_folder
from convscope.core.words import megabytes
from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.actions import Command
from convscope.ui.forms.form import row, text_line, tool
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.data.downloads import DownloadsViewModel
from convscope.ui.services.engine_sources import RefusedDataset

if TYPE_CHECKING:
    from convscope.engine.data.sets.registry import DatasetInfo

Button = TypeVar("Button", bound=QToolButton)
KEY = "dataset"
SHIPPED = (("digits", "Digits"), ("fashion", "Garments"), ("textures", "Textures"))


class Opening(QObject):
    """Opens data sets.

    Args:
        window: the parent of the dialog.

    Signals:
        downloads_requested: the sets to download are to be shown, above all the one of this name.
    """

    downloads_requested = Signal(str)

    def __init__(self, context: PanelContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self.downloads = DownloadsViewModel(context, self.open)

    def open(self, reference: str | Path) -> None:
        """Open by name or path."""
        self._context.open_dataset(reference)

    def choose(self, info: DatasetInfo) -> None:
        """Open a set that has a name; one that has to be asked for is shown among the downloads."""
        if info.asks and not info.here:
            self.show_downloads(info.part_of or info.name)
        else:
            self.open(info.name)

    def show_downloads(self, name: str = "") -> None:
        """Show the sets that can be downloaded."""
        self.downloads_requested.emit(name)

    def choose_folder(self) -> None:
        """The dialog for a folder with one sub-folder a class."""
        self._context.choose_dataset()

    def choose_file(self) -> None:
        """The dialog for an .npz archive or one of MNIST's IDX files."""
        from convscope.engine.data.formats.registry import file_patterns

        dialog = QFileDialog(self._window, "Open a data set from a file")
        dialog.setObjectName("data.file")
        dialog.setNameFilters([f"Data sets ({file_patterns()})", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.accepted.connect(lambda: self.open(dialog.selectedFiles()[0]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def menu_button(self, name: str, text: str) -> QToolButton:
        """A button whose menu lists every way."""
        button = self.as_menu_button(QToolButton(), name)
        button.setText(text)
        return button

    def as_menu_button(self, button: Button, name: str) -> Button:
        """Give a button that menu. Returns it."""
        naming.give(button, name, "Open a data set")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = naming.give(QMenu(button), f"{name}.menu")
        menu.aboutToShow.connect(lambda: self.fill(menu))
        button.setMenu(menu)
        return button

    def fill(self, menu: QMenu) -> None:
        """Every named set, the shipped ones first, then folders and files."""
        from convscope.engine.data.sets.registry import list_datasets

        menu.clear()
        menu.setToolTipsVisible(True)
        shipped = [name for name, _title in SHIPPED]
        for number, info in enumerate(list_datasets()):
            if number == len(shipped):
                menu.addSeparator()
            action = menu.addAction(info.title, partial(self.choose, info))
            action.setObjectName(f"data.open.{info.name}")
            action.setToolTip(info.summary)
            action.setIcon(theme.icon("database" if info.here else "download"))
            if info.name not in shipped and not info.here:
                action.setText(f"{info.title}   ({megabytes(info.size)} to download)")
        every = menu.addAction(theme.icon("download"), "Data sets to download…", self.show_downloads)
        every.setObjectName("data.open.downloads")
        menu.addSeparator()
        folder = menu.addAction(theme.icon("folder-open"), "Open a folder of classes…", self.choose_folder)
        folder.setObjectName("data.open.folder")
        file = menu.addAction(theme.icon("file"), "Open an .npz or IDX file…", self.choose_file)
        file.setObjectName("data.open.file")

    def commands(self) -> list[Command]:
        """The same by name."""
        from convscope.engine.data.sets.registry import list_datasets

        named: list[tuple[str, str, Callable[[], object]]] = [
            (info.name, f"Open data set: {info.title}", partial(self.choose, info))
            for info in list_datasets()
        ]
        named.append(("downloads", "Data sets to download…", self.show_downloads))
        files: list[tuple[str, str, Callable[[], object]]] = [
            ("folder", "Open data set: a folder of classes…", self.choose_folder),
            ("file", "Open data set: an .npz or IDX file…", self.choose_file),
        ]
        return [Command(f"data.open.{name}", title, run, "", "Data") for name, title, run in (*named, *files)]


class OpeningStrip(QFrame):
    """What is being opened, how far it is, and the way to stop it; hidden otherwise."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.opening")
        self.setProperty("role", "panel")
        self._jobs = jobs
        self._job: Job | None = None
        self.title = naming.give(theme.label("", "caption"), "data.opening.title")
        self.bar = naming.give(QProgressBar(), "data.opening.bar", "How far the opening is")
        self.bar.setTextVisible(False)
        self.cancel = tool("data.opening.cancel", "Stop opening", "x", self._stop, "Cancel")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GROUP_GAP, theme.GRID, theme.GROUP_GAP, theme.GRID)
        layout.setSpacing(theme.GROUP_GAP)
        layout.addWidget(self.title)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.cancel)
        self.hide()
        jobs.changed.connect(self._job_changed)
        for job in jobs.running():
            self._job_changed(job)

    def _job_changed(self, job: Job) -> None:
        if job.key != KEY:
            return
        if job.finished:
            if job is self._job:
                self._job = None
                self.hide()
            return
        self._job = job
        self.title.setText(job.text or job.title)
        known = job.fraction is not None
        self.bar.setRange(0, 1000 if known else 0)
        if known:
            self.bar.setValue(round(1000 * (job.fraction or 0.0)))
        self.show()

    def _stop(self) -> None:
        if self._job is not None:
            self._jobs.cancel(self._job)


class Refusal(QFrame):
    """One sentence, another try and another folder; hidden while there is nothing to tell."""

    def __init__(self, context: PanelContext, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.refused")
        self.setProperty("role", "panel")
        self._sources = context.sources
        self._ask_about = context.ask_about
        self._opening = opening
        self.words = text_line("data.refused.words", "warning")
        # A path may have no place to break; it must not widen the window.
        self.words.setMinimumWidth(1)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.download = tool(
            "data.refused.download",
            "Show what can be downloaded",
            "download",
            self._download,
            "Download…",
        )
        again = tool("data.refused.again", "Try once more", "refresh-cw", self._again, "Try again")
        other = tool(
            "data.refused.folder",
            "A folder with one sub-folder for each class",
            "folder-open",
            opening.choose_folder,
            "Choose another folder…",
        )
        self.ask = tool(
            "data.refused.ask",
            "What the network says about the pictures in this folder",
            "lightbulb",
            self._ask,
            "Ask the network about them",
        )
        close = tool("data.refused.close", "Hide this", "x", self._sources.forgive)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GAP)
        column.addWidget(self.words)
        column.addLayout(row(self.download, again, other, self.ask, None, close))
        context.listen(self._sources.refused_changed, self._show)
        context.ending.call(self._leave)
        self._sources.teller = self
        self._show(self._sources.refused)

    def _leave(self) -> None:
        if self._sources.teller is self:
            self._sources.teller = None

    def _again(self) -> None:
        if self._sources.refused is not None:
            self._opening.open(self._sources.refused.reference)

    def _download(self) -> None:
        if self._sources.refused is not None:
            missing = self._sources.refused.missing
            self._sources.forgive()
            self._opening.show_downloads(missing)

    def _ask(self) -> None:
        refused = self._sources.refused
        if refused is not None:
            self._sources.forgive()
            self._ask_about(Path(refused.reference))

    def _show(self, refused: RefusedDataset | None) -> None:
        if refused is not None:
            self.words.setText(refused.sentence)
            self.words.setToolTip(refused.detail)
            self.ask.setVisible(is_folder(Path(refused.reference)))
            self.download.setVisible(bool(refused.missing))
        self.setVisible(refused is not None)
