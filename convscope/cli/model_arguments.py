"""The MODEL argument that several subcommands share, and opening what it names."""

from __future__ import annotations

import argparse
import re

from convscope.engine import runtime
from convscope.engine.models.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.errors import UserError


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL and --weights."""
    parser.add_argument(
        "model", metavar="MODEL", help="a file, or a name from convscope models (imagenet, lenet-5, VGG16, …)"
    )
    parser.add_argument(
        "--weights", metavar="imagenet|FILE", help="weights for a named network; random without"
    )


def opened(arguments: argparse.Namespace) -> OpenedModel:
    """The model that the arguments name; `--input` and `--no-top` are heeded where a command has them."""
    shape = input_shape(arguments.input) if getattr(arguments, "input", None) else None
    runtime.start()
    return open_model(
        arguments.model,
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
