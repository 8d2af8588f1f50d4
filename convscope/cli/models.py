"""`convscope models`: what can be opened by a name."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.printable import json_text
from convscope.core.words import times
from convscope.engine.models.library.catalogue import CatalogueEntry, catalogue

SUMMARY = (
    "List the models that can be opened by a name: shipped, the lectures' templates, keras.applications."
)
EXAMPLE = "convscope models resnet"

_TITLES = {
    "shipped": "shipped, trained",
    "template": "templates, to be trained",
    "application": "keras.applications",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words to search for, and --json."""
    parser.add_argument("words", nargs="*", metavar="WORD", help="only models with every word in their name")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--download", metavar="NAME", help="bring the ImageNet weights of one of keras.applications here"
    )
    parser.add_argument(
        "--no-top", action="store_true", help="with --download: the weights without the classifier"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or download."""
    if arguments.download:
        return _download(arguments.download, not arguments.no_top)
    if arguments.no_top:
        raise UserError("--no-top goes with --download.")
    words = [word.lower() for word in arguments.words]
    found = [
        entry for entry in catalogue() if all(word in f"{entry.name} {entry.title}".lower() for word in words)
    ]
    if arguments.json:
        print(json_text([asdict(entry) for entry in found]))
        return 0
    for kind, title in _TITLES.items():
        entries = [entry for entry in found if entry.kind == kind]
        if entries:
            print(f"{title}\n")
            for entry in entries:
                print(_line(entry))
            if kind == "application":
                print("\n  accuracy on ImageNet's validation images: one network, one crop (keras.io)")
            print()
    if not found:
        print("no model has these words in its name")
    return 0


def _download(name: str, include_top: bool) -> int:
    from convscope.engine.models.applications.build import download_weights

    with progress_bar() as task:
        download_weights(name, include_top=include_top, task=task)
    print(f"The ImageNet weights of {name} are on this machine.")
    return 0


def _line(entry: CatalogueEntry) -> str:
    size = times(entry.input)
    text = f"  {entry.name:<24}{entry.parameters:>12,}  {size:<12}"
    if entry.kind == "application":
        top5 = "" if entry.top5 is None else f"  top-5 {entry.top5:.1f} %"
        return f"{text}{entry.year}  top-1 {entry.top1:.1f} %{top5}"
    return f"{text}{entry.title}. {entry.about}"
