"""The line over a chart that names its curves and tells their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme

MARK, SPACE, BETWEEN = 18, 5, 14
LINES = 3  # more would leave the chart no room
# A value's room, so that nothing moves while it changes.
LEAST = "a few…"  # a name is at least as long
WIDEST_VALUE, WIDEST_PLACE = "0.00000", "epoch 00.00"


class Entry(NamedTuple):
    """A curve in the legend.

    Attributes:
        colour: #RRGGBB.
        dashed: how it is drawn.
        words: its name.
        value: the number itself, never one that was smoothed.
        note: what else is told of it: "smoothed 0.1008".
        dots: it has dots, and no line between them.
    """

    colour: str
    dashed: bool
    words: str
    value: str
    note: str = ""
    dots: bool = False


class _Piece(NamedTuple):
    """What of an entry stands in one line: its name, or a part of it; the last has the value behind it."""

    entry: int
    words: str
    first: bool = True
    last: bool = True


class Legend(QWidget):
    """Painted, not a label: other words there would lay the whole panel out anew with every drawing.

    It takes as many lines as the names need, and breaks a name that is wider than one between its words.
    What does not fit into `LINES` is counted, and told on hover; of a name that is wider still, both ends are
    kept.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Values of the curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._at = ""
        self._entries: tuple[Entry, ...] = ()
        self._lines: list[list[_Piece]] = []
        self._left_over = 0
        self._noted = True

    def say(self, at: str, entries: Sequence[Entry]) -> None:
        """Show the place that is read, or "", and the curves there."""
        if (at, tuple(entries)) != (self._at, self._entries):
            self._at, self._entries = at, tuple(entries)
            self.setAccessibleDescription(self.text())
            self._arrange()
            self.update()

    def text(self) -> str:
        """What it says, in words."""
        told = [f"{one.words} {one.value}" + (f" ({one.note})" if one.note else "") for one in self._entries]
        return "   ".join([self._at, *told]).strip()

    @property
    def left_over(self) -> int:
        """How many curves have no room."""
        return self._left_over

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(80), max(1, len(self._lines)) * self._line_height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._arrange()
            self.updateGeometry()

    # Inside

    @staticmethod
    def _fonts() -> tuple[QFont, QFont, QFont]:
        """Of names, of values, of what else is told."""
        return theme.font(), theme.font(weight=QFont.Weight.DemiBold, figures=True), theme.font(figures=True)

    @staticmethod
    def _line_height() -> int:
        return QFontMetrics(theme.font()).height()

    def _arrange(self) -> None:
        """Which entries stand in which line; the widths do not follow the values."""
        room = self.width()
        names = QFontMetrics(theme.font())
        place = names.horizontalAdvance(WIDEST_PLACE) if self._at else 0
        self._noted = True
        bare = max((self._width(entry._replace(words=LEAST)) for entry in self._entries), default=0)
        # Where a name would be nothing but an ellipsis, what else is told is told on hover.
        self._noted = bare <= room
        lines: list[list[_Piece]] = [[]]
        x = place
        for index, entry in enumerate(self._entries):
            for piece in self._pieces(index, entry, room):
                width = min(self._piece_width(piece), room)
                gap = theme.scaled(BETWEEN) if x else 0
                if x and (x + gap + width > room or not piece.first):
                    lines.append([])
                    x = gap = 0
                lines[-1].append(piece)
                x += gap + width
        kept = lines[:LINES]
        if len(lines) > LINES:
            # The last line also says how many more there are.
            while len(kept[-1]) > 1 and sum(
                self._piece_width(piece) + theme.scaled(BETWEEN) for piece in kept[-1]
            ) > self._room(LINES - 1, more=True):
                kept[-1].pop()
        told = sum(piece.last for line in kept for piece in line)
        self._left_over = len(self._entries) - told
        grown = len(kept) != len(self._lines)
        self._lines = kept
        whole = not self._left_over and self._noted and all(self._width(one) <= room for one in self._entries)
        self.setToolTip("" if whole else self.text().replace("   ", "\n"))
        if grown:
            self.updateGeometry()

    def _room(self, line: int, *, more: bool) -> int:
        """The width for the entries of a line."""
        if line < LINES - 1 or not more:
            return self.width()
        counted = QFontMetrics(theme.font()).horizontalAdvance("+ 999 more")
        return self.width() - counted - theme.scaled(BETWEEN)

    def _pieces(self, index: int, entry: Entry, room: int) -> list[_Piece]:
        """A name in one piece, or in two where it is wider than a line and has a place to be broken at."""
        whole = _Piece(index, entry.words)
        if self._piece_width(whole) <= room:
            return [whole]
        words = entry.words.split(" ")
        for at in range(len(words) - 1, 0, -1):
            begun = _Piece(index, " ".join(words[:at]), last=False)
            ended = _Piece(index, " ".join(words[at:]), first=False)
            if self._piece_width(begun) <= room and self._piece_width(ended) <= room:
                return [begun, ended]
        return [whole]

    def _width(self, entry: Entry) -> int:
        """Of a whole entry in one line."""
        names, values, notes = (QFontMetrics(font) for font in self._fonts())
        width = theme.scaled(MARK + 2 * SPACE) + names.horizontalAdvance(entry.words)
        width += max(values.horizontalAdvance(entry.value), values.horizontalAdvance(WIDEST_VALUE))
        if entry.note and self._noted:
            # Its number, too, is given the room of a long one.
            words = entry.note.rsplit(" ", 1)[0]
            width += theme.scaled(SPACE) + notes.horizontalAdvance(f"{words} {WIDEST_VALUE}")
        return width

    def _piece_width(self, piece: _Piece) -> int:
        if piece.last:
            return self._width(self._entries[piece.entry]._replace(words=piece.words))
        return theme.scaled(MARK + SPACE) + QFontMetrics(theme.font()).horizontalAdvance(piece.words)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        height = self._line_height()
        for number, line in enumerate(self._lines):
            self._paint_line(painter, number, line, height)
        painter.end()

    def _paint_line(self, painter: QPainter, number: int, line: list[_Piece], height: int) -> None:
        colours = theme.tokens()
        text, quiet = QColor(colours.text), QColor(colours.secondary)
        plain, bold, note = self._fonts()
        top, right = number * height, self.width()
        if number == LINES - 1 and self._left_over:
            more = f"+ {self._left_over} more"
            right = self._left_of(painter, right, top, height, more, plain, quiet) - theme.scaled(BETWEEN)
        for piece in reversed(line):
            entry, name = self._entries[piece.entry], piece.words
            over = self._piece_width(piece) - self._room(number, more=self._left_over > 0)
            if over > 0:
                metrics = QFontMetrics(plain)
                kept = metrics.horizontalAdvance(name) - over
                name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, kept)
            if piece.last:
                if entry.note and self._noted:
                    right = self._left_of(painter, right, top, height, entry.note, note, quiet)
                    right -= theme.scaled(SPACE)
                right = self._left_of(painter, right, top, height, entry.value, bold, text)
                right -= theme.scaled(SPACE)
            right = self._left_of(painter, right, top, height, name, plain, text) - theme.scaled(SPACE)
            if piece.first:
                self._paint_mark(painter, right, top + height // 2 + 1, entry)
            right -= theme.scaled(MARK + BETWEEN)
        if self._at and number == 0:
            self._left_of(painter, right, top, height, self._at, plain, text)

    @staticmethod
    def _paint_mark(painter: QPainter, right: int, middle: int, entry: Entry) -> None:
        painter.save()
        if entry.dots:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(entry.colour))
            radius = theme.scaled(5) / 2
            painter.drawEllipse(QPointF(right - theme.scaled(MARK) / 2, middle), radius, radius)
        else:
            pen = QPen(QColor(entry.colour), 2)
            if entry.dashed:
                pen.setDashPattern([2.5, 1.5])
            painter.setPen(pen)
            painter.drawLine(right - theme.scaled(MARK), middle, right, middle)
        painter.restore()

    @staticmethod
    def _left_of(
        painter: QPainter, right: int, top: int, height: int, words: str, font: QFont, colour: QColor
    ) -> int:
        """Write so that it ends there; returns where it begins."""
        painter.setFont(font)
        painter.setPen(colour)
        width = painter.fontMetrics().horizontalAdvance(words)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(right - width, top, width + 1, height), align, words)
        return right - width
