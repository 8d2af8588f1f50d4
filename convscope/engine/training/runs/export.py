"""Runs side by side, as a table and as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.engine.training.record import strict_json
from convscope.engine.training.runs.run import Run
from convscope.engine.training.smoothing import best_epoch, judged_by


@dataclass(frozen=True)
class RunRow:
    """A line of the table of runs.

    Attributes:
        name, state, model, data: in words.
        parameters: weights of the network.
        optimizer, learning_rate, batch_size, seed: as set.
        epochs: done.
        best: number of the best epoch, from 0; None before the first.
        values: loss, accuracy, val_loss, … at the best epoch.
        test_accuracy: None if nothing was tested.
        seconds: all that was waited for it, without pauses.
    """

    name: str
    state: str
    model: str
    data: str
    parameters: int
    optimizer: str
    learning_rate: float
    batch_size: int
    seed: int
    epochs: int
    best: int | None
    values: dict[str, float]
    test_accuracy: float | None
    seconds: float


def run_row(run: Run) -> RunRow:
    details, history = run.details, run.history
    settings, test = details.settings, run.test
    best = best_epoch(history, judged_by(settings))
    values = next((dict(record.values) for record in history if record.epoch == best), {})
    return RunRow(
        details.name,
        run.state,
        details.model.name,
        details.data.title,
        details.model.parameters,
        settings.optimizer.name,
        settings.optimizer.learning_rate,
        settings.batch_size,
        settings.seed,
        len(history),
        best,
        values,
        None if test is None else test["accuracy"],
        run.seconds,
    )


def runs_csv(runs: Sequence[Run]) -> str:
    """The histories as CSV: a line an epoch, the run's name first, then every value that any run has."""
    rows = [{"run": run.details.name, **record.to_dict()} for run in runs for record in run.history]
    columns: dict[str, None] = {"run": None, "epoch": None}
    for row in rows:
        columns.update(dict.fromkeys(row))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def runs_json(runs: Sequence[Run]) -> str:
    """Settings, history and test result of each run, as JSON; what is no number any more is null."""
    return strict_json([_whole(run) for run in runs])


def _whole(run: Run) -> dict[str, Any]:
    return {
        **json.loads(run.details.to_json()),
        "state": run.state,
        "history": [record.to_dict() for record in run.history],
        "test": None if run.test is None else dict(run.test),
    }


def export_runs(runs: Sequence[Run], path: Path) -> None:
    """Write `runs_csv` or `runs_json`, by the file's suffix.

    Raises:
        UserError: another suffix, or the file cannot be written.
    """
    makers = {".csv": runs_csv, ".json": runs_json}
    if path.suffix.lower() not in makers:
        raise UserError(f"{path.name}: runs are exported as .csv or .json.")
    try:
        write_whole(path, makers[path.suffix.lower()](runs))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
