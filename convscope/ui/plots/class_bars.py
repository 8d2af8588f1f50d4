"""A network's first classes: name, probability and a bar each; or its first numbers."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.core import words
from convscope.imaging.numerals import decimal, numeral
from convscope.ui import theme
from convscope.ui.canvas.veil import Veil

if TYPE_CHECKING:
    from convscope.engine.models.answers.prediction import ClassScore, Prediction

ROW, BAR = 36, 5


def percent(probability: float) -> str:
    """A probability as a person reads it: "94.2 %", "0.3 %", "< 0.1 %"."""
    return words.percent(probability, fixed=True)


class ClassBars(QWidget):
    """The most probable classes, one row each; a click or the arrow keys choose one.

    Numbers that are no classes stand in their own order, as they are; their bars go from 0, on one scale.

    Args:
        count: how many rows.

    Signals:
        chosen: the index of a class in the network's output.
    """

    chosen = Signal(int)

    def __init__(self, count: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = count
        self._rows: tuple[ClassScore, ...] = ()
        self._values, self._all = False, 0
        # From the smallest to the largest number, 0 among them.
        self._ends = (0.0, 1.0)
        self._chosen: int | None = None
        self._hover: int | None = None
        self._pick = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Classes")
        self._veil = Veil(self, "class_bars.veil")

    @property
    def rows(self) -> tuple[ClassScore, ...]:
        """The classes on show, the most probable first."""
        return self._rows

    def set_prediction(self, prediction: Prediction | None) -> None:
        """Show a prediction's first classes, or nothing."""
        self._rows = prediction.top(self._count) if prediction is not None else ()
        self._values = prediction is not None and prediction.is_values
        self._all = len(prediction.classes) if prediction is not None else 0
        if prediction is not None and self._values:
            numbers = [row.logit for row in prediction.classes if isfinite(row.logit)]
            self._ends = min(0.0, *numbers), max(0.0, *numbers)
        self.setAccessibleName("Values" if self._values else "Classes")
        self.setAccessibleDescription(
            ", ".join(f"{row.name} {self.number(row)}" for row in self._rows) or "no prediction"
        )
        self.update()

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of the rows: of many numbers only the first are shown."""
        more = self._values and self._all > len(self._rows)
        return (f"The first {len(self._rows)} are shown.",) if more else ()

    def number(self, row: ClassScore) -> str:
        """What stands beside a name: "94.2 %" of a class, "−62.42" of a number."""
        return numeral(row.logit) if self._values else percent(row.probability)

    @property
    def outdated(self) -> str:
        """Why they are no answer; "" where they are one."""
        return self._veil.words

    def set_outdated(self, words: str) -> None:
        """Dim what is of another image or model, and say so; "": it is the answer."""
        self._veil.set_words(words if self._rows else "")

    def set_chosen(self, index: int | None) -> None:
        """Mark a class by its index in the network's output; None: none."""
        self._chosen, self._pick = index, True
        self.update()

    def row_rect(self, row: int) -> QRectF:
        """The place of a row."""
        height = theme.scaled(ROW)
        return QRectF(0, row * height, self.width(), height)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(220), theme.scaled(ROW) * self._count)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(120), theme.scaled(ROW) * self._count)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._hover is not None:
            row = self._rows[self._hover]
            logit = decimal(row.logit, 4)
            words = f"{row.name}\nprobability {row.probability:.6g}\nlogit {logit}\nclass {row.index}"
            if self._values:
                words = f"{row.name}\n{numeral(row.logit, 9)}\nnumber {row.index} of the output"
            QToolTip.showText(event.globalPos(), words, self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._rows[row].index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self._rows:
            super().keyPressEvent(event)
            return
        at = next((n for n, row in enumerate(self._rows) if row.index == self._chosen), -1)
        self.chosen.emit(self._rows[max(0, min(len(self._rows) - 1, at + step))].index)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        under = self._percents_under()
        for number, row in enumerate(self._rows):
            place = self.row_rect(number)
            marked = self._pick and row.index == self._chosen
            if marked or number == self._hover:
                ground = QColor(colours.accent)
                ground.setAlpha(36 if marked else 16)
                painter.setBrush(ground)
                painter.drawRoundedRect(place.adjusted(0, 1, 0, -1), 4, 4)
            inside = place.adjusted(6, 4, -6, -6)
            top = Qt.AlignmentFlag.AlignTop
            below = Qt.AlignmentFlag.AlignBottom if under else top
            painter.setFont(theme.font(12 if under else 13, figures=True))
            painter.setPen(QColor(colours.secondary))
            figures = inside.adjusted(0, 0, 0, 3) if under else inside
            painter.drawText(figures, below | Qt.AlignmentFlag.AlignRight, self.number(row))
            name, font = self._fitting_name(row.name, inside.width() - (0 if under else self._room()))
            painter.setFont(font)
            painter.setPen(QColor(colours.text))
            painter.drawText(inside, top | Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(Qt.PenStyle.NoPen)
            thick = theme.scaled(BAR)
            wide = inside.width() - (self._room() if under else 0)
            if self._values and self._ends == (min(0.0, row.logit), max(0.0, row.logit)):
                # A single number has nothing to be compared with.
                continue
            groove = QRectF(inside.left(), inside.bottom() - thick, wide, thick)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(groove, thick / 2, thick / 2)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(self._bar(row, groove), thick / 2, thick / 2)
        if self.hasFocus():
            chosen = [n for n, row in enumerate(self._rows) if self._pick and row.index == self._chosen]
            ring = self.row_rect(chosen[0]).adjusted(0, 1, 0, -1) if chosen else QRectF(self.rect())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRoundedRect(ring.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _bar(self, row: ClassScore, groove: QRectF) -> QRectF:
        """A class's share of the groove; of a number the way from 0."""
        thick = groove.height()
        if not self._values:
            return QRectF(groove.left(), groove.top(), max(thick, groove.width() * row.probability), thick)
        low, high = self._ends
        value = min(max(row.logit, low), high) if isfinite(row.logit) else 0.0
        zero, end = ((place - low) / (high - low or 1.0) * groove.width() for place in (0.0, value))
        left = groove.left() + min(zero, end)
        return QRectF(min(left, groove.right() - thick), groove.top(), max(thick, abs(end - zero)), thick)

    def _room(self) -> int:
        """What the widest number takes, and the gap before it."""
        metrics = QFontMetrics(theme.font(13, figures=True))
        words = [self.number(row) for row in self._rows] if self._values else ["100.0 %"]
        return max(map(metrics.horizontalAdvance, words), default=0) + 8

    def _percents_under(self) -> bool:
        """Whether a name needs the whole line: then all percentages stand beside their bars."""
        metrics, room = QFontMetrics(theme.font(13)), self.width() - 12 - self._room()
        return any(metrics.horizontalAdvance(row.name) > room for row in self._rows)

    def _fitting_name(self, name: str, width: float) -> tuple[str, QFont]:
        """A name in the largest type at which it fits; cut only where it does not in the smallest."""
        for size in (13, 12, 11):
            font = theme.font(size)
            if QFontMetrics(font).horizontalAdvance(name) <= width:
                return name, font
        return QFontMetrics(font).elidedText(name, Qt.TextElideMode.ElideRight, int(width)), font

    def _row_at(self, y: float) -> int | None:
        row = int(y // theme.scaled(ROW))
        return row if 0 <= row < len(self._rows) else None

    def _set_hover(self, row: int | None) -> None:
        if row != self._hover:
            self._hover = row
            self.update()
