"""What mouse and keys do on every picture: images, mosaics, the divider, the graph, charts, the kernel grid.

The wheel and + and − zoom, dragging pans, 0 and a double click fit, arrows go along, the right button offers
to copy and to save.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QIcon, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from convscope.ui.canvas.viewport import Viewport

ONE_STEP = 2 ** (1 / 3)
"""How much larger a turn of the wheel, or a key, makes a picture."""

FIT = 0.0

ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
"""(down, right) of each."""


class DoubleClickFits:
    """A double click fits the whole picture into its view, unless it meets something with a double click of
    its own: the divider goes back to the middle, a weight of a kernel is edited. A base beside a widget's
    own, and before it."""

    def fit(self) -> None:
        """Show all of it; what is always whole on show has nothing to do."""

    def double_clicked(self, position: QPointF) -> bool:
        """Whether something at this place has taken the double click."""
        return False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.double_clicked(event.position()):
            self.fit()


class MenuEntry(NamedTuple):
    """What a picture's right button offers.

    Attributes:
        name: its object name ends in it.
        possible: False: it is gray.
    """

    name: str
    title: str
    run: Callable[[], object]
    possible: bool = True
    icon: QIcon | None = None


def context_menu(parent: QWidget, prefix: str, entries: Iterable[MenuEntry | None]) -> QMenu:
    """The menu of the right button, deleted when it closes; None is a line between two entries.

    Args:
        prefix: of the entries' object names.
    """
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
            continue
        action = menu.addAction(entry.title)
        if entry.icon is not None:
            action.setIcon(entry.icon)
        action.setObjectName(f"{prefix}.{entry.name}")
        action.setEnabled(entry.possible)
        action.triggered.connect(lambda _checked=False, run=entry.run: run())
    return menu


def wheel_zoom(event: QWheelEvent) -> float | None:
    """The factor of a turn of the wheel, small for a touch pad's small turns; None: it turned across."""
    turns = event.angleDelta().y() / 120
    return ONE_STEP**turns if turns else None


def key_zoom(event: QKeyEvent) -> float | None:
    """The factor of a key, or `FIT`; None for keys that do not zoom."""
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        # It is the window that these make larger or smaller.
        return None
    return {
        Qt.Key.Key_Plus: ONE_STEP,
        Qt.Key.Key_Equal: ONE_STEP,
        Qt.Key.Key_Minus: 1 / ONE_STEP,
        Qt.Key.Key_0: FIT,
    }.get(Qt.Key(event.key()))


class Press:
    """One button, from down to up.

    Attributes:
        dragging: it moved far enough to be no click any more.
    """

    def __init__(self) -> None:
        self._at: QPointF | None = None
        self.dragging = False

    @property
    def down(self) -> bool:
        """Whether the button is down."""
        return self._at is not None

    def begin(self, at: QPointF) -> None:
        """The button goes down."""
        self._at, self.dragging = at, False

    def moved(self, at: QPointF) -> QPointF | None:
        """How far the drag has come since the last time, in screen points; None: it is none yet."""
        if self._at is None:
            return None
        way = at - self._at
        if not self.dragging and way.manhattanLength() < QApplication.startDragDistance():
            return None
        self._at, self.dragging = at, True
        return way

    def end(self) -> bool:
        """The button goes up; True when it was a click."""
        clicked = self.down and not self.dragging
        self._at, self.dragging = None, False
        return clicked


class PanAndZoom(DoubleClickFits, QWidget):
    """A picture behind a `Viewport`: what images and the graph of a network have in common.

    The wheel zooms at the cursor, dragging with the left or the middle button pans, a double click fits;
    + and − zoom at the middle, 0 fits, arrows pan.
    """

    view: Viewport

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._press = Press()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def has_picture(self) -> bool:
        """Whether there is something to zoom and to pan."""
        raise NotImplementedError

    def menu(self) -> QMenu:
        """What the right button offers."""
        raise NotImplementedError

    def fit(self) -> None:
        """Show all of it."""
        self.view.fit()
        self._moved()

    def zoom(self, factor: float) -> None:
        """Closer or further, at the middle."""
        self.view.zoom(factor, self.view.view_width / 2, self.view.view_height / 2)
        self._moved()

    def _moved(self) -> None:
        """Another part is on show."""
        raise NotImplementedError

    def _hover_at(self, position: QPointF) -> None:
        """The cursor is there, and drags nothing."""

    def _clicked_at(self, position: QPointF) -> None:
        """The left button has clicked there."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = wheel_zoom(event)
        if factor is None or not self.has_picture():
            event.ignore()
            return
        # Events give a screen pixel's upper left corner; the picture is sampled at its centre.
        at = event.position() + QPointF(0.5, 0.5)
        self.view.zoom(factor, at.x(), at.y())
        self._moved()
        self._hover_at(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._press.begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press.down and event.buttons() != Qt.MouseButton.NoButton:
            moved = self._press.moved(event.position())
            if moved is not None:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                if self.has_picture():
                    self.view.pan(moved.x(), moved.y())
                    self._moved()
                return
        self._hover_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._press.down:
            return
        self.unsetCursor()
        if self._press.end() and event.button() == Qt.MouseButton.LeftButton:
            self._clicked_at(event.position())
        self._hover_at(event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, factor = Qt.Key(event.key()), key_zoom(event)
        if not self.has_picture():
            super().keyPressEvent(event)
        elif factor == FIT:
            self.fit()
        elif factor is not None:
            self.zoom(factor)
        elif key in ARROWS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            down, right = ARROWS[key]
            self.view.pan(-right * self.view.view_width / 8, -down * self.view.view_height / 8)
            self._moved()
        else:
            super().keyPressEvent(event)
