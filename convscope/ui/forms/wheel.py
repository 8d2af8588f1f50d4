"""The wheel scrolls: it turns a number only in the field that has the focus, and never amid a scroll."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QWidget

# So long after the last movement a wheel still belongs to the scroll that it began with.
STILL_SCROLLING = 0.35
now = time.monotonic
_SCROLLED_AT = "scrolled_at"


def wheel_needs_focus(widget: QWidget) -> None:
    """The wheel changes this control only once it was clicked or tabbed to; else it scrolls the column."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if widget.property("wheel_needs_focus") is None:
        widget.setProperty("wheel_needs_focus", True)
        widget.installEventFilter(_Guard(widget))


def is_scrolling(widget: QWidget) -> bool:
    """Whether a column that a widget lies in has just been scrolled, so that it came under the wheel."""
    times = (bar.property(_SCROLLED_AT) for bar in _bars(widget))
    return any(at is not None and now() - at < STILL_SCROLLING for at in times)


def watch_scrolling(widget: QWidget) -> None:
    """Note from now on when the columns around a widget are scrolled."""
    for bar in _bars(widget):
        if bar.property(_SCROLLED_AT) is None:
            bar.setProperty(_SCROLLED_AT, -1e9)
            bar.valueChanged.connect(lambda _value, bar=bar: bar.setProperty(_SCROLLED_AT, now()))


class _Guard(QObject):
    """Hands the wheel on to what is around a control."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(watched, QWidget):
            return False
        if event.type() == QEvent.Type.FocusIn:
            watch_scrolling(watched)
        elif event.type() == QEvent.Type.Wheel and (not watched.hasFocus() or is_scrolling(watched)):
            event.ignore()
            return True
        return False


def _bars(widget: QWidget) -> list[QScrollBar]:
    found, at = [], widget.parentWidget()
    while at is not None:
        if isinstance(at, QAbstractScrollArea):
            found.append(at.verticalScrollBar())
        at = at.parentWidget()
    return found
