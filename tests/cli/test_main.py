"""The command line as a whole: help, versions, exit codes, and the window when Qt is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import __version__
from convscope.cli import COMMANDS, main


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"convscope {__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"convscope {name}" in capsys.readouterr().out.split("example:")[1]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"kernels", "models", "doctor"}))
def test_a_usage_error_is_exit_code_two(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--no-such-option"])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_window_without_qt_sends_to_the_doctor(tmp_path: Path) -> None:
    broken = tmp_path / "PySide6"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    ended = subprocess.run(
        [sys.executable, "-m", "convscope"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("convscope: Qt cannot be loaded: run convscope doctor")
    assert "Traceback" not in ended.stderr


def test_a_terminal_without_unicode_gets_plain_text() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "convscope", "kernels"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout.isascii() and b"sobel-x" in ended.stdout
