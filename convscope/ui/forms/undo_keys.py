"""Ctrl+Z in a field: the window's undo, not the letters'."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget


class _UndoOfTheWindow(QObject):
    """Leaves Ctrl+Z to the document: a field would take back letters that the document has long taken."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(
                QKeySequence.StandardKey.Redo
            )
            if undo:
                event.ignore()
                return True
        return False


def undo_of_the_window(widget: QWidget) -> None:
    """Undo and redo mean the document, also while this control has the focus."""
    guard = _UndoOfTheWindow(widget)
    widget.installEventFilter(guard)
    line = widget.findChild(QLineEdit)
    if line is not None:
        line.installEventFilter(guard)
