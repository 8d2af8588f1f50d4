"""The window's own commands, as they are at this moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QMenu

from convscope.core.opening import named
from convscope.ui.actions import Command
from convscope.ui.panels import PanelInfo
from convscope.ui.settings import Settings
from convscope.ui.sources.sources import Sources
from convscope.workspace.workspace import Workspace


class CommandTarget(Protocol):
    """What the commands act on: the window."""

    workspace: Workspace
    settings: Settings
    sources: Sources
    panel_infos: tuple[PanelInfo, ...]

    def show_panel(self, name: str) -> None: ...
    def open_path(self, path: str) -> None: ...
    def step_image(self, step: int) -> None: ...
    def close_image(self) -> None: ...
    def zoom_by(self, steps: int) -> None: ...
    def set_zoom(self, factor: float) -> None: ...
    def set_theme(self, choice: str) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def open_palette(self) -> None: ...
    def show_shortcuts(self) -> None: ...
    def show_about(self) -> None: ...
    def open_log_folder(self) -> None: ...
    def close(self) -> bool: ...


def window_commands(window: CommandTarget) -> list[Command]:
    """All but the panel's; titles and states follow the workspace (what undo would take back)."""
    workspace, sources = window.workspace, window.sources
    undo, redo = workspace.undo_label, workspace.redo_label
    several, closed = len(workspace.images) > 1, workspace.closed_image
    panels = [
        Command(
            f"panel.{info.name}",
            f"Go to {info.title}",
            _call(window.show_panel, info.name),
            info.shortcut,
            "Go to",
        )
        for info in window.panel_infos
    ]
    return [
        *panels,
        Command("image.open", "Open images…", sources.choose_files, "Ctrl+O", "Image"),
        Command(
            "image.open_folder", "Open a folder of images…", sources.choose_folder, "Ctrl+Shift+O", "Image"
        ),
        Command("image.paste", "Paste an image", sources.paste, "Ctrl+V", "Image"),
        Command("image.draw", "Draw an image", sources.draw, "Ctrl+D", "Image"),
        Command("image.camera", "Use the camera", sources.camera, "", "Image"),
        Command("image.next", "Next image", _call(window.step_image, 1), "Ctrl+PgDown", "Image", several),
        Command(
            "image.previous", "Previous image", _call(window.step_image, -1), "Ctrl+PgUp", "Image", several
        ),
        Command("image.close", "Close this image", window.close_image, "Ctrl+W", "Image", several),
        Command(
            "image.reopen",
            f"Open {closed.name} again" if closed else "Open the closed image again",
            workspace.reopen_image,
            "Ctrl+Shift+T",
            "Image",
            closed is not None,
        ),
        Command(
            "edit.undo", f"Undo: {undo}" if undo else "Undo", workspace.undo, "Ctrl+Z", "Edit", bool(undo)
        ),
        Command(
            "edit.redo",
            f"Redo: {redo}" if redo else "Redo",
            workspace.redo,
            "Ctrl+Shift+Z; Ctrl+Y",
            "Edit",
            bool(redo),
        ),
        Command("view.enlarge", "Enlarge everything", _call(window.zoom_by, 1), "Ctrl++; Ctrl+=", "View"),
        Command("view.shrink", "Make everything smaller", _call(window.zoom_by, -1), "Ctrl+-", "View"),
        Command("view.normal", "Normal size", _call(window.set_zoom, 1.0), "Ctrl+0", "View"),
        Command("view.light", "Theme: light", _call(window.set_theme, "light"), "", "View"),
        Command("view.dark", "Theme: dark", _call(window.set_theme, "dark"), "", "View"),
        Command("view.system", "Theme: as the system", _call(window.set_theme, "system"), "", "View"),
        Command("view.full_screen", "Full screen", window.toggle_full_screen, "F11", "View"),
        Command("help.commands", "Search commands", window.open_palette, "Ctrl+K", "Help"),
        Command("help.shortcuts", "Shortcuts", window.show_shortcuts, "F1", "Help"),
        Command("help.logs", "Open the folder with the log files", window.open_log_folder, "", "Help"),
        Command("help.about", "About convscope", window.show_about, "", "Help"),
        Command("window.quit", "Quit", window.close, "Ctrl+Q", "Window"),
    ]


def recent_commands(window: CommandTarget) -> list[Command]:
    """One for each file opened lately."""
    return [
        Command(
            f"recent.{name}",
            f"Open recent: {named(name)}",
            _call(window.open_path, name),
            "",
            "Image",
        )
        for name in window.settings.recent
    ]


def fill_open_menu(window: CommandTarget, menu: QMenu) -> None:
    """The ways to open something, and the recent files."""
    menu.clear()
    ways = ("image.open", "image.open_folder", "image.paste", "image.reopen")
    _add(menu, [command for command in window_commands(window) if command.id in ways])
    menu.addSeparator()
    _add(menu, recent_commands(window))


def fill_help_menu(window: CommandTarget, menu: QMenu) -> None:
    """Help, and what is about the window as a whole."""
    menu.clear()
    for group in ("Help", "View", "Window"):
        _add(menu, [command for command in window_commands(window) if command.group == group])
        menu.addSeparator()


def _add(menu: QMenu, commands: list[Command]) -> None:
    for command in commands:
        # After a tab Qt shows a shortcut without taking the key itself: QShortcut has it.
        action = menu.addAction(f"{command.title}\t{command.shortcut_text()}")
        action.setEnabled(command.enabled)
        action.triggered.connect(lambda _=False, run=command.run: run())


def _call(function: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: function(*arguments)
