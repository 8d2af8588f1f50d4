"""`convscope explain`: what in an image spoke for a class, as an overlay, numbers and facts."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

from convscope.cli.answers import answer_facts, doubts, number_words, shown
from convscope.cli.model_arguments import add_answer_arguments, add_model_arguments, check_layer, opened
from convscope.cli.outputs import check_output
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.printable import json_text, printable
from convscope.engine.interpret.attribution.method import Settings
from convscope.engine.interpret.attribution.methods import METHODS, find_method
from convscope.imaging.colormaps import COLORMAPS
from convscope.imaging.numerals import decimal
from convscope.imaging.overlay import OPACITY, THRESHOLD

SUMMARY = "Why a model decided: lay over an image what spoke for a class (Grad-CAM and fourteen others)."
EXAMPLE = "convscope explain imagenet photo.jpg --class tabby -o overlay.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the image or folder, what to explain and how, and where it goes."""
    add_model_arguments(parser)
    add_answer_arguments(parser, file="the overlay, PNG; for a folder of pictures the folder to write to")
    parser.add_argument("image", metavar="IMAGE", type=Path, help="a picture, or a folder of pictures")
    parser.add_argument(
        "--method",
        nargs="+",
        # Both `--method a b` and `--method a --method b` ask for two.
        action="extend",
        metavar="NAME",
        help=f"one or several of {', '.join(METHODS)} (default grad-cam)",
    )
    parser.add_argument(
        "--class",
        dest="target",
        metavar="INDEX|NAME",
        help="the class to explain (default: the most probable), or the number where it puts out numbers",
    )
    parser.add_argument("--minus", metavar="INDEX|NAME", help="explain the class minus this one")
    parser.add_argument(
        "--down",
        action="store_true",
        help="of a network that puts out numbers: what pulls it down, instead of what pushes it up",
    )
    parser.add_argument("--layer", metavar="PATH", help="the layer (default: the last feature map)")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="SETTING=VALUE",
        help="a method's settings, such as steps=100",
    )
    parser.add_argument(
        "--npy", type=Path, metavar="FILE", help="the map at the layer's own resolution, not normalised"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="an HTML page with maps and settings")
    parser.add_argument("--script", type=Path, metavar="FILE", help="a Keras script that makes the same map")
    parser.add_argument(
        "--opacity",
        type=float,
        help=f"of the hottest place, 0 to 1 (default {OPACITY['heat']:g}; if even {OPACITY['even']:g})",
    )
    parser.add_argument(
        "--blend",
        choices=tuple(OPACITY),
        default="heat",
        help="the opacity grows with the heat, so that the picture is clear where there is none, or is even",
    )
    parser.add_argument("--colormap", choices=COLORMAPS, help="default: what suits the method")
    parser.add_argument("--nearest", action="store_true", help="show the map's true resolution")
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="SHARE",
        help=f"outline what is over this share of the largest heat (box in --json: {THRESHOLD})",
    )
    parser.add_argument("--json", action="store_true", help="classes, layer, map and box as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for; say what was found."""
    from convscope.imaging.io.load import load_image

    if arguments.image.is_dir() and arguments.output is None and arguments.head is not None:
        # A folder that is still to be made is called like an output.
        arguments.output, arguments.head = Path(arguments.head), None
    methods = [find_method(name) for name in arguments.method or ("grad-cam",)]
    settings = [_settings(method.name, arguments.set) for method in methods]
    _check_settings(arguments.set, settings)
    _check(arguments, len(methods))
    if arguments.image.is_dir():
        return _folder(arguments, methods[0].name, settings[0])
    # A missing picture is said before seconds are spent on the model.
    image = load_image(arguments.image)
    model = opened(arguments)
    if arguments.layer is not None:
        check_layer(model, arguments.layer)

    from convscope.engine.interpret.attribution.context import AttributionContext
    from convscope.engine.interpret.attribution.explain import explain
    from convscope.engine.interpret.attribution.picture import LEAST, grid_picture, picture, region
    from convscope.engine.interpret.attribution.report import save_report
    from convscope.engine.interpret.attribution.result import MapRequest
    from convscope.engine.interpret.attribution.script.saving import save_script
    from convscope.imaging.io.save import save_npy, save_png

    style = _style(arguments)
    target = _target(arguments, model)
    requests = [
        MapRequest(method.name, target, arguments.layer if method.needs_layer else None, chosen)
        for method, chosen in zip(methods, settings, strict=True)
    ]
    with progress_bar() as task:
        context = AttributionContext(model, image)
        made = [explain(context, request, task) for request in requests]
    if arguments.output is not None:
        if len(made) == 1:
            pixels = picture(made[0], style, image=image, least=LEAST)
        else:
            pixels = grid_picture(made, style, image=image)
        save_png(arguments.output, pixels)
    if arguments.npy is not None:
        for one in made:
            save_npy(_named(arguments.npy, one.method, len(made)), one.relevance)
    if arguments.report is not None:
        save_report(arguments.report, context, made, style=style)
    if arguments.script is not None:
        _, *beside = save_script(arguments.script, context, requests[0], style)
        if beside:
            print(f"Saved beside the script: {', '.join(one.name for one in beside)}.", file=sys.stderr)
    threshold = arguments.threshold or THRESHOLD
    facts = [_facts(one, region(one, threshold, image=image, how=style.how), threshold) for one in made]
    if arguments.json:
        told = {**facts[0], **answer_facts(model, context.prediction), "maps": facts}
        print(json_text(told))
        return 0
    for score in shown(context.prediction, None):
        logit = "" if context.prediction.is_values else decimal(score.logit, 3)
        print(f"{number_words(context.prediction, score):>9}{logit:>11}  {score.index:>5}  {score.name}")
    for fact in facts:
        box = fact["box"]
        where = (
            f", hottest in rows {box['top']}–{box['bottom'] - 1}, columns {box['left']}–{box['right'] - 1}"
            if box
            else ", no heat"
        )
        at = f" at {fact['layer']}" if fact["layer"] else ""
        rows, columns = fact["shape"]
        print(f"{fact['title']} of {fact['target']}{at}: {rows}×{columns}{where}")
    notes = (
        *image.notes,
        *model.notes,
        *doubts(model),
        *context.prediction.notes,
        *(note for one in made for note in one.notes),
    )
    for note in dict.fromkeys(notes):
        print(note, file=sys.stderr)
    return 0


def _check(arguments: argparse.Namespace, methods: int) -> None:
    if arguments.opacity is not None and not 0 <= arguments.opacity <= 1:
        raise UserError(f"--opacity goes from 0 to 1, not {arguments.opacity:g}.")
    if arguments.threshold is not None and not 0 < arguments.threshold <= 1:
        raise UserError(f"--threshold is over 0 and at most 1, not {arguments.threshold:g}.")
    if arguments.minus is not None and arguments.target is None:
        raise UserError("--minus needs --class: the class that it is taken off from.")
    folder = arguments.image.is_dir()
    if folder and (arguments.output is None or methods > 1):
        raise UserError("For a folder of pictures give one --method, and with -o the folder to write to.")
    if folder and (arguments.npy or arguments.report or arguments.script):
        raise UserError("--npy, --report and --script are for a single picture.")
    if not folder:
        inputs = (arguments.image, arguments.model)
        check_output(arguments.output, (".png",), *inputs)
        check_output(arguments.npy, (".npy",), *inputs)
        check_output(arguments.report, (".html", ".htm"), *inputs)
        check_output(arguments.script, (".py",), *inputs)
    if arguments.script is not None and methods > 1:
        raise UserError("--script is for one --method.")


def _settings(method: str, words: list[str]) -> Settings:
    """SETTING=VALUE for the methods that have this setting."""
    given: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in METHODS[method].parameters}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"--set takes SETTING=VALUE, such as steps=100, not {word}.")
        if not any(name == parameter.name for one in METHODS.values() for parameter in one.parameters):
            raise UserError(f"No method has a setting {name}.")
        if name in known:
            given[name] = known[name].checked(value, METHODS[method].title)
    return given


def _check_settings(words: list[str], settings: list[Settings]) -> None:
    """A setting that no chosen method has would be forgotten in silence."""
    for word in words:
        name = word.partition("=")[0]
        if not any(name in chosen for chosen in settings):
            owners = [
                method.name for method in METHODS.values() if name in {p.name for p in method.parameters}
            ]
            raise UserError(f"--set {name} is a setting of {', '.join(owners)} only.")


def _style(arguments: argparse.Namespace) -> Any:
    from convscope.engine.interpret.attribution.picture import Style

    how = "nearest" if arguments.nearest else "bilinear"
    opacity = OPACITY[arguments.blend] if arguments.opacity is None else arguments.opacity
    return Style(arguments.colormap, opacity, how, arguments.threshold, arguments.blend)  # type: ignore[arg-type]


def _target(arguments: argparse.Namespace, model: Any) -> Any:
    from convscope.engine.interpret.attribution.target import ScoreTarget, find_class

    if arguments.target is None:
        return ScoreTarget(0, down=True) if arguments.down else None
    minus = None if arguments.minus is None else find_class(model, arguments.minus)
    return ScoreTarget(find_class(model, arguments.target), minus, arguments.down)


def _folder(arguments: argparse.Namespace, method: str, settings: Settings) -> int:
    from convscope.engine.interpret.attribution.batch import explain_folder
    from convscope.engine.interpret.attribution.result import MapRequest

    model = opened(arguments)
    layer = arguments.layer if METHODS[method].needs_layer else None
    target = _target(arguments, model)
    request = MapRequest(method, target, layer, settings)
    with progress_bar() as task:
        batch = explain_folder(model, arguments.image, arguments.output, request, _style(arguments), task)
    failed = [row for row in batch.rows if row.error]
    if arguments.json:
        rows = [_row_facts(row) for row in batch.rows]
        print(json_text({"rows": rows, "table": str(batch.table)}))
    else:
        made = len(batch.rows) - len(failed)
        overlays = "1 overlay" if made == 1 else f"{made:,} overlays"
        print(f"{overlays} and {printable(batch.table.name)} in {printable(arguments.output)}")
    for row in failed:
        print(f"{printable(row.file.name)}: {row.error}", file=sys.stderr)
    # Where nothing could be explained, what follows in a script must not go on as if it were.
    return 2 if len(failed) == len(batch.rows) else 0


def _row_facts(row: Any) -> dict[str, Any]:
    """A row for JSON, which has no number that is none."""
    facts = {**asdict(row), "file": str(row.file), "overlay": str(row.overlay or "")}
    if row.error:
        facts.update(index=None, probability=None, logit=None)
    elif isnan(row.probability):
        # Of a number that is no class.
        facts["probability"] = None
    return facts


def _named(path: Path, method: str, count: int) -> Path:
    """heat.npy, or heat.grad-cam.npy for each of several."""
    return path if count == 1 else path.with_name(f"{path.stem}.{method}{path.suffix}")


def _facts(one: Any, found: Any, threshold: float) -> dict[str, Any]:
    box = None if found is None else asdict(found.box)
    return {
        "method": one.method,
        "title": one.title,
        "target": one.target_words,
        "class": one.target.index,
        "minus": one.target.minus,
        "down": one.target.down,
        "score": one.score,
        "layer": one.layer,
        "shape": list(one.relevance.shape),
        "minimum": float(one.relevance.min()),
        "maximum": float(one.relevance.max()),
        "settings": dict(one.settings),
        "facts": dict(one.facts),
        "box": box,
        "box_share": 0.0 if found is None else found.share,
        "threshold": threshold,
        "notes": list(one.notes),
    }
