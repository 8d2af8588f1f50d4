"""The window: navigation, the current image, the panel, the film strip, the status bar."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from convscope.core.errors import UserError
from convscope.core.logs import log_dir
from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.ending import Ending
from convscope.ui.panel import Panel
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels import PANELS, PanelInfo
from convscope.ui.services.predictor import Predictor
from convscope.ui.services.splitting import Splitting
from convscope.ui.settings import ZOOM_STEPS, Settings
from convscope.ui.sources import mime
from convscope.ui.sources.sources import Sources, WindowContext
from convscope.ui.view_state import ViewKeeper
from convscope.ui.window.about import AboutDialog, ShortcutsDialog
from convscope.ui.window.commands import fill_help_menu, fill_open_menu, recent_commands, window_commands
from convscope.ui.window.engine_start import start_engine
from convscope.ui.window.frame import WindowFrame
from convscope.ui.window.layout import place, remember, restore_splitters
from convscope.ui.window.remedies import Remedies
from convscope.ui.window.tab_order import step
from convscope.ui.window.unfinished_runs import UnfinishedRuns
from convscope.workspace.images import sample_images
from convscope.workspace.snapshot import WorkspaceSnapshot, restore
from convscope.workspace.workspace import Workspace

log = logging.getLogger(__name__)

SMALLEST = (800, 560)
FIRST_MODEL = "imagenet"
SHUTDOWN_SECONDS = 1.5


class MainWindow(QMainWindow):
    """The one window of the application. It never starts the engine by itself: `start_engine` does.

    Args:
        workspace: what is open; by default the sample images and the lab as it begins.
        jobs: the worker threads; made if not given, and shut down with the window.
        settings: what is remembered; read from the user's file by default.
        panels: the navigation.
        theme_choice: "system", "light" or "dark" for this run; None: as remembered.

    Attributes:
        remember_settings: False leaves the user's file alone when the window closes.
        threads_ended: after closing: no thread is still inside a job.

    Signals:
        first_painted: once, when something is on the screen.
        closed: once, when the window has closed and its threads have ended.
    """

    first_painted = Signal()
    closed = Signal()

    def __init__(
        self,
        workspace: Workspace | None = None,
        jobs: Jobs | None = None,
        settings: Settings | None = None,
        *,
        panels: Sequence[PanelInfo] = PANELS,
        theme_choice: str | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("convscope")
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self.workspace = workspace if workspace is not None else Workspace(sample_images())
        self.jobs = jobs if jobs is not None else Jobs(self)
        self.settings = settings if settings is not None else Settings.load()
        self.panel_infos = tuple(panels)
        self.remember_settings = self.threads_ended = True
        self._theme_choice = theme_choice or self.settings.theme
        self._painted = self._closed = self._engine_is_ready = self._snapshot_comes = False
        self._ending = Ending()
        self.jobs.delivering = self.workspace.document.following
        self._panel_part = self.workspace.part("panel", "")
        self._ending.listen(self._panel_part.changed, self._show_current_panel)
        self.predictor = Predictor(self.workspace, self.jobs, self._ending)
        self.splitting = Splitting(self.workspace, self.jobs, self.report, self._ending)
        self.sources = Sources(
            WindowContext(
                self,
                self.workspace,
                self.jobs,
                self.settings,
                self.report,
                self.offer,
                self._go_to,
                self.ask_about,
                self._ending,
            )
        )
        self._context = self._make_context()
        self.frame = frame = WindowFrame(self.workspace, self.jobs, self.panel_infos, self._ending)
        self.setCentralWidget(frame)
        self.nav, self.header, self.stack = frame.nav, frame.header, frame.stack
        self.strip, self.status, self.toasts, self.palette_ = (
            frame.strip,
            frame.status,
            frame.toasts,
            frame.palette_,
        )
        self._remedies = Remedies(self.jobs, self.notify, self.report, self.sources.engine.open_model)
        self.unfinished_runs = UnfinishedRuns(
            self.jobs, self.toasts, self.report, lambda: self.show_panel("train")
        )
        self._connect()
        self._add_shortcuts(window_commands(self), self)
        frame.show_workspace()
        place(self, self.settings)
        names = [info.name for info in panels]
        if names:
            self.show_panel(self.settings.panel if self.settings.panel in names else names[0])

    # -- what scripts, tests and the command line drive ------------------------------------------------------

    def show_panel(self, name: str, page: str = "") -> None:
        """Show a panel by its name, making it first if need be.

        Args:
            page: of the panel, where it has several; it has a method `show_page` then.

        Raises:
            UserError: there is no such panel.
        """
        info, panel = self.stack.info(name), self.stack.known(name)
        if panel is None:
            try:
                panel = info.create(self._context, self.stack)
            except Exception as error:  # one broken panel must not take the others with it
                self.report(error)
                return
            self.stack.add(name, panel)
            restore_splitters(panel, self.settings)
            ViewKeeper(panel, panel.context)
            # Children of the panel, so that they work only while it is on show.
            self._add_shortcuts(panel.commands(), panel)
        theme.about_to_show(panel)
        self.stack.setCurrentWidget(panel)
        self.nav.set_current(name)
        self.workspace.scope = panel.scope
        self.settings.panel = name
        self._panel_part.set(name)
        self.frame.fold()
        if page:
            panel.show_page(page)

    def panel(self) -> Panel | None:
        """The panel on show."""
        return self.stack.current()

    def open_path(self, path: str | Path) -> None:
        """Open an image, a folder of images, a model, or a folder of classes, which is a data set."""
        self.sources.open_paths([path])

    def open_paths(self, paths: Sequence[str | Path]) -> None:
        """Open several at once."""
        self.sources.open_paths(paths)

    def ask_about(self, folder: Path) -> None:
        """Ask the network about all pictures of a folder, and show what it says."""
        self.workspace.part("explain.folder", "", "explain").set(str(folder))
        self.show_panel("explain", "folder")

    def toast(self, message: str, detail: str = "") -> None:
        """Say one sentence over the window's foot."""
        self.toasts.show_message(message, detail)

    def notify(self, message: str) -> None:
        """Say that something was done."""
        self.toasts.show_message(message)

    def offer(self, message: str, action: str, run: Callable[[], object]) -> None:
        """Say what was done, with a button for what one may want next."""
        self.toasts.show_message(message).offer(action, run, stays=False)

    def report(self, error: BaseException) -> None:
        """Show a failure as one sentence with its detail; all but a `UserError` is a bug, and is logged."""
        if isinstance(error, UserError):
            toast = self.toasts.show_message(error.message, error.detail, bad=True)
            self._remedies.offer(error, toast)
            return
        log.error("unexpected", exc_info=error)
        self.toasts.show_message(
            f"Something went wrong inside convscope ({type(error).__name__}); your work is still here.",
            "".join(traceback.format_exception(error)),
            bad=True,
        )

    def start_engine(self) -> None:
        """Import TensorFlow and Keras in a worker, and say so in the status bar."""
        start_engine(self.jobs, self.status, self.toasts, self._engine_ready)

    def expect_snapshot(self) -> None:
        """A snapshot is on its way: no first network is opened before `restore` or `forget_snapshot`."""
        self._snapshot_comes = True

    def restore(self, snapshot: WorkspaceSnapshot) -> None:
        """Show what a snapshot holds; its models and its data set are opened in workers."""
        restore(self.workspace, snapshot)
        self.sources.engine.bring_back()
        self.forget_snapshot()

    def forget_snapshot(self) -> None:
        """No snapshot is on its way any more."""
        self._snapshot_comes = False
        self._open_first()

    def commands(self) -> list[Command]:
        """Everything that can be done now: the window's commands, then those of the panel on show."""
        panel = self.panel()
        return [*window_commands(self), *(panel.commands() if panel is not None else ())]

    def run_command(self, name: str) -> None:
        """Run a command by its id, if it can be run now."""
        for command in self.commands():
            if command.id == name and command.enabled:
                command.run()

    # -- commands --------------------------------------------------------------------------------------------

    def show_models(self) -> None:
        """All models that can be opened: the model panel's library."""
        self.show_panel("model")
        self.run_command("model.page.library")

    def open_palette(self) -> None:
        """The searchable list of commands, recent files among them."""
        self.palette_.open([*self.commands(), *recent_commands(self)])

    def step_image(self, step: int) -> None:
        """The next or the previous open image, round and round."""
        images = self.workspace.images
        self.workspace.select_image(images[(self.workspace.current + step) % len(images)].id)

    def close_image(self, image_id: str = "") -> None:
        """Close an image, by default the current one; a message offers to open it again."""
        before = self.workspace.images
        image = next((one for one in before if one.id == image_id), self.workspace.image)
        self.workspace.remove_image(image.id)
        if self.workspace.images is not before:
            toast = self.toasts.show_message(f"{image.name} is closed.", topic="image.closed")
            toast.offer("Undo", self.workspace.reopen_image, stays=False)

    def zoom_by(self, steps: int) -> None:
        """Enlarge or shrink by steps of `ZOOM_STEPS`."""
        nearest = min(range(len(ZOOM_STEPS)), key=lambda index: abs(ZOOM_STEPS[index] - self.settings.zoom))
        self.set_zoom(ZOOM_STEPS[min(max(nearest + steps, 0), len(ZOOM_STEPS) - 1)])

    def set_zoom(self, factor: float) -> None:
        """Show everything this much larger than designed."""
        self.settings.zoom = factor
        self._apply_theme()

    def set_theme(self, choice: str) -> None:
        """ "light", "dark" or "system"."""
        self._theme_choice = self.settings.theme = choice
        self._apply_theme()

    def toggle_theme(self) -> None:
        """Light becomes dark and dark light."""
        self.set_theme("light" if theme.tokens().dark else "dark")

    def system_theme_changed(self) -> None:
        """Follow the system, if that is what was chosen."""
        if self._theme_choice == "system":
            self._apply_theme()

    def toggle_full_screen(self) -> None:
        """All of the screen, and back."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def show_about(self) -> None:
        AboutDialog(self).show()

    def show_shortcuts(self) -> None:
        ShortcutsDialog(self.commands(), self).show()

    def open_log_folder(self) -> None:
        """In the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir())))

    # -- events ----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        # Not in `event`: Python's lock would be held while Qt paints all of the window, and the lanes wait.
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.first_painted.emit)

    def focusNextPrevChild(self, next: bool) -> bool:
        # Tab: along what is seen.
        found = step(self.frame, self.focusWidget(), next)
        if found is None:
            return super().focusNextPrevChild(next)
        found.setFocus(Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Fold what there is no room for.
        super().resizeEvent(event)
        self.frame.fold()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if mime.offered(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        # Open what was dropped.
        event.acceptProposedAction()
        panel = self.panel()
        self.sources.open_mime(event.mimeData(), panel.asks_about if panel is not None else "")

    def closeEvent(self, event: QCloseEvent) -> None:
        # Remember the layout and end all threads, within two seconds.
        event.accept()
        if self._closed:
            return
        self._closed = True
        self._ending.end()
        remember(self, self.settings)
        if self.remember_settings:
            self.settings.save()
        self.stack.shutdown()
        self.threads_ended = self.jobs.shutdown(SHUTDOWN_SECONDS)
        if not self.threads_ended:
            log.warning("a job did not stop in time; the process ends without it")
        self.closed.emit()

    # -- inside ----------------------------------------------------------------------------------------------

    def _engine_ready(self) -> None:
        self._engine_is_ready = True
        self._open_first()

    def _open_first(self) -> None:
        """A network to ask from the first moment on, unless the person has opened one already."""
        busy = self.workspace.model is not None or self.sources.engine.opening or self._snapshot_comes
        if self._engine_is_ready and not busy:
            self.sources.engine.open_first(FIRST_MODEL)

    def _go_to(self, name: str, page: str = "") -> None:
        """To a panel, where there is one of this name."""
        if name in [info.name for info in self.panel_infos]:
            self.show_panel(name, page)

    def _show_current_panel(self, name: str) -> None:
        panel = self.panel()
        if panel is None or panel.name != name:
            self._go_to(name)

    def _make_context(self) -> PanelContext:
        opener = self.sources.engine
        return PanelContext(
            self.workspace,
            self.jobs,
            self.report,
            self.notify,
            self.offer,
            self.predictor,
            opener.open_model,
            opener.open_dataset,
            self.sources.choose_model,
            self.sources.choose_dataset,
            self.show_panel,
            lambda: self.unfinished_runs.follow(),
            opener,
            self.splitting,
            self.ask_about,
        )

    def _connect(self) -> None:
        frame, header, strip = self.frame, self.header, self.strip
        frame.titled.connect(lambda name: self.setWindowTitle(f"{name} – convscope"))
        self.nav.chosen.connect(self.show_panel)
        header.model_open_requested.connect(self.sources.choose_model)
        header.models_requested.connect(self.show_models)
        header.open_requested.connect(self.sources.choose_files)
        header.palette_requested.connect(self.open_palette)
        header.theme_toggled.connect(self.toggle_theme)
        strip.removed.connect(self.close_image)
        strip.open_requested.connect(self.sources.choose_files)
        strip.draw_requested.connect(self.sources.draw)
        strip.camera_requested.connect(self.sources.camera)
        frame.open_menu.aboutToShow.connect(lambda: fill_open_menu(self, frame.open_menu))
        frame.help_menu.aboutToShow.connect(lambda: fill_help_menu(self, frame.help_menu))
        self.jobs.failed.connect(self._job_failed)

    def _add_shortcuts(self, commands: Sequence[Command], owner: QWidget) -> None:
        for command in commands:
            for keys in command.key_sequences():
                shortcut = QShortcut(keys, owner)
                # By its id: a command's title and state change with the workspace.
                shortcut.activated.connect(lambda name=command.id: self._shortcut(name))

    def _shortcut(self, name: str) -> None:
        # Ctrl+V belongs to what has the focus, such as a kernel's cells, and only then to the window.
        focused = self.focusWidget()
        if name == "image.paste" and focused is not None and hasattr(focused, "paste"):
            focused.paste()
        else:
            self.run_command(name)

    def _job_failed(self, job: Job, error: BaseException) -> None:
        self.report(error)

    def _apply_theme(self) -> None:
        choice = self._theme_choice
        theme.apply(choice if choice in get_args(theme.ThemeChoice) else "system", self.settings.zoom)  # type: ignore[arg-type]
        self.frame.fold()
