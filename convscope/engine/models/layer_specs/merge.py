"""Layers with two or more inputs: skip connections and branches meet here."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.core.parameter import parameter
from convscope.core.words import times
from convscope.engine.models.layer_specs.base import POINTWISE, Config, LayerKind, Shape, ShapeError, Window


def _two(shapes: Sequence[Shape], what: str) -> None:
    if len(shapes) < 2:
        raise ShapeError(f"{what} needs two inputs; choose the layer that it joins")


def _equal(config: Config, shapes: Sequence[Shape]) -> Shape:
    _two(shapes, "this merge")
    result = shapes[0]
    for shape in shapes[1:]:
        if len(shape) != len(result):
            raise ShapeError(f"{_words(result)} and {_words(shape)} cannot be joined value by value")
        sizes: list[int | None] = []
        for a, b in zip(result, shape, strict=True):
            if a is not None and b is not None and a != b and 1 not in (a, b):
                raise ShapeError(
                    f"{_words(result)} and {_words(shape)} cannot be joined value by value; a 1×1 convolution"
                    " or a stride on the skip makes them equal"
                )
            sizes.append(b if a in (1, None) else a)
        result = tuple(sizes)
    return result


def _words(shape: Shape) -> str:
    return times(shape)


def _concatenated(config: Config, shapes: Sequence[Shape]) -> Shape:
    _two(shapes, "concatenation")
    axis = int(config["axis"])
    place = axis if axis < 0 else axis - 1
    first = shapes[0]
    total: int | None = 0
    for shape in shapes:
        rest, ours = list(shape), list(first)
        if len(rest) != len(ours):
            raise ShapeError(f"{_words(first)} and {_words(shape)} cannot be laid side by side")
        size = rest[place]
        total = None if total is None or size is None else total + size
        rest[place] = ours[place] = None
        if any(a is not None and b is not None and a != b for a, b in zip(rest, ours, strict=True)):
            raise ShapeError(f"{_words(first)} and {_words(shape)} differ in more than their channels")
    result = list(first)
    result[place] = total
    return tuple(result)


def _concatenated_window(config: Config, shapes: Sequence[Shape]) -> Window | None:
    # Maps laid under each other no longer lie on the image as any one of them does.
    axis, rank = int(config["axis"]), len(shapes[0])
    return POINTWISE if rank < 3 or axis in (-1, rank) else None


KINDS = (
    LayerKind("Add", "Merge", "Sums its inputs: the skip connection of ResNet.", (), _equal, merges=True),
    LayerKind(
        "Concatenate",
        "Merge",
        "Lays maps side by side: the Inception module's end.",
        (parameter("axis", -1),),
        _concatenated,
        window=_concatenated_window,
        merges=True,
        from_afar=("Concat", "Cat"),
    ),
    LayerKind(
        "Multiply",
        "Merge",
        "Multiplies its inputs: the gate of squeeze-and-excitation.",
        (),
        _equal,
        merges=True,
        from_afar=("Multiply", "×"),
    ),
    LayerKind("Average", "Merge", "The mean of its inputs.", (), _equal, merges=True),
    LayerKind("Maximum", "Merge", "The largest of its inputs, value by value.", (), _equal, merges=True),
    LayerKind(
        "Subtract", "Merge", "The first input less the second.", (), _equal, merges=True, in_palette=False
    ),
)
