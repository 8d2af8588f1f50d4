"""What is drawn of a network: its layers as boxes with words, and the arrows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convscope.core.words import times
from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo
from convscope.engine.models.summary.categories import categories

_ACTIVATIONS = {"relu": "ReLU", "relu6": "ReLU6", "leaky_relu": "leaky ReLU", "elu": "ELU", "gelu": "GELU"}


@dataclass(frozen=True)
class GraphNode:
    """One box.

    Attributes:
        path: of the layer that it stands for; unique.
        members: paths of all layers drawn as this box, in the order of computation.
        title: kind and size: "Conv2D 3×3 /2".
        extras: what is folded in or done last: ("BN", "ReLU").
        name: of the layer.
        shape: what the box puts out: "56×56×64".
        category: "Convolution", "Pooling", …; of the palette.
        group: path of the nested model that it lies in; "" at the top.
    """

    path: str
    members: tuple[str, ...]
    title: str
    extras: tuple[str, ...]
    name: str
    shape: str
    category: str
    group: str


@dataclass(frozen=True)
class ModelGraph:
    """Boxes in the order of computation and arrows as pairs of their paths."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]

    def owners(self) -> dict[str, str]:
        """By every layer's path, the path of the box that it is drawn in."""
        return {member: node.path for node in self.nodes for member in node.members}


def model_graph(model: OpenedModel, fold: bool = True) -> ModelGraph:
    """The boxes and arrows of a model.

    Args:
        model: any opened model.
        fold: draw normalisation, activation, dropout and padding as part of the layer that they serve.
    """
    rows = model.layers
    layers = {step.path: step.layer for step in model.program.steps}
    readers: dict[str, list[str]] = {row.path: [] for row in rows}
    for row in rows:
        for source in row.inputs:
            readers[source].append(row.path)
    outputs = {step.path for slot in model.program.outputs if (step := model.program.producer(slot))}
    owner = _folded(rows, readers, outputs) if fold else {row.path: row.path for row in rows}
    members: dict[str, list[LayerInfo]] = {}
    for row in rows:
        members.setdefault(owner[row.path], []).append(row)
    kinds = categories(model.summary)
    nodes = tuple(_node(path, parts, layers, kinds[path]) for path, parts in members.items())
    edges = dict.fromkeys(
        (owner[source], owner[row.path])
        for row in rows
        for source in row.inputs
        if owner[source] != owner[row.path]
    )
    return ModelGraph(nodes, tuple(edges))


def _folded(
    rows: Sequence[LayerInfo], readers: Mapping[str, Sequence[str]], outputs: set[str]
) -> dict[str, str]:
    """By path, the layer in whose box it is drawn."""
    owner: dict[str, str] = {}
    kinds = {row.path: row.kind for row in rows}
    waiting: dict[str, str] = {}
    for row in rows:
        path = row.path
        owner[path] = path
        if len(row.inputs) != 1:
            continue
        before = row.inputs[0]
        alone = len(readers[before]) == 1 and before not in outputs
        if (
            _drawn_in(row.kind) == "before"
            and alone
            and kinds[before] != "InputLayer"
            and _drawn_in(kinds[before]) != "after"
        ):
            owner[path] = owner[before]
        elif before in waiting:
            owner[before] = path
        if _drawn_in(row.kind) == "after" and len(readers[path]) == 1 and path not in outputs:
            reader = readers[path][0]
            if "Conv2D" in kinds[reader] or "Pooling2D" in kinds[reader]:
                waiting[path] = reader
    return owner


def _drawn_in(kind: str) -> str:
    """Whether papers draw it as part of the layer "before" or "after" it; ""."""
    return KINDS[kind].drawn_in if kind in KINDS else ""


def _node(path: str, parts: Sequence[LayerInfo], layers: Mapping[str, Any], category: str) -> GraphNode:
    main = next(part for part in parts if part.path == path)
    extras: list[str] = []
    for part in parts:
        if part.path == path:
            if _drawn_in(part.kind) != "before":
                extras.append(_activation(part.activation))
        elif part.kind == "ReLU" and getattr(layers.get(part.path), "max_value", None) == 6:
            extras.append("ReLU6")
        else:
            extras.append(KINDS[part.kind].drawn_as or _activation(part.activation))
    return GraphNode(
        path,
        tuple(part.path for part in parts),
        layer_words(main, layers.get(path)),
        tuple(dict.fromkeys(extra for extra in extras if extra)),
        main.name,
        shape_words(parts[-1].shape),
        category,
        main.group,
    )


def _activation(name: str) -> str:
    return "" if name == "linear" else _ACTIVATIONS.get(name, name)


def shape_words(shape: Sequence[int | None] | None) -> str:
    """(56, 56, 64) → "56×56×64"; a free size is "?"."""
    return "?" if shape is None else times(shape) or "1"


def layer_words(row: LayerInfo, layer: Any) -> str:
    """Kind and size of a layer: "Conv2D 3×3 /2", "Conv2D 7×7 depthwise", "Dense 64", "MaxPooling2D 2×2".

    Args:
        row: its arithmetic.
        layer: the Keras layer; None for an input.
    """
    words = [row.kind]
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if window is not None:
        words.append(_pair(window))
        strides = _tuple(getattr(layer, "strides", None) or (1, 1))
        # A pooling window steps by its own size as a rule, a convolution by 1.
        usual = _tuple(window) if hasattr(layer, "pool_size") else (1, 1)
        if strides != usual:
            words.append("/" + _pair(strides, short=True))
        dilation = getattr(layer, "dilation_rate", None) or (1, 1)
        if any(n != 1 for n in _tuple(dilation)):
            words.append("dilated " + _pair(dilation, short=True))
        if row.depthwise:
            words.append("depthwise")
        elif row.groups > 1:
            words.append(f"{row.groups} groups")
    elif isinstance(getattr(layer, "units", None), int):
        words.append(str(layer.units))
    elif row.kind == "Activation":
        words = [_activation(row.activation) or "linear"]
    elif isinstance(getattr(layer, "rate", None), float):
        words.append(f"{layer.rate:g}")
    return " ".join(words)


def _tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def _pair(value: Any, short: bool = False) -> str:
    sizes = _tuple(value)
    return str(sizes[0]) if short and len(set(sizes)) == 1 else times(sizes)
