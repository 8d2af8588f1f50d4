"""Which maps matter for a class, by activation × gradient, and the path that carries most of its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import Activations
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.network.flow import (
    SourceShares,
    output_slot,
    score_column,
    source_path,
    split,
    vjp,
)
from convscope.engine.models.graph.columns import LayerColumn


@dataclass(frozen=True, eq=False)
class ClassRelevance:
    """How much every map's activation speaks for a class.

    Attributes:
        target: the class.
        score: its logit.
        channels: by column's id, float64 (channels,): Σ over places of activation × ∂score/∂activation.
            Columns that the score does not depend on are left out.
    """

    target: ScoreTarget
    score: float
    channels: dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class PathStep:
    """One map on the path that carries most of a score.

    Attributes:
        column, path: id of the column and path of the layer that the map belongs to.
        channels: of the map; of a flattened map all its places. None inside of a folded block, whose maps are
            not shown.
        carried: the part of the score that flows through this map and all those after it on the path.
        siblings: the shares of all maps that feed the step after it; with `rest` they add up to what that one
            carries.
        rest: what the biases and offsets between add.
    """

    column: str
    path: str
    channels: tuple[int, ...] | None
    carried: float
    siblings: tuple[SourceShares, ...]
    rest: float


@dataclass(frozen=True, eq=False)
class ClassPath:
    """The path that carries most of a class's score, from the score back to the pixels.

    Attributes:
        target: the class.
        score: its logit.
        steps: the nearest to the score first.
        pixels: float32 H×W: what each pixel of the network's input carries of the last step, signed; None for
            an input that is no picture.
    """

    target: ScoreTarget
    score: float
    steps: tuple[PathStep, ...]
    pixels: NDArray[np.float32] | None


def relevance(
    found: Activations, columns: Sequence[LayerColumn], target: ScoreTarget, task: Task | None = None
) -> ClassRelevance:
    """Activation × gradient for every column, one pass back through the network, column by column.

    Raises:
        UserError: the model has no such class.
        Cancelled: between two columns.
    """
    task = task or Task()
    model = found.model
    target.check(model)
    upstream, score = _start(found, target)
    # By slot, the gradient of the score that has come back to it so far.
    waiting: dict[int, Any] = {model.head.logits: upstream}
    channels: dict[str, NDArray[np.float64]] = {}
    for at, column in enumerate(reversed(columns)):
        task.progress(at / len(columns), "Following the score back")
        own = {slot: waiting.pop(slot) for slot in list(waiting) if _stands_in(found, column, slot)}
        for slot, gradient in own.items():
            # The column's own picture is activation × gradient of what it shows.
            if slot == output_slot(model, columns, column):
                product = np.asarray((found.tensor(slot) * gradient).numpy(), np.float64)[0]
                channels[column.id] = product.reshape(-1, product.shape[-1]).sum(axis=0)
            for source, back in vjp(found, column, slot, gradient).items():
                waiting[source] = waiting[source] + back if source in waiting else back
    return ClassRelevance(target, score, channels)


def class_path(
    found: Activations, columns: Sequence[LayerColumn], target: ScoreTarget, task: Task | None = None
) -> ClassPath:
    """The map that carries most of the score, the one that carries most of that, and so on, to the pixels.

    Each step is followed alone: what it carries is what flows through it and all the steps after it.

    Raises:
        UserError: the model has no such class.
        Cancelled: between two columns.
    """
    task = task or Task()
    model = found.model
    target.check(model)
    upstream, score = _start(found, target)
    column, slot, carried = score_column(model, columns), model.head.logits, score
    steps: list[PathStep] = []
    pixels: NDArray[np.float32] | None = None
    while True:
        task.progress(len(steps) / len(columns), "Following the score back")
        gradients = vjp(found, column, slot, upstream)
        if not gradients:
            break
        made = split(found, columns, column, gradients, carried)
        sign = 1.0 if carried >= 0 else -1.0
        flows = [_by_map(found, one) for one in made.sources]
        number = int(np.argmax([(sign * flow).max() for flow in flows]))
        chosen, flow = made.sources[number], flows[number]
        best = int((sign * flow).argmax())
        channels = tuple(range(best, len(chosen.shares), len(flow)))
        slot, gradient = list(gradients.items())[number]
        column = next(one for one in columns if one.id == chosen.column)
        carried = float(flow[best])
        kept = np.zeros(gradient.shape, np.float32)
        kept[..., channels] = gradient.numpy()[..., channels]
        shown = channels if chosen.shown else None
        steps.append(PathStep(column.id, chosen.path, shown, carried, made.sources, made.rest))
        upstream = _tensor(kept, gradient)
        if model.program.producer(slot) is None:
            if len(gradient.shape) == 4:
                product = (found.tensor(slot) * upstream).numpy()[0]
                pixels = np.asarray(product.sum(axis=-1), np.float32)
            break
    return ClassPath(target, score, tuple(steps), pixels)


def _by_map(found: Activations, source: SourceShares) -> NDArray[np.float64]:
    """The shares; the places of a map that was flattened are one."""
    row = found.model.layer(source.path)
    if row.kind != "Flatten" or len(found.shape(row.inputs[0])) != 3:
        return source.shares
    return source.shares.reshape(-1, found.shape(row.inputs[0])[-1]).sum(axis=0)


def _start(found: Activations, target: ScoreTarget) -> tuple[Any, float]:
    """The gradient of the score with respect to the numbers of the head, and the score."""
    head = found.model.head
    out = found.tensor(head.logits)
    weights = target.weights(head).reshape(tuple(int(n) for n in out.shape))
    return _tensor(weights, out), float((out.numpy().astype(np.float64) * weights).sum())


def _tensor(values: NDArray[np.float32], like: Any) -> Any:
    import tensorflow as tf

    return tf.constant(values, like.dtype)


def _stands_in(found: Activations, column: LayerColumn, slot: int) -> bool:
    return source_path(found.model, slot) in column.layers
