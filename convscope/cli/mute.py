"""`convscope mute`: what a network says when some of a layer's maps are off, and how much that changes."""

from __future__ import annotations

import argparse
import sys
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.answers import TOP, answer_facts, doubts, number_words, shown
from convscope.cli.model_arguments import add_answer_arguments, add_model_arguments, check_layer, opened
from convscope.cli.patterns import numbers
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.printable import json_text, printable
from convscope.core.words import counted
from convscope.imaging.numerals import numeral

if TYPE_CHECKING:
    from convscope.engine.models.answers.prediction import ClassScore, Prediction

SUMMARY = "What a network says about an image when some of a layer's maps are off: before, after, the change."
EXAMPLE = "convscope mute digits digit.png --layer conv2d_1 --channels 3,7 --with mean-of pictures"

_LISTED = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the image, what is off, and what stands in its place."""
    add_model_arguments(parser)
    add_answer_arguments(parser)
    parser.add_argument("image", metavar="IMAGE", type=Path, help="a picture")
    parser.add_argument(
        "--layer", metavar="PATH", required=True, help="a layer's path as convscope summary lists it"
    )
    parser.add_argument(
        "--channels", metavar="LIST", help="the maps that are off, such as 3,7 or 0-15 (default: all)"
    )
    parser.add_argument(
        "--with",
        dest="instead",
        nargs="+",
        default=["zero"],
        metavar=("zero|mean-of", "FOLDER"),
        help="what stands in their place: zero (default), or mean-of FOLDER, each map's mean over the"
        " pictures of a folder",
    )
    parser.add_argument("--top", type=int, metavar="N", help=f"how many classes (default {TOP})")
    parser.add_argument("--json", action="store_true", help="the classes before and after as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print both answers, line by line."""
    from convscope.imaging.io.load import load_image

    if arguments.top is not None and arguments.top < 1:
        raise UserError(f"--top is the number of classes to show, at least 1, not {arguments.top}.")
    channels = None
    if arguments.channels is not None:
        channels = tuple(sorted({*numbers(arguments.channels, "--channels")}))
    folder = _folder(arguments.instead)
    # A missing picture is said before seconds are spent on the model.
    image = load_image(arguments.image)
    model = opened(arguments)
    check_layer(model, arguments.layer)

    from convscope.engine.interpret.network.mute import Mute, MutedModel, folder_means

    # A wrong channel is said before a folder is gone through.
    muted = MutedModel(model, {arguments.layer: Mute(channels)})
    means: tuple[float, ...] = ()
    if folder is not None:
        with progress_bar() as task:
            found = folder_means(model, arguments.layer, folder, task)
        means = found.means
        for name, problem in found.skipped:
            print(f"{printable(name)} was skipped: {problem}", file=sys.stderr)
        off = range(len(means)) if channels is None else channels
        mute = Mute(channels, means=tuple((channel, means[channel]) for channel in off))
        muted = MutedModel(model, {arguments.layer: mute})
    before, after = model.predict(image), muted.predict(image)
    for note in (*image.notes, *model.notes, *doubts(model), *before.notes):
        print(note, file=sys.stderr)
    rows = _rows(before, after, arguments.top)
    if arguments.json:
        facts: dict[str, Any] = {
            "layer": arguments.layer,
            "channels": None if channels is None else list(channels),
            "with": "zero" if folder is None else "mean",
            "means": None if folder is None else {str(at): means[at] for at in off},
            "before": answer_facts(model, before, arguments.top),
            "after": answer_facts(muted, after, arguments.top),
            "change": [_change(one, other) for one, other in rows],
        }
        print(json_text(facts))
        return 0
    print(_head(arguments.layer, channels, folder))
    width = max(len(one.name) for one, _ in rows)
    for one, other in rows:
        change = _difference(before, one, other)
        print(
            f"{one.name:<{width}}  {number_words(before, one):>9} → {number_words(after, other):>9}  {change}"
        )
    return 0


def _folder(words: list[str]) -> Path | None:
    """The folder of `--with mean-of FOLDER`; None for zero."""
    if words == ["zero"]:
        return None
    if len(words) == 2 and words[0] == "mean-of":
        return Path(words[1])
    raise UserError(f"--with is zero or mean-of FOLDER, not {' '.join(words)}.")


def _rows(before: Prediction, after: Prediction, top: int | None) -> list[tuple[ClassScore, ClassScore]]:
    """The first classes before and after, with both answers of each."""
    later = {one.index: one for one in after.classes}
    earlier = {one.index: one for one in before.classes}
    wanted = dict.fromkeys(one.index for said in (before, after) for one in shown(said, top))
    return [(earlier[index], later[index]) for index in wanted]


def _head(layer: str, channels: tuple[int, ...] | None, folder: Path | None) -> str:
    if channels is None:
        which = "all maps"
    else:
        listed = ", ".join(map(str, channels[:_LISTED])) + (", …" if len(channels) > _LISTED else "")
        which = f"{counted(len(channels), 'map')} ({listed})"
    instead = "0" if folder is None else f"their mean over {printable(folder)}"
    return f"{which} of {printable(layer)} off, {instead} in their place"


def _difference(before: Prediction, one: ClassScore, other: ClassScore) -> str:
    """ "−3.10 points, score −1.2": of numbers that are no classes the number alone."""
    score = other.logit - one.logit
    if before.is_values:
        return _signed(numeral(score))
    points = f"{100 * (other.probability - one.probability):+.2f} points".replace("-", "−")
    return f"{points}, score {_signed(numeral(score, 4))}"


def _signed(number: str) -> str:
    return number if number.startswith("−") else f"+{number}"


def _change(one: ClassScore, other: ClassScore) -> dict[str, Any]:
    """By how much a class's numbers changed; JSON knows no number that is none."""
    facts: dict[str, Any] = {"index": one.index, "name": one.name}
    for key in ("probability", "logit"):
        change = getattr(other, key) - getattr(one, key)
        facts[key] = change if isfinite(change) else None
    return facts
