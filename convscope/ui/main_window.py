"""The window: navigation, the current image, the panel, the film strip, the status bar."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from PySide6.QtCore import QEvent, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from convscope.errors import UserError
from convscope.jobs import Job, Jobs
from convscope.logs import log_dir
from convscope.session.session import Session
from convscope.ui import theme
from convscope.ui.actions import Command
from convscope.ui.engine_start import start_engine
from convscope.ui.layout import place, remember, restore_splitters
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels import PANELS, PanelInfo
from convscope.ui.predictor import Predictor
from convscope.ui.settings import ZOOM_STEPS, Settings
from convscope.ui.sources import opening
from convscope.ui.sources.sources import Sources
from convscope.ui.widgets.about import AboutDialog, ShortcutsDialog
from convscope.ui.widgets.command_palette import CommandPalette
from convscope.ui.widgets.film_strip import FilmStrip
from convscope.ui.widgets.header import Header
from convscope.ui.widgets.nav_rail import NavRail
from convscope.ui.widgets.status_bar import StatusBar
from convscope.ui.widgets.toast import ToastArea
from convscope.ui.window_commands import fill_help_menu, fill_open_menu, recent_commands, window_commands

log = logging.getLogger(__name__)

SMALLEST = (800, 560)
NARROW, LOW = 1200, 780  # below this width the inspector folds away, below this height the strip gets lower
SHUTDOWN_SECONDS = 1.5


class MainWindow(QMainWindow):
    """The one window of the application. It never starts the engine by itself: `start_engine` does.

    Args:
        session: what is open; by default the sample images and the lab as it begins.
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
        session: Session | None = None,
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
        self.session = session if session is not None else Session(opening.sample_images())
        self.jobs = jobs if jobs is not None else Jobs(self)
        self.settings = settings if settings is not None else Settings.load()
        self.panel_infos = tuple(panels)
        self.remember_settings = self.threads_ended = True
        self._theme_choice = theme_choice or self.settings.theme
        self._panels: dict[str, QWidget] = {}
        self._painted = self._closed = False
        self.predictor = Predictor(self.session, self.jobs, self)
        self.sources = Sources(self, self.session, self.jobs, self.settings, self.report)
        self._context = self._make_context()
        self._build()
        self._connect()
        self._add_shortcuts(window_commands(self), self)
        self._show_images()
        self._show_models()
        self._show_history()
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
        info = next((info for info in self.panel_infos if info.name == name), None)
        if info is None:
            names = ", ".join(info.name for info in self.panel_infos)
            raise UserError(f"There is no panel called {name!r}: choose one of {names}.")
        if name not in self._panels:
            try:
                panel = info.create(self._context, self.stack)
            except Exception as error:  # one broken panel must not take the others with it
                self.report(error)
                return
            self._panels[name] = panel
            self.stack.addWidget(panel)
            restore_splitters(panel, self.settings)
            # Children of the panel, so that they work only while it is on show.
            self._add_shortcuts(self._offered(panel), panel)
        self.stack.setCurrentWidget(self._panels[name])
        self.nav.set_current(name)
        self.session.document = getattr(self._panels[name], "document", None)
        self.settings.panel = name
        self._fold()
        if page:
            self._panels[name].show_page(page)  # type: ignore[attr-defined]

    def panel(self) -> QWidget | None:
        """The panel on show."""
        return self.stack.currentWidget()

    def open_path(self, path: str | Path) -> None:
        """Open an image, a folder of images, a model, or a folder of classes, which is a data set."""
        self.sources.open_paths([path])

    def open_paths(self, paths: Sequence[str | Path]) -> None:
        """Open several at once."""
        self.sources.open_paths(paths)

    def toast(self, message: str, detail: str = "") -> None:
        """Say one sentence over the window's foot."""
        self.toasts.show_message(message, detail)

    def notify(self, message: str) -> None:
        """Say that something was done."""
        self.toasts.show_message(message)

    def report(self, error: BaseException) -> None:
        """Show a failure as one sentence with its detail; all but a `UserError` is a bug, and is logged."""
        if isinstance(error, UserError):
            self.toasts.show_message(error.message, error.detail, bad=True)
            return
        log.error("unexpected", exc_info=error)
        self.toasts.show_message(
            f"Something went wrong inside convscope ({type(error).__name__}); your work is still here.",
            "".join(traceback.format_exception(error)),
            bad=True,
        )

    def start_engine(self) -> None:
        """Import TensorFlow and Keras in a worker, and say so in the status bar."""
        start_engine(self)

    def commands(self) -> list[Command]:
        """Everything that can be done now: the window's commands, then those of the panel on show."""
        panel = self.panel()
        return [*window_commands(self), *(self._offered(panel) if panel is not None else ())]

    def run_command(self, name: str) -> None:
        """Run a command by its id, if it can be run now."""
        for command in self.commands():
            if command.id == name and command.enabled:
                command.run()

    # -- commands --------------------------------------------------------------------------------------------

    def open_palette(self) -> None:
        """The searchable list of commands, recent files among them."""
        self.palette_.open([*self.commands(), *recent_commands(self)])

    def step_image(self, step: int) -> None:
        """The next or the previous open image, round and round."""
        self.session.select_image((self.session.current + step) % len(self.session.images))

    def close_image(self) -> None:
        """Close the current image."""
        self.session.remove_image(self.session.current)

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
        """Versions."""
        AboutDialog(self).show()

    def show_shortcuts(self) -> None:
        """All shortcuts."""
        ShortcutsDialog(self.commands(), self).show()

    def open_log_folder(self) -> None:
        """In the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir())))

    # -- events ----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Tell when the first paint is done."""
        handled = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.first_painted.emit)
        return handled

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold what there is no room for."""
        super().resizeEvent(event)
        self._fold()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and pictures."""
        if opening.offered(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        event.acceptProposedAction()
        self.sources.open_mime(event.mimeData())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout and end all threads, within two seconds."""
        event.accept()
        if self._closed:
            return
        self._closed = True
        remember(self, self.settings)
        if self.remember_settings:
            self.settings.save()
        self._disconnect()
        self.sources.shutdown()
        self.predictor.shutdown()
        for panel in self._panels.values():
            shutdown = getattr(panel, "shutdown", None)
            if shutdown is not None:
                shutdown()
        self.threads_ended = self.jobs.shutdown(SHUTDOWN_SECONDS)
        if not self.threads_ended:
            log.warning("a job did not stop in time; the process ends without it")
        self.closed.emit()

    # -- inside ----------------------------------------------------------------------------------------------

    def _make_context(self) -> PanelContext:
        opener = self.sources.engine
        return PanelContext(
            self.session,
            self.jobs,
            self.report,
            self.notify,
            self.predictor,
            opener.open_model,
            opener.open_dataset,
            opener.choose_model,
            opener.choose_dataset,
            self.show_panel,
            opener,
        )

    def _build(self) -> None:
        self.nav = NavRail(self.panel_infos)
        self.header = Header()
        self.stack = QStackedWidget()
        self.stack.setObjectName("panels")
        self.strip = FilmStrip(self.jobs)
        self.status = StatusBar(self.jobs)
        centre = QWidget()
        self.setCentralWidget(centre)
        across = QHBoxLayout(centre)
        down = QVBoxLayout()
        for layout in (across, down):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(1)
        across.addWidget(self.nav)
        across.addLayout(down, 1)
        down.addWidget(self.header)
        down.addWidget(self.stack, 1)
        down.addWidget(self.strip)
        down.addWidget(self.status)
        self.palette_ = CommandPalette(centre)
        self.toasts = ToastArea(centre)
        self._recent_menu = QMenu(self)
        self._help_menu = QMenu(self)
        self.strip.set_recent_menu(self._recent_menu)
        self.nav.set_menu(self._help_menu)

    def _connect(self) -> None:
        self.nav.chosen.connect(self.show_panel)
        self.header.image_chosen.connect(self.session.select_image)
        self.header.model_chosen.connect(self.session.select_model)
        self.header.model_open_requested.connect(self.sources.engine.choose_model)
        self.header.models_requested.connect(lambda: self.show_panel("model"))
        self.header.open_requested.connect(self.sources.choose_files)
        self.header.palette_requested.connect(self.open_palette)
        self.header.theme_toggled.connect(self.toggle_theme)
        self.header.undo_requested.connect(self.session.undo)
        self.header.redo_requested.connect(self.session.redo)
        self.strip.chosen.connect(self.session.select_image)
        self.strip.removed.connect(self.session.remove_image)
        self.strip.open_requested.connect(self.sources.choose_files)
        self.strip.draw_requested.connect(self.sources.draw)
        self.strip.camera_requested.connect(self.sources.camera)
        self._recent_menu.aboutToShow.connect(lambda: fill_open_menu(self, self._recent_menu))
        self._help_menu.aboutToShow.connect(lambda: fill_help_menu(self, self._help_menu))
        self.jobs.failed.connect(self._job_failed)
        self.session.images_changed.connect(self._show_images)
        self.session.image_changed.connect(self._show_images)
        self.session.models_changed.connect(self._show_models)
        self.session.model_changed.connect(self._show_models)
        self.session.history_changed.connect(self._show_history)

    def _disconnect(self) -> None:
        # The session may outlive the window; its events must not reach dead widgets.
        self.session.images_changed.disconnect(self._show_images)
        self.session.image_changed.disconnect(self._show_images)
        self.session.models_changed.disconnect(self._show_models)
        self.session.model_changed.disconnect(self._show_models)
        self.session.history_changed.disconnect(self._show_history)

    @staticmethod
    def _offered(panel: QWidget) -> list[Command]:
        # QWidget.actions() lists QActions; a panel that has commands lists those instead.
        offered: Sequence[object] = panel.actions()
        return [item for item in offered if isinstance(item, Command)]

    def _add_shortcuts(self, commands: Sequence[Command], owner: QWidget) -> None:
        for command in commands:
            for keys in command.key_sequences():
                shortcut = QShortcut(keys, owner)
                # By its id: a command's title and state change with the session.
                shortcut.activated.connect(lambda name=command.id: self._shortcut(name))

    def _shortcut(self, name: str) -> None:
        # Ctrl+V belongs to what has the focus, such as a kernel's cells, and only then to the window.
        focused = self.focusWidget()
        if name == "image.paste" and focused is not None and hasattr(focused, "paste"):
            focused.paste()
        else:
            self.run_command(name)

    def _show_images(self, *_: object) -> None:
        self.header.set_images(self.session.images, self.session.current)
        self.strip.set_images(self.session.images, self.session.current)
        self.setWindowTitle(f"{self.session.image.name} – convscope")

    def _show_models(self, *_: object) -> None:
        self.header.set_models(self.session.models, self.session.model)

    def _show_history(self) -> None:
        self.header.set_history(self.session.undo_label, self.session.redo_label)

    def _job_failed(self, job: Job, error: BaseException) -> None:
        self.report(error)

    def _apply_theme(self) -> None:
        choice = self._theme_choice
        theme.apply(choice if choice in get_args(theme.ThemeChoice) else "system", self.settings.zoom)  # type: ignore[arg-type]
        self._fold()

    def _fold(self) -> None:
        narrow = self.width() < theme.scaled(NARROW)
        self.header.set_compact(narrow)
        self.strip.set_compact(self.height() < theme.scaled(LOW))
        self.toasts.set_margin(self.strip.sizeHint().height() + self.status.height())
        set_compact = getattr(self.panel(), "set_compact", None)
        if set_compact is not None:
            set_compact(narrow)
