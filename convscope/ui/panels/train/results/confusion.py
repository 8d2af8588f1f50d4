"""The confusion matrix as a picture: what was, against what the network said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.ui import theme
from convscope.ui.panels.train.results.view_model import cell_words

WIDEST = 110  # pixels of a name that still leaves the picture its room


def long_names(classes: tuple[str, ...]) -> bool:
    metrics = QFontMetrics(theme.font(12))
    return any(metrics.horizontalAdvance(name) > theme.scaled(WIDEST) for name in classes)


def numbered(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The names, with the numbers in front that stand for them where they are long."""
    return tuple(f"{n}  {name}" for n, name in enumerate(classes)) if long_names(classes) else classes


def labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """What stands along a picture: the names, or their numbers."""
    return tuple(map(str, range(len(classes)))) if long_names(classes) else classes


LABELS_FROM = 12  # pixels of a cell from which the classes have their names beside it
Cell = tuple[int, int]


class ConfusionView(QWidget):
    """One row a true class, one column a predicted one; right on the diagonal. Arrows and clicks choose.

    A cell's colour is its share of its row, so that a rare class is as legible as a common one; what is right
    is in the accent, what is wrong in orange.

    Signals:
        chosen: (true, predicted), class numbers.
    """

    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._classes: tuple[str, ...] = ()
        # What stands along it.
        self._labels: tuple[str, ...] = ()
        self._selected: Cell | None = None
        self._hover: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")

    def set_confusion(self, counts: NDArray[np.int64], classes: tuple[str, ...]) -> None:
        """Show a matrix, int64 (classes, classes): row the true class, column the predicted one."""
        self._counts, self._classes, self._labels = counts, classes, labels(classes)
        self._selected = self._hover = None
        right, images = int(np.trace(counts)), int(counts.sum())
        self.setAccessibleDescription(f"{right:,} of {images:,} images right")
        self.update()

    @property
    def selected(self) -> Cell | None:
        return self._selected

    def select(self, cell: Cell | None) -> None:
        self._selected = cell
        self.update()

    def words(self, cell: Cell) -> str:
        return cell_words(self._counts, self._classes, cell)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(380), theme.scaled(380))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(200), theme.scaled(200))

    def _label_room(self) -> int:
        metrics = self.fontMetrics()
        longest = max((metrics.horizontalAdvance(name) for name in self._labels), default=0)
        return longest + theme.scaled(8)

    def _grid(self) -> tuple[float, float, float]:
        """Left, top and a cell's side."""
        count = max(1, len(self._classes))
        title = float(theme.scaled(18))
        room = float(self._label_room())
        side = min(self.width() - title - room, self.height() - title - room) / count
        if side < theme.scaled(LABELS_FROM):
            room = 0.0
            side = min(self.width() - title, self.height() - title) / count
        return title + room, title + room, side

    def cell_rect(self, cell: Cell) -> QRectF:
        left, top, side = self._grid()
        return QRectF(left + cell[1] * side, top + cell[0] * side, side, side)

    def cell_at(self, point: QPointF) -> Cell | None:
        left, top, side = self._grid()
        if side <= 0 or point.x() < left or point.y() < top:
            return None
        cell = int((point.y() - top) // side), int((point.x() - left) // side)
        return cell if max(cell) < len(self._classes) else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(QPointF(event.pos()))
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.words(cell), self)
                return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.select(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._classes:
            super().keyPressEvent(event)
            return
        at = self._selected or (0, 0)
        last = len(self._classes) - 1
        cell = min(last, max(0, at[0] + step[0])), min(last, max(0, at[1] + step[1]))
        self.select(cell)
        self.chosen.emit(*cell)

    def _set_hover(self, cell: Cell | None) -> None:
        if cell != self._hover:
            self._hover = cell
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        count = len(self._classes)
        if not count:
            return
        colours = theme.tokens()
        painter = QPainter(self)
        left, top, side = self._grid()
        totals = np.maximum(1, self._counts.sum(axis=1, keepdims=True))
        shares = self._counts / totals
        right, wrong = QColor(colours.accent), QColor(colours.positive)
        ground = QColor(colours.window)
        gap = 1.0 if side >= 6 else 0.0
        numbers = theme.font(max(9.0, min(13.0, side / theme.zoom() * 0.34)), figures=True)
        painter.setFont(numbers)
        fits = painter.fontMetrics().horizontalAdvance(f"{int(self._counts.max()):,}") + 4 <= side
        for true in range(count):
            for predicted in range(count):
                place = QRectF(left + predicted * side, top + true * side, side - gap, side - gap)
                share = float(shares[true, predicted])
                if not share and count > 40:
                    continue
                # The root brings out the few mistakes that are what one looks for.
                weight = share**0.5
                painter.fillRect(place, _mix(ground, right if true == predicted else wrong, weight))
                if fits and self._counts[true, predicted]:
                    painter.setPen(QColor(colours.on_accent if weight > 0.55 else colours.text))
                    painter.drawText(
                        place, Qt.AlignmentFlag.AlignCenter, f"{self._counts[true, predicted]:,}"
                    )
        if side >= theme.scaled(LABELS_FROM):
            self._paint_names(painter, left, top, side)
        self._paint_titles(painter, left, top, side * count)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, width in ((self._hover, 1), (self._selected, 2)):
            if cell is not None:
                painter.setPen(QPen(QColor(colours.text), width))
                painter.drawRect(self.cell_rect(cell).adjusted(0, 0, -gap, -gap))
        painter.end()

    def _paint_names(self, painter: QPainter, left: float, top: float, side: float) -> None:
        painter.setFont(theme.font(max(9.0, min(12.0, side / theme.zoom() * 0.8))))
        room = self._label_room() - theme.scaled(6)
        colours = theme.tokens()
        marked = self._hover or self._selected
        aligned = Qt.AlignmentFlag.AlignVCenter
        for index, text in enumerate(self._labels):
            own = marked is not None and index == marked[0]
            painter.setPen(QColor(colours.text if own else colours.secondary))
            row = QRectF(left - room - theme.scaled(6), top + index * side, room, side)
            painter.drawText(row, aligned | Qt.AlignmentFlag.AlignRight, text)
            own = marked is not None and index == marked[1]
            painter.setPen(QColor(colours.text if own else colours.secondary))
            painter.save()
            # Read from the bottom upwards, as on the spine of a book.
            painter.translate(left + index * side, top - theme.scaled(6))
            painter.rotate(-90)
            painter.drawText(QRectF(0, 0, room, side), aligned | Qt.AlignmentFlag.AlignLeft, text)
            painter.restore()

    def _paint_titles(self, painter: QPainter, left: float, top: float, length: float) -> None:
        painter.setFont(theme.font(11))
        painter.setPen(QColor(theme.tokens().secondary))
        height = theme.scaled(16)
        painter.drawText(
            QRectF(left, 0, max(length, theme.scaled(80)), height), Qt.AlignmentFlag.AlignHCenter, "predicted"
        )
        painter.save()
        painter.translate(0, top + length)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, length, height), Qt.AlignmentFlag.AlignHCenter, "true class")
        painter.restore()


def _mix(ground: QColor, colour: QColor, weight: float) -> QColor:
    pairs = zip(ground.getRgb()[:3], colour.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * weight) for a, b in pairs))
