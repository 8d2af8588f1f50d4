"""The line that opens over a cell to type a number into."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from convscope.ui import theme


class CellEditor(QLineEdit):
    """Typing into one cell. Enter goes down, Tab right (with Shift back), Escape takes it back.

    Signals:
        committed: the text, and by how many rows and columns to move on.
        cancelled: nothing was changed.
    """

    committed = Signal(str, int, int)
    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Weight")
        self.setObjectName("kernel.weight")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMaxLength(60)
        self._active = False
        self.textChanged.connect(lambda: self._mark(False))
        self.hide()

    def open(self, cell: QRect, within: QRect, text: str, select: bool) -> None:
        """Show over a cell, at least as wide as a number, inside a rectangle of the parent."""
        self.setFont(theme.font(12, mono=True))
        wide = self.fontMetrics().horizontalAdvance(text) + theme.scaled(20)
        width = min(max(cell.width(), theme.scaled(72), wide), within.width())
        height = max(min(cell.height(), theme.scaled(40)), theme.scaled(26))
        area = QRect(0, 0, width, height)
        area.moveCenter(cell.center())
        area.moveLeft(max(within.left(), min(area.left(), within.right() + 1 - width)))
        area.moveTop(max(within.top(), min(area.top(), within.bottom() + 1 - height)))
        self.setGeometry(area)
        with QSignalBlocker(self):
            self.setText(text)
        self._mark(False)
        self._active = True
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        if select:
            self.selectAll()
        else:
            self.setCursorPosition(len(text))

    def close_quietly(self) -> None:
        """Close without telling anyone; the focus goes back to the parent."""
        self._active = False
        # Before hiding: Qt would pass the focus on as if by Tab.
        parent = self.parentWidget()
        if parent is not None and self.hasFocus():
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()

    def refuse(self) -> None:
        """Show that this text is no number; typing goes on."""
        if self.isVisible():
            self._mark(True)

    def finish(self) -> None:
        """Commit where one is."""
        self.committed.emit(self.text(), 0, 0)

    def _mark(self, wrong: bool) -> None:
        colours = theme.tokens()
        edge = colours.bad if wrong else colours.accent
        self.setStyleSheet(
            f"QLineEdit {{ padding: 0; min-height: 0; border: 2px solid {edge};"
            f" border-radius: 3px; background: {colours.panel}; color: {colours.text}; }}"
        )

    def event(self, event: QEvent) -> bool:
        # Tab is a move to the next cell, not to the next widget.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            sideways = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()))
            if sideways:
                self.committed.emit(self.text(), 0, sideways)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit(self.text(), -1 if back else 1, 0)
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.committed.emit(self.text(), 1 if key == Qt.Key.Key_Down else -1, 0)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Going elsewhere commits; what is no number is dropped.
        super().focusOutEvent(event)
        if self._active and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.finish()
            if self._active:
                self.cancelled.emit()
