"""A network as TensorFlow's own finished graph: what SavedModel is, and what other formats are made from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.engine.models.export.examples import SIDE
from convscope.engine.models.opened import OpenedModel


def check_has_layers(model: OpenedModel, title: str) -> None:
    """Refuse a network that is such a graph already, and lives in another process.

    Raises:
        UserError: it is.
    """
    if any(type(layer).__name__ == "TFSMLayer" for layer in model.keras.layers):
        raise UserError(
            f"{model.name} is a finished graph (a SavedModel), without layers that could be written as "
            f"{title}: copy its folder, or go back to the network that it was made from."
        )


def write_graph(model: OpenedModel, folder: Path, *, fixed: bool = False) -> tuple[list[str], list[str]]:
    """Write the network's arithmetic at inference as a SavedModel; the network stays as it is.

    Args:
        folder: is made.
        fixed: for one input at a time, and images of one size where the network leaves that free.

    Returns:
        The names of the inputs and of the outputs, in the network's order.

    Raises:
        UserError: TensorFlow cannot write it.
    """
    import keras
    import tensorflow as tf

    program = model.program
    inputs = _names(program.input_names)
    outputs = [f"output_{number}" for number in range(len(program.outputs))]

    def spec(slot: int, name: str) -> Any:
        shape = program.shapes[slot][1:]
        if fixed and len(shape) == 3:
            shape = (*(n or SIDE for n in shape[:2]), shape[2])
        return tf.TensorSpec((1 if fixed else None, *shape), program.dtypes[slot], name=name)

    def serve(*tensors: Any) -> dict[str, Any]:
        found = program.run(dict(zip(program.inputs, tensors, strict=True)), program.outputs)
        return dict(zip(outputs, found, strict=True))

    archive = keras.export.ExportArchive()
    for layer in {id(step.layer): step.layer for step in program.steps}.values():
        if isinstance(layer, keras.layers.Layer):
            archive.track(layer)
    signature = [spec(slot, name) for slot, name in zip(program.inputs, inputs, strict=True)]
    try:
        archive.add_endpoint("serve", serve, input_signature=signature)
        archive.write_out(str(folder), verbose=False)
    except (tf.errors.OpError, AssertionError, NotImplementedError, TypeError, ValueError) as error:
        raise UserError(
            f"{model.name} cannot be written as a graph: a layer of it does not work there.",
            detail=str(error),
        ) from error
    return inputs, outputs


def _names(given: tuple[str, ...]) -> list[str]:
    """The inputs' names, as every format takes them, each once."""
    made: list[str] = []
    for number, name in enumerate(given):
        plain = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_")
        if not plain or plain[0].isdigit() or plain in made:
            plain = f"input_{number}"
        made.append(plain)
    return made
