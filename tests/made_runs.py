"""Folders of runs, made in a millisecond: nothing was trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.training.record import EpochRecord
from convscope.engine.training.runs.run import DataOfRun, ModelOfRun, Run, RunDetails, runs_folder
from convscope.engine.training.settings import TrainingSettings


def made_run(name: str, parent: Path | None = None) -> Run:
    """A run of two epochs that was stopped."""
    details = RunDetails(
        name,
        "2026-01-01T00:00:00+00:00",
        TrainingSettings(epochs=3),
        ModelOfRun("tiny", "", 100),
        DataOfRun("digits", "Digits", ("0", "1"), "none"),
        Preprocessing(),
    )
    run = Run.create((parent or runs_folder()) / name, details)
    for epoch in range(2):
        values = {"loss": 1.0 - epoch / 4, "accuracy": 0.5}
        run.add_epoch(EpochRecord(epoch, values, 0.001, 1.0, 10.0), {"loss": [1.0, 0.9]})
    run.set_status("stopped", "Stopped after 2 of 3 epochs.")
    return run


def _changed(**values: object) -> Callable[[Run], None]:
    def change(run: Run) -> None:
        path = run.folder / "settings.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def _written(text: str) -> Callable[[Run], None]:
    return lambda run: (run.folder / "settings.json").write_text(text) and None


def _folder(run: Run) -> None:
    (run.folder / "settings.json").unlink()
    (run.folder / "settings.json").mkdir()


def _loop(run: Run) -> None:
    (run.folder / "settings.json").unlink()
    (run.folder / "settings.json").symlink_to(run.folder / "settings.json")


def _zero(run: Run) -> None:
    (run.folder / "settings.json").unlink()
    (run.folder / "settings.json").symlink_to("/dev/zero")


DAMAGE: dict[str, Callable[[Run], None]] = {
    "a list for its base": _changed(transfer=[1]),
    "a way that is none": _changed(transfer={"way": "finetune", "head_epochs": None}),
    "very many epochs": _changed(transfer={"way": "finetune", "head_epochs": 10**300}),
    "nested": _written('{"format": "convscope run 1", "name": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    "cut off": _written('{"format": "convscope run 1", "na'),
    "a list": _written("[1]"),
    "of another program": _written("{}"),
    "a huge number": _changed(model={"name": "a", "spec": "", "parameters": 10**400}),
    "no text": lambda run: (run.folder / "settings.json").write_bytes(b"\xff\xfe") and None,
    "a folder": _folder,
    "a loop": _loop,
    "endless": _zero,
}
"""What makes a run one that cannot be read, by a name."""
