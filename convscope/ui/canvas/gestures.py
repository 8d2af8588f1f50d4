"""What the mouse and the keys do on every picture: images, mosaics, the divider, the graph.

The wheel and + and − zoom, dragging pans, 0 and a double click fit, arrows go along.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

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
    its own. A base beside a widget's own, and before it."""

    def fit(self) -> None:
        """Show all of it."""
        raise NotImplementedError

    def double_clicked(self, position: QPointF) -> bool:
        """Whether something at this place has taken the double click."""
        return False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self.double_clicked(event.position()):
            self.fit()


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
