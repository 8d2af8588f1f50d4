"""`convscope network`: a network as a figure, on an image with the maps that matter most on its blocks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from convscope.cli.answers import answer_facts, doubts, known
from convscope.cli.model_arguments import add_answer_arguments, add_model_arguments, opened
from convscope.cli.outputs import check_output
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.printable import json_text, printable
from convscope.core.task import Task
from convscope.core.words import counted
from convscope.engine.models.figure.network_figure import FigureScale, FigureStyle, network_figure
from convscope.engine.models.figure.writers import WITHOUT_PICTURES, WRITERS, save_figure
from convscope.engine.models.graph.columns import LayerColumn, columns

if TYPE_CHECKING:
    from convscope.engine.interpret.network.picture import NetworkPicture
    from convscope.engine.interpret.network.relevance import ClassPath
    from convscope.engine.models.figure.network_figure import FigureContent
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image

SUMMARY = "A network as a figure for papers and slides: SVG, PDF, PNG or TikZ; with an image, at work on it."
EXAMPLE = "convscope network digits digit.png -o net.pdf"

_LISTED = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_arguments(parser)
    add_answer_arguments(parser, file=f"the figure: {', '.join(WRITERS)}")
    parser.add_argument(
        "image",
        metavar="IMAGE",
        type=Path,
        nargs="?",
        help="a picture: the blocks carry the maps that matter most for its class",
    )
    parser.add_argument(
        "--class",
        dest="target",
        metavar="INDEX|NAME",
        help="the class that maps are chosen for and whose path is told (default: the most probable)",
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="default light")
    parser.add_argument(
        "--scale",
        choices=get_args(FigureScale),
        help="what sizes go by: their root, or their logarithm (default root; with an image log)",
    )
    parser.add_argument(
        "--unfold",
        nargs="+",
        action="extend",
        default=[],
        metavar="BLOCK",
        help="show what is inside a folded block, by its title or its id",
    )
    parser.add_argument(
        "--label",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN=TEXT",
        help="what stands under a block, told by its id or title; nothing after = for no words",
    )
    parser.add_argument(
        "--json", action="store_true", help="columns, chosen maps and the class's path as JSON"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.output is None and not arguments.json:
        raise UserError(
            "Say where to write: -o net.svg (or .pdf, .png, .tex), or --json for the facts alone."
        )
    inputs = [arguments.model] + ([arguments.image] if arguments.image is not None else [])
    check_output(arguments.output, tuple(WRITERS), *inputs)
    image = None
    if arguments.image is not None:
        from convscope.imaging.io.load import load_image

        # A missing picture is said before seconds are spent on the model.
        image = load_image(arguments.image)
    elif arguments.target is not None:
        raise UserError("--class asks which maps of an image matter: give an image, too.")
    model = opened(arguments)
    shown = _shown(model, arguments.unfold)
    scale: FigureScale = arguments.scale or ("root" if image is None else "log")
    style = FigureStyle(arguments.theme == "dark", scale, _labels(arguments.label, shown))
    facts: dict[str, Any] = {"model": model.name, "columns": [_facts(column) for column in shown]}
    content = None
    if image is not None:
        with progress_bar() as task:
            content = _at_work(model, image, shown, style, arguments, facts, task)
        for note in (*image.notes, *model.notes, *doubts(model)):
            print(note, file=sys.stderr)
    if arguments.output is not None:
        save_figure(arguments.output, network_figure(shown, style, content))
        if content is not None and arguments.output.suffix.lower() in WITHOUT_PICTURES:
            print("TikZ holds no pictures: frames stand in place of the maps.", file=sys.stderr)
    if arguments.json:
        print(json_text(facts | {"output": None if arguments.output is None else str(arguments.output)}))
    else:
        print(
            f"{printable(arguments.output)}: {counted(len(shown), 'block')}, by the {_SCALES[scale]} of sizes"
        )
    return 0


_SCALES: dict[FigureScale, str] = {"root": "root", "log": "logarithm"}


def _shown(model: OpenedModel, wanted: Sequence[str]) -> tuple[LayerColumn, ...]:
    """The columns, with these blocks unfolded: the outer before the inner.

    Raises:
        UserError: there is no such block.
    """
    toggled: list[str] = []
    shown = columns(model)
    for name in wanted:
        blocks = [column for column in shown if column.parts]
        own = [column.id for column in blocks if name in (column.id, column.title)]
        if not own:
            titles = [column.title for column in blocks]
            more = f" and {len(titles) - _LISTED} more" if len(titles) > _LISTED else ""
            listed = f"it has {', '.join(titles[:_LISTED])}{more}" if titles else "it has none"
            raise UserError(f"{model.name} has no folded block {name}: {listed}.")
        toggled += own
        shown = columns(model, toggled)
    return shown


def _labels(words: Sequence[str], shown: Sequence[LayerColumn]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for word in words:
        # The name of a layer may hold a "=" itself.
        own = [c for c in shown if word.startswith((f"{c.id}=", f"{c.title}="))]
        if not own:
            name = word.partition("=")[0]
            raise UserError(
                f"--label is COLUMN=TEXT, and there is no column {name}: see --json for their ids."
            )
        for column in own:
            start = column.id if word.startswith(f"{column.id}=") else column.title
            labels[column.id] = word[len(start) + 1 :]
    return labels


def _facts(column: LayerColumn) -> dict[str, Any]:
    return {
        "id": column.id,
        "title": column.title,
        "shape": list(column.shape),
        "layers": list(column.layers),
        "inputs": list(column.inputs),
    }


def _at_work(
    model: OpenedModel,
    image: Image,
    shown: Sequence[LayerColumn],
    style: FigureStyle,
    arguments: argparse.Namespace,
    facts: dict[str, Any],
    task: Task,
) -> FigureContent:
    """What the blocks show of an image; the facts learn which maps these are and what the class's path is."""
    from convscope.engine.interpret.activations.activations import look
    from convscope.engine.interpret.attribution.target import ScoreTarget, find_class
    from convscope.engine.interpret.network.illustrate import content, most_important
    from convscope.engine.interpret.network.relevance import class_path

    wanted = find_class(model, arguments.target) if arguments.target is not None else None
    found = look(model, image, task)
    target = None
    if wanted is not None:
        target = ScoreTarget(wanted)
    elif model.has_head:
        head = model.head
        told = model.prediction(*model.read_scores(found.tensor(head.logits), found.tensor(head.output)))
        target = ScoreTarget(told.classes[0].index)
    made = most_important(found, shown, style, target, task)
    _add_maps(facts, made)
    if target is not None:
        facts["class"] = {"index": target.index, "name": model.name_of(target.index)}
        if arguments.json:
            facts["class"] |= _path(class_path(found, shown, target, task))
    if made.answer is not None:
        facts["answer"] = answer_facts(model, made.answer)
    return content(made)


def _add_maps(facts: dict[str, Any], made: NetworkPicture) -> None:
    for one, column in zip(made.columns, facts["columns"], strict=True):
        # The first column shows the image itself.
        if one.column.form == "maps" and one.column.inputs:
            column["maps"] = [int(channel) for channel in one.channels]


def _path(path: ClassPath) -> dict[str, Any]:
    """The path from the score back to the pixels: what flows through each map of it, and its share of all."""
    steps = [
        {
            "column": step.column,
            "layer": step.path,
            "maps": None if step.channels is None else list(step.channels),
            "carried": known(step.carried),
            "share": known(step.carried / path.score) if path.score else None,
        }
        for step in path.steps
    ]
    return {"score": known(path.score), "path": steps}
