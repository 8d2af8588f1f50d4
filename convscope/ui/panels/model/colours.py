"""One colour a category of layers: in the graph, in the bars, in the legend, in the sketch of a network."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.engine.models.layer_specs.categories import CATEGORIES, OTHER
from convscope.ui import theme


def order() -> tuple[str, ...]:
    return (*CATEGORIES, OTHER.name)


def colour(of: str) -> QColor:
    """Of a category, in the theme in force; safe for colour-blind eyes, and never the only sign."""
    category = CATEGORIES.get(of, OTHER)
    if category.series is not None:
        return QColor(theme.SERIES[category.series])
    return QColor(category.dark if theme.tokens().dark else category.light)


LINE = 18
DOT = 9


class CategoryLegend(QWidget):
    """A dot and a word for each category; it wraps."""

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("CategoryLegend")

    def set_categories(self, categories: Iterable[str]) -> None:
        found = set(categories)
        self._words = tuple(word for word in order() if word in found)
        self.setAccessibleDescription(", ".join(self._words))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1].bottom()) + 1 if places else theme.scaled(LINE)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(200), self.heightForWidth(self.width()))

    def _places(self, width: float) -> list[QRectF]:
        metrics = QFontMetricsF(theme.font(11))
        x, y, places = 0.0, 0.0, []
        for word in self._words:
            wide = metrics.horizontalAdvance(word) + theme.scaled(DOT) + 5
            if x > 0 and x + wide > width:
                x, y = 0.0, y + theme.scaled(LINE)
            places.append(QRectF(x, y, wide, theme.scaled(LINE)))
            x += wide + theme.scaled(12)
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(11))
        dot = theme.scaled(DOT)
        for word, place in zip(self._words, self._places(self.width()), strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(word))
            painter.drawRoundedRect(QRectF(place.left(), place.center().y() - dot / 2, dot, dot), 2, 2)
            painter.setPen(QColor(theme.tokens().secondary))
            painter.drawText(place.adjusted(dot + 5, 0, 4, 0), Qt.AlignmentFlag.AlignVCenter, word)
        painter.end()
