"""Where the window and its splitters go, and how that is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

from convscope.ui.settings import Settings

SIZE = (1440, 900)


def place(window: QMainWindow, settings: Settings) -> None:
    """Put the window where it was, if that is still on a screen."""
    main = QGuiApplication.primaryScreen()
    others = [screen for screen in QGuiApplication.screens() if screen is not main]
    areas = [screen.availableGeometry() for screen in (main, *others)]
    window.setGeometry(fitted(settings.geometry, areas, SIZE))


def remember(window: QMainWindow, settings: Settings) -> None:
    """Note the window's place and every named splitter."""
    settings.maximized = window.isMaximized()
    if not (window.isMaximized() or window.isFullScreen()):
        area = window.geometry()
        settings.geometry = (area.x(), area.y(), area.width(), area.height())
    for splitter in window.findChildren(QSplitter):
        if splitter.objectName():
            settings.remember_splitter(splitter.objectName(), splitter.saveState())


def restore_splitters(panel: QWidget, settings: Settings) -> None:
    """Give a panel's named splitters their remembered places."""
    for splitter in panel.findChildren(QSplitter):
        state = settings.splitter(splitter.objectName())
        if state is not None:
            splitter.restoreState(state)


def fitted(
    geometry: tuple[int, int, int, int] | None, screens: Sequence[QRect], size: tuple[int, int]
) -> QRect:
    """Where the window goes: as remembered, if a hand could still reach its title there; else centred.

    Args:
        geometry: as remembered, or None.
        screens: the free area of each screen, the main one first.
        size: the width and height when nothing is remembered.
    """
    main = screens[0]
    if geometry is not None:
        wanted = QRect(*geometry)
        for screen in screens:
            grip = wanted.intersected(screen)
            if grip.width() >= 120 and grip.height() >= 60 and screen.top() <= wanted.top():
                wanted.setWidth(min(wanted.width(), screen.width()))
                wanted.setHeight(min(wanted.height(), screen.height()))
                return wanted
        size = (wanted.width(), wanted.height())
    placed = QRect(0, 0, max(1, min(size[0], main.width())), max(1, min(size[1], main.height())))
    placed.moveCenter(main.center())
    return placed
