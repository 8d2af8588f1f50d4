"""`convscope runs`: the training runs that there are, and those that are damaged."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.printable import printable
from convscope.core.words import clock, percent
from convscope.engine.training.record import strict_json
from convscope.engine.training.runs.export import RunRow, run_row
from convscope.engine.training.runs.run import Run, find_runs

SUMMARY = "List the training runs, the newest first: state, epochs, accuracy; damaged ones are named."
EXAMPLE = "convscope runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="of the runs; the window's own without"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    runs, unread = find_runs(arguments.folder)
    damaged = [(one.folder, one.why) for one in unread]
    found: list[tuple[Run, RunRow]] = []
    for each in runs:
        try:
            found.append((each, run_row(each)))
        except UserError as error:
            damaged.append((each.folder, error.message))
    if arguments.json:
        facts = [{"folder": str(each.folder), **asdict(row)} for each, row in found]
        broken = [{"folder": str(folder), "why": why} for folder, why in damaged]
        print(strict_json({"runs": facts, "damaged": broken}))
        return 0
    width = max((len(row.name) for _, row in found), default=0)
    for each, row in found:
        print(_line(each, row, width))
    if not found:
        print("there is no run yet")
    for folder, why in damaged:
        print(f"{printable(folder.name)} is damaged: {why}", file=sys.stderr)
    return 0


def _line(each: Run, row: RunRow, width: int) -> str:
    reached = row.test_accuracy if row.test_accuracy is not None else row.values.get("val_accuracy")
    of = "test" if row.test_accuracy is not None else "validation"
    accuracy = "" if reached is None else f"  {percent(reached, 2, fixed=True)} ({of})"
    epochs = "1 epoch" if row.epochs == 1 else f"{row.epochs} epochs"
    done = f"{row.name:<{width}}  {row.state:<11}  {epochs:>10}  {clock(row.seconds):>8}"
    return f"{done}  {row.model} on {row.data}{accuracy}  {printable(each.folder)}"
