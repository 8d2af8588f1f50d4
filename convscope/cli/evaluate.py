"""`convscope evaluate`: how good a run's or any model is on a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.model_arguments import add_answer_arguments, add_trust_argument, asked
from convscope.cli.progress_bar import progress_bar
from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.core.words import percent
from convscope.engine.training.record import strict_json

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.training.evaluate import Evaluation

SUMMARY = "How good a run's model, or any model, is on a data set: accuracy, by class, confusions, mistakes."
EXAMPLE = "convscope evaluate my-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run or model, the data, which part of it."""
    parser.add_argument(
        "model", metavar="RUN|MODEL", help="a run's folder, a file, or a name from convscope models"
    )
    parser.add_argument("--weights", metavar="imagenet|FILE", help="weights for a named model")
    add_trust_argument(parser)
    add_answer_arguments(parser)
    parser.add_argument("--data", help="a data set or folder; a run's own without")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test", "all"),
        help="which part (test; all of a folder that has no test part)",
    )
    parser.add_argument("--worst", type=int, default=10, metavar="N", help="how many mistakes to list (10)")
    parser.add_argument("--json", action="store_true", help="print facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    from convscope.engine.training.runs.run import is_run

    folder = Path(arguments.model)
    if arguments.worst < 0:
        raise UserError(f"--worst is the number of mistakes to list, from 0, not {arguments.worst}.")
    if not is_run(folder) and arguments.data is None:
        raise UserError(
            f"{arguments.model} is not the folder of a run; for a model --data says what to evaluate it on: "
            f"convscope evaluate {arguments.model} --data DATA."
        )
    try:
        with progress_bar() as task:
            dataset, result = _evaluated(arguments, folder if is_run(folder) else None, task)
    except Cancelled:
        return 130
    if arguments.json:
        print(strict_json(_facts(dataset, result, arguments.worst)))
    else:
        _print(dataset, result, arguments.worst)
    return 0


def _evaluated(arguments: argparse.Namespace, folder: Path | None, task: Task) -> tuple[Dataset, Evaluation]:
    from convscope.engine import runtime
    from convscope.engine.data.sets.registry import open_dataset
    from convscope.engine.models.library.catalogue import open_model
    from convscope.engine.training.data import data_fingerprint, split_of
    from convscope.engine.training.evaluate import evaluate, whole
    from convscope.engine.training.runs.run import Run

    spec, reference = arguments.model, arguments.data
    run = None if folder is None else Run.open(folder)
    if run is not None:
        if run.model_path is None:
            raise UserError(f"{folder} holds no trained model yet.")
        spec, reference = str(run.model_path), reference or run.details.data.reference
    dataset = open_dataset(reference, task, fetch=arguments.data is not None)
    split = arguments.split
    known = same = False
    if run is not None:
        learned, _ = split_of(run, dataset, run.details.settings, task)
        known = data_fingerprint(learned) == run.details.data.fingerprint
        same = known or dataset.reference == run.details.data.reference
        dataset = learned if same else dataset
    if run is not None and same:
        if not known:
            told = (
                f"{dataset.title} is not what it was when {run.details.name} was trained: images that it "
                "learned from could be among those that test it now"
            )
            if arguments.data is None:
                raise UserError(f"{told}; to evaluate it all the same, name the data with --data.")
            print(f"{told}.", file=sys.stderr)
    elif split is None and not len(dataset.given.test):
        split = "all"
    if split == "all":
        dataset, split = whole(dataset), "test"
    runtime.start()
    model = asked(open_model(spec, weights=arguments.weights, trusted=arguments.trust, task=task), arguments)
    for note in model.assumption:
        print(note, file=sys.stderr)
    result = evaluate(model, dataset, split or "test", task=task)
    names = [pair for pair in zip(model.classes, dataset.classes, strict=False) if pair[0] != pair[1]]
    if names:
        said = "What {} calls {} is {} in {}: classes are matched by their numbers."
        print(said.format(model.name, *names[0], dataset.title), file=sys.stderr)
    return dataset, result


def _facts(dataset: Dataset, result: Evaluation, worst: int) -> dict[str, Any]:
    shares = result.by_class.tolist()
    totals = result.confusion.sum(axis=1).tolist()
    return {
        "data": dataset.reference,
        "images": result.images,
        "accuracy": result.accuracy,
        "loss": result.loss,
        "classes": [
            {"name": name, "images": total, "accuracy": share if total else None}
            for name, total, share in zip(result.classes, totals, shares, strict=True)
        ],
        "confusion": result.confusion.tolist(),
        "mistakes": [
            {
                "image": dataset.images.name(mistake.index),
                "true": result.classes[mistake.true],
                "predicted": result.classes[mistake.predicted],
                "confidence": mistake.confidence,
            }
            for mistake in result.worst(worst)
        ],
    }


def _print(dataset: Dataset, result: Evaluation, worst: int) -> None:
    facts = _facts(dataset, result, worst)
    print(f"accuracy {result.accuracy:.4f} on {result.images:,} images, loss {result.loss:.4f}")
    width = max(len(name) for name in result.classes)
    for row in facts["classes"]:
        share = "" if row["accuracy"] is None else f"{percent(row['accuracy'], 2, fixed=True):>9}"
        print(f"{row['name']:<{width}}  {share}  {row['images']:>6,} images")
    for row in facts["mistakes"]:
        sure = percent(row["confidence"], 2)
        print(f"{row['image']}: {row['true']} taken for {row['predicted']} ({sure} sure)")
