"""A changed theme or zoom reaches what is on show at once, and what is hidden when it is shown.

Qt gives a style sheet to every widget there is, at a tenth of a millisecond each: with all panels made, a
third of a second in which nothing moves. So what is hidden as a whole sleeps: Qt passes by it, since it
polishes only what was polished before, and tells of a change only what has no style of its own. When it is
shown it wakes, and takes the style and the measures of that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_POLISHED, _OWN_STYLE = Qt.WidgetAttribute.WA_WState_Polished, Qt.WidgetAttribute.WA_SetStyle
_TOLD = Qt.WidgetAttribute.WA_WState_ExplicitShowHide


@dataclass
class _Sleep:
    """Of one part.

    Attributes:
        since: the style that it has, by its number.
        zoom: what its fonts were made for.
        measures: what its measures are made for.
        rested: it was left as a whole: nothing outside of it gives measures to what is in it.
        widgets: it and what was in it then; what has come since has the measures of its own day.
    """

    since: int
    zoom: float
    measures: float
    rested: bool
    widgets: Sequence[QWidget]


@dataclass(frozen=True)
class Woken:
    """A part that is about to be seen.

    Attributes:
        late: the widgets that need the style in force.
        slept: those with fonts and measures of another zoom.
        zoom: that of the fonts.
        measures: that of the measures.
    """

    late: Sequence[QWidget]
    slept: Sequence[QWidget]
    zoom: float
    measures: float


_asleep: dict[QWidget, _Sleep] = {}
_styles = 0  # how often the application's style has changed


def sleep_hidden(zoom: float, woken: Callable[[Woken], None]) -> list[QWidget]:
    """The application's style is about to change: whatever is hidden as a whole sleeps until it is shown.

    Args:
        zoom: that all measures are made for now.
        woken: called with a part when it is about to be seen.

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
            _sleep(window, (), zoom)
        elif window.parentWidget() is None or window.isVisible():
            _sort(window, awake, hidden)
    over = [each for each in windows if each.parentWidget() is not None and each.isVisible()]
    for part in hidden:
        _sleep(part, over, zoom)
    _styles += 1
    return awake


def rest(part: QWidget, zoom: float, woken: Callable[[Woken], None]) -> None:
    """Let a part sleep that was hidden some time ago, so that the next change need not do that first."""
    _watcher.woken = woken
    if part.isHidden():
        windows = [each for each in part.findChildren(QWidget) if each.isWindow()]
        _sleep(part, windows, zoom, rested=True)


def measure(zoom: float, rescale: Callable[[Sequence[QWidget], float], None], within: QWidget | None) -> None:
    """Bring the measures of parts that sleep to this zoom, before they are laid out in it.

    Args:
        rescale: called with a part's widgets and the zoom that their measures were made for.
        within: the parts of this one; None: all but those that rest, which are measured when they are shown.
    """
    resting = [part for part in _still_asleep() if _asleep[part].rested]
    for part, sleep in _asleep.items():
        if sleep.measures == zoom:
            continue
        wanted = _in(part, [within]) if within is not None else not _in(part, resting)
        if wanted:
            rescale([each for each in sleep.widgets if isValid(each)], sleep.measures)
            sleep.measures = zoom


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


def _sleep(part: QWidget, windows: Sequence[QWidget], zoom: float, rested: bool = False) -> None:
    """Let Qt pass by a part, but not by windows of it that are on show."""
    if part in _asleep:
        return
    inside = _without_sleeping(part, windows)
    for widget in inside:
        # What never was on show gets its style when it is.
        if widget.testAttribute(_POLISHED):
            widget.setAttribute(_POLISHED, False)
            widget.setAttribute(_OWN_STYLE, True)
    _watch(part, _Sleep(_styles, zoom, zoom, rested, inside))


def _wake(part: QWidget) -> Woken:
    """End a part's sleep, but not that of what is hidden in it."""
    sleep = _asleep.pop(part)
    part.removeEventFilter(_watcher)
    hidden: list[QWidget] = []
    _sort(part, [], hidden)
    slept = set(sleep.widgets)
    for each in hidden:
        if each not in _asleep:
            its = [below for below in (each, *each.findChildren(QWidget)) if below in slept]
            _watch(each, _Sleep(sleep.since, sleep.zoom, sleep.measures, False, its))
    now = _without_sleeping(part)
    late = [each for each in now if each.testAttribute(_OWN_STYLE)]
    for widget in late:
        widget.setAttribute(_OWN_STYLE, False)
        widget.setAttribute(_POLISHED, True)
    return Woken(
        late if sleep.since != _styles else (),
        [each for each in now if each in slept],
        sleep.zoom,
        sleep.measures,
    )


def _in(part: QWidget, wholes: Sequence[QWidget]) -> bool:
    return any(whole is part or whole.isAncestorOf(part) for whole in wholes)


def _still_asleep() -> list[QWidget]:
    for gone in [each for each in _asleep if not isValid(each)]:
        del _asleep[gone]
    return list(_asleep)


def _watch(part: QWidget, sleep: _Sleep) -> None:
    part.installEventFilter(_watcher)
    _asleep[part] = sleep


def _without_sleeping(part: QWidget, windows: Sequence[QWidget] = ()) -> Sequence[QWidget]:
    """A part and what is in it, but for what has a sleep of its own, these windows, and what is in them."""
    inside = part.findChildren(QWidget)
    apart = [each for each in inside if each in _asleep or each in windows]
    left = {below for each in apart for below in (each, *each.findChildren(QWidget))}
    return [each for each in (part, *inside) if each not in left]


class _Watcher(QObject):
    """Wakes what is about to be seen: Qt tells a part that it is shown before it is painted."""

    woken: Callable[[Woken], None] | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched in _asleep:
            woken = _wake(watched)
            if self.woken is not None:
                self.woken(woken)
        return False


_watcher = _Watcher()
