"""A small read-only table of numbers in colours: a patch, a kernel, their products."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.tables.cells import gray_colours, has_numbers, paint_cells, signed_colours

CELL_WIDTH, CELL_HEIGHT = 40, 26
SMALLEST = 3


class NumberGrid(QWidget):
    """Numbers in mono type on signed or gray colours, as large as there is room for.

    Cells too small for a number show their colour; hovering tells each number exactly.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[np.float64] | None = None
        self._colours: NDArray[np.uint8] | None = None
        self._signed, self._limit = True, 1.0
        self._marked: tuple[int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Numbers")

    def set_values(self, values: ArrayLike | None, signed: bool = True, limit: float | None = None) -> None:
        """Show a table.

        Args:
            values: 2-D, any number type; None for nothing.
            signed: blue below and orange above 0, else gray from black to white.
            limit: the value of the full colour; None for the largest there is.
        """
        shape = self._values.shape if self._values is not None else None
        if values is None:
            self._values = self._colours = None
        else:
            self._values = np.array(values, np.float64)
            if self._values.ndim != 2 or not self._values.size:
                raise ValueError(f"values must be rows × columns, not {self._values.shape}")
            largest = float(np.abs(self._values).max())
            self._signed, self._limit = signed, largest if limit is None else float(limit)
            self._recolour()
        if shape != (self._values.shape if self._values is not None else None):
            self._marked = None
            self.updateGeometry()
        self.setAccessibleDescription(self._words())
        self.update()

    def mark(self, row: int, column: int) -> None:
        """Put a ring around one cell."""
        self._marked = (row, column)
        self.update()

    @property
    def values(self) -> NDArray[np.float64] | None:
        """The table on show."""
        return self._values

    def _recolour(self) -> None:
        if self._values is not None:
            colour = signed_colours if self._signed else gray_colours
            self._colours = colour(np.nan_to_num(self._values), self._limit)

    def _words(self) -> str:
        if self._values is None or self._values.size > 121:
            return ""
        return "; ".join(" ".join(numeral(value) for value in row) for row in self._values.tolist())

    # Measures

    def cell_size(self) -> tuple[int, int]:
        """Width and height of a cell in screen points."""
        if self._values is None:
            return (0, 0)
        rows, columns = self._values.shape
        width = min((self.width() - 2) // columns, theme.scaled(CELL_WIDTH * 1.5))
        height = min((self.height() - 2) // rows, theme.scaled(CELL_HEIGHT * 1.25))
        if not has_numbers(self._values, width, height):
            # Colours alone: square cells.
            width = height = min(width, height)
        return (max(1, width), max(1, height))

    def _grid_rect(self) -> QRect:
        if self._values is None:
            return QRect()
        rows, columns = self._values.shape
        width, height = self.cell_size()
        return QRect(max(1, (self.width() - columns * width) // 2), 1, columns * width, rows * height)

    def cell_at(self, position: QPoint) -> tuple[int, int] | None:
        """The cell at a place of the widget."""
        grid = self._grid_rect()
        if self._values is None or not grid.contains(position):
            return None
        width, height = self.cell_size()
        offset = position - grid.topLeft()
        return (offset.y() // height, offset.x() // width)

    def sizeHint(self) -> QSize:
        # Cells that a number fits in, while the whole stays small.
        rows, columns = self._values.shape if self._values is not None else (3, 3)
        most = theme.scaled(264)
        return QSize(
            min(columns * theme.scaled(CELL_WIDTH), most) + 2, min(rows * theme.scaled(CELL_HEIGHT), most) + 2
        )

    def minimumSizeHint(self) -> QSize:
        rows, columns = self._values.shape if self._values is not None else (3, 3)
        return QSize(columns * SMALLEST + 2, min(rows * theme.scaled(16), theme.scaled(120)) + 2)

    # Events

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.cell_at(event.pos())
            if place is not None and self._values is not None:
                QToolTip.showText(event.globalPos(), numeral(float(self._values[place])), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._recolour()
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._values is None or self._colours is None:
            return
        painter = QPainter(self)
        grid = self._grid_rect()
        width, height = self.cell_size()
        paint_cells(painter, self._values, self._colours, grid.left(), grid.top(), width, height)
        if self._marked is not None:
            row, column = self._marked
            painter.setPen(QPen(QColor(theme.tokens().accent), 2))
            painter.drawRect(grid.left() + column * width, grid.top() + row * height, width - 1, height - 1)
        painter.end()
