"""How often each value occurs, before and after."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from convscope.imaging.lab.histogram import Histogram
from convscope.imaging.numerals import numeral
from convscope.ui import theme

CHANNEL_COLOURS = (("#DC2626", "#F87171"), ("#15803D", "#4ADE80"), ("#2563EB", "#7AA7FF"))
ONE_HEIGHT = 84


def _last(one: Histogram, edge: int) -> float:
    """The largest value below an upper edge, as a person counts: bytes end at 255, not at 256."""
    whole = float(one.edges[0]) == 0.0 and float(one.edges[-1]) == 256.0
    return float(one.edges[edge]) - (1.0 if whole else 0.0)


class HistogramView(QWidget):
    """Two histograms under each other, each over its own range, with the extremes written out.

    Colour pictures have one outline a channel. Hovering reads a bin; the right button changes between plain
    and logarithmic counts.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[tuple[str, Histogram]] = []
        self._logarithmic = False
        self._hover: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Histogram")

    def set_histograms(self, before: Histogram | None, after: Histogram | None) -> None:
        """Show the histograms of the input and of the result; None leaves one out."""
        pairs = (("input", before), ("result", after))
        count = len(self._shown)
        self._shown = [(name, one) for name, one in pairs if one is not None]
        self._hover = None
        if len(self._shown) != count:
            self.updateGeometry()
        self.setAccessibleDescription(
            "; ".join(
                f"{name} {numeral(one.minimum)} to {numeral(one.maximum)}, mean {numeral(one.mean, 4)}"
                for name, one in self._shown
            )
        )
        self.update()

    @property
    def logarithmic(self) -> bool:
        """Whether the heights are logarithms of the counts."""
        return self._logarithmic

    def set_logarithmic(self, on: bool) -> None:
        """Plain or logarithmic counts."""
        self._logarithmic = on
        self.update()

    def readout(self) -> str:
        """The bin under the cursor in words: "120 to 121: 345"."""
        if self._hover is None:
            return ""
        which, index = self._hover
        one = self._shown[which][1]
        low, high = float(one.edges[index]), _last(one, index + 1)
        counts = ", ".join(f"{int(count):,}" for count in one.counts[:, index])
        return (
            f"{numeral(low, 4)}: {counts}"
            if low == high
            else f"{numeral(low, 4)} to {numeral(high, 4)}: {counts}"
        )

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(256), theme.scaled(ONE_HEIGHT) * max(1, len(self._shown)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(120), theme.scaled(56) * max(1, len(self._shown)))

    def _plots(self) -> list[QRect]:
        """Where the bars of each lie."""
        each = self.height() // max(1, len(self._shown))
        line = theme.scaled(16)
        return [
            QRect(0, index * each + line, self.width(), max(8, each - 2 * line))
            for index in range(len(self._shown))
        ]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = None
        at = event.position().toPoint()
        for which, area in enumerate(self._plots()):
            if area.contains(at):
                bins = self._shown[which][1].counts.shape[1]
                found = (which, min(bins - 1, at.x() * bins // max(1, area.width())))
        if found != self._hover:
            self._hover = found
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        action = menu.addAction("Logarithmic counts")
        action.setCheckable(True)
        action.setChecked(self._logarithmic)
        action.toggled.connect(self.set_logarithmic)
        menu.popup(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for index, ((name, one), area) in enumerate(zip(self._shown, self._plots(), strict=True)):
            line = theme.scaled(16)
            above = QRect(0, area.top() - line, area.width(), line)
            below = QRect(0, area.bottom() + 1, area.width(), line)
            painter.setPen(QColor(colours.secondary))
            painter.drawText(above, left, f"{name}, log counts" if self._logarithmic else name)
            reads = self._hover is not None and self._hover[0] == index
            facts = self.readout() if reads else f"mean {numeral(one.mean, 4)}  σ {numeral(one.deviation, 4)}"
            painter.drawText(above, right, facts)
            painter.drawText(below, left, numeral(float(one.edges[0]), 4))
            painter.drawText(below, right, numeral(_last(one, -1), 4))
            self._paint_bars(painter, one, QRectF(area), colours)
            if reads and self._hover is not None:
                x = area.left() + (self._hover[1] + 0.5) * area.width() / one.counts.shape[1]
                painter.setPen(QColor(colours.text))
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.end()

    def _paint_bars(self, painter: QPainter, one: Histogram, area: QRectF, colours: theme.Tokens) -> None:
        counts = np.log1p(one.counts) if self._logarithmic else one.counts
        channels, bins = counts.shape
        top = max(1e-9, float(counts.max()))
        edges = area.left() + np.arange(bins + 1) * (area.width() / bins)
        painter.fillRect(area, QColor(colours.window))
        for channel in range(channels):
            colour = QColor(colours.accent if channels == 1 else CHANNEL_COLOURS[channel % 3][colours.dark])
            heights = area.bottom() - counts[channel] / top * (area.height() - 2)
            points = [QPointF(area.left(), area.bottom())]
            for index, y in enumerate(heights.tolist()):
                points += [QPointF(edges[index], y), QPointF(edges[index + 1], y)]
            points.append(QPointF(area.right(), area.bottom()))
            shade = QColor(colour)
            shade.setAlpha(150 if channels == 1 else 60)
            painter.setBrush(shade)
            painter.setPen(QPen(colour, 1) if channels > 1 else Qt.PenStyle.NoPen)
            painter.drawPolygon(QPolygonF(points))
        if one.edges[0] < 0 < one.edges[-1]:
            x = area.left() - one.edges[0] / (one.edges[-1] - one.edges[0]) * area.width()
            painter.setPen(QPen(QColor(colours.secondary), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
