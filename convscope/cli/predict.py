"""`convscope predict`: what a model says about an image."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from convscope.cli.answers import TOP, answer_facts, doubts, number_words, shown
from convscope.cli.model_arguments import add_answer_arguments, add_model_arguments, opened
from convscope.cli.predict_folder import run_folder
from convscope.core.errors import UserError
from convscope.core.printable import json_text

SUMMARY = "What a model says about an image: its most probable classes, or its numbers."
EXAMPLE = "convscope predict imagenet photo.jpg"

_BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the image, how many classes, and --json."""
    add_model_arguments(parser)
    add_answer_arguments(parser)
    parser.add_argument("image", metavar="IMAGE|FOLDER", type=Path, help="a picture, or a folder of them")
    parser.add_argument(
        "--top", type=int, metavar="N", help=f"how many classes (default {TOP}) or numbers (default all)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON; of a folder a line a picture")
    parser.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="of a folder: a table of all its pictures; one that is there already is gone on with",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print bars or the JSON."""
    from convscope.imaging.io.load import load_image

    if arguments.top is not None and arguments.top < 1:
        raise UserError(f"--top is the number of classes to show, at least 1, not {arguments.top}.")
    if arguments.image.is_dir():
        return run_folder(arguments, arguments.top)
    if arguments.csv is not None:
        raise UserError("--csv is the table of a folder's pictures: give a folder instead of one picture.")
    # A missing picture is said before seconds are spent on the model.
    image = load_image(arguments.image)
    model = opened(arguments)
    prediction = model.predict(image)
    for note in (*image.notes, *model.notes, *doubts(model), *prediction.notes):
        print(note, file=sys.stderr)
    if arguments.json:
        print(json_text(answer_facts(model, prediction, arguments.top)))
        return 0
    top = shown(prediction, arguments.top)
    width = max(len(score.name) for score in top)
    for score in top:
        # What is no share has no bar.
        bar = "" if prediction.is_values else "█" * round(score.probability * _BAR)
        print(f"{score.name:<{width}}  {number_words(prediction, score):>9}  {bar}".rstrip())
    return 0
