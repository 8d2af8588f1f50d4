"""Where the boxes and arrows of a network go: a layered drawing, cut into columns that fill a window.

Arrows lead down. A long network is cut where only one box carries everything on (after a residual block,
say), and goes on at the top of the next column; a drawing of 300 layers stays readable that way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from convscope.engine.models.graph.draw import BEND, DrawnGraph

GAP_DOWN = 30.0
GUTTER = 64.0
MARGIN = 36.0
TURN = 14.0
BLOCK_PAD = 10.0
BLOCK_HEAD = 15.0
GROUP_PAD = 18.0
GROUP_HEAD = 24.0
MOST_COLUMNS = 40
LARGEST_BLOCK = 0.6
LANE = 7.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Route:
    """One arrow.

    Attributes:
        source, target: names of boxes.
        points: from the source's lower edge to the target's upper edge.
        turns: numbers of the points where it leaves a column for the top of the next one: four points each,
            down, through the gutter, up, and over the head; else it only leads down.
    """

    source: str
    target: str
    points: tuple[Point, ...]
    turns: tuple[int, ...] = ()


@dataclass(frozen=True)
class GraphRegion:
    """Boxes that belong together.

    Attributes:
        title: "conv2_block1", "mixed3", "vgg16".
        kind: "block" (branches and the merge that ends them) or "group" (a nested model, column by column).
        box: around them.
    """

    title: str
    kind: str
    box: Box


@dataclass(frozen=True)
class GraphLayout:
    """A drawing, from (0, 0) to (width, height)."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    routes: tuple[Route, ...]
    regions: tuple[GraphRegion, ...]
    columns: int


def arrange(
    drawing: DrawnGraph,
    groups: Mapping[str, str] | None = None,
    room: tuple[float, float] | None = None,
) -> GraphLayout:
    """Columns, vertical places, arrows and regions.

    Args:
        drawing: what `draw` made.
        groups: by name, the path of the nested model that the box lies in.
        room: width and height of the window; the drawing is cut into as many columns as make it largest
            there. None: one column.
    """
    return _Arranger(drawing).arrange(groups or {}, room)


class _Arranger:
    """One drawing being put into columns."""

    def __init__(self, drawing: DrawnGraph) -> None:
        self.drawing = drawing
        self.found = drawing.found
        real = self.found.real
        self.widths = [size[0] for size in drawing.sizes] + [BEND] * (len(drawing.places) - real)
        self.heights = [
            max((drawing.sizes[v][1] for v in layer if v < real), default=0.0) for layer in self.found.layers
        ]
        self.boxes: dict[str, Box] = {}
        self.gates: dict[int, tuple[list[int], float, float]] = {}

    def arrange(self, groups: Mapping[str, str], room: tuple[float, float] | None) -> GraphLayout:
        columns = self._columns(room)
        self.x: dict[int, float] = {}
        self.top: dict[int, float] = {}
        self.starts: list[float] = []
        left, lowest = MARGIN, 0.0
        self.foot: list[float] = []
        for first, last in columns:
            low, high = self._reach(first, last)
            y = MARGIN
            for at in range(first, last):
                self.top[at] = y
                for vertex in self.found.layers[at]:
                    self.x[vertex] = left - low + self.drawing.places[vertex]
                    if vertex < self.found.real:
                        self._box(vertex, at, y)
                y += self.heights[at] + GAP_DOWN
            self.starts.append(left)
            self.foot.append(y - GAP_DOWN)
            lowest = max(lowest, y - GAP_DOWN)
            left += high - low + GUTTER
        self.column_of = {at: n for n, (first, last) in enumerate(columns) for at in range(first, last)}
        self.layer_of = {v: at for at, layer in enumerate(self.found.layers) for v in layer}
        routes = tuple(self._route(chain) for chain in self.found.chains)
        regions = (*self._groups(groups), *self._blocks())
        return GraphLayout(
            max(left - GUTTER, MARGIN) + MARGIN, lowest + MARGIN, self.boxes, routes, regions, len(columns)
        )

    def _box(self, vertex: int, layer: int, y: float) -> None:
        width, height = self.drawing.sizes[vertex]
        top = y + (self.heights[layer] - height) / 2
        self.boxes[self.drawing.names[vertex]] = Box(self.x[vertex] - width / 2, top, width, height)

    def _reach(self, first: int, last: int) -> tuple[float, float]:
        """How far the layers reach to the left and to the right of the trunk, with the blocks' frames."""
        inside = [v for layer in self.found.layers[first:last] for v in layer]
        places, pad = self.drawing.places, BLOCK_PAD
        low = min((places[v] - self.widths[v] / 2 for v in inside), default=0.0) - pad
        high = max((places[v] + self.widths[v] / 2 for v in inside), default=0.0) + pad
        return low, high

    # Columns

    def _columns(self, room: tuple[float, float] | None) -> list[tuple[int, int]]:
        """Layers [first, last) column by column: as few as show the drawing as large as it gets."""
        count = len(self.heights)
        whole = [(0, count)]
        # A column ends with a box that carries everything on.
        ends = [end + 1 for end in self.drawing.ends] + [count]
        if room is None or len(ends) < 2:
            return whole
        below = [0.0, *accumulate(height + GAP_DOWN for height in self.heights)]
        best, least = whole, self._smallness(whole, below, room)
        for number in range(2, min(MOST_COLUMNS, len(ends)) + 1):
            columns = _split(ends, below, number)
            cost = self._smallness(columns, below, room)
            if cost < least * 0.97:
                best, least = columns, cost
            if len(columns) == len(ends):
                break
        return best

    def _smallness(
        self, columns: Sequence[tuple[int, int]], below: Sequence[float], room: tuple[float, float]
    ) -> float:
        """How many times larger than the window the drawing is; 1 when it fits."""
        height = max(below[last] - below[first] for first, last in columns) + 2 * MARGIN
        reach = [self._reach(first, last) for first, last in columns]
        width = sum(high - low for low, high in reach) + GUTTER * (len(columns) - 1) + 2 * MARGIN
        return max(width / room[0], height / room[1], 1.0)

    # Arrows

    def _route(self, chain: Sequence[int]) -> Route:
        names = self.drawing.names
        source, target = names[chain[0]], names[chain[-1]]
        start, end = self.boxes[source], self.boxes[target]
        points: list[Point] = [(start.middle, start.bottom)]
        turns = []
        for before, vertex in pairwise(chain):
            column = self.column_of[self.layer_of[before]]
            if column != self.column_of[self.layer_of[vertex]]:
                turns.append(len(points))
                points += self._turn(column, before, vertex, chain[0])
            if vertex != chain[-1]:
                at = self.layer_of[vertex]
                points += [(self.x[vertex], self.top[at]), (self.x[vertex], self.top[at] + self.heights[at])]
        points.append((end.middle, end.y))
        return Route(source, target, tuple(points), tuple(turns))

    def _turn(self, column: int, before: int, after: int, source: int) -> list[Point]:
        """From the foot of a column through the gutter to over the head of the next, in the source's lane."""
        sources, head, trunk = self._gate(column + 1)
        lane = sources.index(source)
        gutter = self.starts[column + 1] - GUTTER / 2 + lane * LANE
        foot, over = self.foot[column] + TURN + lane * LANE, head + lane * LANE
        # Where one box carries all on, its arrows part over the middle of what comes next.
        x = trunk if len(sources) == 1 else self.x[after]
        return [(self.x[before], foot), (gutter, foot), (gutter, over), (x, over)]

    def _gate(self, column: int) -> tuple[list[int], float, float]:
        """What comes into a column: the boxes that it comes from, and where."""
        if column not in self.gates:
            layers = [at for at, number in self.column_of.items() if number == column]
            sources = {
                chain[0]: None
                for chain in self.found.chains
                for a, b in pairwise(chain)
                if self.layer_of[b] == layers[0] and self.column_of[self.layer_of[a]] == column - 1
            }
            # The one from furthest above runs outside: the lanes do not cross.
            ordered = sorted(sources, key=self.layer_of.__getitem__, reverse=True)
            trunk = self.starts[column] - self._reach(layers[0], layers[-1] + 1)[0]
            self.gates[column] = (ordered, self.top[layers[0]] - BLOCK_HEAD - TURN / 2, trunk)
        return self.gates[column]

    # Regions

    def _blocks(self) -> list[GraphRegion]:
        found, cuts = self.found, set(self.drawing.cuts)
        regions = []
        for first, last in pairwise(sorted({*cuts, *self.drawing.ends})):
            inner = [v for layer in found.layers[first + 1 : last] for v in layer]
            real = [v for v in inner if v < found.real]
            if last not in cuts or first not in cuts:
                # A cell: what passes by on its way to the next one is not of it.
                regions += self._cell(first, last)
                continue
            # Long skips can make one block of nearly everything: a frame around that tells nothing.
            if len(real) < 2 or len(real) > max(LARGEST_BLOCK * found.real, 12):
                continue
            merge = found.layers[last][0]
            title = _block_title([self.drawing.names[v] for v in real], self.drawing.names[merge])
            regions.append(GraphRegion(title, "block", self._around([*inner, merge], BLOCK_PAD, BLOCK_HEAD)))
        return regions

    def _cell(self, first: int, last: int) -> list[GraphRegion]:
        found = self.found
        real = [v for layer in found.layers[first + 1 : last + 1] for v in layer if v < found.real]
        merges = [v for v in found.layers[last] if v in found.merges]
        if len(real) < 3 or not merges:
            return []
        title = self.drawing.names[merges[0]].rpartition("/")[2]
        return [GraphRegion(title, "block", self._around(real, BLOCK_PAD, BLOCK_HEAD))]

    def _groups(self, groups: Mapping[str, str]) -> list[GraphRegion]:
        parts: dict[tuple[str, int], list[int]] = {}
        for vertex, name in enumerate(self.drawing.names):
            group = groups.get(name, "")
            while group:
                parts.setdefault((group, self.column_of[self.layer_of[vertex]]), []).append(vertex)
                group = group.rpartition("/")[0]
        ordered = sorted(parts.items(), key=lambda item: item[0][0].count("/"))
        return [
            GraphRegion(group, "group", self._around(vertices, GROUP_PAD, GROUP_HEAD))
            for (group, _column), vertices in ordered
        ]

    def _around(self, vertices: Sequence[int], pad: float, head: float) -> Box:
        left = min(self.x[v] - self.widths[v] / 2 for v in vertices) - pad
        right = max(self.x[v] + self.widths[v] / 2 for v in vertices) + pad
        top = min(self.top[self.layer_of[v]] for v in vertices) - head
        bottom = max(self.top[self.layer_of[v]] + self.heights[self.layer_of[v]] for v in vertices) + pad / 2
        return Box(left, top, right - left, bottom - top)


def _split(ends: Sequence[int], below: Sequence[float], number: int) -> list[tuple[int, int]]:
    """At most `number` columns, the highest as low as can be."""
    low, high = 0.0, below[-1]
    best: list[tuple[int, int]] = [(0, ends[-1])]
    for _ in range(24):
        limit = (low + high) / 2
        columns = _greedy(ends, below, limit)
        if columns is not None and len(columns) <= number:
            best, high = columns, limit
        else:
            low = limit
    return best


def _greedy(ends: Sequence[int], below: Sequence[float], limit: float) -> list[tuple[int, int]] | None:
    columns, first, last = [], 0, 0
    for end in ends:
        if below[end] - below[first] > limit:
            if last == first:
                return None
            columns.append((first, last))
            first = last
            if below[end] - below[first] > limit:
                return None
        last = end
    return [*columns, (first, last)]


def _block_title(names: Sequence[str], merge: str) -> str:
    """What the layers' names have in common ("conv2_block1"), or the merge's name ("mixed3")."""
    bare = [name.rpartition("/")[2] for name in names]
    first, last = min(bare), max(bare)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    common = first[:same]
    if common not in bare:
        common = common.rpartition("_")[0]
    telling = "block" in common or (any(c.isdigit() for c in common) and "2d" not in common.lower())
    return common if telling else merge.rpartition("/")[2]
