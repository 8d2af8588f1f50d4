"""`convscope models`: what can be opened by a name."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from convscope.engine.models.catalogue import Entry, catalogue

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


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    words = [word.lower() for word in arguments.words]
    found = [
        entry for entry in catalogue() if all(word in f"{entry.name} {entry.title}".lower() for word in words)
    ]
    if arguments.json:
        print(json.dumps([asdict(entry) for entry in found], ensure_ascii=False, indent=1))
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


def _line(entry: Entry) -> str:
    size = "×".join("?" if n is None else str(n) for n in entry.input)
    text = f"  {entry.name:<24}{entry.parameters:>12,}  {size:<12}"
    if entry.kind == "application":
        top5 = "" if entry.top5 is None else f"  top-5 {entry.top5:.1f} %"
        return f"{text}{entry.year}  top-1 {entry.top1:.1f} %{top5}"
    return f"{text}{entry.title}. {entry.about}"
