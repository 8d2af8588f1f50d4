"""The arithmetic of a real model: each step of its program as a row of the summary."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.layer_specs.base import Parameters, Shape, ShapeError, formula
from convscope.engine.models.program import Program, ProgramStep
from convscope.engine.models.summary import (
    Count,
    LayerInfo,
    ModelSummary,
    activation_bytes,
    count,
    dealt,
    summarized,
)
from convscope.engine.models.summary.receptive import ReceptiveField, join, of_image

# Operations written as functions (x + y, ops.concatenate) count as the layers of the same name.
_AS_LAYER = {
    "Relu": "ReLU",
    "Relu6": "ReLU",
    "Sigmoid": "Activation",
    "Tanh": "Activation",
    "Silu": "Activation",
}

# Operations that keep height and width and yet bring values to other places, or from all of them.
_MOVING = (
    "Argsort",
    "Cumprod",
    "Cumsum",
    "Einsum",
    "Flip",
    "Matmul",
    "Roll",
    "Rot90",
    "Sort",
    "Transpose",
)


def read(program: Program) -> ModelSummary:
    """One row for every layer (the two halves of a layer with an activation are one), and totals."""
    rows: list[LayerInfo] = []
    fields: dict[int, ReceptiveField | None] = {}
    owners: dict[int, str] = {}
    for name, slot in zip(program.input_names, program.inputs, strict=True):
        shape = program.shapes[slot][1:]
        fields[slot] = of_image(shape)
        owners[slot] = name
        rows.append(
            LayerInfo(
                name,
                name,
                "InputLayer",
                shape=shape,
                shapes=(shape,),
                activation_bytes=activation_bytes((shape,), program.dtypes[slot]),
                field=fields[slot],
                dtype=program.dtypes[slot],
                trainable=False,
            )
        )
    for step in program.steps:
        if step.part == "activation":
            for inside, outside in zip(step.inputs, step.outputs, strict=True):
                fields[outside], owners[outside] = fields[inside], owners[inside]
            continue
        row = _row(program, step, fields, owners)
        rows.append(row)
        for slot in step.outputs:
            fields[slot], owners[slot] = row.field, step.path
    return summarized(rows)


def _row(
    program: Program,
    step: ProgramStep,
    fields: Mapping[int, ReceptiveField | None],
    owners: Mapping[int, str],
) -> LayerInfo:
    shared = step.first != step.path
    shapes = tuple(program.shapes[slot][1:] for slot in program.slots[step.path])
    inputs = [program.shapes[slot][1:] for slot in step.inputs]
    counted = _count(step, inputs, [fields[slot] for slot in step.inputs], shapes[0])
    trainable = bool(getattr(step.layer, "trainable", True))
    weights = [] if shared else _weights(step.layer)
    # Of a finished graph the weights are in another process: all that is known is how many.
    hidden: int | None = getattr(step.layer, "hidden_weights", None)
    total = sum(prod(w.shape) for w in weights) if hidden is None else hidden
    learn = [] if shared else list(getattr(step.layer, "trainable_weights", ()))
    dtype = program.dtypes[program.slots[step.path][0]]
    channels = inputs[0][-1] if inputs and inputs[0] else None
    groups, depthwise = dealt({"groups": getattr(step.layer, "groups", 1)}, channels)
    return LayerInfo(
        step.path,
        step.path.rsplit("/", 1)[-1],
        step.kind,
        group=step.path.rpartition("/")[0],
        inputs=tuple(dict.fromkeys(owners[slot] for slot in step.inputs)),
        shape=shapes[0],
        shapes=shapes,
        parameters=total,
        trainable_parameters=sum(prod(w.shape) for w in learn),
        formula=_written(step, counted.parameters, weights, total, hidden is not None),
        multiply_adds=counted.multiply_adds if hidden is None else None,
        activation_bytes=activation_bytes(shapes, dtype),
        field=counted.field,
        dtype=dtype,
        activation=_activation(step),
        trainable=trainable,
        groups=groups if "Conv" in step.kind else 1,
        depthwise=depthwise and "Conv" in step.kind,
        shared=shared,
    )


def _written(step: ProgramStep, parameters: Parameters, weights: list[Any], total: int, hidden: bool) -> str:
    if step.first != step.path:
        return f"those of {step.first}"
    return f"{total:,} inside the graph" if hidden else _formula(parameters, weights, total)


def _weights(layer: Any) -> list[Any]:
    # Dropout's random state is a variable too, but no weight of the network.
    return list(getattr(layer, "weights", ()))


def _count(
    step: ProgramStep, inputs: list[Shape], fields: list[ReceptiveField | None], output: Shape
) -> Count:
    """The kind's own arithmetic; for a kind or a setting that the app does not know, what is certain."""
    unknown = Count(output, Parameters(), 0 if not _weights(step.layer) else None, None)
    kind = _AS_LAYER.get(step.kind, step.kind)
    # x + 3 is an Add with one tensor.
    if kind not in KINDS or (KINDS[kind].merges and len(inputs) == 1):
        field = None if kind in _MOVING else _pointwise(inputs, fields, output)
        return Count(output, Parameters(), unknown.multiply_adds, field)
    config = step.layer.get_config() if hasattr(step.layer, "get_config") and kind == step.kind else {}
    if config.get("data_format", "channels_last") == "channels_first":
        return unknown
    if kind == "Concatenate":
        config = {"axis": getattr(step.layer, "axis", -1)}
    try:
        return count(kind, config, inputs, fields)
    except (ShapeError, KeyError, TypeError, ValueError, IndexError):
        return unknown


def _pointwise(
    inputs: list[Shape], fields: list[ReceptiveField | None], output: Shape
) -> ReceptiveField | None:
    """An unknown layer that keeps height and width is taken to look at each place for itself."""
    spatial = [shape[:2] for shape in inputs if len(shape) == 3]
    return join(fields) if len(output) == 3 and output[:2] in spatial else None


def _formula(parameters: Parameters, weights: list[Any], total: int) -> str:
    if parameters.total == total:
        return parameters.formula
    if len(weights) > 8:
        return formula(f"{len(weights)} arrays", total)
    words = " + ".join("·".join(str(n) for n in weight.shape) or "1" for weight in weights)
    return formula(words, total)


def _activation(step: ProgramStep) -> str:
    if step.part == "sum":
        function = step.layer.activation
        return str(getattr(function, "__name__", type(function).__name__)).lower()
    return step.activation
