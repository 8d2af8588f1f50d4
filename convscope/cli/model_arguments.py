"""The MODEL argument that several subcommands share, and opening and asking what it names."""

from __future__ import annotations

import argparse
import difflib
import re
from dataclasses import replace
from pathlib import Path

from convscope.core.errors import UserError
from convscope.engine import runtime
from convscope.engine.data.preprocessing import MODES
from convscope.engine.interpret.activations.outputs import output_path
from convscope.engine.models.answers.answer import READINGS
from convscope.engine.models.applications.build import find_application
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.runs.trained_in import trained_in

# Of a network's layers, in a message.
_LISTED = 12


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """MODEL, --weights and --trust."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a file, a run's folder, or a name from convscope models (imagenet, lenet-5, VGG16, …)",
    )
    parser.add_argument(
        "--weights", metavar="imagenet|FILE", help="weights for a named network; random without"
    )
    add_trust_argument(parser)


def add_trust_argument(parser: argparse.ArgumentParser) -> None:
    """--trust: in so many words, for what can do harm."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="open a SavedModel even where it cannot be kept from your files and the network",
    )


def add_answer_arguments(parser: argparse.ArgumentParser, *, file: str = "", read: bool = True) -> None:
    """--head and --as: which of a network's outputs, and what its numbers are.

    Args:
        file: what `-o` and `--output` write, for a command that writes a file; there `--output NAME` names an
            output where NAME is no file's name. Elsewhere it always does.
        read: whether it matters what the numbers are.
    """
    add_pixels_argument(parser)
    which = "which of a network's outputs is meant, by its name"
    if file:
        parser.add_argument(
            "-o", "--output", action=_FileOrHead, metavar="FILE", help=f"{file}; --output NAME is --head NAME"
        )
        parser.add_argument("--head", metavar="NAME", help=which)
    else:
        parser.add_argument("--output", "--head", dest="head", metavar="NAME", help=which)
    if read:
        parser.add_argument(
            "--as",
            dest="reading",
            choices=READINGS,
            help="what its numbers are: scores of classes, or plain values (default: as the file has it)",
        )


class _FileOrHead(argparse.Action):
    """`-o` and `--output`: a file; after `--output` a word that is no file's name is an output's."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,
    ) -> None:
        path = Path(str(values))
        is_file = option == "-o" or path.suffix or path.name != str(values) or path.is_dir()
        setattr(namespace, "output" if is_file else "head", path if is_file else str(values))


RANGES = {"0..1": "unit", "-1..1": "tf", "0..255": "raw", "imagenet": "torch", "imagenet-caffe": "caffe"}
"""What `--pixels` takes, and what it is among `MODES`."""


def add_pixels_argument(parser: argparse.ArgumentParser) -> None:
    """--pixels: the range that the network expects."""
    parser.add_argument(
        "--pixels",
        choices=RANGES,
        help="the range of pixels that it was trained with, where its file does not tell it; imagenet "
        "is less the mean, over the deviation; imagenet-caffe is less the mean, in BGR",
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
    model = open_model(
        spec,
        weights=arguments.weights,
        input_shape=shape,
        include_top=not getattr(arguments, "no_top", False),
        trusted=arguments.trust,
    )
    return asked(model, arguments)


def asked(model: OpenedModel, arguments: argparse.Namespace) -> OpenedModel:
    """The model with the output that `--head` names, read as `--as` says, in the range of `--pixels`."""
    pixels, now, chosen = getattr(arguments, "pixels", None), model.preprocessing, None
    if pixels is not None:
        chosen = replace(MODES[RANGES[pixels]], resize=now.resize, sampling=now.sampling)
    return model.with_(
        output=getattr(arguments, "head", None),
        reading=getattr(arguments, "reading", None),
        preprocessing=chosen,
    )


def layer_of(model: OpenedModel, name: str) -> str:
    """The path of the layer that makes one of a network's outputs.

    Raises:
        UserError: there is no such output.
    """
    slot = model.output(name).slot
    for path, slots in model.program.slots.items():
        if slot in slots:
            return output_path(path, slots.index(slot) + 1)
    raise UserError(f"{name} of {model.name} is no layer's own output.")


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
