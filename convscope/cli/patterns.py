"""`convscope patterns`: the images that excite filters or classes most, as one grid."""

from __future__ import annotations

import argparse
import difflib
import math
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convscope.cli.model_arguments import add_answer_arguments, add_model_arguments, check_layer, opened
from convscope.cli.outputs import check_output
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.printable import json_text
from convscope.core.task import Cancelled

if TYPE_CHECKING:
    from convscope.engine.interpret.feature_visualization.objectives import Objective
    from convscope.engine.interpret.feature_visualization.results import Pattern
    from convscope.engine.models.opened import OpenedModel

SUMMARY = "The images that excite filters of a layer, or classes, most: patterns by gradient ascent."
EXAMPLE = "convscope patterns imagenet --layer block5b_add --filters 0-15 -o grid.png"

_FIRST = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the objectives, the recipe with its options, and the files."""
    add_model_arguments(parser)
    add_answer_arguments(parser, file="the grid, a PNG file, eight in a row")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--layer", metavar="PATH", help="a layer as convscope summary names it")
    what.add_argument(
        "--classes",
        metavar="LIST",
        help="classes, or other numbers that it puts out, by number (0-9,130) or by name, with commas",
    )
    parser.add_argument(
        "--filters", metavar="LIST", help="such as 0-15 or 3,7,20-23 (default: the first 16 of the layer)"
    )
    parser.add_argument("--recipe", default="clear", metavar="NAME", help="clear (default) or classic")
    parser.add_argument("--steps", type=int, metavar="N", help="of the ascent (default: the recipe's own)")
    parser.add_argument("--size", type=int, metavar="N", help="of the pictures in pixels")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (default 0)")
    parser.add_argument("--negative", action="store_true", help="make them as small as possible instead")
    parser.add_argument("--octaves", type=int, default=1, metavar="N", help="sizes one after the other")
    parser.add_argument("--variation", type=float, default=0.0, metavar="X", help="total variation, 0 to 2")
    parser.add_argument("--l2", type=float, default=0.0, metavar="X", help="towards gray, 0 to 2")
    parser.add_argument("--blur", type=float, default=0.0, metavar="X", help="towards soft, 0 to 2")
    parser.add_argument(
        "--npy", metavar="FILE", help="the pictures as float32, N×H×W×C, in pixels 0–255 as they grew"
    )
    parser.add_argument("--no-cache", action="store_true", help="compute all, and keep nothing on disk")
    parser.add_argument("--json", action="store_true", help="scores as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Grow the patterns, write the files, print the scores."""
    from convscope.engine.interpret.feature_visualization.export import grid_picture
    from convscope.engine.interpret.feature_visualization.grid import ascend_many
    from convscope.engine.interpret.feature_visualization.settings import PatternSettings
    from convscope.imaging.io.save import save_npy, save_png

    if arguments.output is None:
        raise UserError("Say where to write the grid: -o grid.png.")
    check_output(arguments.output, (".png",), arguments.model)
    check_output(arguments.npy, (".npy",), arguments.model)
    if arguments.filters is not None and arguments.classes is not None:
        raise UserError("--filters belongs to --layer; --classes already names the objectives.")
    filters = None if arguments.filters is None else numbers(arguments.filters, "--filters")
    settings = PatternSettings(
        arguments.recipe,
        arguments.steps,
        arguments.size,
        arguments.seed,
        arguments.variation,
        arguments.l2,
        arguments.blur,
        arguments.octaves,
    )
    model = opened(arguments)
    for note in model.assumption:
        print(note, file=sys.stderr)
    objectives = _objectives(model, arguments, filters)
    try:
        with progress_bar() as task:
            patterns = ascend_many(model, objectives, settings, task, cached=not arguments.no_cache)
    except Cancelled:
        return 130
    save_png(arguments.output, grid_picture(patterns))
    if arguments.npy:
        import numpy as np

        save_npy(arguments.npy, np.stack([pattern.values for pattern in patterns]))
    _tell(model, patterns, as_json=arguments.json)
    asked, made = arguments.size, patterns[0].pixels.shape
    if asked is not None and max(made[:2]) != asked:
        print(
            f"{model.name} takes only {made[0]}×{made[1]} pixels here: --size was not heeded.",
            file=sys.stderr,
        )
    return 0


def numbers(text: str, option: str) -> list[int]:
    """ "0-2,7" → [0, 1, 2, 7].

    Raises:
        UserError: it is something else, or over 1,024 of them.
    """
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,7})(?:\s*[-–]\s*(\d{1,7}))?\s*", part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise UserError(f"{option} is a list such as 0-15 or 3,7,20-23, not {text or 'nothing'}.")
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
        if len(found) > 1024:
            raise UserError(f"{option} names over 1,024: ask for fewer at a time.")
    return found


def _objectives(
    model: OpenedModel, arguments: argparse.Namespace, filters: Sequence[int] | None
) -> tuple[Objective, ...]:
    from convscope.engine.interpret.feature_visualization.grid import first_filters
    from convscope.engine.interpret.feature_visualization.objectives import Objective

    negative = arguments.negative
    if arguments.classes is not None:
        return tuple(Objective.class_(n, negative=negative) for n in _class_numbers(model, arguments.classes))
    check_layer(model, arguments.layer)
    if filters is None:
        return first_filters(model, arguments.layer, _FIRST, negative=negative)
    return tuple(Objective.channel(arguments.layer, index, negative=negative) for index in filters)


def _class_numbers(model: OpenedModel, text: str) -> list[int]:
    if re.fullmatch(r"[\d\s,–-]+", text):
        return numbers(text, "--classes")
    known = {model.name_of(index).lower(): index for index in range(model.head.classes)}
    found = []
    for part in text.split(","):
        name = part.strip().lower()
        if name not in known:
            close = [each for each in known if name and name in each][:3]
            close = close or difflib.get_close_matches(name, known, 3)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            raise UserError(f"{model.name} knows no {model.answer.noun} {part.strip()}.{hint}")
        found.append(known[name])
    return found


def _tell(model: OpenedModel, patterns: Sequence[Pattern], *, as_json: bool) -> None:
    from convscope.engine.interpret.feature_visualization.results import verdict

    if as_json:
        print(json_text({"patterns": [_facts(model, one) for one in patterns]}))
        return
    width = max(len(one.objective.words(model)) for one in patterns)
    for one in patterns:
        print(f"{one.objective.words(model):<{width}}  score {one.score:9.4g}  {verdict(one)}")


def _facts(model: OpenedModel, pattern: Pattern) -> dict[str, Any]:

    return {
        "name": pattern.objective.words(model),
        "index": pattern.objective.index,
        # JSON has no word for what is not a number.
        "score": pattern.score if math.isfinite(pattern.score) else None,
        "score_moved": pattern.moved if math.isfinite(pattern.moved) else None,
        "flat": pattern.flat,
        "dead": bool(pattern.dead),
        "size": list(pattern.pixels.shape[:2]),
    }
