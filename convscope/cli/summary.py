"""`convscope summary`: a model's layers with their arithmetic."""

from __future__ import annotations

import argparse
from typing import Any

from convscope.cli.model_arguments import add_model_arguments, opened
from convscope.core.printable import json_text
from convscope.core.words import times
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.summary import LayerInfo, ModelSummary
from convscope.engine.models.summary.receptive import ReceptiveField
from convscope.engine.models.summary.receptive_words import short

SUMMARY = "Every layer of a model: output shape, parameters with the sum written out, work, receptive field."
EXAMPLE = "convscope summary lenet-5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, its input size, and --json."""
    add_model_arguments(parser)
    parser.add_argument("--input", metavar="HxWxC", help="input size, such as 150x150x3")
    parser.add_argument("--no-top", action="store_true", help="keras.applications without the classifier")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the table or the JSON."""
    model = opened(arguments)
    if arguments.json:
        print(json_text(as_json(model)))
        return 0
    print(f"{model.name}\n")
    for line in table(model.summary):
        print(line)
    totals = model.summary.totals
    print(f"\nparameters {totals.parameters:,}: {totals.trainable:,} trainable, {totals.fixed:,} not")
    if totals.multiply_adds is not None:
        print(f"multiply-adds for one image {totals.multiply_adds:,}")
    for note in model.notes:
        print(note)
    return 0


def as_json(model: OpenedModel) -> dict[str, Any]:
    """The summary as plain data; `name` is what the commands take, where there is such a word."""
    summary = model.summary
    totals = summary.totals
    return {
        "name": model.source.spec if model.source.kind == "template" else model.name,
        "title": model.name,
        "parameters": totals.parameters,
        "trainable": totals.trainable,
        "multiply_adds": totals.multiply_adds,
        "activation_bytes": totals.activation_bytes,
        "layers": [_layer(row) for row in summary.layers],
    }


def _layer(row: LayerInfo) -> dict[str, Any]:
    return {
        "path": row.path,
        "name": row.name,
        "kind": row.kind,
        "depthwise": row.depthwise or row.kind == "DepthwiseConv2D",
        "inputs": row.inputs,
        "output_shape": row.shape,
        "parameters": row.parameters,
        "trainable_parameters": row.trainable_parameters,
        "trainable": row.trainable,
        "formula": row.formula,
        "multiply_adds": row.multiply_adds,
        "activation_bytes": row.activation_bytes,
        "receptive_field": _field(row.field),
        "dtype": row.dtype,
        "activation": row.activation,
    }


def _field(field: ReceptiveField | None) -> dict[str, Any] | None:
    """Of one value far from any border; of what is seen all at once the pixels that are."""
    if field is None:
        return None
    if not field.whole:
        return {"size": field.size, "stride": field.stride, "offset": field.offset, "whole": False}
    if field.image is None:
        return {"size": None, "stride": None, "offset": None, "whole": None}
    seen = field.together(*field.image)
    return {"size": seen.size, "stride": None, "offset": seen.box[:2], "whole": seen.whole}


def table(summary: ModelSummary) -> list[str]:
    """The layers as lines of text."""
    rows = [("layer", "kind", "output", "parameters", "multiply-adds", "sees")]
    for row in summary.layers:
        shape = times(row.shape or ())
        parameters = row.formula if row.parameters or row.shared else ""
        work = "?" if row.multiply_adds is None else f"{row.multiply_adds:,}" if row.multiply_adds else ""
        rows.append(
            (row.path, row.kind + " depthwise" * row.depthwise, shape, parameters, work, _sees(row.field))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    right = (False, False, False, False, True, True)
    return [
        "  ".join(
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _sees(field: ReceptiveField | None) -> str:
    return "" if field is None else short(field)
