"""The log file, and what is left behind by a run that crashed."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import logging
import os
import platform
import sys
import time
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

from convscope import __version__
from convscope.core.opening import is_regular
from convscope.core.paths import state_dir
from convscope.core.printable import one_line, printable

if sys.platform != "win32":
    import fcntl

MAX_BYTES, BACKUPS = 1_000_000, 2
KEPT_LOGS, KEPT_CRASHES = 10, 5


@dataclass(frozen=True)
class _Run:
    """This run's log and record; the record is open and locked as long as the run lasts."""

    process: int
    handler: logging.Handler
    path: Path
    record: IO[str]


class PlainFormatter(logging.Formatter):
    """One line for each message, and nothing in it that steers the terminal of who reads the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, info: Any) -> str:
        """The traceback, which has lines of its own."""
        return printable(super().formatException(info), lines=True)


_run: _Run | None = None


def log_dir() -> Path:
    """The folder of the logs and of the crash records."""
    folder = state_dir() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def start_logging() -> Path | None:
    """Write this run's log to a file of its own, and native crashes to a record that a clean exit removes.

    Returns:
        The log file; None where the folder cannot be written: the run then goes on without.
    """
    global _run
    end_logging()
    # Several windows may be open, and the system gives a process number out again and again.
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    try:
        path = log_dir() / f"convscope-{name}.log"
        handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8")
        record = path.with_name(f"running-{name}.txt")
        file = record.open("w", encoding="utf-8")
        if sys.platform != "win32":
            # Where the file system has no locks no crash is told: better than telling of a run that goes on.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"convscope {__version__}, Python {platform.python_version()}, log {path.name}\n")
        file.flush()
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error)
        return None
    handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    faulthandler.enable(file, all_threads=True)
    _run = _Run(os.getpid(), handler, record, file)
    _keep_newest("convscope-*.log*", KEPT_LOGS)
    return path


def end_logging() -> None:
    """This run ends cleanly: its log is closed, its crash record goes."""
    global _run
    run, _run = _run, None
    # A fork has these files too, and its end is not ours.
    if run is not None and run.process == os.getpid():
        faulthandler.disable()
        logging.getLogger().removeHandler(run.handler)
        run.handler.close()
        run.record.close()
        with contextlib.suppress(OSError):
            run.path.unlink()


atexit.register(end_logging)


def previous_crash() -> str | None:
    """What crashed runs left: their native traces, or that they did not end cleanly. None if all was well.

    Each crash is told once; its record is kept as crash-*.txt. Runs that are still going on do not count.
    """
    told = []
    # What cannot be read, or is just being told by another window, is no reason not to start.
    with contextlib.suppress(OSError):
        for record in sorted(log_dir().glob("running-*.txt")):
            with contextlib.suppress(OSError):
                if text := _take(record):
                    told.append(text)
        _keep_newest("crash-*.txt", KEPT_CRASHES)
    return "\n\n".join(told) or None


def _take(record: Path) -> str:
    """The record of a crashed run, put away; "" if that run goes on."""
    if not is_regular(record):
        return ""
    with record.open("r+", encoding="utf-8", errors="replace") as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return ""
        text = file.read().strip()
    if not text:
        # It starts just now, and waits for our lock.
        return ""
    # On Windows this fails while the run goes on.
    record.rename(record.with_name(record.name.replace("running-", "crash-", 1)))
    return text if "\n" in text else f"{text}\nIt did not end cleanly: something outside ended it."


def _keep_newest(pattern: str, count: int) -> None:
    # The names begin with the time.
    for old in sorted(log_dir().glob(pattern))[:-count]:
        with contextlib.suppress(OSError):
            old.unlink()
