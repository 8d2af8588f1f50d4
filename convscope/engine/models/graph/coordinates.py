"""Horizontal places for a layered graph: long arrows straight, boxes above the middle of what they feed.

After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment", Graph Drawing 2001. Blocks are
packed along the longest path over their neighbours, which avoids the mistake in the original's compaction
that the authors' erratum (arXiv 2008.01252) corrects.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from convscope.engine.models.graph.layers import Layers


def coordinates(found: Layers, widths: Sequence[float], gap: float) -> list[float]:
    """The middle of every vertex.

    Args:
        found: layers in their order.
        widths: by vertex, the bends of long arrows too.
        gap: room between neighbours.
    """
    conflicts = _conflicts(found)
    runs: list[list[float]] = []
    for downwards in (True, False):
        near = found.up if downwards else found.down
        for leftwards in (True, False):
            layers = found.layers if downwards else found.layers[::-1]
            ordered = layers if leftwards else [layer[::-1] for layer in layers]
            roots = _align(ordered, near, conflicts)
            places = _compact(ordered, roots, widths, gap)
            runs.append(places if leftwards else [-place for place in places])
    return _balanced(runs, widths)


def _conflicts(found: Layers) -> set[tuple[int, int]]:
    """Arrows that cross the inner part of a long arrow: they give way, so that the long one is straight."""
    marked: set[tuple[int, int]] = set()
    for above, below in zip(found.layers, found.layers[1:], strict=False):
        place = {vertex: at for at, vertex in enumerate(above)}
        left, scanned = 0, 0
        for at, vertex in enumerate(below):
            inner = next((u for u in found.up[vertex] if u >= found.real), None)
            if vertex < found.real:
                inner = None
            if inner is None and at < len(below) - 1:
                continue
            right = len(above) if inner is None else place[inner]
            for other in below[scanned : at + 1]:
                for u in found.up[other]:
                    both = u >= found.real and other >= found.real
                    if not both and not left <= place[u] <= right:
                        marked.add((u, other))
            scanned, left = at + 1, right
    return marked


def _align(
    layers: Sequence[Sequence[int]], near: Sequence[Sequence[int]], conflicts: set[tuple[int, int]]
) -> list[int]:
    """Blocks of vertices that shall stand under each other: each with its median neighbour. By vertex, the
    first of its block."""
    count = len(near)
    place = [0] * count
    for layer in layers:
        for at, vertex in enumerate(layer):
            place[vertex] = at
    root, taken = list(range(count)), [False] * count
    for layer in layers:
        last = -1
        for vertex in layer:
            neighbours = sorted(near[vertex], key=place.__getitem__)
            middle = (len(neighbours) - 1) / 2
            for index in dict.fromkeys((int(middle), int(middle + 0.5))):
                if not neighbours or root[vertex] != vertex:
                    break
                other = neighbours[index]
                free = (vertex, other) not in conflicts and (other, vertex) not in conflicts
                if free and last < place[other] and not taken[other]:
                    root[vertex] = root[other]
                    taken[other] = True
                    last = place[other]
    return root


def _compact(
    layers: Sequence[Sequence[int]], roots: Sequence[int], widths: Sequence[float], gap: float
) -> list[float]:
    """Blocks as far left as they go, then those with room as far right as their neighbours let them."""
    after: dict[int, dict[int, float]] = {}
    waits = dict.fromkeys(roots, 0)
    for layer in layers:
        for left, right in itertools.pairwise(layer):
            room = (widths[left] + widths[right]) / 2 + gap
            known = after.setdefault(roots[left], {})
            if roots[right] not in known:
                waits[roots[right]] += 1
            known[roots[right]] = max(known.get(roots[right], 0.0), room)
    order = [root for root, number in waits.items() if number == 0]
    place = dict.fromkeys(roots, 0.0)
    for root in order:
        for other, room in after.get(root, {}).items():
            place[other] = max(place[other], place[root] + room)
            waits[other] -= 1
            if waits[other] == 0:
                order.append(other)
    for root in reversed(order):
        limits = [place[other] - room for other, room in after.get(root, {}).items()]
        if limits:
            place[root] = max(place[root], min(limits))
    return [place[root] for root in roots]


def _balanced(runs: Sequence[list[float]], widths: Sequence[float]) -> list[float]:
    """The four extreme drawings laid over the narrowest one; of each vertex's places the middle."""
    spans = []
    for places in runs:
        low = min((x - w / 2 for x, w in zip(places, widths, strict=True)), default=0.0)
        high = max((x + w / 2 for x, w in zip(places, widths, strict=True)), default=0.0)
        spans.append((low, high))
    low, high = min(spans, key=lambda span: span[1] - span[0])
    moved = []
    for number, (places, span) in enumerate(zip(runs, spans, strict=True)):
        shift = low - span[0] if number % 2 == 0 else high - span[1]
        moved.append([x + shift for x in places])
    middle = []
    for four in zip(*moved, strict=True):
        ordered = sorted(four)
        middle.append((ordered[1] + ordered[2]) / 2)
    return middle
