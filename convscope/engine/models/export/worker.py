"""The process that converts a graph and asks the copy: what converters do to a process stays in this one.

Started by `process` with a folder, in which it finds `order.json`, the graph and the inputs, and leaves the
copy and its answers. What it says on standard output is a line of JSON each.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.export.refused import RefusedError

GRAPH, ORDER, COMPARED, MEASURED, ANSWERS = "graph", "order.json", "compared", "measured", "answers"


def main() -> None:
    """Do what the order says, and tell how it went."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What libraries print is no answer.
    os.dup2(2, 1)

    def say(**facts: Any) -> None:
        said.write(json.dumps(facts) + "\n")
        said.flush()

    try:
        say(done=work(Path(sys.argv[1]), lambda done, text: say(fraction=done, text=text)))
    except RefusedError as error:
        say(refused=list(error.operations), detail=error.detail[-8000:])
    except BaseException as error:
        say(failed=repr(error)[:2000], detail=traceback.format_exc()[-8000:])


def work(folder: Path, tell: Any) -> dict[str, Any]:
    """Convert, and ask the copy for its answers.

    Args:
        folder: with the order.
        tell: called with a fraction and a short text.

    Returns:
        The inputs and outputs of the copy, the median of its milliseconds, and notes.

    Raises:
        RefusedError: the format lacks an operation.
    """
    order = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    kind, inputs, outputs = order["kind"], order["inputs"], order["outputs"]
    copy = folder / order["copy"]
    module = importlib.import_module(f"convscope.engine.models.export.{kind}")
    notes: list[str] = []
    if kind == "onnx":
        tell(0.0, "Converting to ONNX")
        module.convert(folder / GRAPH, copy, inputs, order["told"])
    elif kind == "litert":
        tell(0.0, "Converting to LiteRT")
        notes = module.convert(
            folder / GRAPH,
            copy,
            order["precision"],
            lambda: _inputs(folder, MEASURED, inputs, order["measured"]),
        )
    runner = module.RUNNER(copy, outputs, order["threads"])
    milliseconds, answers = [], []
    for number, given in enumerate(_inputs(folder, COMPARED, inputs, order["compared"])):
        if number == 0:
            # The first call makes everything ready.
            runner(given)
        tell(0.5 + 0.5 * number / order["compared"], "Asking the copy")
        began = time.perf_counter()
        answers.append(runner(given))
        milliseconds.append(1000 * (time.perf_counter() - began))
    for number, rows in enumerate(zip(*answers, strict=True)):
        np.save(folder / f"{ANSWERS}_{number}.npy", np.concatenate(rows))
    return {
        "takes": runner.takes,
        "gives": runner.gives,
        "milliseconds": float(np.median(milliseconds)),
        "notes": [*notes, *runner.notes],
    }


def _inputs(folder: Path, what: str, names: list[str], count: int) -> Iterator[dict[str, NDArray[Any]]]:
    """One input of each name at a time, with a batch of 1."""
    files = {
        name: np.load(folder / f"{what}_{number}.npy", mmap_mode="r") for number, name in enumerate(names)
    }
    for row in range(count):
        yield {name: np.array(rows[row : row + 1]) for name, rows in files.items()}


if __name__ == "__main__":
    main()
