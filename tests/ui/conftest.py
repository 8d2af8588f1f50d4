"""What tests of the window share: a window with a tiny panel, and a check that nothing outlives a test."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator, Sequence

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid
from window_helpers import WindowMaker, fake_panels, small_images

from convscope.engine.interpret.feature_visualization import gradient_ascent
from convscope.engine.interpret.feature_visualization.recipes.clear import Clear
from convscope.imaging.image import Image
from convscope.ui import theme
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings
from convscope.workspace.workspace import Workspace


@pytest.fixture(scope="session", autouse=True)
def themed(qapp: QApplication) -> None:
    """Typefaces and palette, once."""
    theme.load_fonts()
    theme.apply("light")


def _windows() -> set[QWidget]:
    return {widget for widget in QApplication.topLevelWidgets() if widget.parent() is None}


def _timers() -> set[QTimer]:
    found = [thing for thing in gc.get_objects() if type(thing) is QTimer]
    return {timer for timer in found if isValid(timer) and timer.isActive()}


# What ran when the last test had ended: looking for them goes through all objects, and once a test is enough.
_known: weakref.WeakSet[QTimer] = weakref.WeakSet()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that closes waits until its jobs have stopped, however slow the machine is."""
    monkeypatch.setattr("convscope.ui.main_window.SHUTDOWN_SECONDS", 300.0)


@pytest.fixture
def fewer_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are measured in two places, not in 64: the window's tests hold no such numbers."""
    monkeypatch.setattr(gradient_ascent, "MOST_MOVES", 2)


@pytest.fixture
def shorter_ascents(monkeypatch: pytest.MonkeyPatch, fewer_moves: None) -> None:
    """And grow for 100 steps in small networks, not 256: as many digits, for what looks at the window."""
    monkeypatch.setattr(Clear, "small_steps", 100)


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(qapp: QApplication, themed: None, patience: None) -> Iterator[None]:
    """No lane's thread, no running timer and no window is left behind."""
    windows = _windows()
    yield
    for _ in range(3):
        qapp.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    running = _timers()
    if _windows() - windows or running - set(_known):
        del running
        gc.collect()
        running = _timers()
    new = running - set(_known)
    _known.clear()
    _known.update(running)
    del running
    lanes = [thread.name for thread in threading.enumerate() if thread.name.startswith("lane-")]
    assert not lanes, f"threads still run: {lanes}"
    left = _windows() - windows
    assert not left, f"windows are still there: {left}"
    assert not new, f"timers still run: {new}"
    assert gc.isenabled(), "jobs were not shut down"


@pytest.fixture
def make_window(qtbot: QtBot) -> Iterator[WindowMaker]:
    """Makes windows with fake panels and small images; closes them at the end."""
    made: list[MainWindow] = []

    def make(
        images: Sequence[Image] | None = None, settings: Settings | None = None, show: bool = True
    ) -> MainWindow:
        workspace = Workspace(images if images is not None else small_images())
        window = MainWindow(workspace, settings=settings, panels=fake_panels())
        made.append(window)
        qtbot.addWidget(window)
        if show:
            QCursor.setPos(QPoint(0, 0))
            window.resize(1440, 900)
            window.show()
            window.activateWindow()
            qtbot.waitUntil(window.isActiveWindow)
        return window

    yield make
    for window in made:
        if isValid(window):
            window.close()


@pytest.fixture
def window(make_window: WindowMaker) -> MainWindow:
    """One window, shown at 1440×900."""
    return make_window()
