"""Processes that a test starts: what one of them died of is told, whatever it wrote or did not write."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_TAIL = 4000  # characters
# TensorFlow's variable for the threads of one operation; `conftest` gives each of several workers its share.
THREADS = "TF_NUM_INTRAOP_THREADS"


def run_process(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    code: int | None = 0,
) -> subprocess.CompletedProcess[str]:
    """Run a process to its end, however long that takes: a test's own limit ends both.

    Args:
        env: None: as here; but one operation has all cores, not a worker's share of them.
        code: what it must end with; None: anything but a signal.

    Raises:
        AssertionError: it ended otherwise; with what is known of that.
    """
    # A native crash writes where it happened.
    space = {"PYTHONFAULTHANDLER": "1", **(os.environ if env is None else env)}
    if os.environ.get(THREADS) == space.get(THREADS):
        space.pop(THREADS, None)
    done = subprocess.run(
        command, cwd=cwd, env=space, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    assert done.returncode >= 0 if code is None else done.returncode == code, words_of(done)
    return done


def words_of(done: subprocess.CompletedProcess[str]) -> str:
    """How a process ended, and the last of what it said."""
    if done.returncode < 0:
        end = f"was ended by {signal.Signals(-done.returncode).name}"
        if done.returncode == -signal.SIGKILL:
            end += " (too little memory?)"
    else:
        end = f"ended with code {done.returncode}"
    said = [
        f"{name}:\n{text[-_TAIL:].rstrip()}"
        for name, text in (("stdout", done.stdout), ("stderr", done.stderr))
        if text.strip()
    ]
    return "\n".join([f"{' '.join(map(str, done.args))[:300]} {end}.", *(said or ["It said nothing."])])
