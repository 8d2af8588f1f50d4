"""Where the lines beside the list of layers run: skips and branches, each in a lane of its own."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass

from convscope.engine.models.builder.architecture import Architecture


@dataclass(frozen=True)
class Arc:
    """A line from a layer down to those that it feeds past others.

    Attributes:
        source: the row that it starts at.
        targets: the rows that it feeds, from above.
        lane: 0 beside the list, higher ones further out.
    """

    source: int
    targets: tuple[int, ...]
    lane: int


@dataclass(frozen=True)
class Arcs:
    """All lines beside the list.

    Attributes:
        arcs: by row of their beginning.
        lanes: how many lanes are needed.
        joined: by row, whether it is fed by the row above it.
        by_row: by row, the arcs that pass, start or end there.
    """

    arcs: tuple[Arc, ...]
    lanes: int
    joined: tuple[bool, ...]
    by_row: tuple[tuple[Arc, ...], ...]


def arcs_of(architecture: Architecture) -> Arcs:
    """The arcs of an architecture; an input that is not in the list has none."""
    places = {layer.name: index for index, layer in reversed(list(enumerate(architecture.layers)))}
    targets: dict[int, list[int]] = {}
    joined = []
    for index in range(len(architecture.layers)):
        feeds = [places[name] for name in architecture.feeds(index) if name in places]
        joined.append(index - 1 in feeds)
        for source in feeds:
            if source < index - 1:
                targets.setdefault(source, []).append(index)
    arcs: list[Arc] = []
    taken: list[list[tuple[int, int]]] = []
    # Short arcs take the lanes next to the list, so that a long skip runs around them.
    for source, ends in sorted(targets.items(), key=lambda item: (item[1][-1] - item[0], item[0])):
        last = ends[-1]
        lane = next((n for n, arcs_in in enumerate(taken) if _is_free(arcs_in, source, last)), len(taken))
        if lane == len(taken):
            taken.append([])
        insort(taken[lane], (source, last))
        arcs.append(Arc(source, tuple(ends), lane))
    by_row: list[list[Arc]] = [[] for _ in architecture.layers]
    for arc in arcs:
        for row in range(arc.source, arc.targets[-1] + 1):
            by_row[row].append(arc)
    arcs.sort(key=lambda arc: arc.source)
    return Arcs(tuple(arcs), len(taken), tuple(joined), tuple(tuple(row) for row in by_row))


def _is_free(arcs: list[tuple[int, int]], source: int, last: int) -> bool:
    """Whether a lane's arcs, in their order, leave these rows free."""
    at = bisect_right(arcs, (source, last))
    return (not at or arcs[at - 1][1] < source) and (at == len(arcs) or last < arcs[at][0])
