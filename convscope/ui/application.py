"""The application around the window: start, fonts, theme, failures that nobody caught, and the end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import cast

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from convscope import __version__
from convscope.core import logs
from convscope.core.errors import UserError
from convscope.ui import theme as themes
from convscope.ui.main_window import MainWindow
from convscope.ui.settings import Settings
from convscope.ui.window.autosave import Autosave
from convscope.workspace.recovery import Recovered

log = logging.getLogger(__name__)


class _Failures(QObject):
    """Brings exceptions that nobody caught, on any thread, to the window."""

    happened = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.happened.connect(window.report, Qt.ConnectionType.QueuedConnection)

    def on_gui(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, Exception):
            self.happened.emit(error)
        else:
            sys.__excepthook__(kind, error, trace)

    def on_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and issubclass(arguments.exc_type, Exception):
            self.happened.emit(arguments.exc_value)


class _Signals(QObject):
    """Ctrl+C in the terminal, and a polite kill, close the window as its cross does."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._ears, self._mouth = socket.socketpair()
        self._ears.setblocking(False)
        self._mouth.setblocking(False)
        # Python handles a signal between two of its own instructions, of which Qt's waiting loop has none.
        # The byte that arrives here wakes it up.
        self._notifier = QSocketNotifier(self._ears.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda: self._ears.recv(64))
        self._fd = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, lambda *_: window.close())
            for number in (signal.SIGINT, signal.SIGTERM)
        }

    def end(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._ears.close()
        self._mouth.close()


def require_display() -> None:
    """Qt ends the whole process where it finds no display; this says so first.

    Raises:
        UserError: there is none.
    """
    shown = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in shown):
        raise UserError(
            "There is no display to open a window on: log in to a desktop, or use convscope screenshot, "
            "which needs none."
        )


def make_application() -> QApplication:
    """The process's QApplication with the shipped typefaces; the one that exists, if there is one.

    Raises:
        UserError: there is no display.
    """
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    require_display()
    app = QApplication([sys.argv[0] if sys.argv else "convscope"])
    app.setApplicationName("convscope")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("convscope")
    themes.load_fonts()
    return app


def run_window(
    paths: Sequence[str | Path],
    panel: str | None = None,
    theme: str | None = None,
    reset_settings: bool = False,
) -> int:
    """Open the window and stay until it closes. Returns the exit code.

    Args:
        paths: images, folders or models to open.
        panel: the name of the panel to show first.
        theme: "system", "light" or "dark", for this run.
        reset_settings: forget size, layout, theme and recent files first.

    Raises:
        UserError: no display, or no such panel.
    """
    crash = logs.previous_crash()
    logs.start_logging()
    # A worker in a Python loop otherwise holds up every Python paint method by 5 ms, per call.
    sys.setswitchinterval(0.0005)
    app = make_application()
    settings = Settings.reset() if reset_settings else Settings.load()
    themes.apply(cast(themes.ThemeChoice, theme or settings.theme), settings.zoom)
    app.setWindowIcon(QIcon(themes.icon("grid-3x3", themes.tokens().accent)))
    window = MainWindow(settings=settings, theme_choice=theme)
    if panel is not None:
        try:
            window.show_panel(panel)
        except UserError:
            # The lanes' threads must end before Qt does.
            window.close()
            raise
    autosave = Autosave(window.workspace, window.jobs, window)
    failures, signals = _Failures(window), _Signals(window)
    sys.excepthook, threading.excepthook = failures.on_gui, failures.on_thread
    app.styleHints().colorSchemeChanged.connect(window.system_theme_changed)

    def begin() -> None:
        _restore(window, autosave, crash)
        if paths:
            window.open_paths(paths)
        window.start_engine()
        if "train" in [info.name for info in window.panel_infos]:
            window.unfinished_runs.offer()
        if settings.problem:
            window.toast(settings.problem, "")

    window.first_painted.connect(begin)
    window.closed.connect(autosave.close)
    window.closed.connect(app.quit)
    if settings.maximized:
        window.showMaximized()
    else:
        window.show()
    code = app.exec()
    signals.end()
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    if not window.threads_ended:
        # A thread is still inside a library's call: Python's own ending could wait for it or crash in it.
        logs.end_logging()
        logging.shutdown()
        os._exit(code)
    return code


def _restore(window: MainWindow, autosave: Autosave, crash: str | None) -> None:
    """After a run that ended unexpectedly: its work, and a word about it."""
    if not autosave.has_work:
        if crash:
            window.toast("The last run of convscope ended unexpectedly.", crash)
        return

    def done(recovered: Recovered | None) -> None:
        if recovered is None:
            window.forget_snapshot()
            window.toast("The last run ended unexpectedly, and its work could not be read.", crash or "")
        else:
            window.restore(recovered.snapshot)
            window.toast("Your work is back: the last run of convscope ended unexpectedly.", crash or "")
            for error in recovered.errors:
                window.report(error)
        autosave.restored()

    def failed(error: BaseException) -> None:
        window.forget_snapshot()
        window.report(error)
        autosave.restored()

    window.expect_snapshot()
    window.jobs.submit(
        "keeping", autosave.load, title="Bringing your work back", on_done=done, on_failed=failed
    )
