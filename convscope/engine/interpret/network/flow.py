"""What flows through a column of the network: what its output is made of, map by map.

A map's value v (its sum over all places, or one held number) is split over the maps it is computed from: map
i's share is Σ x·∂v/∂x over the places of x. For one convolution, dense layer, mean, largest value, sum or
concatenation that is exactly the layer's own arithmetic: shares and bias add up to v. Through ReLU,
normalisation and whole blocks, too: what biases and offsets add is the `rest`, and shares + rest is
always v. This is gradient × input, which for networks of piecewise linear layers is layer-wise relevance
propagation with ε = 0 (Ancona et al., ICLR 2018, Prop. 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.models.graph.columns import LayerColumn
from convscope.engine.models.opened import OpenedModel

Shares = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SourceShares:
    """The shares of one layer that feeds a column.

    Attributes:
        column: id of the column that the layer stands in.
        path: of the layer.
        shown: it is the layer whose maps that column shows; else they lie inside of its block.
        shares: float64 (channels,), signed, in the unit of the value.
    """

    column: str
    path: str
    shown: bool
    shares: Shares


@dataclass(frozen=True, eq=False)
class MadeOf:
    """What a value of a column is made of.

    Attributes:
        column: id of the column.
        value: what is split: a map's sum over all places, one number, or a class's score.
        sources: by layer that feeds it.
        rest: what biases and offsets add; with all shares it gives `value`.
    """

    column: str
    value: float
    sources: tuple[SourceShares, ...]
    rest: float


def score_column(model: OpenedModel, columns: Sequence[LayerColumn]) -> LayerColumn:
    """The column whose layers compute the scores before softmax or sigmoid."""
    step = model.program.producer(model.head.logits)
    if step is None:
        raise UserError(f"{model.name} puts out its input: there is nothing between the two.")
    return next(column for column in columns if step.path in column.layers)


def output_slot(model: OpenedModel, columns: Sequence[LayerColumn], column: LayerColumn) -> int:
    """The program's slot that is split for a column: the scores before softmax where it makes these."""
    if model.has_head and column is score_column(model, columns):
        return model.head.logits
    return model.slot(column.path)


def made_of(
    found: Activations,
    columns: Sequence[LayerColumn],
    column: LayerColumn,
    channel: int,
    place: tuple[int, int] | None = None,
) -> MadeOf:
    """What one map of a column, or one number of it, is made of.

    Args:
        found: what the layers make of an image.
        columns: all of the picture.
        column: one of them; of the first, nothing feeds it.
        channel: of its map or number.
        place: row and column of the number that is held; None for the sum over all places.

    Raises:
        UserError: no such channel or place.
    """
    import tensorflow as tf

    slot = output_slot(found.model, columns, column)
    out = found.tensor(slot)
    shape = tuple(int(n) for n in out.shape)
    index = _index(column, shape, channel, place)
    upstream = np.zeros(shape, np.float32)
    upstream[index] = 1
    value = float(np.asarray(out.numpy()[index], np.float64).sum())
    gradients = vjp(found, column, slot, tf.constant(upstream, out.dtype))
    return split(found, columns, column, gradients, value)


def _index(column: LayerColumn, shape: tuple[int, ...], channel: int, place: tuple[int, int] | None) -> Any:
    if not 0 <= channel < shape[-1]:
        raise UserError(f"{column.title} has channels 0 to {shape[-1] - 1}, not {channel}.")
    if place is None:
        return (0, ..., channel)
    if len(shape) != 4 or not (0 <= place[0] < shape[1] and 0 <= place[1] < shape[2]):
        raise UserError(f"{column.title} has no place at row {place[0]}, column {place[1]}.")
    return (0, *place, channel)


def vjp(found: Activations, column: LayerColumn, slot: int, upstream: Any) -> dict[int, Any]:
    """The gradients of a column's output, weighed with `upstream`, by slot of all that feeds it.

    Args:
        upstream: a tensor of the output's shape.
    """
    import tensorflow as tf

    program = found.model.program
    feeds = {given: found.tensor(given) for given in feeds_of(found.model, column, slot)}
    smooth = {given: tensor for given, tensor in feeds.items() if tensor.dtype.is_floating}
    if not smooth:
        return {}
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(list(smooth.values()))
        (out,) = found.model.answering(program.run)(feeds, [slot])
    made = tape.gradient(
        out, list(smooth.values()), upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return dict(zip(smooth, made, strict=True))


def feeds_of(model: OpenedModel, column: LayerColumn, slot: int) -> tuple[int, ...]:
    """The slots outside of a column that its output is computed from."""
    inside = set(column.layers)
    wanted, feeds, seen = [slot], dict[int, None](), set[int]()
    while wanted:
        current = wanted.pop()
        if current in seen:
            continue
        seen.add(current)
        step = model.program.producer(current)
        if step is None or step.path not in inside:
            # The network's input is its own column.
            if current != slot:
                feeds[current] = None
            continue
        wanted.extend(step.inputs)
    return tuple(sorted(feeds))


def split(
    found: Activations,
    columns: Sequence[LayerColumn],
    column: LayerColumn,
    gradients: Mapping[int, Any],
    value: float,
) -> MadeOf:
    """The shares of all sources, given the gradients of the value with respect to them."""
    sources = []
    for slot, gradient in gradients.items():
        path = source_path(found.model, slot)
        owner = next(one for one in columns if path in one.layers)
        product = np.asarray((found.tensor(slot) * gradient).numpy(), np.float64)[0]
        shares = product.reshape(-1, product.shape[-1]).sum(axis=0) if product.ndim else product.reshape(1)
        sources.append(SourceShares(owner.id, path, path == owner.path, shares))
    return MadeOf(column.id, value, tuple(sources), value - float(sum(one.shares.sum() for one in sources)))


def source_path(model: OpenedModel, slot: int) -> str:
    """The path of the layer that puts out a slot, or of the input layer."""
    step = model.program.producer(slot)
    if step is not None:
        return step.path
    return next(path for path, slots in model.program.slots.items() if slot in slots)
