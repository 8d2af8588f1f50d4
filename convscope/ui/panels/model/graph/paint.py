"""A network's graph as strokes and words: the same on the screen, in a PNG and in an SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtSvg import QSvgGenerator

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.engine.models.graph.layout import Box, GraphLayout, Route
from convscope.engine.models.graph.nodes import GraphNode, ModelGraph
from convscope.engine.models.layer_specs import KINDS
from convscope.imaging.io.save import save_png
from convscope.ui import theme
from convscope.ui.panels.model.colours import colour

WIDTH, WIDEST, HEIGHT = 204.0, 300.0, 42.0
STRIPE = 5.0
SMALL, GAP = 10.5, 8.0
PAD = 2  # around a stamp, for its outline
CORNER = 5.0
# Below the first scale one line in large letters stands in a box, below the second only its colour.
ALL_WORDS, ONE_LINE = 0.75, 0.2
# Below this, frames are left out.
AFAR = 0.4
# Letters smaller than this on the screen cannot be read: they are left out.
LEAST = 9.0


@dataclass(frozen=True, eq=False)
class GraphPicture:
    """A graph with its places, and the strokes made from them once.

    Attributes:
        graph: boxes and arrows.
        layout: where they go.
    """

    graph: ModelGraph
    layout: GraphLayout

    @cached_property
    def nodes(self) -> Mapping[str, GraphNode]:
        return {node.path: node for node in self.graph.nodes}

    @cached_property
    def owners(self) -> Mapping[str, str]:
        return self.graph.owners()

    @cached_property
    def arrows(self) -> tuple[tuple[Route, QPainterPath, QRectF], ...]:
        made = []
        for route in self.layout.routes:
            line = arrow_line(route)
            made.append((route, line, line.boundingRect().adjusted(-4, -4, 4, 4)))
        return tuple(made)


def arrow_line(route: Route) -> QPainterPath:
    """A smooth line through the route's points; straight where it runs beside other layers."""
    points = [QPointF(x, y) for x, y in route.points]
    line = QPainterPath(points[0])
    at = 1
    while at < len(points):
        if at in route.turns:
            # Down, through the gutter, up, and over the head of the next column.
            for corner, after in pairwise(points[at : at + 4]):
                _round_corner(line, corner, after)
            line.lineTo(points[at + 3])
            at += 4
            continue
        a, b = points[at - 1], points[at]
        if abs(a.x() - b.x()) < 0.5:
            line.lineTo(b)
        else:
            half = (a.y() + b.y()) / 2
            line.cubicTo(QPointF(a.x(), half), QPointF(b.x(), half), b)
        at += 1
    return line


def _round_corner(line: QPainterPath, corner: QPointF, after: QPointF, radius: float = 8.0) -> None:
    before = line.currentPosition()
    into, out = corner - before, after - corner
    length_in = max(1e-6, abs(into.x()) + abs(into.y()))
    length_out = max(1e-6, abs(out.x()) + abs(out.y()))
    reach = min(radius, length_in, length_out / 2)
    line.lineTo(corner - into * (reach / length_in))
    line.quadTo(corner, corner + out * (reach / length_out))


def rectangle(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)


def paint_graph(
    painter: QPainter,
    picture: GraphPicture,
    scale: float,
    part: QRectF,
    *,
    current: str | None = None,
    found: Collection[str] = (),
    hover: str | None = None,
    stamps: Stamps | None = None,
) -> None:
    """Paint a part of a graph; the painter is in the graph's own measures.

    Args:
        painter: already moved and scaled.
        picture: what to paint.
        scale: screen points a unit: tells how much can be read.
        part: what is in view.
        current, hover: boxes to mark.
        found: boxes that a search found; the others fade when there are any.
        stamps: for the screen, where many boxes far away look alike.
    """
    colours = theme.tokens()
    _paint_regions(painter, picture, scale, part, colours)
    _paint_arrows(painter, picture, scale, part, current, colours)
    boxes = picture.layout.boxes
    for node in picture.graph.nodes:
        place = rectangle(boxes[node.path])
        if not part.intersects(place):
            continue
        painter.setOpacity(0.3 if found and node.path not in found else 1.0)
        if stamps is not None and scale < ALL_WORDS:
            stamps.put(painter, node, place, scale, node.path == hover, colours)
        else:
            _paint_box(painter, node, place, scale, node.path == hover, colours)
        if node.path == current:
            _frame(painter, place, QColor(colours.accent), max(2.0, 2.5 / scale))
        elif node.path in found:
            _frame(painter, place, QColor(colours.warning), max(1.5, 2.0 / scale))
    painter.setOpacity(1.0)


class Stamps:
    """Boxes seen from afar, each painted once: they look alike where kind and size are the same."""

    def __init__(self) -> None:
        self._scale, self._dark = 0.0, False
        self._known: dict[tuple[str, str, bool], QPixmap] = {}

    def put(
        self,
        painter: QPainter,
        node: GraphNode,
        place: QRectF,
        scale: float,
        hover: bool,
        colours: theme.Tokens,
    ) -> None:
        ratio = painter.device().devicePixelRatio()
        if (self._scale, self._dark) != (scale * ratio, colours.dark):
            self._scale, self._dark = scale * ratio, colours.dark
            self._known.clear()
        key = (node.title, node.category, hover)
        stamp = self._known.get(key)
        if stamp is None:
            stamp = self._known[key] = self._made(node, place, scale, ratio, hover, colours)
        at = painter.worldTransform().map(place.topLeft())
        painter.setWorldMatrixEnabled(False)
        painter.drawPixmap(
            QPointF(round(at.x() * ratio) / ratio - PAD, round(at.y() * ratio) / ratio - PAD), stamp
        )
        painter.setWorldMatrixEnabled(True)

    def _made(
        self, node: GraphNode, place: QRectF, scale: float, ratio: float, hover: bool, colours: theme.Tokens
    ) -> QPixmap:
        wide, high = place.width() * scale + 2 * PAD, place.height() * scale + 2 * PAD
        stamp = QPixmap(ceil(wide * ratio), ceil(high * ratio))
        stamp.setDevicePixelRatio(ratio)
        stamp.fill(Qt.GlobalColor.transparent)
        painter = QPainter(stamp)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(PAD, PAD)
        painter.scale(scale, scale)
        _paint_box(painter, node, QRectF(0, 0, place.width(), place.height()), scale, hover, colours)
        painter.end()
        return stamp


def _frame(painter: QPainter, place: QRectF, ink: QColor, width: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink, width))
    grow = width / 2 + 1
    painter.drawRoundedRect(place.adjusted(-grow, -grow, grow, grow), CORNER + grow, CORNER + grow)


def _paint_regions(
    painter: QPainter, picture: GraphPicture, scale: float, part: QRectF, colours: theme.Tokens
) -> None:
    for region in picture.layout.regions:
        place = rectangle(region.box)
        if not part.intersects(place):
            continue
        group = region.kind == "group"
        ground = QColor(colours.secondary if group else colours.accent)
        ground.setAlpha(14 if group else 16)
        edge = QColor(colours.secondary if group else colours.accent)
        edge.setAlpha(110 if group else 60)
        if scale < AFAR and not group:
            painter.fillRect(place, ground)
        else:
            painter.setBrush(ground)
            painter.setPen(QPen(edge, 1, Qt.PenStyle.DashLine if group else Qt.PenStyle.SolidLine))
            painter.drawRoundedRect(place, 8, 8)
        size = min(max(10.0, 9.0 / scale), 18.0 if group else 12.0)
        letters = _letters(size, QFont.Weight.DemiBold if group else QFont.Weight.Medium)
        # Whole or not at all: half a name tells nothing.
        if size * scale >= LEAST and _metrics(letters).horizontalAdvance(region.title) <= place.width() - 14:
            painter.setFont(letters)
            painter.setPen(QColor(colours.secondary))
            at = place.topLeft() + QPointF(7, (16 if group else 11) + (size - 10) / 2)
            painter.drawText(at, region.title)


def _paint_arrows(
    painter: QPainter,
    picture: GraphPicture,
    scale: float,
    part: QRectF,
    current: str | None,
    colours: theme.Tokens,
) -> None:
    seen = [(route, line) for route, line, around in picture.arrows if part.intersects(around)]
    mine = [(route, line) for route, line in seen if current in (route.source, route.target)]
    ink = QColor(colours.secondary)
    ink.setAlpha(190)
    width = max(1.3, 0.9 / scale)
    for arrows, colour_, wide in ((seen, ink, width), (mine, QColor(colours.accent), width * 1.5)):
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour_, wide))
        # One by one: a stroke of all of them together takes fifty times as long.
        for _route, line in arrows:
            painter.drawPath(line)
        if scale >= AFAR:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour_)
            for route, _line in arrows:
                tip = QPointF(*route.points[-1])
                painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4, -7), tip + QPointF(4, -7)]))


def _paint_box(
    painter: QPainter, node: GraphNode, place: QRectF, scale: float, hover: bool, colours: theme.Tokens
) -> None:
    tint = colour(node.category)
    if scale < ONE_LINE:
        painter.fillRect(place, tint)
        return
    ground = QColor(colours.raised)
    if hover:
        ground = QColor(colours.line)
    elif scale < ALL_WORDS:
        ground = _mixed(ground, tint, 0.16)
    painter.setBrush(ground)
    painter.setPen(QPen(QColor(tint if scale < ALL_WORDS else colours.line), max(1.0, 1.0 / scale)))
    painter.drawRoundedRect(place, CORNER, CORNER)
    stripe = QRectF(place.left(), place.top(), STRIPE if scale >= ALL_WORDS else STRIPE * 2, place.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    painter.drawRoundedRect(stripe, 2.5, 2.5)
    inside = place.adjusted(stripe.width() + 6, 4, -7, -4)
    if scale < ALL_WORDS:
        # From afar a box is low: its words take all of its height.
        _large_words(painter, node, inside.adjusted(0, -4, 0, 4), scale, colours)
        return
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
    bold = _letters(12, QFont.Weight.DemiBold)
    small = _letters(max(SMALL, LEAST / scale))
    painter.setPen(QColor(colours.text))
    painter.setFont(bold)
    painter.drawText(inside, left | top, _cut(bold, node.title, inside.width()))
    painter.setPen(QColor(colours.secondary))
    painter.setFont(small)
    used = _metrics(bold).horizontalAdvance(node.title) + _metrics(small).horizontalAdvance(node.shape)
    if used + GAP <= inside.width():
        painter.drawText(inside.adjusted(0, 1.5, 0, 0), right | top, node.shape)
    painter.drawText(
        inside, left | bottom, _cut(small, node.name, inside.width(), Qt.TextElideMode.ElideMiddle)
    )
    room = inside.width() - _metrics(small).horizontalAdvance(node.name) - GAP
    extras = _fitting(small, node.extras, room)
    if extras:
        painter.drawText(inside, right | bottom, extras)


def _mixed(ground: QColor, tint: QColor, part: float) -> QColor:
    pairs = zip(ground.getRgb()[:3], tint.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * part) for a, b in pairs))


def _large_words(
    painter: QPainter, node: GraphNode, inside: QRectF, scale: float, colours: theme.Tokens
) -> None:
    """The kind in letters that can be read from afar, in fewer words where there is little room."""
    found = large_title(node.title, inside.width(), inside.height(), scale)
    if found is not None:
        title, letters = found
        painter.setFont(letters)
        painter.setPen(QColor(colours.text))
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)


def large_title(title: str, width: float, height: float, scale: float) -> tuple[str, QFont] | None:
    """The longest form of a title that can be read in a box of this size, and its letters; None: none can."""
    for words in short_titles(title):
        size = min(11 / scale, height * 0.88)
        while size * scale >= LEAST:
            letters = _letters(size, QFont.Weight.DemiBold)
            if _metrics(letters).horizontalAdvance(words) <= width:
                return words, letters
            # Letters have whole sizes.
            size = letters.pixelSize() - 1
    return None


def short_titles(title: str) -> list[str]:
    """A box's title for afar, each shorter than the one before: "Depthwise 7×7", "DW 7×7", "7×7"."""
    kind, _, rest = title.partition(" ")
    if rest.endswith(" depthwise"):
        kind, rest = "DepthwiseConv2D", rest.removesuffix(" depthwise")
    known = KINDS[kind].from_afar if kind in KINDS else ()
    words = (*(known or (kind,)), "")
    return [text for word in dict.fromkeys(words) if (text := f"{word} {rest}".strip())]


def box_width(graph: ModelGraph) -> float:
    """How wide a graph's boxes are, so that names are read whole; the longest are shortened all the same."""
    bold, small = _metrics(_letters(12, QFont.Weight.DemiBold)), _metrics(_letters(SMALL))
    widest = max(
        (
            max(
                bold.horizontalAdvance(node.title) + GAP + small.horizontalAdvance(node.shape),
                small.horizontalAdvance(node.name),
            )
            for node in graph.nodes
        ),
        default=0.0,
    )
    return float(min(WIDEST, max(WIDTH, ceil(widest + STRIPE + 6 + 7 + 2))))


def _fitting(font: QFont, words: Sequence[str], room: float) -> str:
    """As many words as there is room for, from the last one back: the activation tells most."""
    for first in range(len(words)):
        text = " · ".join(words[first:])
        if _metrics(font).horizontalAdvance(text) <= room:
            return text
    return ""


_known_letters: dict[tuple[float, QFont.Weight], QFont] = {}
_known_metrics: dict[str, QFontMetricsF] = {}


def _letters(size: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter in the graph's own measures: the view's scale already holds the window's zoom."""
    key = (round(size * 2) / 2, weight)
    if key not in _known_letters:
        made = QFont("Inter")
        made.setPixelSize(max(4, round(size)))
        made.setWeight(weight)
        # Letters keep their width while one zooms.
        made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        _known_letters[key] = made
    return _known_letters[key]


def _metrics(font: QFont) -> QFontMetricsF:
    key = font.key()
    if key not in _known_metrics:
        _known_metrics[key] = QFontMetricsF(font)
    return _known_metrics[key]


def _cut(font: QFont, text: str, room: float, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> str:
    return _metrics(font).elidedText(text, mode, max(0.0, room))


SCALE, LONGEST = 2.0, 12_000


def graph_image(picture: GraphPicture) -> QImage:
    """The whole graph at twice its size, if that is not too large."""
    wide, high = picture.layout.width, picture.layout.height
    scale = min(SCALE, LONGEST / max(1.0, wide, high))
    made = QImage(max(1, round(wide * scale)), max(1, round(high * scale)), QImage.Format.Format_RGB888)
    made.fill(QColor(theme.tokens().window))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    paint_graph(painter, picture, 1.0, QRectF(0, 0, wide, high))
    painter.end()
    return made


def graph_svg(picture: GraphPicture) -> bytes:
    whole = QRectF(0, 0, round(picture.layout.width), round(picture.layout.height))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(round(whole.width()), round(whole.height())))
    generator.setViewBox(whole)
    generator.setTitle("A network drawn by convscope")
    painter = QPainter(generator)
    painter.fillRect(whole, QColor(theme.tokens().window))
    paint_graph(painter, picture, 1.0, whole)
    painter.end()
    return bytes(data.data())


def save_graph(picture: GraphPicture, path: Path) -> None:
    """Write the whole graph, as SVG or PNG by the file's ending; whole or not at all.

    Raises:
        UserError: it cannot be written there.
    """
    if path.suffix.lower() != ".svg":
        image = graph_image(picture)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)
        save_png(path, pixels.copy())
        return
    try:
        write_whole(path, graph_svg(picture))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
