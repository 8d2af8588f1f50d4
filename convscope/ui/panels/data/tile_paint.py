"""Painting one tile of the grid: the thumbnail, and its class below."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from convscope.ui import theme
from convscope.ui.panels.data.tiling import fitted
from convscope.ui.panels.data.words import class_colour

DOT = 6


def paint_thumbnail(painter: QPainter, place: QRect, pixmap: QPixmap | None, why: str, ratio: float) -> None:
    """The picture within its tile, or what stands for one that is not there.

    Args:
        why: it cannot be read, for this reason; "" when it can.
        ratio: screen pixels a point.
    """
    colours = theme.tokens()
    if why or pixmap is None:
        painter.fillRect(place, QColor(colours.line if colours.dark else colours.window))
    else:
        shown = fitted(place, pixmap.width(), pixmap.height())
        enlarged = shown.width() * ratio / pixmap.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, enlarged < 2)
        painter.drawPixmap(shown, pixmap)
    if why:
        painter.setPen(QColor(colours.warning))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, "unreadable")


def name_width(tile: int) -> int:
    """The room for a class's name below a tile, beside its dot."""
    return tile - theme.scaled(DOT) - 6


def paint_class(painter: QPainter, below: QRect, label: int, name: str) -> None:
    """A dot in the class's colour, and the name as far as there is room."""
    dot = theme.scaled(DOT)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(class_colour(label))
    painter.drawEllipse(below.left() + 1, below.center().y() - dot // 2 + 1, dot, dot)
    painter.setPen(QColor(theme.tokens().secondary))
    painter.drawText(below.adjusted(dot + 6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)


def paint_nothing(painter: QPainter, area: QRect) -> None:
    """What stands where there is no tile."""
    painter.setPen(QColor(theme.tokens().secondary))
    painter.setFont(theme.font(13))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "There is no image of this kind.")
