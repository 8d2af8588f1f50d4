"""What a child process died of is told."""

from __future__ import annotations

import sys

import pytest

from tests.processes import run_process


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "import os; os.kill(os.getpid(), 9)",
            r"was ended by SIGKILL \(too little memory\?\)\.\nIt said nothing",
        ),
        (
            "import faulthandler; faulthandler._sigsegv()",
            r"(?s)SIGSEGV.*Segmentation fault.*line 1 in <module>",
        ),
        ("print('half way'); raise SystemExit(3)", r"(?s)ended with code 3\.\nstdout:\nhalf way"),
        ("raise ValueError('why')", r"(?s)ended with code 1\.\nstderr:.*ValueError: why"),
    ],
)
def test_it_is_told(code: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        run_process([sys.executable, "-c", code])


def test_the_code_that_is_expected() -> None:
    assert run_process([sys.executable, "-c", "raise SystemExit(3)"], code=3).stdout == ""
    assert run_process([sys.executable, "-c", "raise SystemExit(3)"], code=None).returncode == 3
    with pytest.raises(AssertionError, match="ended with code 0"):
        run_process([sys.executable, "-c", ""], code=1)
