"""The log, and how a crash of the last run is told: a real one, a killed one, and none."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import logs

BEGIN = "from convscope import logs; logs.start_logging(); "


def run(code: str) -> int:
    return subprocess.run([sys.executable, "-c", BEGIN + code], check=False, capture_output=True).returncode


def test_a_clean_exit_leaves_nothing_to_tell() -> None:
    assert run("pass") == 0
    assert logs.previous_crash() is None


def test_a_native_crash_is_told_with_its_trace_once() -> None:
    assert run("import faulthandler; faulthandler._sigsegv()") != 0
    told = logs.previous_crash()
    assert told is not None
    assert "Segmentation fault" in told
    assert 'File "<string>", line 1' in told
    assert logs.previous_crash() is None
    assert len(list(logs.log_dir().glob("crash-*.txt"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_run_is_told_in_words() -> None:
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") == -signal.SIGKILL
    told = logs.previous_crash()
    assert told is not None and "did not end cleanly" in told


def test_a_run_that_still_goes_on_is_no_crash() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", BEGIN + "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    assert logs.previous_crash() is None
    child.communicate(b"\n")
    assert logs.previous_crash() is None


def test_what_is_logged_is_in_the_file(home: Path) -> None:
    assert run("import logging; logging.getLogger('convscope.x').warning('the kernel is too large')") == 0
    text = (home / "state" / "logs" / "convscope.log").read_text(encoding="utf-8")
    assert "WARNING convscope.x: the kernel is too large" in text


def test_only_a_few_crash_records_are_kept() -> None:
    for number in range(9):
        (logs.log_dir() / f"running-{2**22 + 100 + number}.txt").write_text("convscope", encoding="utf-8")
        os.utime(logs.log_dir() / f"running-{2**22 + 100 + number}.txt", (1000 + number, 1000 + number))
    assert logs.previous_crash() is not None
    kept = sorted(path.name for path in logs.log_dir().glob("crash-*.txt"))
    assert len(kept) == 5 and kept[-1].startswith("crash-1008-")


def test_an_unwritable_folder_does_not_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(logs, "log_dir", lambda: tmp_path / "missing")
    before = list(logging.getLogger().handlers)
    try:
        logs.start_logging()
    finally:
        for handler in set(logging.getLogger().handlers) - set(before):
            logging.getLogger().removeHandler(handler)
            handler.close()
        logs.end_logging()
