"""A model's arithmetic, layer by layer: shapes, parameters with their sum, work, memory, reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import Parameters, Shape, ShapeError, product
from convscope.engine.models.summary.receptive import ReceptiveField, follow, join, of_image

_BYTES = {"float64": 8, "int64": 8, "float16": 2, "bfloat16": 2, "uint8": 1, "int8": 1, "bool": 1}


@dataclass(frozen=True)
class LayerInfo:
    """One layer (or one call of a shared layer) as the model panel shows it.

    Attributes:
        path: unique; nested bases opened up: "vgg16/block3_conv1", a second call "tower@2/conv".
        name, kind: the layer's own name and Keras class.
        group: path of the nested model that it lies in; "" at the top.
        inputs: paths of the layers that feed it.
        shape: its output without the batch; None where a problem hides it.
        shapes: all outputs of a layer with several.
        parameters: all its weights; 0 for the second call of a shared layer.
        trainable_parameters: those that training changes now.
        formula: the sum written out, "(3·3·1 + 1)·32 = 320".
        multiply_adds: of convolutions and matrix products, for one image; None where a size is free.
        activation_bytes: memory of its output for one image; None where a size is free.
        field: receptive field in the image's pixels; None for values that do not come from maps.
        dtype: of its computation.
        activation: its activation's name, "" without.
        trainable: whether the layer may learn.
        groups: into how many the channels of a convolution are dealt; 1 for all other layers.
        depthwise: it is a convolution with one kernel for each channel (as many groups as channels).
        shared: this is a further call of a layer listed above.
        problem: why it cannot be built, one clause; "" when it can.
    """

    path: str
    name: str
    kind: str
    group: str = ""
    inputs: tuple[str, ...] = ()
    shape: Shape | None = None
    shapes: tuple[Shape, ...] = ()
    parameters: int = 0
    trainable_parameters: int = 0
    formula: str = "0"
    multiply_adds: int | None = 0
    activation_bytes: int | None = 0
    field: ReceptiveField | None = None
    dtype: str = "float32"
    activation: str = ""
    trainable: bool = True
    groups: int = 1
    depthwise: bool = False
    shared: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Totals:
    """A model's sums.

    Attributes:
        parameters, trainable, fixed: weights in all, that training changes now, that it does not.
        multiply_adds: for one image; None where a layer's size is free.
        activation_bytes: all outputs together for one image; None where a size is free.
        weight_bytes: all weights in float32.
        layers: layers listed.
    """

    parameters: int
    trainable: int
    fixed: int
    multiply_adds: int | None
    activation_bytes: int | None
    weight_bytes: int
    layers: int


@dataclass(frozen=True)
class ModelSummary:
    """All layers in the order of computation, and the totals."""

    layers: tuple[LayerInfo, ...]
    totals: Totals

    @property
    def problems(self) -> tuple[LayerInfo, ...]:
        """The layers that cannot be built."""
        return tuple(layer for layer in self.layers if layer.problem)


def summarized(layers: Iterable[LayerInfo]) -> ModelSummary:
    """The layers with their sums."""
    rows = tuple(layers)
    parameters = sum(row.parameters for row in rows)
    trainable = sum(row.trainable_parameters for row in rows)
    work, memory = [row.multiply_adds for row in rows], [row.activation_bytes for row in rows]
    totals = Totals(
        parameters,
        trainable,
        parameters - trainable,
        None if any(n is None for n in work) else sum(n for n in work if n is not None),
        None if any(n is None for n in memory) else sum(n for n in memory if n is not None),
        4 * parameters,
        len(rows),
    )
    return ModelSummary(rows, totals)


def dealt(config: Mapping[str, Any], channels: int | None) -> tuple[int, bool]:
    """Into how many groups a convolution deals its channels, and whether each has one alone."""
    groups = config.get("groups", 1)
    if not isinstance(groups, int) or groups < 2:
        return 1, False
    return groups, groups == channels


def depth_of(summary: ModelSummary) -> int:
    """Convolutions and dense layers on the longest way from the input to the last layer."""
    depths: dict[str, int] = {}
    for row in summary.layers:
        weighs = "Conv" in row.kind or row.kind == "Dense"
        depths[row.path] = max((depths.get(path, 0) for path in row.inputs), default=0) + weighs
    return depths[summary.layers[-1].path] if summary.layers else 0


def activation_bytes(shapes: Sequence[Shape], dtype: str) -> int | None:
    """Memory of a layer's outputs for one image, None where a size is free."""
    total = 0
    for shape in shapes:
        count = product(shape)
        if count is None:
            return None
        total += count * _BYTES.get(dtype, 4)
    return total


@dataclass(frozen=True)
class Count:
    """What `count` finds about one layer."""

    shape: Shape
    parameters: Parameters
    multiply_adds: int | None
    field: ReceptiveField | None


def count(
    kind: str, config: Mapping[str, Any], shapes: Sequence[Shape], fields: Sequence[ReceptiveField | None]
) -> Count:
    """A layer's arithmetic from its settings and its inputs, without building it and without TensorFlow.

    Args:
        kind: the Keras class, one of `KINDS`.
        config: settings; defaults may be left out.
        shapes: of its inputs, without the batch.
        fields: receptive fields of its inputs.

    Raises:
        KeyError: a kind that the app does not know.
        ShapeError: it cannot follow these inputs.
    """
    layer = KINDS[kind]
    filled = layer.filled(config)
    if not shapes and kind != "InputLayer":
        raise ShapeError("this layer needs an input")
    if len(shapes) > 1 and not layer.merges:
        raise ShapeError(f"{kind} takes one input, not {len(shapes)}")
    shape = layer.shape(filled, shapes)
    parameters = layer.parameters(filled, shapes)
    work = layer.multiply_adds(filled, shapes, shape)
    if kind == "InputLayer":
        field = of_image(shape)
    else:
        joined, window = join(fields), layer.window(filled, shapes)
        field = None if joined is None or window is None else follow(joined, window, shape)
    return Count(shape, parameters, work, field)
