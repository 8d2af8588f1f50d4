"""A network as papers draw it: blocks in perspective to scale, arrows between them, skips as arcs.

A block's front is as high and wide as its maps, its depth tells how many there are, each by its root or its
logarithm; a vector is a bar. Under the drawing stands which scale it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.printable import one_line
from convscope.core.words import times
from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPicture,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
    Point,
    Shape,
    channels,
)
from convscope.engine.models.figure.typeface import typeface
from convscope.engine.models.graph.columns import LayerColumn
from convscope.engine.models.layer_specs.categories import CATEGORIES, OTHER

FigureScale = Literal["root", "log"]

SIDE, DEPTH, BAR = 92.0, 64.0, 112.0
"""Points of the largest map, the most maps, and the longest vector."""
SLANT = (0.8, -0.46)
"""Where a point of depth goes."""
BAR_WIDTH, BAR_DEPTH = 7.0, 4.0
CARD, CARDS = 9.0, 6
"""Of maps in a block: depth from one to the next, and how many at most."""

_GAP = 20.0
_MARGIN = 14.0
_CAPTION = 92.0  # points that a caption is wide before it is broken
_TITLE, _SMALL, _NOTE = 7.5, 7.0, 6.0
_ARC = 9.0  # between arcs one above the other
_LANE = 22.0  # between rows, for the arrow to the next
_UNKNOWN = 32
# As the charts have them: safe for colour-blind eyes.
_SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


@dataclass(frozen=True)
class FigureStyle:
    """How a figure is drawn.

    Attributes:
        dark: light on dark.
        scale: "root": sides as the root of the pixels, depth as that of the maps; "log": as log2(1 + n).
        labels: by a column's id, what stands under it instead of its title; "" for nothing.
        shapes: whether the sizes stand there, too.
        width: points that a row of blocks may be wide.
        note: whether it says under the drawing which scale it is.
    """

    dark: bool = False
    scale: FigureScale = "root"
    labels: Mapping[str, str] = field(default_factory=dict)
    shapes: bool = True
    width: float = 720.0
    note: bool = True


@dataclass(frozen=True, eq=False)
class FigureContent:
    """What blocks carry where a network is at work on an image.

    Attributes:
        maps: by a column's id, its maps as uint8 h×w×3, the one that matters most first; of a vector one
            picture, n×1×3.
        answers: lines beside the last block: class and share.
    """

    maps: Mapping[str, Sequence[NDArray[np.uint8]]] = field(default_factory=dict)
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class FigureBlock:
    """One block, without its place.

    Attributes:
        column: whose it is.
        wide, high: of its front.
        deep: points of depth, before they are slanted.
        title, shape: lines under it.
    """

    column: LayerColumn
    wide: float
    high: float
    deep: float
    title: tuple[str, ...]
    shape: str

    @property
    def width(self) -> float:
        return self.wide + self.deep * SLANT[0]

    @property
    def height(self) -> float:
        return self.high - self.deep * SLANT[1]

    @property
    def slot(self) -> float:
        """How wide it is with what stands under it."""
        texts = [typeface(True).width(line, _TITLE) for line in self.title]
        return max(self.width, typeface().width(self.shape, _SMALL), *texts, 0.0)

    @property
    def cards(self) -> int:
        """How many maps it has room to show, one behind the other."""
        if self.column.form == "vector":
            return 1
        return max(1, min(CARDS, self.column.channels, round(self.deep / CARD) + 1))


@dataclass(frozen=True)
class _Ink:
    ground: str
    text: str
    secondary: str
    line: str
    edge: str


_LIGHT = _Ink("#FFFFFF", "#1A1D23", "#5B6472", "#5B6472", "#2B3240")
_DARK = _Ink("#15181D", "#E8EBF0", "#9AA4B2", "#9AA4B2", "#0C0F13")


def figure_blocks(columns: Sequence[LayerColumn], style: FigureStyle) -> tuple[FigureBlock, ...]:
    """The blocks and how large each is."""
    maps = [column for column in columns if column.form == "maps"]
    sizes = [_size(n) for column in maps for n in column.shape[:2]]
    side = SIDE / _scaled(max(sizes, default=1), style)
    depth = DEPTH / _scaled(max((column.channels for column in maps), default=1), style)
    vectors = [column.channels for column in columns if column.form == "vector"]
    bar = BAR / _scaled(max(vectors, default=1), style)
    blocks = []
    for column in columns:
        title = style.labels.get(column.id, usual_label(column))
        lines = _lines(one_line(title)) if title.strip() else ()
        words = times(column.shape) if style.shapes and column.shape else ""
        if column.form == "maps":
            high, wide = (side * _scaled(_size(n), style) for n in column.shape[:2])
            deep = depth * _scaled(column.channels, style)
        else:
            high, wide, deep = bar * _scaled(column.channels, style), BAR_WIDTH, BAR_DEPTH
        blocks.append(FigureBlock(column, wide, high, deep, lines, words))
    return tuple(blocks)


def usual_label(column: LayerColumn) -> str:
    """What stands under a block that nobody has labelled."""
    return "Input" if column.title == "InputLayer" else column.title


def network_figure(
    columns: Sequence[LayerColumn],
    style: FigureStyle | None = None,
    content: FigureContent | None = None,
) -> FigureDrawing:
    """The drawing of a network's columns, in rows where it is deep."""
    style, content = style or FigureStyle(), content or FigureContent()
    ink = _DARK if style.dark else _LIGHT
    blocks = figure_blocks(columns, style)
    beside = _beside(content)
    slots = [block.slot + _GAP for block in blocks]
    if slots:
        slots[-1] += beside
    rows = _rows(slots, style.width)
    widths = [sum(block.slot for block in blocks[a:b]) + _GAP * (b - a - 1) for a, b in rows]
    if widths:
        widths[-1] += beside
    width = max(widths, default=0.0)
    lefts, tops, middles, captions = {}, {}, [], []
    links = [(a, b, a + 1 == b) for a, b in _edges(columns)]
    row_of = {at: row for row, (first, end) in enumerate(rows) for at in range(first, end)}
    arcs = _levels(links, row_of)
    above = [0.0] * len(rows)
    for (a, b), level in arcs.items():
        for row in (row_of[a], row_of[b]):
            above[row] = max(above[row], _ARC * (level + 1))
    y = _MARGIN
    peaks = []
    for row, (first, end) in enumerate(rows):
        tall = max(block.height for block in blocks[first:end])
        y += above[row] + (_LANE if row else 0.0)
        peaks.append(y)
        middles.append(y + tall / 2)
        x = _MARGIN + (width - widths[row]) / 2 if len(rows) == 1 else _MARGIN
        for at in range(first, end):
            block = blocks[at]
            lefts[at] = x + (block.slot - block.width) / 2
            tops[at] = y + (tall - block.height) / 2
            x += block.slot + _GAP
        captions.append(y + tall + 12)
        lines = max(len(block.title) + bool(block.shape) for block in blocks[first:end])
        y += tall + 12 + 9.5 * lines
    shapes: list[Shape] = []
    right = _MARGIN + width
    for (a, b), level in arcs.items():
        over = peaks[row_of[a]] - _ARC * (level + 0.5)
        start = _top(blocks[a], lefts[a], tops[a], 0.7)
        stop = _top(blocks[b], lefts[b], tops[b], 0.3)
        if row_of[a] == row_of[b]:
            shapes += _arc(start, stop, over, ink)
        else:
            edge = right + 4 + 3 * level
            under = peaks[row_of[b]] - _ARC * (level + 0.5)
            bends = [(start[0], over), (edge, over), (edge, under), (stop[0], under)]
            shapes += _round([start, *bends, stop], ink)
    for a, b, next_ in links:
        if not next_:
            continue
        start, stop = _out(blocks[a], lefts[a], tops[a]), _in(blocks[b], lefts[b], tops[b])
        if row_of[a] == row_of[b]:
            shapes += _arrow([start, stop], ink)
        else:
            lane = peaks[row_of[b]] - above[row_of[b]] - _LANE / 2 + 2
            edge, begin = max(start[0] + 8, right), _MARGIN / 2
            bends = [(edge, start[1]), (edge, lane), (begin, lane), (begin, stop[1])]
            shapes += _round([start, *bends, stop], ink)
    for at, block in enumerate(blocks):
        own = content.maps.get(block.column.id, ())
        shapes += _drawn(block, lefts[at], tops[at], own, ink)
        middle = lefts[at] + block.width / 2
        line = captions[row_of[at]]
        for text in block.title:
            shapes.append(DrawnText(middle, line, text, _TITLE, ink.text, True))
            line += 9.5
        if block.shape:
            shapes.append(DrawnText(middle, line, block.shape, _SMALL, ink.secondary))
    if content.answers and blocks:
        last = len(blocks) - 1
        x = lefts[last] + blocks[last].width + 10
        line = tops[last] + blocks[last].height / 2 - 9.5 * (len(content.answers) - 1) / 2 + 2.5
        for at, (name, share) in enumerate(content.answers):
            text = f"{one_line(name)}  {share}"
            shapes.append(DrawnText(x, line, text, _TITLE, ink.text, at == 0, "start"))
            line += 9.5
    if style.note and blocks:
        y += 8
        note = _note(blocks, style)
        shapes.append(DrawnText(_MARGIN, y, note, _NOTE, ink.secondary, anchor="start"))
        width = max(width, typeface().width(note, _NOTE))
    extra = max((3.0 * level for (a, b), level in arcs.items() if row_of[a] != row_of[b]), default=0.0)
    return FigureDrawing(width + 2 * _MARGIN + extra, y + _MARGIN - 4, ink.ground, tuple(shapes))


def _size(n: int | None) -> int:
    return n or _UNKNOWN


def _scaled(n: int, style: FigureStyle) -> float:
    return log2(1 + n) if style.scale == "log" else sqrt(n)


def _note(blocks: Sequence[FigureBlock], style: FigureStyle) -> str:
    of = "log (1 + n)" if style.scale == "log" else "√n"
    parts = []
    if any(block.column.form == "maps" for block in blocks):
        parts.append(f"Sides of maps and depth of blocks to scale, by {of}")
    if any(block.column.form == "vector" for block in blocks):
        parts.append("bars, too" if parts else f"Bars to scale, by {of}")
    return f"{'; '.join(parts)}."


def _lines(text: str) -> tuple[str, ...]:
    """A caption on two lines at most, broken at a space or an underscore; what is longer ends in "…"."""
    face = typeface(True)
    if face.width(text, _TITLE) <= _CAPTION:
        return (text,)
    fits = next(n for n in range(len(text), 0, -1) if n == 1 or face.width(text[:n], _TITLE) <= _CAPTION)
    cut = max(text.rfind(" ", 0, fits) + 1, text.rfind("_", 0, fits) + 1, text.rfind("/", 0, fits) + 1)
    cut = cut if cut > fits // 3 else fits
    first, rest = text[:cut].rstrip(), text[cut:].lstrip()
    if face.width(rest, _TITLE) > _CAPTION:
        n = next(n for n in range(len(rest), -1, -1) if face.width(f"{rest[:n]}…", _TITLE) <= _CAPTION)
        rest = f"{rest[:n]}…"
    return (first, rest) if rest else (first,)


def _beside(content: FigureContent) -> float:
    face = typeface(True)
    texts = [face.width(f"{one_line(name)}  {share}", _TITLE) for name, share in content.answers]
    return max(texts) + 14 if texts else 0.0


def _rows(slots: Sequence[float], width: float) -> list[tuple[int, int]]:
    """As few rows as fit, about equally wide; the order stays."""

    def filled(limit: float) -> list[tuple[int, int]]:
        rows, first, wide = [], 0, 0.0
        for at, slot in enumerate(slots):
            if at > first and wide + slot > limit:
                rows.append((first, at))
                first, wide = at, 0.0
            wide += slot
        return [*rows, (first, len(slots))] if slots else []

    fewest = len(filled(width))
    low, high = max(slots, default=0.0), max(width, max(slots, default=0.0))
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if len(filled(middle)) <= fewest else (middle, high)
    return filled(high)


def _edges(columns: Sequence[LayerColumn]) -> Iterator[tuple[int, int]]:
    number = {column.id: at for at, column in enumerate(columns)}
    for at, column in enumerate(columns):
        for source in column.inputs:
            yield number[source], at


def _levels(links: Sequence[tuple[int, int, bool]], row_of: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """How high each skip goes: above all those that it spans or crosses."""
    skips = sorted(((a, b) for a, b, next_ in links if not next_), key=lambda edge: (edge[1] - edge[0], edge))
    found: dict[tuple[int, int], int] = {}
    for a, b in skips:
        taken = {level for (c, d), level in found.items() if c < b and a < d}
        if row_of[a] != row_of[b]:
            # It runs above two rows, beside all the others there.
            rows = {row_of[a], row_of[b]}
            taken |= {level for (c, d), level in found.items() if {row_of[c], row_of[d]} & rows}
        found[a, b] = next(level for level in range(1, len(skips) + 1) if level not in taken)
    return found


def _top(block: FigureBlock, left: float, top: float, share: float) -> Point:
    """Where a skip leaves or enters: at its upper edge, so far along it."""
    return left + block.deep * SLANT[0] + share * block.wide, top - 2


def _out(block: FigureBlock, left: float, top: float) -> Point:
    """Right of its back edge, at the middle of the row where the edge reaches it."""
    middle = min(max(top + block.height / 2, top + 1), top + block.high - 1)
    return left + block.width + 3, middle if block.high > 2 else top + block.high / 2


def _in(block: FigureBlock, left: float, top: float) -> Point:
    """Left of its front edge."""
    edge = top - block.deep * SLANT[1]
    middle = max(top + block.height / 2, edge + 1)
    return left - 3, middle if block.high > 2 else edge + block.high / 2


def _mixed(colour: str, with_: str, share: float) -> str:
    """A colour with so much of another."""
    pairs = zip(channels(colour), channels(with_), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _colour(category: str, dark: bool) -> str:
    if not category:
        return "#6B8CAE" if not dark else "#5F7F9F"
    found = CATEGORIES.get(category, OTHER)
    if found.series is not None:
        return _SERIES[found.series]
    return found.dark if dark else found.light


def _drawn(
    block: FigureBlock, left: float, top: float, maps: Sequence[NDArray[np.uint8]], ink: _Ink
) -> list[Shape]:
    dark = ink is _DARK
    hue = _colour(block.column.category, dark)
    front, roof, side = (
        _mixed(hue, ink.ground, share) for share in ((0.45, 0.3, 0.15) if dark else (0.62, 0.78, 0.45))
    )
    edge = _mixed(hue, "#000000" if not dark else "#FFFFFF", 0.45 if not dark else 0.25)
    dx, dy = block.deep * SLANT[0], block.deep * SLANT[1]
    low = top - dy  # of the front's upper edge
    shapes: list[Shape] = []
    if maps and block.column.form == "maps":
        # The maps one behind the other, over the whole depth: the first in front.
        for at in range(len(maps) - 1, -1, -1):
            share = at / (len(maps) - 1) if len(maps) > 1 else 0.0
            x, y = left + share * dx, low + share * dy
            shapes.append(DrawnPicture(x, y, block.wide, block.high, maps[at]))
            shapes += _frame(x, y, block.wide, block.high, ink.ground if not dark else "#E8EBF0")
        return shapes
    right, bottom = left + block.wide, low + block.high
    upper = ((left, low), (left + dx, low + dy), (right + dx, low + dy), (right, low))
    back = ((right, low), (right + dx, low + dy), (right + dx, bottom + dy), (right, bottom))
    shapes += [DrawnPolygon(upper, roof, edge, 0.5), DrawnPolygon(back, side, edge, 0.5)]
    face = ((left, low), (right, low), (right, bottom), (left, bottom))
    shapes.append(DrawnPolygon(face, front, edge, 0.5))
    if maps:
        shapes.append(DrawnPicture(left, low, block.wide, block.high, maps[0]))
        shapes += _frame(left, low, block.wide, block.high, edge)
    return shapes


def _frame(left: float, top: float, width: float, height: float, colour: str) -> list[Shape]:
    right, bottom = left + width, top + height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top), (right, top))
    return [DrawnLine(corners, colour, 0.5)]


def _head(before: Point, tip: Point, ink: _Ink) -> DrawnPolygon:
    (x, y), (dx, dy) = tip, (tip[0] - before[0], tip[1] - before[1])
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    back = (x - 4.5 * dx, y - 4.5 * dy)
    corners = (tip, (back[0] - 1.9 * dy, back[1] + 1.9 * dx), (back[0] + 1.9 * dy, back[1] - 1.9 * dx))
    return DrawnPolygon(corners, ink.line)


def _arrow(points: list[Point], ink: _Ink) -> list[Shape]:
    before, tip = points[-2:]
    length = ((tip[0] - before[0]) ** 2 + (tip[1] - before[1]) ** 2) ** 0.5 or 1.0
    share = min(1.0, 3.0 / length)
    end = tip[0] + (before[0] - tip[0]) * share, tip[1] + (before[1] - tip[1]) * share
    return [DrawnLine((*points[:-1], end), ink.line), _head(before, tip, ink)]


def _round(points: list[Point], ink: _Ink) -> list[Shape]:
    """An arrow with round corners."""
    curve: list[Point] = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near = min(7.0, _half(before, corner), _half(corner, after))
        _straight(curve, _toward(corner, before, near))
        curve += [corner, corner, _toward(corner, after, near)]
    _straight(curve, _toward(points[-1], points[-2], 3.0))
    return [DrawnLine(tuple(curve), ink.line, curved=True), _head(points[-2], points[-1], ink)]


def _arc(start: Point, stop: Point, over: float, ink: _Ink) -> list[Shape]:
    """Up from one block, over those between, and down to another."""
    bend = min(26.0, (stop[0] - start[0]) / 2)
    left, right = (start[0] + bend, over), (stop[0] - bend, over)
    curve = [start, (start[0], over), (start[0], over), left]
    _straight(curve, right)
    curve += [(stop[0], over), (stop[0], over), (stop[0], stop[1] - 3)]
    return [DrawnLine(tuple(curve), ink.line, curved=True), _head((stop[0], over), stop, ink)]


def _straight(curve: list[Point], to: Point) -> None:
    (x, y), (u, v) = curve[-1], to
    curve += [(x + (u - x) / 3, y + (v - y) / 3), (x + 2 * (u - x) / 3, y + 2 * (v - y) / 3), to]


def _half(a: Point, b: Point) -> float:
    return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 / 2


def _toward(a: Point, b: Point, far: float) -> Point:
    length = 2 * _half(a, b) or 1.0
    return a[0] + (b[0] - a[0]) * far / length, a[1] + (b[1] - a[1]) * far / length
