"""`convscope predict MODEL FOLDER`: what a model says about every picture of a folder."""

from __future__ import annotations

import argparse
import sys
from math import isfinite
from pathlib import Path
from typing import Any

from convscope.cli.answers import TOP
from convscope.cli.model_arguments import opened
from convscope.cli.outputs import check_output
from convscope.cli.progress_bar import progress_bar
from convscope.core.printable import json_text, printable
from convscope.core.task import Cancelled
from convscope.core.words import percent
from convscope.imaging.numerals import numeral

# Skipped pictures that are named at the end; all are in the table.
_NAMED = 3


def run_folder(arguments: argparse.Namespace, top: int | None) -> int:
    """Write the table, or print a line for each picture."""
    from convscope.engine.models.predict_folder import (
        Answered,
        answer_key,
        list_pictures,
        names_of,
        predict_folder,
    )
    from convscope.engine.models.prediction_table import PredictionTable

    folder: Path = arguments.image
    check_output(arguments.csv, (".csv",))
    skipped: list[Answered] = []
    try:
        with progress_bar() as task:
            files = list_pictures(folder, task)
            model = opened(arguments)
            names = names_of(model)
            values = not model.has_classes
            top = min(top or (len(names) if values else TOP), len(names))
            for note in model.notes:
                print(note, file=sys.stderr)
            if arguments.csv is None:
                for answers in predict_folder(model, folder, files, top=top, task=task):
                    for answer in answers:
                        tell = _json if arguments.json else _line
                        print(tell(answer, names, values))
                    skipped += [answer for answer in answers if answer.problem]
                    sys.stdout.flush()
                known = replaced = 0
            else:
                key = answer_key(model)
                with PredictionTable(
                    arguments.csv, files, key=key, top=top, values=names if values else (), check=task.check
                ) as table:
                    known, replaced = len(files) - len(table.missing), table.replaced
                    for answers in predict_folder(model, folder, table.missing, top=top, task=task):
                        table.add(answers, names)
                        skipped += [answer for answer in answers if answer.problem]
    except Cancelled:
        if arguments.csv is not None:
            print(
                f"Stopped: {printable(arguments.csv)} holds what was done; the same line goes on.",
                file=sys.stderr,
            )
        return 130
    if arguments.csv is not None:
        _tell(arguments, len(files), known, len(skipped))
        if replaced:
            told = "1 line" if replaced == 1 else f"{replaced:,} lines"
            print(f"{told} of another network or of other pictures went from it", file=sys.stderr)
    if skipped:
        named = "; ".join(f"{printable(answer.file.name)}: {answer.problem}" for answer in skipped[:_NAMED])
        more = f"; and {len(skipped) - _NAMED:,} more" if len(skipped) > _NAMED else ""
        told = "1 picture was" if len(skipped) == 1 else f"{len(skipped):,} pictures were"
        print(f"{told} skipped: {named}{more}", file=sys.stderr)
    return 0


def _tell(arguments: argparse.Namespace, pictures: int, known: int, skipped: int) -> None:
    facts = {
        "csv": str(arguments.csv),
        "pictures": pictures,
        "predicted": pictures - known - skipped,
        "kept": known,
        "skipped": skipped,
    }
    if arguments.json:
        print(json_text(facts, indent=None))
        return
    kept = f", {known:,} were there already" if known else ""
    print(
        f"{printable(arguments.csv)}: {pictures - known - skipped:,} of {pictures:,} pictures predicted{kept}"
    )


def _line(answer: Any, names: list[str], values: bool) -> str:
    name = printable(answer.file.name)
    if answer.problem:
        return f"{name}  -  {answer.problem}"
    told = "  ".join(
        f"{names[index]} {numeral(float(number)) if values else percent(float(number), 2, fixed=True)}"
        for index, number in zip(answer.indices, answer.numbers, strict=True)
    )
    return f"{name}  {told}"


def _known(number: float) -> float | None:
    """A number as JSON, which knows no infinity: null then."""
    return number if isfinite(number) else None


def _json(answer: Any, names: list[str], values: bool) -> str:
    facts: dict[str, Any] = {"path": answer.file.name}
    if answer.problem:
        facts["skipped"] = answer.problem
    else:
        facts["values" if values else "classes"] = [
            {
                "index": int(index),
                "name": names[index],
                "value" if values else "probability": _known(float(number)),
            }
            for index, number in zip(answer.indices, answer.numbers, strict=True)
        ]
    return json_text(facts, indent=None)
