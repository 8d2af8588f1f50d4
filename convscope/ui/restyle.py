"""A changed theme or zoom reaches what is on show at once, and what is hidden when it is shown.

Qt gives a style sheet to every widget there is, at a tenth of a millisecond each: with all panels made, a
third of a second in which nothing moves. So what is hidden as a whole sleeps: Qt passes by it, since it
polishes only what was polished before, and tells of a change only what has no style of its own. When it is
shown it wakes, and takes the style of that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakSet

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_ASLEEP = "asleep_since_style"
_POLISHED, _OWN_STYLE = Qt.WidgetAttribute.WA_WState_Polished, Qt.WidgetAttribute.WA_SetStyle
_TOLD = Qt.WidgetAttribute.WA_WState_ExplicitShowHide

_asleep: WeakSet[QWidget] = WeakSet()
_styles = 0  # how often the application's style has changed


def sleep_hidden(woken: Callable[[list[QWidget]], None]) -> list[QWidget]:
    """The application's style is about to change: whatever is hidden as a whole sleeps until it is shown.

    Args:
        woken: called with the widgets that need the style in force, when they are about to be seen.

    Returns:
        What is awake: parents come before what is in them.
    """
    global _styles
    _watcher.woken = woken
    awake: list[QWidget] = []
    hidden: list[QWidget] = []
    windows = QApplication.topLevelWidgets()
    for window in windows:
        popup = window.windowType() == Qt.WindowType.Popup
        if not window.isVisible() and (popup or window.testAttribute(_TOLD)):
            _sleep(window, ())
        elif window.parentWidget() is None or window.isVisible():
            _sort(window, awake, hidden)
    over = [each for each in windows if each.parentWidget() is not None and each.isVisible()]
    for part in hidden:
        _sleep(part, over)
    _styles += 1
    return awake


@contextmanager
def untold(widgets: Sequence[QWidget]) -> Iterator[None]:
    """What happens to the application's style is not told to these widgets: it is not the last word."""
    told = [widget for widget in widgets if not widget.testAttribute(_OWN_STYLE)]
    for widget in told:
        widget.setAttribute(_OWN_STYLE, True)
    try:
        yield
    finally:
        for widget in told:
            widget.setAttribute(_OWN_STYLE, False)


def polish(widgets: Sequence[QWidget]) -> None:
    """Give widgets the style in force; parents come before what is in them, which takes over their type."""
    style = QApplication.style()
    for widget in widgets:
        style.unpolish(widget)
    for widget in widgets:
        style.polish(widget)
    for widget in widgets:
        QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
        if own := widget.styleSheet():
            widget.setStyleSheet(own)


def _sort(widget: QWidget, awake: list[QWidget], hidden: list[QWidget]) -> None:
    """The outermost hidden parts in a widget, and what is not in them: it is seen, or will be."""
    awake.append(widget)
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isWindow():
            if child.isHidden() and child.testAttribute(_TOLD):
                hidden.append(child)
            else:
                _sort(child, awake, hidden)


def _sleep(part: QWidget, windows: Sequence[QWidget]) -> None:
    """Let Qt pass by a part, but not by windows of it that are on show."""
    if part.property(_ASLEEP) is not None:
        return
    inside = part.findChildren(QWidget)
    for widget in _without(part, inside, windows):
        # What never was on show gets its style when it is.
        if widget.testAttribute(_POLISHED):
            widget.setAttribute(_POLISHED, False)
            widget.setAttribute(_OWN_STYLE, True)
    _watch(part, _styles)


def _wake(part: QWidget) -> list[QWidget]:
    """End a part's sleep, but not that of what is hidden in it. Returns what needs the style in force."""
    since = part.property(_ASLEEP)
    part.removeEventFilter(_watcher)
    part.setProperty(_ASLEEP, None)
    _asleep.discard(part)
    hidden: list[QWidget] = []
    _sort(part, [], hidden)
    for each in hidden:
        if each.property(_ASLEEP) is None:
            _watch(each, since)
    inside = part.findChildren(QWidget)
    asleep = [each for each in list(_asleep) if isValid(each)]
    late = [each for each in _without(part, inside, asleep) if each.testAttribute(_OWN_STYLE)]
    for widget in late:
        widget.setAttribute(_OWN_STYLE, False)
        widget.setAttribute(_POLISHED, True)
    return late if since != _styles else []


def _watch(part: QWidget, since: int) -> None:
    part.setProperty(_ASLEEP, since)
    part.installEventFilter(_watcher)
    _asleep.add(part)


def _without(part: QWidget, inside: Sequence[QWidget], apart: Sequence[QWidget]) -> Sequence[QWidget]:
    """A part and what is in it, but for those that stand apart and what is in them."""
    there = set(inside)
    left = {below for each in apart if each in there for below in (each, *each.findChildren(QWidget))}
    return [each for each in (part, *inside) if each not in left]


class _Watcher(QObject):
    """Wakes what is about to be seen: Qt tells a part that it is shown before it is painted."""

    woken: Callable[[list[QWidget]], None] | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            late = _wake(watched)
            if self.woken is not None:
                self.woken(late)
        return False


_watcher = _Watcher()
