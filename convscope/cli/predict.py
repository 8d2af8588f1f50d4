"""`convscope predict`: what a model says about an image."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from convscope.cli.model_arguments import add_model_arguments, opened
from convscope.cli.predict_folder import run_folder
from convscope.engine.models.prediction import ClassScore
from convscope.errors import UserError
from convscope.words import percent

SUMMARY = "What a model says about an image: the most probable classes with probability and logit."
EXAMPLE = "convscope predict imagenet photo.jpg"

_BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the image, how many classes, and --json."""
    add_model_arguments(parser)
    parser.add_argument("image", metavar="IMAGE|FOLDER", type=Path, help="a picture, or a folder of them")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="how many classes (default 5)")
    parser.add_argument("--json", action="store_true", help="as JSON; of a folder a line a picture")
    parser.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="of a folder: a table of all its pictures; one that is there already is gone on with",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print bars or the JSON."""
    from convscope.imaging.load import load_image

    if arguments.top < 1:
        raise UserError(f"--top is the number of classes to show, at least 1, not {arguments.top}.")
    if arguments.image.is_dir():
        return run_folder(arguments, arguments.top)
    if arguments.csv is not None:
        raise UserError("--csv is the table of a folder's pictures: give a folder instead of one picture.")
    # A missing picture is said before seconds are spent on the model.
    image = load_image(arguments.image)
    model = opened(arguments)
    prediction = model.predict(image)
    top = prediction.top(arguments.top)
    for note in (*image.notes, *model.notes, *prediction.notes):
        print(note, file=sys.stderr)
    if arguments.json:
        print(json.dumps({"classes": [_plain(score) for score in top]}, ensure_ascii=False, indent=1))
        return 0
    width = max(len(score.name) for score in top)
    for score in top:
        bar = "█" * round(score.probability * _BAR)
        print(f"{score.name:<{width}}  {percent(score.probability, 2, fixed=True):>9}  {bar}")
    return 0


def _plain(score: ClassScore) -> dict[str, Any]:
    """A class as JSON, which knows no infinity: null then."""
    return {key: value if _known(value) else None for key, value in asdict(score).items()}


def _known(value: Any) -> bool:
    return not isinstance(value, float) or isfinite(value)
