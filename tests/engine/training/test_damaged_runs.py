"""One damaged run hides no other: the list shows what is sound, and names what is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from convscope.core.errors import UserError
from convscope.engine.training.runs.checkpoint import positions
from convscope.engine.training.runs.export import run_row, runs_csv
from convscope.engine.training.runs.run import Run, find_runs, is_run, list_runs
from convscope.engine.training.runs.unfinished import unfinished_runs
from tests.made_runs import DAMAGE, made_run


def test_every_damage_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    made_run("sound", tmp_path)
    for name, damage in DAMAGE.items():
        damage(made_run(name, tmp_path))
    (tmp_path / "no run").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    runs, damaged = find_runs(tmp_path)
    assert [run.details.name for run in runs] == ["sound"] == [run.folder.name for run in list_runs(tmp_path)]
    assert sorted(one.folder.name for one in damaged) == sorted(DAMAGE)
    assert all(one.folder.name in one.why and "settings.json" in one.why for one in damaged)
    assert unfinished_runs(tmp_path) == ()
    for name in DAMAGE:
        with pytest.raises(UserError):
            Run.open(tmp_path / name).details  # noqa: B018
        if not is_run(tmp_path / name):
            with pytest.raises(UserError):
                Run(tmp_path / name).delete()


@pytest.mark.parametrize("name", ["status.json", "history.jsonl", "batches.jsonl", "lock"])
@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "loop"])
def test_a_file_of_a_run_that_is_no_file(tmp_path: Path, name: str, kind: str) -> None:
    run, other = made_run("strange", tmp_path), made_run("whole", tmp_path)
    path = run.folder / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path)
    for ask in (
        lambda: run.state,
        lambda: run.sentence,
        lambda: run.history,
        lambda: run.batches,
        lambda: (run_row(run), runs_csv([run])),
        lambda: run.can_resume,
    ):
        try:
            ask()
        except UserError as error:
            assert name in error.message
    assert {each.folder for each in list_runs(tmp_path)} == {run.folder, other.folder}
    assert unfinished_runs(tmp_path) == ()


def test_a_run_that_was_cut_off_is_found_beside_one_whose_status_is_damaged(tmp_path: Path) -> None:
    cut, damaged = made_run("cut", tmp_path), made_run("damaged", tmp_path)
    for run in (cut, damaged):
        (run.folder / "last.keras").touch()
        (run.folder / "last.json").write_text("{}")
        run.set_status("running", "It is being trained.")
    (damaged.folder / "status.json").write_text("[" * 5000)
    (found,) = unfinished_runs(tmp_path)
    assert (found.name, found.sentence) == ("cut", "It was interrupted after 2 of 3 epochs.")
    assert not found.starts_again


def test_numbers_that_are_none_are_not_told(tmp_path: Path) -> None:
    run = made_run("a", tmp_path)
    for test in ({"accuracy": 1e999, "loss": 1, "images": 5}, {"accuracy": 0.5, "loss": 1, "images": 1e999}):
        (run.folder / "status.json").write_text(
            json.dumps({"state": "finished", "test": test, "seconds": 1e999})
        )
        assert run.test is None and run.seconds == 2.0
    (run.folder / "history.jsonl").write_text(
        '{"epoch": 0, "loss": NaN, "learning_rate": 1, "seconds": Infinity, "images_per_second": 1}\n'
    )
    assert len(run.history) == 1 and run.seconds == 0.0


def test_what_a_run_is_called_steers_no_terminal(tmp_path: Path) -> None:
    run = made_run("a", tmp_path)
    path = run.folder / "settings.json"
    told = json.loads(path.read_text())
    told["name"] = "\x1b[2Jone\ntwo\u202e" + "x" * 500
    told["data"]["classes"] = ["a\x07", "b"]
    path.write_text(json.dumps(told))
    (run.folder / "status.json").write_text(json.dumps({"state": "failed", "sentence": "\x1b]0;x\x07"}))
    assert run.details.name == "�[2Jone two�" + "x" * 188
    assert run.details.data.classes == ("a�", "b") and run.sentence == "�]0;x�"


def test_a_history_that_an_older_convscope_wrote_is_read(tmp_path: Path) -> None:
    """Its rows were flat, in the checkpoint too; settings said nothing of how pixels are sampled."""
    run = made_run("old", tmp_path)
    before = run.details, run.history
    flat = [record.to_dict() for record in run.history]
    (run.folder / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in flat))
    settings = json.loads((run.folder / "settings.json").read_text())
    del settings["preprocessing"]["sampling"]
    (run.folder / "settings.json").write_text(json.dumps(settings))
    assert (run.details.settings, run.history) == (before[0].settings, before[1])
    assert run.details.preprocessing.sampling == "bilinear"
    state = {
        "steps": 4,
        "epochs": flat,
        "seeds": [[1, 2]],
        "rate_scale": 1.0,
        "early_stopping": {"wait": 1, "best": 0.5, "best_epoch": 0, "stopped_epoch": 0},
        "plateau": {},
        "stopped": False,
    }
    path = tmp_path / "last.json"
    path.write_text(json.dumps({"format": 1, "states": [state]}))
    (position,) = positions(path)
    assert position.epochs == run.history and position.early_stopping["best"] == 0.5
    path.write_text(json.dumps({"format": 1, "states": [{**state, "plateau": {"code": 1}}]}))
    with pytest.raises(UserError, match="is damaged: the run cannot be resumed"):
        positions(path)
