"""`convscope runs` lists what is sound and names what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convscope.cli import main
from convscope.engine.training.runs.run import runs_folder
from tests.made_runs import DAMAGE, made_run


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert capsys.readouterr().out == "there is no run yet\n"
    made_run("first")
    run = made_run("second")
    run.set_status("finished", "All.", {"accuracy": 0.75, "loss": 0.5, "images": 40}, 65)
    assert main(["runs"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and [line.split()[0] for line in out.splitlines()] == ["second", "first"]
    assert out.splitlines()[0].split("  ")[-2:] == ["75.00 % (test)", str(runs_folder() / "second")]
    assert "finished" in out and "2 epochs" in out and "1:05" in out and "tiny on Digits" in out


def test_damaged_runs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_run("sound", tmp_path)
    for name, damage in DAMAGE.items():
        damage(made_run(name, tmp_path))
    (made_run("no status", tmp_path).folder / "status.json").write_text("[" * 1000)
    assert main(["runs", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("sound") and out.count("\n") == 1
    assert sorted(line.split(" is damaged: ")[0] for line in err.splitlines()) == sorted(
        [*DAMAGE, "no status"]
    )
    assert main(["runs", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in told["runs"]] == ["sound"]
    assert len(told["damaged"]) == len(DAMAGE) + 1 and all(one["why"] for one in told["damaged"])


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_no_folder(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.touch()
    assert main(["runs", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
