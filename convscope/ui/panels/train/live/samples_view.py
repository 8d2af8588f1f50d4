"""A few images with what the network says of them, step after step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.imaging.shrink import shrink
from convscope.ui import theme
from convscope.ui.canvas.raster import to_image
from convscope.ui.panels.train.results.class_labels import long_names

ROW, PICTURE, BAR, COLUMNS = 38, 32, 6, 2
MOST_LINES = 3  # that a long name takes


class SamplesView(QWidget):
    """Of each image the picture, the likeliest class with a bar, and the right class if it is another one.

    Signals:
        chosen: the index of the image that was clicked.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.samples")
        self.setAccessibleName("Predictions of sample images")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._pictures: list[QImage] = []
        self._labels: tuple[int, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._probabilities: NDArray[np.float32] | None = None
        self._lines = 1

    def set_samples(
        self, pixels: Sequence[NDArray[np.uint8]], labels: Sequence[int], classes: Sequence[str]
    ) -> None:
        """The images, each uint8 H×W×3, and the names of the classes."""
        self._pictures = [_small(image) for image in pixels]
        self._labels, self._classes = tuple(labels), tuple(classes)
        self._probabilities = None
        self._count_lines()
        self.updateGeometry()
        self.update()

    def set_predictions(self, probabilities: NDArray[np.float32] | None) -> None:
        """What the network says now, (n, classes)."""
        if probabilities is not None and len(probabilities) != len(self._pictures):
            probabilities = None
        self._probabilities = probabilities
        self.setAccessibleDescription("; ".join(self.sentence(row) for row in range(len(self._pictures))))
        self.update()

    def sentence(self, row: int) -> str:
        """A row in words."""
        true = self._name(self._labels[row])
        if self._probabilities is None:
            return true
        likeliest = int(np.argmax(self._probabilities[row]))
        return f"{true} taken for {self._name(likeliest)} {self._probabilities[row, likeliest]:.2f}"

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), self._row_height() * self._rows())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(200), self._row_height() * self._rows())

    def place(self, number: int) -> QRectF:
        """Where an image and its words stand."""
        row, column = divmod(number, COLUMNS)
        width = (self.width() + theme.GROUP_GAP) / COLUMNS
        height = self._row_height()
        return QRectF(column * width, row * height, width - theme.GROUP_GAP, height)

    def _row_height(self) -> int:
        if self._lines == 1:
            return theme.scaled(ROW)
        return self._lines * QFontMetrics(theme.font(12)).height() + theme.scaled(BAR) + 12

    def _count_lines(self) -> None:
        """In how many lines the longest name has room beside its picture."""
        lines = 1
        if long_names(self._classes):
            metrics = QFontMetrics(theme.font(12))
            width = (self.width() + theme.GROUP_GAP) / COLUMNS - theme.GROUP_GAP - theme.scaled(PICTURE) - 8
            room = int(width) - metrics.horizontalAdvance("0.00") - 8
            lines = max(len(_broken(name, metrics, room, MOST_LINES)) for name in self._classes)
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._count_lines()

    def _rows(self) -> int:
        return max(1, -(-len(self._pictures) // COLUMNS))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for number in range(len(self._pictures)):
                if self.place(number).contains(QPointF(event.pos())):
                    QToolTip.showText(event.globalPos(), self.sentence(number), self)
                    return True
        return super().event(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for number in range(len(self._pictures)):
            if event.button() == Qt.MouseButton.LeftButton and self.place(number).contains(event.position()):
                self.chosen.emit(number)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, figures = theme.font(12), theme.font(12, figures=True)
        painter.setFont(plain)
        metrics = painter.fontMetrics()
        side = theme.scaled(PICTURE)
        right = Qt.AlignmentFlag.AlignRight
        for row, picture in enumerate(self._pictures):
            place = self.place(row)
            painter.drawImage(
                QRectF(place.left(), place.top() + (place.height() - side) / 2, side, side), picture
            )
            inside = place.adjusted(side + 8, 4, 0, -6)
            if self._probabilities is None:
                painter.setPen(QColor(colours.secondary))
                name = self._name(self._labels[row])
                for line, words in enumerate(_in_lines(name, metrics, int(inside.width()), self._lines)):
                    painter.drawText(
                        inside.translated(0, line * metrics.height()), Qt.AlignmentFlag.AlignLeft, words
                    )
                continue
            likeliest = int(np.argmax(self._probabilities[row]))
            share = float(self._probabilities[row, likeliest])
            is_right = likeliest == self._labels[row]
            colour = QColor(colours.good if is_right else colours.warning)
            number = f"{share:.2f}"
            name = self._name(likeliest)
            room = int(inside.width()) - metrics.horizontalAdvance(number) - 8
            said = f"{name}, is {self._name(self._labels[row])}"
            if not is_right and metrics.horizontalAdvance(said) <= room:
                # Else it is told on hover: the picture shows what it is.
                name = said
            painter.setPen(QColor(colours.text))
            for line, words in enumerate(_in_lines(name, metrics, room, self._lines)):
                at = inside.translated(0, line * metrics.height())
                painter.drawText(at, Qt.AlignmentFlag.AlignLeft, words)
            painter.setPen(QColor(colours.secondary))
            painter.setFont(figures)
            painter.drawText(inside, right, number)
            painter.setFont(plain)
            painter.setPen(Qt.PenStyle.NoPen)
            thick = theme.scaled(BAR)
            groove = QRectF(inside.left(), inside.bottom() - thick, inside.width(), thick)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(groove, thick / 2, thick / 2)
            groove.setWidth(max(float(thick), groove.width() * share))
            painter.setBrush(colour)
            painter.drawRoundedRect(groove, thick / 2, thick / 2)
        painter.end()

    def _name(self, label: int) -> str:
        return self._classes[label] if label < len(self._classes) else str(label)


def _broken(name: str, metrics: QFontMetrics, room: int, lines: int) -> list[str]:
    """A name in up to so many lines, broken between its words."""
    told = [""]
    for word in name.split(" "):
        longer = f"{told[-1]} {word}".strip()
        if told[-1] and len(told) < lines and metrics.horizontalAdvance(longer) > room:
            told.append(word)
        else:
            told[-1] = longer
    return told


def _in_lines(name: str, metrics: QFontMetrics, room: int, lines: int) -> list[str]:
    """The same; what is still too long keeps both its ends."""
    return [
        metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        for words in _broken(name, metrics, room, lines)
    ]


def _small(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    if max(height, width) > 2 * PICTURE:
        share = 2 * PICTURE / max(height, width)
        pixels = shrink(pixels, max(1, round(height * share)), max(1, round(width * share)))
    return to_image(pixels).copy()
