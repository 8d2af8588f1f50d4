"""The way of the Tab key: along what is seen, whatever was made first.

Qt goes in the order of creation. Panels and their views are made when they are first shown, so that they
would all come after the status bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QStackedWidget, QWidget


def tab_stops(root: QWidget) -> list[QWidget]:
    """What the Tab key stops at inside a widget, in the order in which it is laid out.

    A scrolling column is a stop only if nothing inside it is: the focus scrolls it.
    """
    found: list[QWidget] = []
    for child in _children(root):
        if not child.isVisible() or not child.isEnabled():
            continue
        inside = tab_stops(child)
        stops = bool(child.focusPolicy().value & Qt.FocusPolicy.TabFocus.value) and child.focusProxy() is None
        if stops and not (inside and isinstance(child, QScrollArea)):
            found.append(child)
        found += inside
    return found


def step(root: QWidget, focused: QWidget | None, forward: bool) -> QWidget | None:
    """The stop after or before the one with the focus, round and round; None: there is none."""
    stops = tab_stops(root)
    if not stops:
        return None
    while focused is not None and focused not in stops:
        # Part of a stop, such as a number's line, or something that only a click gives the focus to.
        focused = focused.parentWidget() if focused is not root else None
    if focused is None:
        return stops[0 if forward else -1]
    return stops[(stops.index(focused) + (1 if forward else -1)) % len(stops)]


def _children(widget: QWidget) -> list[QWidget]:
    """As a reader goes along them: by the layout where there is one, else as they were made."""
    if isinstance(widget, QSplitter):
        parts = [widget.widget(index) for index in range(widget.count())]
        return [part for part in parts if part is not None]
    if isinstance(widget, QStackedWidget | QScrollArea):
        inside = widget.currentWidget() if isinstance(widget, QStackedWidget) else widget.widget()
        return [inside] if inside is not None else []
    every = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    layout = widget.layout()
    laid_out = list(dict.fromkeys(_laid_out(layout, every))) if layout is not None else []
    return [*laid_out, *(child for child in every if child not in laid_out)]


def _laid_out(layout: QLayout, every: Sequence[QWidget]) -> Iterator[QWidget]:
    # The items are not touched: Qt frees them with their widgets, but Python would keep what stood for them,
    # and take the next widget at that address for an item.
    inside: list[QWidget | QLayout] = [each for each in layout.children() if isinstance(each, QLayout)]
    places = [(layout.indexOf(each), each) for each in (*every, *inside)]
    for _place, each in sorted((pair for pair in places if pair[0] >= 0), key=itemgetter(0)):
        if isinstance(each, QLayout):
            yield from _laid_out(each, every)
        else:
            yield each
