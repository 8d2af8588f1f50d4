"""A graph in layers, with few crossings: the first half of a layered drawing.

After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE
Transactions on Systems, Man, and Cybernetics 11 (1981), with the median heuristic and the transpositions of
Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed Graphs", IEEE Transactions on Software
Engineering 19 (1993).
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

from convscope.core.task import Task
from convscope.engine.models.graph.cells import Cells, cells

SWEEPS = 16


@dataclass
class Layers:
    """A graph whose arrows all lead from one layer to the next.

    Attributes:
        layers: vertices from left to right, layer by layer from the top.
        up, down: by vertex, its neighbours in the layer above and below.
        real: how many vertices are the graph's own (0 … real − 1); the others are the bends of long arrows.
        chains: by arrow of the graph, all its vertices from source to target.
        merges: the vertices that end cells.
    """

    layers: list[list[int]]
    up: list[list[int]]
    down: list[list[int]]
    real: int
    chains: list[list[int]]
    merges: tuple[int, ...] = ()


def layered(count: int, edges: Sequence[tuple[int, int]], task: Task | None = None) -> Layers:
    """Put vertices into layers and order them.

    Args:
        count: vertices 0 … count − 1, in a topological order (every arrow leads to a larger number).
        edges: arrows, each once.
        task: for progress and cancel.
    """
    task = task or Task()
    found_cells = cells(count, edges)
    ranks = _ranks(count, edges, found_cells)
    up: list[list[int]] = [[] for _ in range(count)]
    down: list[list[int]] = [[] for _ in range(count)]
    chains = []
    rank_of = list(ranks)
    for source, target in edges:
        chain = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            chain.append(len(rank_of))
            rank_of.append(rank)
            up.append([])
            down.append([])
        chain.append(target)
        for a, b in itertools.pairwise(chain):
            down[a].append(b)
            up[b].append(a)
        chains.append(chain)
    found = Layers(_first_order(rank_of, down, count), up, down, count, chains, found_cells.merges)
    _uncross(found, task)
    return found


def _ranks(count: int, edges: Sequence[tuple[int, int]], found: Cells) -> list[int]:
    """The longest way from a source, each cell below the one before; sources move down to what reads them."""
    readers: list[list[int]] = [[] for _ in range(count)]
    ranks, has_input = [0] * count, [False] * count
    for source, target in edges:
        readers[source].append(target)
        has_input[target] = True
    # Cell after cell, each below the one before; within a cell the numbers are a topological order.
    floors = [0] * (len(found.merges) + 1)
    for vertex in sorted(range(count), key=found.cell_of.__getitem__):
        cell = found.cell_of[vertex]
        ranks[vertex] = max(ranks[vertex], floors[cell])
        for reader in readers[vertex]:
            ranks[reader] = max(ranks[reader], ranks[vertex] + 1)
        if vertex in found.merges:
            floors[cell + 1] = ranks[vertex] + 1
    for vertex in range(count):
        if not has_input[vertex] and readers[vertex]:
            ranks[vertex] = min(ranks[reader] for reader in readers[vertex]) - 1
    _lower(ranks, readers, edges)
    lowest = min(ranks, default=0)
    return [rank - lowest for rank in ranks]


def _lower(ranks: list[int], readers: Sequence[Sequence[int]], edges: Sequence[tuple[int, int]]) -> None:
    """Move down what more arrows lead from than to, where its readers leave room, and what feeds only that.

    A part of what the network simplex does: long arrows become fewer. What two cells further on reads stands
    over its readers then, not beside the cell between.
    """
    given = [0] * len(ranks)
    for _source, target in edges:
        given[target] += 1
    moved = [False] * len(ranks)
    for vertex in reversed(range(len(ranks))):
        if not given[vertex] or not readers[vertex]:
            continue
        room = min(ranks[reader] for reader in readers[vertex]) - 1 - ranks[vertex]
        balance = len(readers[vertex]) - given[vertex]
        if room > 0 and (balance > 0 or (balance == 0 and any(moved[n] for n in readers[vertex]))):
            ranks[vertex] += room
            moved[vertex] = True


def _first_order(ranks: Sequence[int], down: Sequence[Sequence[int]], count: int) -> list[list[int]]:
    """Layers in the order of a depth-first walk, so that a branch stays together."""
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    seen = [False] * len(ranks)
    for start in range(count):
        stack = [start]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = True
            layers[ranks[vertex]].append(vertex)
            # Real branches to the left of a skip, which is one long bend.
            stack.extend(sorted(down[vertex], key=lambda n: (n < count, -n)))
    return layers


def _uncross(found: Layers, task: Task) -> None:
    """Sweep down and up, ordering each layer by the medians of the one before; keep the best."""
    best, fewest = [list(layer) for layer in found.layers], crossings(found)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        task.progress(sweep / SWEEPS, "Untangling arrows")
        downwards = sweep % 2 == 0
        near, order = (found.up, 1) if downwards else (found.down, -1)
        place = {vertex: at for layer in found.layers for at, vertex in enumerate(layer)}
        for layer in found.layers[::order]:
            _by_medians(layer, near, place)
        _transpose(found, place)
        now = crossings(found)
        if now < fewest:
            best, fewest = [list(layer) for layer in found.layers], now
    found.layers = best


def _by_medians(layer: list[int], near: Sequence[Sequence[int]], place: dict[int, int]) -> None:
    keys: dict[int, float] = {}
    for at, vertex in enumerate(layer):
        places = sorted(place[n] for n in near[vertex])
        half = len(places) // 2
        if not places:
            keys[vertex] = at
        elif len(places) % 2:
            keys[vertex] = places[half]
        else:
            keys[vertex] = (places[half - 1] + places[half]) / 2
    layer.sort(key=keys.__getitem__)
    place.update((vertex, at) for at, vertex in enumerate(layer))


def _transpose(found: Layers, place: dict[int, int]) -> None:
    """Swap neighbours wherever that takes crossings away, up to four rounds."""
    for _ in range(4):
        swapped = False
        for layer in found.layers:
            for at in range(len(layer) - 1):
                left, right = layer[at], layer[at + 1]
                gain = 0
                for near in (found.up, found.down):
                    a = [place[n] for n in near[left]]
                    b = [place[n] for n in near[right]]
                    gain += sum((p > q) - (p < q) for p in a for q in b)
                if gain > 0:
                    layer[at], layer[at + 1] = right, left
                    place[right], place[left] = at, at + 1
                    swapped = True
        if not swapped:
            return


def crossings(found: Layers) -> int:
    """How many pairs of arrows cross."""
    total = 0
    for above, below in zip(found.layers, found.layers[1:], strict=False):
        place = {vertex: at for at, vertex in enumerate(below)}
        ends: list[int] = []
        for vertex in above:
            reached = sorted(place[n] for n in found.down[vertex])
            total += sum(len(ends) - bisect_right(ends, end) for end in reached)
            for end in reached:
                insort(ends, end)
    return total
