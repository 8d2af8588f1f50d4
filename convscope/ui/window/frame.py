"""What stands around the panel: navigation, header, film strip, status bar; and what lies over it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from convscope.jobs.jobs import Jobs
from convscope.ui import theme
from convscope.ui.ending import Ending
from convscope.ui.panels import PanelInfo
from convscope.ui.window.command_palette import CommandPalette
from convscope.ui.window.film_strip import FilmStrip
from convscope.ui.window.header import Header
from convscope.ui.window.nav_rail import NavRail
from convscope.ui.window.panel_stack import PanelStack
from convscope.ui.window.status_bar import StatusBar
from convscope.ui.window.toast import ToastArea
from convscope.workspace.workspace import Workspace

NARROW = 1200  # below this width the inspector folds away
LOW, FLAT = 780, 600  # below these heights the film strip gets lower, and folds away


class WindowFrame(QWidget):
    """The window's content; it shows what is open in the workspace, and changes only that.

    Args:
        workspace: what is open.
        jobs: makes thumbnails, and is what the status bar tells of.
        infos: the panels of the navigation.
        ending: the workspace may outlive the window: what is heard of it ends there.

    Signals:
        titled: the name of the current image.
    """

    titled = Signal(str)

    def __init__(
        self,
        workspace: Workspace,
        jobs: Jobs,
        infos: Sequence[PanelInfo],
        ending: Ending,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.nav = NavRail(infos)
        self.header = Header()
        self.stack = PanelStack(infos)
        self.strip = FilmStrip(jobs)
        self.status = StatusBar(jobs)
        across, down = QHBoxLayout(self), QVBoxLayout()
        layouts: tuple[QBoxLayout, ...] = (across, down)
        for layout in layouts:
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(1)
        across.addWidget(self.nav)
        across.addLayout(down, 1)
        down.addWidget(self.header)
        down.addWidget(self.stack, 1)
        down.addWidget(self.strip)
        down.addWidget(self.status)
        self.palette_ = CommandPalette(self)
        self.toasts = ToastArea(self)
        self._flat, self._wants_strip = False, True
        self.open_menu, self.help_menu = QMenu(self), QMenu(self)
        self.strip.set_recent_menu(self.open_menu)
        self.nav.set_menu(self.help_menu)
        self._connect(ending)

    def show_workspace(self) -> None:
        """All that is open now."""
        self._show_images()
        self._show_models()
        self._show_history()

    def fold(self) -> None:
        """Leave out what the window has no room for."""
        window = self.window()
        narrow = window.width() < theme.scaled(NARROW)
        self.header.set_compact(narrow)
        low = window.height() < theme.scaled(LOW)
        self.strip.set_compact(low)
        # Larger words take room from the controls, not from the pictures.
        flat = window.height() < theme.scaled(FLAT) or (low and theme.zoom() > 1)
        if flat != self._flat:
            self._flat, self._wants_strip = flat, not flat
        self._show_strip()
        # Over the film strip: the panel is what one works with.
        self.toasts.set_margin(self.status.height())
        self.stack.set_compact(narrow)

    def toggle_strip(self) -> None:
        """Show the open images, or give their room to the panel."""
        self._wants_strip = not self._wants_strip
        self._show_strip()

    def _show_strip(self) -> None:
        self.strip.setVisible(self._wants_strip)
        self.status.show_strip_button(self._flat, self._wants_strip)

    def _connect(self, ending: Ending) -> None:
        workspace = self._workspace
        for signal, show in (
            (workspace.images_changed, self._show_images),
            (workspace.image_changed, self._show_images),
            (workspace.models_changed, self._show_models),
            (workspace.model_changed, self._show_models),
            (workspace.history_changed, self._show_history),
        ):
            ending.listen(signal, show)
        self.header.image_chosen.connect(workspace.select_image)
        self.header.model_chosen.connect(workspace.select_model)
        self.header.undo_requested.connect(workspace.undo)
        self.header.redo_requested.connect(workspace.redo)
        self.strip.chosen.connect(workspace.select_image)
        self.status.strip.clicked.connect(self.toggle_strip)

    def _show_images(self, *_: object) -> None:
        workspace = self._workspace
        self.header.set_images(workspace.images, workspace.image)
        self.strip.set_images(workspace.images, workspace.current)
        self.titled.emit(workspace.image.name)

    def _show_models(self, *_: object) -> None:
        self.header.set_models(self._workspace.models, self._workspace.model)

    def _show_history(self, *_: object) -> None:
        self.header.set_history(self._workspace.undo_label, self._workspace.redo_label)
