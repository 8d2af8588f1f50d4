"""The line over a chart that names its curves and tells their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme

MARK, SPACE, BETWEEN = 18, 5, 14


class Entry(NamedTuple):
    """A curve's colour, whether it is dashed, its name and its value in words."""

    colour: str
    dashed: bool
    words: str
    value: str


class Legend(QWidget):
    """Painted, not a label: other words there would lay the whole panel out anew with every drawing."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Values of the curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._at = ""
        self._entries: tuple[Entry, ...] = ()

    def say(self, at: str, entries: Sequence[Entry]) -> None:
        """Show the place that is read, or "", and the curves there."""
        if (at, tuple(entries)) != (self._at, self._entries):
            self._at, self._entries = at, tuple(entries)
            self.update()

    def text(self) -> str:
        """What it says, in words."""
        return "   ".join([self._at, *(f"{entry.words} {entry.value}" for entry in self._entries)]).strip()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(theme.scaled(80), QFontMetrics(theme.font()).height())

    def minimumSizeHint(self) -> QSize:
        """What does not fit is cut off at the left."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """From the right to the left."""
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setPen(QColor(colours.text))
        bold, plain = theme.font(weight=QFont.Weight.DemiBold, figures=True), theme.font()
        right = self.width()
        for entry in reversed(self._entries):
            right = self._left_of(painter, right, entry.value, bold) - theme.scaled(SPACE)
            right = self._left_of(painter, right, entry.words, plain) - theme.scaled(SPACE)
            pen = QPen(QColor(entry.colour), 2)
            if entry.dashed:
                pen.setDashPattern([2.5, 1.5])
            painter.save()
            painter.setPen(pen)
            middle = self.height() // 2 + 1
            painter.drawLine(right - theme.scaled(MARK), middle, right, middle)
            painter.restore()
            right -= theme.scaled(MARK + BETWEEN)
        if self._at:
            self._left_of(painter, right, self._at, plain)
        painter.end()

    def _left_of(self, painter: QPainter, right: int, words: str, font: QFont) -> int:
        """Write so that it ends there; returns where it begins."""
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(words)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(right - width, 0, width + 1, self.height()), align, words)
        return right - width
