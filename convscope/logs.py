"""The log file, and what is left behind by a run that crashed."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from convscope import __version__
from convscope.paths import state_dir

MAX_BYTES, BACKUPS = 1_000_000, 3
_KEPT_CRASHES = 5

_trace: IO[str] | None = None


def log_dir() -> Path:
    """The folder of the log and of the crash records."""
    folder = state_dir() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _record(pid: int) -> Path:
    # One a process: several windows may be open, and one's crash must not be taken for another's.
    return log_dir() / f"running-{pid}.txt"


def start_logging() -> Path:
    """Write this run's log to a file, and native crashes to a record that a clean exit removes.

    Returns:
        The log file. Where the folder cannot be written, the run goes on without.
    """
    global _trace
    path = log_dir() / "convscope.log"
    try:
        handler = RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8", delay=True
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        _trace = _record(os.getpid()).open("w", encoding="utf-8")
        _trace.write(f"convscope {__version__}, Python {sys.version.split()[0]}\n")
        _trace.flush()
        faulthandler.enable(_trace, all_threads=True)
        atexit.register(end_logging)
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error)
    return path


def end_logging() -> None:
    """This run ends cleanly: its crash record goes."""
    global _trace
    if _trace is not None:
        faulthandler.disable()
        _trace.close()
        _trace = None
        with contextlib.suppress(OSError):
            _record(os.getpid()).unlink()


def previous_crash() -> str | None:
    """What the last crashed run left: its native trace, or that it did not end cleanly. None if all was well.

    Each crash is told once; its record is kept as crash-*.txt. Runs that are still going on do not count.
    """
    told: str | None = None
    for record in sorted(log_dir().glob("running-*.txt"), key=lambda path: path.stat().st_mtime):
        pid = int(record.stem.removeprefix("running-")) if record.stem[8:].isdigit() else 0
        if pid == os.getpid() or (pid and _alive(pid)):
            continue
        text = record.read_text(encoding="utf-8", errors="replace").strip()
        told = text if "\n" in text else f"{text}\nIt did not end cleanly: something outside ended it."
        with contextlib.suppress(OSError):
            record.replace(record.with_name(f"crash-{int(record.stat().st_mtime)}-{pid}.txt"))
    for old in sorted(log_dir().glob("crash-*.txt"))[:-_KEPT_CRASHES]:
        with contextlib.suppress(OSError):
            old.unlink()
    return told


def _alive(pid: int) -> bool:
    """Whether a process with this number runs now."""
    if sys.platform == "win32":
        # os.kill would end the process there; an open file cannot be replaced there, so the record stays.
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
