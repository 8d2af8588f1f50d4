"""Painting one tile of the grid: the thumbnail, and its class below."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from convscope.ui import theme
from convscope.ui.canvas.pixmaps import fitted
from convscope.ui.panels.data.words import class_colour

DOT, LINES = 6, 3
_FROM_TOP = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


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


def in_lines(name: str, width: int, metrics: QFontMetrics) -> str:
    """A name in as many lines as it needs, three at most; what is longer still ends in "…"."""
    # Widths are rounded; Qt shortens what is wider by a fraction.
    room = width - 1
    if metrics.horizontalAdvance(name) <= room:
        return name
    lines: list[str] = []
    words = name.split(" ")
    while words and len(lines) < LINES - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= room:
            count += 1
        lines.append(" ".join(words[:count]))
        words = words[count:]
    if words:
        lines.append(" ".join(words))
    return "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines)


def paint_class(painter: QPainter, below: QRect, label: int, name: str) -> None:
    """A dot in the class's colour, and the name, line by line from the top."""
    dot, line = theme.scaled(DOT), painter.fontMetrics().height()
    top = below.top() + theme.scaled(2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(class_colour(label))
    painter.drawEllipse(below.left() + 1, top + (line - dot) // 2 + 1, dot, dot)
    painter.setPen(QColor(theme.tokens().secondary))
    painter.drawText(QRect(below.left() + dot + 6, top, below.width(), below.height()), _FROM_TOP, name)


def paint_nothing(painter: QPainter, area: QRect) -> None:
    """What stands where there is no tile."""
    painter.setPen(QColor(theme.tokens().secondary))
    painter.setFont(theme.font(13))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "There is no image of this kind.")
