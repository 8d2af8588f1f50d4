"""The kernel editor: a grid of coloured weights that one types, turns, drags and pastes into."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from convscope.core.errors import UserError
from convscope.imaging.io.numbers import parse_divided, parse_table
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.canvas.gestures import ARROWS, DoubleClickFits, MenuEntry, context_menu
from convscope.ui.export.file_dialog import as_table
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.tables.cell_editor import CellEditor
from convscope.ui.tables.cells import paint_cells, signed_colours
from convscope.ui.tables.kernel_layout import WIDTH, KernelLayout, Turning, step_of, wanted_height

LONGEST_PASTE = 200_000


class KernelGrid(DoubleClickFits, QWidget):
    """Any kernel from 1×1 to 31×31, edited in place.

    Typing edits the cell in focus (Enter and Tab commit and move on, Escape cancels, fractions such as 1/9
    count); Ctrl+Up/Down and, over the cell in focus, the wheel add a step; dragging up or down turns the
    value, finely with Shift; arrows and Tab move; Delete sets 0; a pasted table replaces the whole kernel.

    The numbers are those above the kernel's divisor.

    Signals:
        edited: (Kernel, merge key); edits of one gesture have one key, so that undo takes them back at once.
        rejected: why what was typed or pasted is no weight, in one sentence.
        focus_changed: row and column of the cell in focus.
    """

    edited = Signal(object, str)
    rejected = Signal(str)
    focus_changed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kernel = Kernel(np.zeros((3, 3)))
        self._cell = (0, 0)
        self._gesture = 0
        self._wheeled: tuple[int, int] | None = None
        self._wheel_rest = 0.0
        self._turning: Turning | None = None
        self._turn_key = ""
        self._step_size = 1.0
        self._editor = CellEditor(self)
        self._editor.committed.connect(self._commit)
        self._editor.cancelled.connect(self._close_editor)
        wheel_needs_focus(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Kernel weights")
        self._describe()

    # The kernel

    @property
    def kernel(self) -> Kernel:
        """The kernel on show."""
        return self._kernel

    def set_kernel(self, kernel: Kernel) -> None:
        """Show a kernel; nothing is emitted. A cell that is being typed into stays open."""
        if kernel == self._kernel:
            return
        resized = kernel.shape != self._kernel.shape
        self._kernel = kernel
        if resized:
            self._close_editor()
            self._turning = None
            rows, columns = kernel.shape
            self._cell = (min(self._cell[0], rows - 1), min(self._cell[1], columns - 1))
            self.updateGeometry()
        self._describe()
        self.update()

    @property
    def cell(self) -> tuple[int, int]:
        """The (row, column) in focus."""
        return self._cell

    def set_cell(self, row: int, column: int) -> None:
        """Move the focus to a cell."""
        if (row, column) != self._cell:
            self._cell, self._wheeled = (row, column), None
            self._describe()
            self.update()
            self.focus_changed.emit(row, column)

    def value(self) -> float:
        """The weight in focus."""
        return float(self._kernel.numerators[self._cell])

    def _apply(self, kernel: Kernel, merge: str) -> None:
        if kernel != self._kernel:
            self.set_kernel(kernel)
            self.edited.emit(kernel, merge)

    def _set_value(self, value: float, merge: str) -> None:
        # Twelve digits take away what adding steps leaves: 0.30000000000000004.
        self._apply(self._kernel.with_cell(*self._cell, float(f"{value:.12g}")), merge)

    def _new_gesture(self, name: str) -> str:
        self._gesture += 1
        self._wheeled = None
        return f"weights.{name}.{self._gesture}"

    def _step(self, steps: float) -> None:
        """Add steps to the cell in focus; steps that follow each other are one gesture."""
        if self._wheeled != self._cell:
            self._new_gesture("step")
            self._wheeled = self._cell
            self._step_size = step_of(self._kernel.numerators)
        self._set_value(self.value() + steps * self._step_size, f"weights.step.{self._gesture}")

    # Out and in

    def copy(self) -> None:
        """Put the kernel on the clipboard as a table for a spreadsheet."""
        QGuiApplication.clipboard().setText(as_table(self._kernel.weights))

    def copy_list(self) -> None:
        """Put the kernel on the clipboard as a Python list; over a divisor, as an array that is divided."""
        divisor = self._kernel.divisor
        rows = (
            "[" + ", ".join(f"{value:.9g}" for value in row) + "]" for row in self._kernel.numerators.tolist()
        )
        text = "[" + ",\n ".join(rows) + "]"
        QGuiApplication.clipboard().setText(text if divisor == 1 else f"np.array({text}) / {divisor:.12g}")

    def paste(self) -> None:
        """Take the clipboard's table as the whole kernel, or its one number as the cell in focus."""
        try:
            text = QGuiApplication.clipboard().text()
            table, divisor = parse_divided(text, max_characters=LONGEST_PASTE)
            merge = self._new_gesture("paste")
            if table.size == 1:
                self._set_value(float(table[0, 0] / divisor), merge)
            else:
                self._apply(Kernel.divided(table, divisor), merge)
        except UserError as error:
            self.rejected.emit(error.message)

    def menu(self) -> QMenu:
        """What the right button offers."""
        return context_menu(
            self,
            "kernel",
            (
                MenuEntry("copy", "Copy kernel", self.copy),
                MenuEntry("copy_list", "Copy as Python list", self.copy_list),
                MenuEntry("paste", "Paste", self.paste),
                None,
                MenuEntry("edit", "Edit this weight", self.edit),
                MenuEntry("zero", "Set this weight to 0", self._zero),
                MenuEntry("fill", "Set all to this weight", self._fill),
                MenuEntry("clear", "Set all to 0", self._clear),
            ),
        )

    def _zero(self) -> None:
        self._set_value(0.0, self._new_gesture("zero"))

    def _fill(self) -> None:
        self._apply(self._kernel.edited(np.full(self._kernel.shape, self.value())), self._new_gesture("fill"))

    def _clear(self) -> None:
        self._apply(self._kernel.edited(np.zeros(self._kernel.shape)), self._new_gesture("clear"))

    # Typing

    def edit(self, text: str | None = None) -> None:
        """Open the cell in focus for typing, with its number or with a first letter in its place."""
        shown = f"{self.value():.9g}" if text is None else text
        layout = self._layout
        self._editor.open(layout.rect(*self._cell), layout.grid.united(layout.line), shown, text is None)

    def _commit(self, text: str, down: int, right: int) -> None:
        try:
            table = parse_table(text.replace(",", "."), max_characters=100)
            if table.size != 1:
                raise UserError(f'"{text[:40]}" is more than one number: type one weight, or paste a table.')
        except UserError as error:
            self._editor.refuse()
            self.rejected.emit(error.message)
            return
        self._close_editor()
        # A number that was only looked at keeps the digits that the line had no room for.
        if table[0, 0] != float(f"{self.value():.9g}"):
            self._set_value(float(table[0, 0]), self._new_gesture("type"))
        self._move(down, right, wrap=True)

    def _close_editor(self) -> None:
        if self._editor.isVisible():
            self._editor.close_quietly()

    def _move(self, down: int, right: int, wrap: bool = False) -> bool:
        """Go to a neighbour; with `wrap`, on to the next line. False at the end."""
        rows, columns = self._kernel.shape
        row, column = self._cell[0] + down, self._cell[1] + right
        if wrap and not 0 <= column < columns:
            row, column = row + (1 if column > 0 else -1), column % columns
        if wrap and down and not 0 <= row < rows:
            row, column = row % rows, column + down
        if not (0 <= row < rows and 0 <= column < columns):
            return False
        self.set_cell(row, column)
        return True

    # Measures

    @property
    def _layout(self) -> KernelLayout:
        return KernelLayout(*self._kernel.shape, self.width(), self.height())

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(WIDTH), wanted_height(*self._kernel.shape, self.width()))

    def minimumSizeHint(self) -> QSize:
        # So no layout squeezes the cells.
        return QSize(theme.scaled(140), wanted_height(*self._kernel.shape, self.width()))

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell lies in the widget."""
        return self._layout.rect(row, column)

    def cell_at(self, position: QPoint) -> tuple[int, int] | None:
        """The cell at a place of the widget."""
        return self._layout.cell_at(position)

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
        self._close_editor()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._close_editor()
            self.updateGeometry()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.cell_at(event.position().toPoint())
        if place is None:
            return
        if self._editor.isVisible():
            self._editor.finish()
        self.set_cell(*place)
        if event.button() == Qt.MouseButton.LeftButton:
            self._turning = Turning(event.position().y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        # Turn the value: one step every few points up or down, a tenth of it with Shift.
        turning, y = self._turning, event.position().y()
        if turning is None:
            return
        if turning.begin(y, self.value(), step_of(self._kernel.numerators)):
            self._turn_key = self._new_gesture("drag")
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        if turning.begun:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._set_value(turning.value(y, self.value(), fine), self._turn_key)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._turning = None
        self.unsetCursor()

    def double_clicked(self, position: QPointF) -> bool:
        """On a weight: edit it."""
        inside = self.cell_at(position.toPoint()) is not None
        if inside:
            self.edit()
        return inside

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Add steps to the cell in focus when the cursor is over it; elsewhere the wheel scrolls.
        if self.cell_at(event.position().toPoint()) != self._cell:
            event.ignore()
            return
        # Shift turns the wheel sideways on some systems.
        turned = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self._wheel_rest += turned
        notches = math.trunc(self._wheel_rest)
        self._wheel_rest -= notches
        if notches:
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._step(notches * (0.1 if fine else 1.0))
        event.accept()

    def event(self, event: QEvent) -> bool:
        # Tab goes from cell to cell before it leaves the grid.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            sideways = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()))
            if sideways and self._move(0, sideways, wrap=True):
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = Qt.Key(event.key()), event.text().replace("−", "-")
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif control and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._step((1 if key == Qt.Key.Key_Up else -1) * (0.1 if fine else 1.0))
        elif key in ARROWS and not control:
            self._move(*ARROWS[key])
        elif key == Qt.Key.Key_Home:
            self.set_cell(0 if control else self._cell[0], 0)
        elif key == Qt.Key.Key_End:
            rows, columns = self._kernel.shape
            self.set_cell(rows - 1 if control else self._cell[0], columns - 1)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._zero()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit()
        elif text and text in "0123456789.,+-" and not control:
            self.edit(text)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Coming by Tab starts at the first cell, by Shift+Tab at the last.
        rows, columns = self._kernel.shape
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self.set_cell(0, 0)
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self.set_cell(rows - 1, columns - 1)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = self.cell_at(event.pos())
        if place is not None and event.reason() == QContextMenuEvent.Reason.Mouse:
            self.set_cell(*place)
        self.menu().popup(event.globalPos())

    # Painting

    def _describe(self) -> None:
        self.setAccessibleDescription(self.line())

    def line(self) -> str:
        """The cell in focus in words: "row 1, column 2: −0.111111"; over a divisor "1/9 = 0.111111"."""
        value, divisor = numeral(self.value()), self._kernel.divisor
        if divisor != 1:
            value += f"/{numeral(divisor)} = {numeral(self.value() / divisor)}"
        return f"row {self._cell[0]}, column {self._cell[1]}: {value}"

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        weights = self._kernel.numerators
        layout = self._layout
        grid, cell = layout.grid, layout.cell
        shades = signed_colours(weights, float(np.abs(weights).max()))
        paint_cells(painter, weights, shades, grid.left(), grid.top(), cell, cell)
        focused = self.hasFocus() or self._editor.isVisible()
        ring = layout.rect(*self._cell).adjusted(0, 0, -1, -1)
        painter.setPen(QPen(QColor(colours.accent if focused else colours.secondary), 2 if focused else 1))
        painter.drawRect(ring if cell >= 12 else ring.adjusted(-2, -2, 2, 2))
        line = layout.line.adjusted(grid.left(), 0, 0, 0)
        painter.setFont(theme.font(11, figures=True))
        painter.setPen(QColor(colours.text if focused else colours.secondary))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.line())
        painter.end()
