"""The log, and how a crash of the last run is told: a real one, a killed one, and none."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convscope.core import logs

BEGIN = "from convscope.core import logs; log = logs.start_logging(); "


def run(code: str) -> int:
    return subprocess.run([sys.executable, "-c", BEGIN + code], check=False, capture_output=True).returncode


def start(code: str) -> subprocess.Popen[bytes]:
    """A run that has begun and waits for a line."""
    child = subprocess.Popen(
        [sys.executable, "-c", BEGIN + f"print('up', flush=True); input(); {code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


def names(pattern: str) -> list[str]:
    return sorted(path.name for path in logs.log_dir().glob(pattern))


def test_a_clean_exit_leaves_nothing_to_tell() -> None:
    assert run("pass") == 0
    assert run("import sys; sys.exit(3)") == 3
    assert run("logs.end_logging(); import os; os._exit(0)") == 0
    assert logs.previous_crash() is None
    assert names("running-*") == names("crash-*") == []


def test_a_python_error_is_no_crash() -> None:
    assert run("1 / 0") == 1
    assert logs.previous_crash() is None


def test_a_native_crash_is_told_with_its_trace_once() -> None:
    assert run("import faulthandler; faulthandler._sigsegv()") != 0
    told = logs.previous_crash()
    assert told is not None
    assert "Segmentation fault" in told
    assert 'File "<string>", line 1' in told
    assert logs.previous_crash() is None
    assert len(names("crash-*")) == 1


def test_a_crash_in_a_thread_of_a_library_is_told() -> None:
    code = "import ctypes, threading; threading.Thread(target=ctypes.string_at, args=(0,)).start()"
    assert run(code) == -signal.SIGSEGV
    told = logs.previous_crash()
    assert told is not None and "ctypes" in told and "Current thread" in told


def test_a_killed_run_is_told_in_words() -> None:
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") == -signal.SIGKILL
    told = logs.previous_crash()
    assert told is not None and "did not end cleanly" in told
    assert logs.previous_crash() is None


def test_of_several_windows_only_the_crashed_one_is_told() -> None:
    first, second = start("pass"), start("import faulthandler; faulthandler._sigsegv()")
    assert logs.previous_crash() is None
    second.communicate(b"\n")
    told = logs.previous_crash()
    assert told is not None and f"-{second.pid}.log" in told and f"-{first.pid}.log" not in told
    first.communicate(b"\n")
    assert logs.previous_crash() is None


def test_a_process_number_that_comes_again_hides_no_crash() -> None:
    # In a container every run has the same number; and a number may belong to a stranger by now.
    logs.log_dir()
    for process in (os.getpid(), os.getppid()):
        record = logs.log_dir() / f"running-20200101-000000-{process}.txt"
        record.write_text("convscope\nFatal Python error: Aborted\n", encoding="utf-8")
        told = logs.previous_crash()
        assert told is not None and "Aborted" in told


def test_a_fork_that_ends_is_not_the_end_of_the_run() -> None:
    code = "import os, sys\nif os.fork() == 0: sys.exit(0)\nos.wait()\nos.abort()"
    assert run("\n" + code) == -signal.SIGABRT
    told = logs.previous_crash()
    assert told is not None and "Aborted" in told


def test_what_is_logged_is_in_the_file_of_its_run() -> None:
    for text in ("too large", "too small"):
        assert run(f"import logging; logging.getLogger('convscope.x').warning('the kernel is {text}')") == 0
    written = [path.read_text(encoding="utf-8") for path in sorted(logs.log_dir().glob("convscope-*.log"))]
    assert len(written) == 2
    assert any("WARNING convscope.x: the kernel is too large" in text for text in written)


def test_a_log_does_not_grow_for_ever() -> None:
    code = "import logging; [logging.info('x' * 10_000) for _ in range(500)]"
    assert run(code) == 0
    sizes = [path.stat().st_size for path in logs.log_dir().glob("convscope-*.log*")]
    assert len(sizes) == 1 + logs.BACKUPS and max(sizes) <= logs.MAX_BYTES


def test_only_a_few_logs_and_crash_records_are_kept() -> None:
    for number in range(20):
        (logs.log_dir() / f"running-20200101-0000{number:02}-9.txt").write_text("convscope", encoding="utf-8")
        (logs.log_dir() / f"convscope-20200101-0000{number:02}-9.log").touch()
    told = logs.previous_crash()
    assert told is not None and told.count("did not end cleanly") == 20
    assert names("crash-*") == [f"crash-20200101-0000{number}-9.txt" for number in range(15, 20)]
    assert run("pass") == 0
    assert len(names("convscope-*")) == logs.KEPT_LOGS
    assert names("convscope-*")[-1] > f"convscope-{time.strftime('%Y')}"


def test_an_unwritable_folder_does_not_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path / "file"))
    before = list(logging.getLogger().handlers)
    assert logs.previous_crash() is None
    assert logs.start_logging() is None
    assert logging.getLogger().handlers == before
    assert "no log file" in caplog.text


def test_a_record_of_anything_is_told_or_left() -> None:
    (logs.log_dir() / "running-1.txt").write_bytes(b"\xff\xfe\x00 x")
    (logs.log_dir() / "running-2.txt").mkdir()
    (logs.log_dir() / "running-3.txt").touch()
    told = logs.previous_crash()
    assert told is not None and told.count("did not end cleanly") == 1
