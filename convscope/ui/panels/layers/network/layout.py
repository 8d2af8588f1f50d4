"""Where every column of the network's picture stands, and how large its maps are. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from convscope.engine.models.graph.columns import LayerColumn

GAP = 26
"""Points between two columns: room for the lines, and to be clicked."""
MARGIN = 12
"""Points left of the first column: its title may be wider than it is."""
TILE_GAP = 2
SMALLEST, USUAL, LARGEST = 18, 28, 96
"""Points of a map's side: the smallest that shows anything, that where not all fit, the largest."""
CELL, LARGEST_CELL = 4, 16
"""Points of a number of a vector."""
NARROWEST = 36
ANSWER, NARROW_ANSWER, ROOMY = 190, 140, 1150
HEAD, FOOT = 44, 20


@dataclass(frozen=True)
class Place:
    """A rectangle in points."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half-way down."""
        return self.top + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True)
class ColumnLayout:
    """One column.

    Attributes:
        column: whose it is.
        place: all of it, head and foot included.
        tiles: where its maps or numbers stand, in the order in which they are shown.
        room: how many there is room for.
    """

    column: LayerColumn
    place: Place
    tiles: tuple[Place, ...]
    room: int


@dataclass(frozen=True)
class NetworkLayout:
    """The whole picture: as wide as the view, or wider where many columns are unfolded.

    Attributes:
        columns: from the input to the answer.
        answer: where the classes stand.
        width, height: of all, in points.
    """

    columns: tuple[ColumnLayout, ...]
    answer: Place
    width: float
    height: float

    def find(self, column: str) -> ColumnLayout | None:
        """A column by its id."""
        return next((one for one in self.columns if one.column.id == column), None)


def arrange(columns: Sequence[LayerColumn], width: float, height: float, scale: float = 1.0) -> NetworkLayout:
    """Columns side by side in a view of this size.

    Args:
        scale: of the text: heads, foot and the classes grow with it.
    """
    head, foot = HEAD * scale, FOOT * scale
    answer = (ANSWER if width >= ROOMY else NARROW_ANSWER) * scale
    tall = max(40.0, height - head - foot)
    gaps = GAP * len(columns)
    free = width - answer - gaps - MARGIN
    weights = [_weight(column) for column in columns]
    unit = max(free / sum(weights), NARROWEST * scale) if columns else 0.0
    laid, left = [], float(MARGIN)
    for column, weight in zip(columns, weights, strict=True):
        wide = unit * weight
        laid.append(_column(column, Place(left, 0, wide, height), head, tall))
        left += wide + GAP
    return NetworkLayout(tuple(laid), Place(left, head, answer, tall), left + answer, height)


def _weight(column: LayerColumn) -> float:
    """Its share of the width: many maps need more than few, numbers less than maps."""
    if column.form == "vector":
        return 0.8
    return 1.2


def _column(column: LayerColumn, place: Place, head: float, tall: float) -> ColumnLayout:
    if column.form == "vector":
        return _numbers(column, place, head, tall)
    rows, wide = _ratio(column)
    count = column.channels
    side, across = _largest(count, place.width, tall, rows / wide)
    if side < SMALLEST:
        # Not all fit: then large enough to be looked at.
        across = max(1, int((place.width + TILE_GAP) // (USUAL + TILE_GAP)))
        side = (place.width + TILE_GAP) / across - TILE_GAP
    high = side * rows / wide
    down = max(1, int((tall + TILE_GAP) // (high + TILE_GAP)))
    room = min(count, across * down)
    return ColumnLayout(column, place, _grid(place, head, tall, room, across, side, high), room)


def _ratio(column: LayerColumn) -> tuple[float, float]:
    height, width = column.shape[0] or 1, column.shape[1] or 1
    # A very flat map is drawn less flat: it must be hit.
    return min(4.0, max(0.25, height / width)), 1.0


def _largest(count: int, width: float, tall: float, ratio: float) -> tuple[float, int]:
    """The largest side with which all fit, and how many stand side by side."""
    best, best_across = 0.0, 1
    for across in range(1, min(count, 16) + 1):
        down = ceil(count / across)
        side = min(
            (width + TILE_GAP) / across - TILE_GAP, ((tall + TILE_GAP) / down - TILE_GAP) / ratio, LARGEST
        )
        if side > best:
            best, best_across = side, across
    return best, best_across


def _numbers(column: LayerColumn, place: Place, head: float, tall: float) -> ColumnLayout:
    """A vector: bars down the column where they fit, else cells."""
    count = column.channels
    down = int(tall // CELL)
    if count <= down:
        high = min(LARGEST_CELL, tall / count)
        top = head + (tall - high * count) / 2
        tiles = tuple(Place(place.left, top + at * high, place.width, high) for at in range(count))
        return ColumnLayout(column, place, tiles, count)
    side = float(CELL)
    while int(place.width // side) * int(tall // side) < count and side > 2:
        side -= 0.5
    across = max(1, int(place.width // side))
    room = min(count, across * max(1, int(tall // side)))
    rows = ceil(room / across)
    top = head + (tall - rows * side) / 2
    tiles = tuple(
        Place(place.left + at % across * side, top + at // across * side, side, side) for at in range(room)
    )
    return ColumnLayout(column, place, tiles, room)


def _grid(
    place: Place, head: float, tall: float, count: int, across: int, wide: float, high: float
) -> tuple[Place, ...]:
    down = ceil(count / across)
    across = min(across, max(1, count))
    left = place.left + (place.width - across * (wide + TILE_GAP) + TILE_GAP) / 2
    top = head + (tall - down * (high + TILE_GAP) + TILE_GAP) / 2
    return tuple(
        Place(left + at % across * (wide + TILE_GAP), top + at // across * (high + TILE_GAP), wide, high)
        for at in range(count)
    )
