"""What could do harm is opened when a person says that they trust it, never unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.core.errors import UntrustedError

if TYPE_CHECKING:
    from convscope.ui.main_window import MainWindow
    from convscope.ui.window.toast import Toast


def offer_trust(window: MainWindow, error: BaseException, toast: Toast) -> None:
    """A button on the message, where the word of a person is enough to open it."""
    if isinstance(error, UntrustedError):
        path = error.path
        toast.offer("Trust it and open", lambda: window.sources.engine.open_model(path, trusted=True))
