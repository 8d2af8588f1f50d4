"""`convscope export`: a copy of a model for others, and how it compares with the model."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from convscope.cli.model_arguments import add_model_arguments, opened
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.models.export.formats import FORMATS, PRECISIONS, format_of
from convscope.engine.training.record import strict_json

if TYPE_CHECKING:
    from convscope.engine.models.export.examples import Examples

_ENDINGS = ", ".join(f"{kind.endings[0] or 'none: a folder'} ({kind.title})" for kind in FORMATS)
SUMMARY = (
    "A copy of a model for others, by the ending of its name: "
    f"{_ENDINGS}. It is opened again, and compared with the model."
)
EXAMPLE = "convscope export imagenet -o imagenet.onnx"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the file, its precision, and what is compared."""
    add_model_arguments(parser)
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="the copy; its ending says what"
    )
    parser.add_argument(
        "--precision",
        choices=tuple(PRECISIONS),
        default="float32",
        help="of the weights, for .tflite (float32); int8 measures the images' ranges",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--images", type=Path, metavar="FOLDER", help="compare on the pictures in a folder")
    what.add_argument(
        "--data",
        metavar="NAME",
        help="compare on a data set or folder of classes; without, on a run's own or shipped images",
    )
    parser.add_argument("--json", action="store_true", help="the card as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Write the copy and print its card."""
    kind = format_of(arguments.output)
    # Before seconds are spent on the model.
    kind.check_installed()
    kind.check_precision(arguments.precision)
    output = Path(arguments.output)
    for given in (arguments.model, arguments.weights):
        if given is not None and output.exists() and Path(given).exists() and output.samefile(given):
            raise UserError(f"{output} is the input itself: choose another name for the copy.")
    folder = output.parent
    if not folder.is_dir():
        raise UserError(f"{arguments.output} cannot be saved: there is no folder {folder}; make it first.")
    if not os.access(folder, os.W_OK):
        raise UserError(
            f"{arguments.output} cannot be saved: you may not write to {folder}; choose another folder."
        )
    try:
        with progress_bar() as task:
            examples = _examples(arguments, task)
            model = opened(arguments)
            from convscope.engine.models.export.export_model import export_model

            made = export_model(model, arguments.output, examples, precision=arguments.precision, task=task)
    except Cancelled:
        return 130
    for note in model.notes:
        print(note, file=sys.stderr)
    if arguments.json:
        facts = {"files": [str(path) for path in made.files], **made.card.to_dict()}
        print(strict_json({**facts, "preprocessing": model.preprocessing.to_dict()}))
    else:
        print(made.card.text())
    return 0


def _examples(arguments: argparse.Namespace, task: Task) -> Examples | None:
    from convscope.engine.models.export.examples import of_dataset, of_folder

    if arguments.images is not None:
        return of_folder(arguments.images)
    if arguments.data is not None:
        from convscope.engine.data.sets.registry import open_dataset

        return of_dataset(open_dataset(arguments.data, task))
    return _of_run(Path(arguments.model), task)


def _of_run(folder: Path, task: Task) -> Examples | None:
    """Of what a run was trained on, where that is still there."""
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.export.examples import of_dataset
    from convscope.engine.training.runs.run import Run, is_run

    if not is_run(folder):
        return None
    try:
        return of_dataset(open_dataset(Run.open(folder).details.data.reference, task))
    except UserError:
        return None
