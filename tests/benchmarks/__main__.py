"""`python -m tests.benchmarks [WORD…]`: measure, and print the table of ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform

from tests.benchmarks.registry import Measured, benchmarks, measure


def main() -> None:
    """Measure every benchmark whose name has all the words, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only those with every word in their name")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each line (default %(default)s)")
    arguments = parser.parse_args()
    chosen = [
        line
        for line in benchmarks()
        if all(word.lower() in f"{line.name} {line.target}".lower() for word in arguments.words)
    ]
    if arguments.json:
        measured = [measure(line, arguments.seconds) for line in chosen]
        print(json.dumps([_facts(one) for one in measured], ensure_ascii=False, indent=1))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    width = max((len(line.name) for line in chosen), default=0)
    print(f"{'':<{width}}  {'ours':>11}  {'reference':>11}  {'ratio':>6}  {'faster':>7}  target")
    for line in chosen:
        print(_row(measure(line, arguments.seconds), width), flush=True)


def _row(one: Measured, width: int) -> str:
    line, ratio, faster, reference = one.benchmark, "", "", ""
    if one.reading is not None:
        ours = f"{one.reading.value:.3g} {one.reading.unit}"
    else:
        assert one.ours is not None
        ours = f"{one.ours * 1e3:.2f} ms"
        if one.reference is not None:
            reference = f"{one.reference * 1e3:.2f} ms"
            ratio, faster = f"{one.figure:.2f}", f"{1 / one.figure:.1f} ×"
    kept = {True: "  kept", False: "  MISSED", None: ""}[one.kept]
    return f"{line.name:<{width}}  {ours:>11}  {reference:>11}  {ratio:>6}  {faster:>7}  {line.target}{kept}"


def _facts(one: Measured) -> dict[str, object]:
    return {
        "name": one.benchmark.name,
        "target": one.benchmark.target,
        "ours_seconds": one.ours,
        "reference_seconds": one.reference,
        "reading": None if one.reading is None else [one.reading.value, one.reading.unit],
        "figure": one.figure,
        "kept": one.kept,
    }


if __name__ == "__main__":
    main()
