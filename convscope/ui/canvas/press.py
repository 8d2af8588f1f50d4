"""What a mouse button that is down becomes: a click, or a drag once it moved far enough."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication


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
