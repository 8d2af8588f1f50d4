"""`convscope data`: what data sets have a name, and the download of one."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from convscope.cli.progress_bar import progress_bar
from convscope.core.printable import json_text
from convscope.core.task import Cancelled
from convscope.core.words import megabytes
from convscope.engine.data.sets.registry import (
    DatasetInfo,
    download_dataset,
    list_datasets,
    name_of,
    open_dataset,
)

SUMMARY = "List the data sets that have a name, with size and licence, or download one to this machine."
EXAMPLE = "convscope data download cats_dogs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which set."""
    commands = parser.add_subparsers(dest="what", metavar="list|download")
    listing = commands.add_parser("list", help="every set that has a name, those on this machine first")
    listing.add_argument("--json", action="store_true", help="as JSON")
    download = commands.add_parser(
        "download",
        help="bring a set to this machine; one that was cut off goes on where it stopped",
        epilog=f"example: {EXAMPLE}",
    )
    download.add_argument("name", metavar="NAME", help="a name from convscope data list")


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or download."""
    if arguments.what == "download":
        return _download(arguments.name)
    found = list_datasets()
    if getattr(arguments, "json", False):
        print(json_text([asdict(info) for info in found]))
        return 0
    for title, chosen in (
        ("on this machine", [info for info in found if info.here]),
        ("to download", [info for info in found if not info.here]),
    ):
        if chosen:
            print(f"{title}\n")
            for info in chosen:
                print(_line(info))
            print()
    return 0


def _line(info: DatasetInfo) -> str:
    begun = f" ({megabytes(info.begun)} of them are here)" if info.begun else ""
    summary = f"{info.title}: {info.summary}{begun}"
    licence = f"; licence: {info.licence}" if info.licence else ""
    return f"  {info.name:<20} {summary}{licence}"


def _download(name: str) -> int:
    try:
        with progress_bar() as task:
            download_dataset(name, task)
            dataset = open_dataset(name_of(name) or name, task)
    except Cancelled:
        print(f"convscope: stopped; go on with: convscope data download {name}", file=sys.stderr)
        return 130
    print(f"{dataset.title}: {len(dataset):,} images of {len(dataset.classes):,} classes; {dataset.credit}")
    for note in dataset.notes:
        print(note)
    print(f"train on it with: convscope train --model MODEL --data {dataset.reference} -o RUN")
    return 0
