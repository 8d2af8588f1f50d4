"""A home that cannot be written (a locked lab machine, a full disk): what can do without it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from convscope.cli import main
from convscope.core.errors import UserError
from convscope.core.paths import cache_dir, config_dir, data_dir


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file where the home should be: not even root can make folders in it."""
    path = tmp_path / "home"
    path.write_text("a file")
    monkeypatch.setenv("CONVSCOPE_HOME", str(path))
    return path


def test_what_can_be_computed_again_is_kept_elsewhere(locked: Path) -> None:
    folder = cache_dir()
    assert folder.is_dir() and locked not in folder.parents
    (folder / "probe").touch()
    assert cache_dir() == folder
    (folder / "probe").unlink()


def test_runs_are_refused_in_a_sentence(locked: Path) -> None:
    with pytest.raises(UserError, match=f"Runs cannot be kept in {locked} .*CONVSCOPE_HOME"):
        data_dir()


def test_a_command_that_needs_it_says_so(
    locked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("convscope.cli.kernels.run", lambda _arguments: len(str(config_dir())))
    assert main(["kernels"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"convscope: {locked}") and told.count("\n") == 1 and "cannot be used" in told
