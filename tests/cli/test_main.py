"""The command line as a whole: help, versions, exit codes, and the window when Qt is broken."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import __version__
from convscope.cli import COMMANDS, main
from tests.processes import run_process


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
    assert main([name, "--no-such-option"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("convscope: ") and said.endswith(f"(see convscope {name} --help)\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "told"),
    [("predct", "perhaps convscope predict is meant."), ("no such cat.jpg", "check the name.")],
)
def test_neither_a_command_nor_a_file(word: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before a window is opened, or missed."""
    assert main([word]) == 2
    said = capsys.readouterr().err
    assert word in said and said.endswith(f"{told}\n")


def ended(*words: str, stdout: int, until: str = "") -> tuple[int, str]:
    """The exit code and standard error of a process; it gets Ctrl+C when it imports `until`."""
    code = "import sys; from convscope.cli import main; sys.exit(main())"
    if until:
        code = f"""
import importlib.abc, signal, sys
# A program that was started in the background may have been told to leave it alone.
signal.signal(signal.SIGINT, signal.default_int_handler)
class Ear(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {until!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Ear())
{code}
"""
    process = subprocess.run(
        [sys.executable, "-c", code, *words], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )
    return process.returncode, process.stderr


@pytest.mark.parametrize("until", ["convscope.cli.kernels", "convscope.imaging.kernels"])
def test_ctrl_c_while_it_starts_is_quiet(until: str) -> None:
    assert ended("kernels", stdout=subprocess.DEVNULL, until=until) == (130, "convscope: interrupted\n")


@pytest.mark.parametrize("words", [("kernels", "--group", "Basics"), ("kernels", "--json")])
def test_a_reader_that_has_gone_is_no_error(words: tuple[str, ...]) -> None:
    """A little, which Python keeps until the end, and more than a pipe holds."""
    read, write = os.pipe()
    os.close(read)
    assert ended(*words, stdout=write) == (0, "")
    os.close(write)


def test_a_full_disk_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("convscope.cli.kernels.run", full)
    monkeypatch.setattr("convscope.cli._drop_output", lambda: None)
    assert main(["kernels"]) == 2
    assert capsys.readouterr().err == "convscope: the output cannot be written: No space left on device.\n"


def test_the_window_without_qt_sends_to_the_doctor(tmp_path: Path) -> None:
    broken = tmp_path / "PySide6"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libEGL.so.1: cannot open shared object file')")
    ended = run_process(
        [sys.executable, "-m", "convscope"], env={**os.environ, "PYTHONPATH": str(tmp_path)}, code=2
    )
    assert ended.stderr.startswith("convscope: Qt cannot be loaded: run convscope doctor")
    assert "Traceback" not in ended.stderr


def test_a_terminal_without_unicode_gets_plain_text() -> None:
    ended = run_process(
        [sys.executable, "-m", "convscope", "kernels"], env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert ended.stdout.isascii() and "sobel-x" in ended.stdout
