"""The MODEL argument that several subcommands share, and opening what it names."""

from __future__ import annotations

import argparse
import difflib
import re

from convscope.engine import runtime
from convscope.engine.models.applications import find_application
from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.trained_in import trained_in
from convscope.errors import UserError

# Of a network's layers, in a message.
_LISTED = 12


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL and --weights."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a file, a run's folder, or a name from convscope models (imagenet, lenet-5, VGG16, …)",
    )
    parser.add_argument(
        "--weights", metavar="imagenet|FILE", help="weights for a named network; random without"
    )


def opened(arguments: argparse.Namespace) -> OpenedModel:
    """The model that the arguments name; `--input` and `--no-top` are heeded where a command has them."""
    shape = input_shape(arguments.input) if getattr(arguments, "input", None) else None
    if getattr(arguments, "no_top", False) and find_application(arguments.model) is None:
        raise UserError(
            f"--no-top is for the networks of keras.applications; {arguments.model} is none of them."
        )
    spec = trained_in(arguments.model)
    runtime.start()
    return open_model(
        spec,
        weights=arguments.weights,
        input_shape=shape,
        include_top=not getattr(arguments, "no_top", False),
    )


def input_shape(text: str) -> tuple[int, int, int]:
    """150x150x3 (or 150×150×3) → (150, 150, 3).

    Raises:
        UserError: it is something else.
    """
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})[x×](\d{1,5})", text)
    sizes = tuple(int(n) for n in match.groups()) if match else ()
    if len(sizes) != 3 or 0 in sizes:
        raise UserError(f"--input is height x width x channels, such as 150x150x3, not {text}.")
    return sizes[0], sizes[1], sizes[2]


def check_layer(model: OpenedModel, path: str) -> None:
    """Refuse a layer that a model has not, naming those that it has.

    Raises:
        UserError: there is no such layer.
    """
    names = list(model.program.slots)
    if path in names:
        return
    near = difflib.get_close_matches(path, names, 3, 0.5)
    if near:
        raise UserError(f"{model.name} has no layer {path}: is it {' or '.join(near)}?")
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    raise UserError(f"{model.name} has no layer {path}: it has {', '.join(names[:_LISTED])}{more}.")
