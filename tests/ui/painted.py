"""What a window really paints: every word with its place and its size, whoever painted it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QPoint, QRectF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QTransform
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

# Qt writes a <g> with the painter's transform for every change of its state, and the words inside it.
_PARTS = re.compile(
    r'<g [^>]*?transform="matrix\((?P<matrix>[^)]*)\)"|<text (?P<about>[^>]*)>(?P<words>[^<]*)</text>', re.S
)
_ABOUT = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True)
class Words:
    """A run of words in one type.

    Attributes:
        text: as painted, "…" included.
        area: in the widget that was painted, in pixels.
        pixels: the height of the type on the screen.
        turned: whether they stand on end, as beside a vertical axis.
        origin: where the painter's own (0, 0) was: the corner of the widget that painted, as a rule.
    """

    text: str
    area: QRectF
    pixels: float
    turned: bool
    origin: QPoint


def painted(widget: QWidget) -> list[Words]:
    """All words that a widget and what is in it paint, in the order in which they do."""
    found, matrix = [], "1,0,0,1,0,0"
    for part in _PARTS.finditer(_svg(widget)):
        if part["matrix"] is not None:
            # Most of them are of cells and lines, with no words inside.
            matrix = part["matrix"]
        elif part["words"].strip():
            at = QTransform(*(float(number) for number in matrix.split(",")))
            found.append(_words(html.unescape(part["words"]), dict(_ABOUT.findall(part["about"])), at))
    return found


def _svg(widget: QWidget) -> str:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data()).decode()


def _words(text: str, about: dict[str, str], at: QTransform) -> Words:
    font = QFont(about["font-family"])
    size = float(about["font-size"])
    font.setPixelSize(max(1, round(size)))
    font.setWeight(QFont.Weight(int(about["font-weight"])))
    metrics = QFontMetricsF(font)
    x, y = float(about["x"]), float(about["y"])
    place = QRectF(x, y - metrics.ascent(), metrics.horizontalAdvance(text.strip()), metrics.height())
    scale = abs(at.determinant()) ** 0.5
    corner = QPoint(round(at.dx()), round(at.dy()))
    return Words(text, at.mapRect(place), size * scale, abs(at.m12()) > 0.5, corner)
