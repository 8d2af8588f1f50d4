"""The classes: a colour, a name, how many images, and a bar; a click shows only one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QWidget

from convscope.ui import naming, theme

ROW, DOT = 26, 8
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -(1 << 30), Qt.Key.Key_End: 1 << 30}


def class_colour(index: int) -> QColor:
    """The colour of a class: eight that colour-blind eyes can tell apart, then darker and lighter."""
    colour = QColor(theme.SERIES[index % len(theme.SERIES)])
    again = index // len(theme.SERIES) % 3
    return (colour, colour.darker(150), colour.lighter(150))[again]


class ClassList(QAbstractScrollArea):
    """Classes with their counts as bars, painted only where they are seen; the first line stands for all.

    Signals:
        chosen: a class's index, or None for all.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "data.classes", "Classes")
        self._names: Sequence[str] = ()
        self._counts: NDArray[np.int64] = np.empty(0, np.int64)
        self._rows: list[int | None] = []
        self._search = ""
        self._chosen: int | None = None
        self._hover: int | None = None
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def set_classes(self, names: Sequence[str]) -> None:
        """Other classes; all are on show."""
        self._names, self._chosen = names, None
        self._counts = np.zeros(len(names), np.int64)
        self._search = ""
        self._filter()

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """How many images each class has, int64 (classes,)."""
        self._counts = counts
        listed = ", ".join(f"{name} {count}" for name, count in zip(self._names[:20], counts, strict=False))
        self.setAccessibleDescription(f"{len(self._names)} classes: {listed}")
        self.viewport().update()

    def search(self, text: str) -> None:
        """List only the classes with this in their names."""
        self._search = text.strip().lower()
        self._filter()

    @property
    def rows(self) -> list[int | None]:
        """What the lines stand for: a class's index, or None for all."""
        return list(self._rows)

    @property
    def current(self) -> int | None:
        """The class that is shown alone, or None."""
        return self._chosen

    def choose(self, index: int | None) -> None:
        """Show one class alone, or all, and tell."""
        if index == self._chosen:
            return
        self._chosen = index
        if index in self._rows:
            row, bar = self._rows.index(index), self.verticalScrollBar()
            top = row * self._row_height()
            bar.setValue(min(max(bar.value(), top + self._row_height() - self.viewport().height()), top))
        self.viewport().update()
        self.chosen.emit(index)

    def row_rect(self, row: int) -> QRect:
        """Where a line lies in the viewport."""
        high = self._row_height()
        return QRect(0, row * high - self.verticalScrollBar().value(), self.viewport().width(), high)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(120), 4 * self._row_height())

    def _row_height(self) -> int:
        return theme.scaled(ROW)

    def _filter(self) -> None:
        found: list[int | None] = [i for i, name in enumerate(self._names) if self._search in name.lower()]
        self._rows = found if self._search else [None, *found]
        self._lay_out()
        self.viewport().update()

    def _lay_out(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._row_height())
        bar.setRange(0, max(0, len(self._rows) * self._row_height() - self.viewport().height()))

    def _row_at(self, y: float) -> int | None:
        row = int((y + self.verticalScrollBar().value()) // self._row_height())
        return row if 0 <= row < len(self._rows) else None

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._lay_out()
            self.updateGeometry()
        super().changeEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._row_at(event.position().y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            index = self._rows[row]
            self.choose(None if index == self._chosen else index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._set_hover(None)
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS and self._rows:
            at = self._rows.index(self._chosen) if self._chosen in self._rows else 0
            self.choose(self._rows[min(max(at + _STEPS[key], 0), len(self._rows) - 1)])
        elif key == Qt.Key.Key_Escape and self._chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(event)

    def _set_hover(self, row: int | None) -> None:
        if row != self._hover:
            self._hover = row
            self.viewport().update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(colours.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, figures = theme.font(12), theme.font(12, figures=True)
        largest = max(1, int(self._counts.max(initial=0)))
        # The numbers are as telling as the names only where classes are not called by their number.
        numbered = any(name != str(index) for index, name in enumerate(self._names))
        high = self._row_height()
        first = self.verticalScrollBar().value() // high
        last = min(len(self._rows), first + self.viewport().height() // high + 2)
        for row in range(first, last):
            index = self._rows[row]
            place = QRectF(self.row_rect(row)).adjusted(1, 1, -1, -1)
            count = int(self._counts.sum()) if index is None else int(self._counts[index])
            if index is not None:
                tint = class_colour(index)
                tint.setAlpha(70 if colours.dark else 50)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tint)
                bar = QRectF(place.left(), place.top(), place.width() * count / largest, place.height())
                painter.drawRoundedRect(bar, 3, 3)
                painter.setBrush(class_colour(index))
                dot = theme.scaled(DOT)
                painter.drawEllipse(QRectF(place.left() + 6, place.center().y() - dot / 2, dot, dot))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if index == self._chosen:
                painter.setPen(QPen(QColor(colours.accent), 3 if self.hasFocus() else 2))
                painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), 4, 4)
            elif row == self._hover:
                painter.setPen(QPen(QColor(colours.disabled), 1))
                painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            words = place.adjusted(theme.scaled(22), 0, -8, 0)
            number = f"{count:,}"
            painter.setFont(figures)
            painter.setPen(QColor(colours.secondary))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)
            room = words.width() - painter.fontMetrics().horizontalAdvance(number) - 8
            if index is not None and numbered:
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, str(index))
                shift = painter.fontMetrics().horizontalAdvance(str(len(self._names) - 1)) + 8
                words.setLeft(words.left() + shift)
                room -= shift
            painter.setFont(plain)
            painter.setPen(QColor(colours.text if count else colours.disabled))
            name = "All classes" if index is None else self._names[index]
            name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()
