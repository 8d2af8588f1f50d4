"""Mouse and wheel events straight to a widget, without the system's cursor in between."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def mouse(
    widget: QWidget,
    kind: QEvent.Type,
    at: QPointF | QPoint,
    button: Qt.MouseButton = LEFT,
    buttons: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """One mouse event at a place of the widget."""
    place = QPointF(at)
    event = QMouseEvent(kind, place, QPointF(widget.mapToGlobal(place)), button, buttons, modifiers)
    QApplication.sendEvent(widget, event)


def move(widget: QWidget, at: QPointF | QPoint) -> None:
    """The cursor moves, no button down."""
    nothing = Qt.MouseButton.NoButton
    mouse(widget, QEvent.Type.MouseMove, at, nothing, nothing)


def press(widget: QWidget, at: QPointF | QPoint) -> None:
    """The left button goes down."""
    mouse(widget, QEvent.Type.MouseButtonPress, at)


def drag_to(widget: QWidget, at: QPointF | QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """The cursor moves with the left button down."""
    mouse(widget, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, LEFT, modifiers)


def release(widget: QWidget, at: QPointF | QPoint) -> None:
    """The left button goes up."""
    mouse(widget, QEvent.Type.MouseButtonRelease, at, LEFT, Qt.MouseButton.NoButton)


def click(widget: QWidget, at: QPointF | QPoint) -> None:
    """Down and up at one place."""
    press(widget, at)
    release(widget, at)


def drag(widget: QWidget, start: QPointF, end: QPointF, steps: int = 4) -> None:
    """Down, a few moves, up."""
    press(widget, start)
    for step in range(1, steps + 1):
        drag_to(widget, start + (end - start) * (step / steps))
    release(widget, end)


def double_click(widget: QWidget, at: QPointF | QPoint) -> None:
    """The second press of a double click."""
    mouse(widget, QEvent.Type.MouseButtonDblClick, at)
    release(widget, at)


def wheel(
    widget: QWidget, at: QPointF | QPoint, notches: float, modifiers: Qt.KeyboardModifier = NONE
) -> bool:
    """Turn the wheel; returns whether the widget took it."""
    place = QPointF(at)
    event = QWheelEvent(
        place,
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()
