"""Cells: stretches of a network that end in a merge of many arrows, one after the other, as in NASNet.

A cell there reads the two before it, so that nowhere one box carries everything on, and what a cell makes of
the earlier one would be drawn beside the cell between. The layers are kept apart cell by cell instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MERGED = 3
"""Arrows that end in the merge of a cell, at least."""
FEWEST = 3
"""Cells of a network, at least."""


@dataclass(frozen=True)
class Cells:
    """Where a graph's cells are.

    Attributes:
        merges: the vertices that end them, from above.
        cell_of: by vertex, the number of the cell that it is part of; after the last one their number.
    """

    merges: tuple[int, ...]
    cell_of: tuple[int, ...]


def cells(count: int, edges: Sequence[tuple[int, int]]) -> Cells:
    """The cells of a graph: merges after each of which only it and the one before carry on; before the first
    two, a single box.

    Args:
        count: vertices 0 … count − 1, in a topological order.
        edges: arrows, each once.
    """
    given: list[list[int]] = [[] for _ in range(count)]
    readers: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        given[target].append(source)
        readers[source].append(target)
    # By vertex, all that it is computed from and itself: one bit each.
    above = [0] * count
    for vertex in range(count):
        above[vertex] = 1 << vertex
        for source in given[vertex]:
            above[vertex] |= above[source]

    def carriers(vertex: int) -> list[int]:
        """What else than a vertex and all above it is computed from."""
        inside = above[vertex]
        return [
            source
            for source in range(vertex + 1)
            if inside >> source & 1 and any(not inside >> reader & 1 for reader in readers[source])
        ]

    merges: list[int] = []
    for vertex in range(count):
        if len(given[vertex]) < MERGED or (merges and not above[vertex] >> merges[-1] & 1):
            continue
        others = [source for source in carriers(vertex) if source != vertex]
        if merges:
            fine = others in ([], [merges[-1]])
        else:
            fine = not others or (len(others) == 1 and carriers(others[0]) == others)
        if fine:
            merges.append(vertex)
    # Two towers side by side begin as cells do; more than two in a row are cells.
    if len(merges) < FEWEST:
        merges = []
    cell_of = [
        next((n for n, merge in enumerate(merges) if above[merge] >> vertex & 1), len(merges))
        for vertex in range(count)
    ]
    return Cells(tuple(merges), tuple(cell_of))
