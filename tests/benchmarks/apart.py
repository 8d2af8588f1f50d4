"""Measuring in a process of its own: memory, first times, and whatever must not meet other benchmarks."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

from tests.processes import run_process, words_of

ROOT = Path(__file__).parents[2]


def apart(module: str, *words: object) -> list[float]:
    """The numbers in the last line that a module of this package prints when it is run with these words."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "CONVSCOPE_HOME": home,
            "QT_QPA_PLATFORM": "offscreen",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        # What is installed is compiled once.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, words)]
        done = run_process(command, cwd=ROOT, env=environment)
    try:
        return [float(number) for number in done.stdout.splitlines()[-1].split()]
    except (IndexError, ValueError):
        raise AssertionError(f"No numbers: {words_of(done)}") from None


def resident() -> float:
    """Resident memory in MB, without what the C library keeps of what was freed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak() -> float:
    """The most resident memory that this process ever had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
