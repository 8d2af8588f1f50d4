"""A network's boxes in layers, and where each stands across: the half of a drawing that no window changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from convscope.core.task import Task
from convscope.engine.models.graph.coordinates import coordinates
from convscope.engine.models.graph.layers import Layers, layered

GAP_ACROSS = 24.0
BEND = 10.0
LONG_STRETCH = 40  # layers


@dataclass(frozen=True)
class DrawnGraph:
    """The work that does not depend on the window: layers and places along one endless column.

    Attributes:
        names: of the boxes, in topological order.
        sizes: width and height of each.
        found: the layers.
        places: middle of every vertex, bends too; the boxes that carry everything on stand at 0.
        cuts: numbers of layers with nothing but one box.
        ends: numbers of the layers that a column can end with, the last one left out: cuts, and ends of
            cells where cuts are far apart.
    """

    names: tuple[str, ...]
    sizes: tuple[tuple[float, float], ...]
    found: Layers
    places: tuple[float, ...]
    cuts: tuple[int, ...]
    ends: tuple[int, ...]


def draw(
    sizes: Mapping[str, tuple[float, float]], edges: Sequence[tuple[str, str]], task: Task | None = None
) -> DrawnGraph:
    """Layers, order and horizontal places.

    Args:
        sizes: width and height by name, in a topological order.
        edges: arrows, each once.
        task: for progress and cancel.
    """
    task = task or Task()
    names = tuple(sizes)
    number = {name: at for at, name in enumerate(names)}
    found = layered(len(names), [(number[a], number[b]) for a, b in edges], task)
    task.progress(0.8, "Placing layers")
    widths = [size[0] for size in sizes.values()] + [BEND] * (len(found.up) - len(names))
    places = coordinates(found, widths, GAP_ACROSS)
    cuts = tuple(at for at, layer in enumerate(found.layers) if len(layer) == 1 and layer[0] < found.real)
    ends = _ends(found, cuts)
    upright = _centred(found, _upright(found, places, cuts), widths, cuts, ends)
    return DrawnGraph(names, tuple(sizes.values()), found, tuple(upright), cuts, ends)


def _ends(found: Layers, cuts: Sequence[int]) -> tuple[int, ...]:
    """Where a column can end: after a cut, and in a long stretch without one after a cell."""
    last = len(found.layers) - 1
    rank = {vertex: at for at, layer in enumerate(found.layers) for vertex in layer}
    ends = {cut for cut in cuts if cut < last}
    for first, until in pairwise((-1, *cuts, last)):
        if until - first > LONG_STRETCH:
            ends |= {rank[merge] for merge in found.merges if first < rank[merge] < until}
    return tuple(sorted(ends))


def _centred(
    found: Layers, places: list[float], widths: Sequence[float], cuts: Sequence[int], ends: Sequence[int]
) -> list[float]:
    """Shift cells under each other: they would wander to the side of what passes by them."""
    moved, known = list(places), set(cuts)
    last = len(found.layers) - 1
    for first, end in pairwise((-1, *ends, last)):
        inside = [v for layer in found.layers[first + 1 : end + 1] for v in layer]
        real = [v for v in inside if v < found.real]
        if not real or (end in known and (first in known or first < 0)):
            continue
        low = min(places[v] - widths[v] / 2 for v in real)
        high = max(places[v] + widths[v] / 2 for v in real)
        for vertex in inside:
            moved[vertex] = places[vertex] - (low + high) / 2
    for cut in cuts:
        moved[found.layers[cut][0]] = 0.0
    return moved


def _upright(found: Layers, places: list[float], cuts: Sequence[int]) -> list[float]:
    """Shift what lies between two boxes that carry everything on, so that the trunk is one straight line."""
    moved = list(places)
    edges = (-1, *cuts, len(found.layers))
    for first, last in pairwise(edges):
        inner = [vertex for layer in found.layers[first + 1 : last] for vertex in layer]
        if not inner:
            continue
        ends = [
            vertex
            for cut, near in ((first, found.down), (last, found.up))
            if 0 <= cut < len(found.layers)
            for vertex in near[found.layers[cut][0]]
        ]
        # A skip is one long bend: it goes round, the layers stay in line.
        on_line = [v for v in ends if v < found.real and v in inner] or ends or inner
        shift = sum(places[v] for v in on_line) / len(on_line)
        for vertex in inner:
            moved[vertex] = places[vertex] - shift
    for cut in cuts:
        moved[found.layers[cut][0]] = 0.0
    return moved
