"""A network as a row of columns, from the input to the answer: a layer each, or a folded block of layers.

The layers stand in a tree: nested models, blocks told by the layers' names (block2, block2a), a layer with
the normalisation and activation that serve it, the single layers. A level of it is unfolded if there is room;
where a network's names tell no blocks, neighbours whose maps have the same size are one stage.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from convscope.core.words import times
from convscope.engine.models.graph.nodes import GraphNode, ModelGraph, model_graph
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary.categories import categories

COLUMNS = 16
"""Columns that can be read side by side at 1280 pixels."""

_NUMBERED = re.compile(r"(?:[A-Za-z]+_)*?[A-Za-z]+_?\d+[a-z]?(?=_)")


@dataclass(frozen=True)
class LayerColumn:
    """One column of the picture of a network.

    Attributes:
        id: path of the last layer for a single layer, "block:" and the path of its first and last layer for
            a folded block.
        layers: paths of all layers in it, in the order of computation.
        path: of the layer whose output it shows.
        title: "Conv2D 3×3", "block2".
        shape: of that output without the batch; None for a free size.
        category: as in the palette of layers; "" for a block of several.
        inputs: ids of the columns that feed it, in the order of their first use.
        sources: the layers outside that feed it, and the columns they stand in: (column's id, layer's path).
        parts: how many columns it would be unfolded; 0 for a single layer.
        within: ids of the blocks around it, from outside in, that a click folds again.
    """

    id: str
    layers: tuple[str, ...]
    path: str
    title: str
    shape: tuple[int | None, ...]
    category: str
    inputs: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    parts: int = 0
    within: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """ "maps" or "vector"."""
        return "maps" if len(self.shape) == 3 else "vector"

    @property
    def channels(self) -> int:
        """How many maps or numbers it shows."""
        return self.shape[-1] or 1 if self.shape else 1


@dataclass(eq=False)
class _Part:
    """A layer, or a block with its parts."""

    title: str
    layers: tuple[str, ...]
    node: GraphNode | None = None
    parts: list[_Part] = field(default_factory=list)

    @property
    def id(self) -> str:
        if not self.parts:
            return self.layers[-1]
        return f"block:{self.layers[0]}…{self.layers[-1]}"

    @property
    def leaves(self) -> int:
        return sum(part.leaves for part in self.parts) if self.parts else 1


def columns(
    model: OpenedModel, toggled: Collection[str] = (), limit: int = COLUMNS
) -> tuple[LayerColumn, ...]:
    """The columns of a model, in the order of computation.

    Args:
        model: any opened model.
        toggled: ids of the blocks that a person folded or unfolded: each is the other way than it would be.
        limit: columns up to which blocks are unfolded by themselves.
    """
    tree = _tree(model, limit)
    open_ = _unfolded(tree, limit)
    open_ = {block for block in _blocks(tree) if (block in open_) != (block in toggled)}
    shown = list(_leaves(tree, open_, ()))
    return _joined(model, shown)


def _tree(model: OpenedModel, limit: int) -> list[_Part]:
    graph = model_graph(model, fold=True)
    found = [(_levels(node, graph), _of_node(model, node)) for node in graph.nodes]
    parts = _nested(found, 0)
    if len(parts) > limit:
        parts = _stages(model, parts)
    return parts


def _of_node(model: OpenedModel, node: GraphNode) -> _Part:
    if len(node.members) == 1:
        return _Part(node.title, node.members, node)
    parts = [_Part(model.layer(path).kind, (path,)) for path in node.members]
    return _Part(node.title, node.members, node, parts)


def _levels(node: GraphNode, graph: ModelGraph) -> tuple[str, ...]:
    """The blocks around a layer, from outside in, by the models that it lies in and by its name."""
    found: list[str] = []
    for at, letter in enumerate(node.group + "/" if node.group else ""):
        if letter == "/":
            found.append(node.group[:at])
    name = node.name
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.title.split(" ")[0]).lower()
    if name.rstrip("0123456789_").lower() in (snake, snake.replace("_", "")):
        return tuple(found)
    start = 0
    while match := _NUMBERED.match(name, start):
        block = match.group()
        whole = name[: match.end()]
        # Of "block2a" the outer block is "block2".
        if block[-1].isalpha():
            found.append(whole[:-1])
        found.append(whole)
        start = match.end() + 1
    return tuple(found)


def _nested(found: Sequence[tuple[tuple[str, ...], _Part]], level: int) -> list[_Part]:
    """Neighbours with the same block at a level are one part; a block of one layer is that layer."""
    parts: list[_Part] = []
    at = 0
    while at < len(found):
        levels, part = found[at]
        end = at + 1
        if len(levels) > level:
            key = levels[level]
            while end < len(found) and len(found[end][0]) > level and found[end][0][level] == key:
                end += 1
            if end - at > 1:
                inner = _nested(found[at:end], level + 1)
                parts.append(inner[0] if len(inner) == 1 else _block(key.rpartition("/")[2], inner))
            else:
                parts.append(part)
        else:
            parts.append(part)
        at = end
    return parts


def _block(title: str, parts: list[_Part]) -> _Part:
    return _Part(title, tuple(path for part in parts for path in part.layers), None, parts)


def _stages(model: OpenedModel, parts: list[_Part]) -> list[_Part]:
    """Neighbours whose maps have the same height and width are one stage; branches stay together."""
    stages: list[list[_Part]] = []
    sizes: list[tuple[int | None, ...]] = []
    for cell in _cells(model, parts):
        shape = model.layer(cell.layers[-1]).shape or ()
        # The picture itself is no stage of the network.
        given = not model.layer(cell.layers[-1]).inputs
        size = tuple(shape[:2]) if len(shape) == 3 and not given else ()
        if size and stages and size == sizes[-1]:
            stages[-1].append(cell)
        else:
            stages.append([cell])
            sizes.append(size)
    return [
        stage[0] if len(stage) == 1 else _block(f"maps of {times(size)}", stage)
        for stage, size in zip(stages, sizes, strict=True)
    ]


def _cells(model: OpenedModel, parts: Sequence[_Part]) -> list[_Part]:
    """Neighbours up to where a single part carries everything on: the branches of an Inception module."""
    place = {path: at for at, part in enumerate(parts) for path in part.layers}
    # By part, the last one that reads what comes from before it.
    reach = [0] * len(parts)
    for at, part in enumerate(parts):
        for path in part.layers:
            for source in model.layer(path).inputs:
                reach[place[source]] = max(reach[place[source]], at)
    cells: list[_Part] = []
    waiting: list[_Part] = []
    beyond = 0
    for at, part in enumerate(parts):
        waiting.append(part)
        # Whether something before this part is read after it.
        if beyond <= at:
            name = model.layer(part.layers[-1]).name
            cells.append(waiting[0] if len(waiting) == 1 else _block(name, waiting))
            waiting = []
        beyond = max(beyond, reach[at])
    return [*cells, *waiting]


def _unfolded(tree: Sequence[_Part], limit: int) -> set[str]:
    """The blocks that have room unfolded, a whole level at a time: equal parts are shown equally.

    A layer's own normalisation and activation stay with it: papers draw them so.
    """
    open_: set[str] = set()
    count, level = len(tree), [part for part in tree if part.parts and part.node is None]
    while level and count + sum(len(part.parts) - 1 for part in level) <= limit:
        count += sum(len(part.parts) - 1 for part in level)
        open_ |= {part.id for part in level}
        level = [inner for part in level for inner in part.parts if inner.parts and inner.node is None]
    return open_


def _blocks(parts: Sequence[_Part]) -> Iterator[str]:
    for part in parts:
        if part.parts:
            yield part.id
            yield from _blocks(part.parts)


def _leaves(
    parts: Sequence[_Part], open_: Collection[str], within: tuple[str, ...]
) -> Iterator[tuple[_Part, tuple[str, ...]]]:
    for part in parts:
        if part.parts and part.id in open_:
            yield from _leaves(part.parts, open_, (*within, part.id))
        else:
            yield part, within


def _joined(model: OpenedModel, shown: Sequence[tuple[_Part, tuple[str, ...]]]) -> tuple[LayerColumn, ...]:
    """The columns with what feeds each."""
    kinds = categories(model.summary)
    column_of = {path: part.id for part, _within in shown for path in part.layers}
    number = {row.path: at for at, row in enumerate(model.layers)}
    made = []
    for part, within in shown:
        inside = set(part.layers)
        sources = tuple(
            dict.fromkeys(
                (column_of[source], source)
                for path in part.layers
                for source in model.layer(path).inputs
                if source not in inside
            )
        )
        path = part.layers[-1]
        made.append(
            LayerColumn(
                part.id,
                tuple(sorted(part.layers, key=number.__getitem__)),
                path,
                part.title,
                model.layer(path).shape or (),
                kinds[part.node.path] if part.node is not None else kinds[path] if not part.parts else "",
                tuple(dict.fromkeys(column for column, _path in sources)),
                sources,
                part.leaves if part.parts else 0,
                within,
            )
        )
    return tuple(made)
