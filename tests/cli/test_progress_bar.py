"""The progress bar on standard error."""

from __future__ import annotations

import io
import signal

import pytest

from convscope.cli.progress_bar import progress_bar
from convscope.core.task import Cancelled


class Terminal(io.StringIO):
    """Standard error on a screen."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_one_line_drawn_over_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "60")
    with progress_bar() as task:
        task.progress(0.25, "Epoch 1 of 4 · loss 0.532")
        task.progress(0.5, "Epoch 2 of 4 · " + "a long story " * 9)
        task.progress(None, "Preparing")
    drawn = screen.getvalue().split("\r")
    assert drawn[1] == "[██████                  ] Epoch 1 of 4 · loss 0.532"
    assert drawn[2].startswith("[████████████            ] Epoch 2 of 4 · a long")
    assert len(drawn[2]) == 59
    assert drawn[3].rstrip() == "[                        ] Preparing"
    assert not drawn[4].strip()
    assert "\n" not in screen.getvalue()


def test_a_log_file_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("convscope.cli.progress_bar.time.monotonic", lambda: next(clock))
    with progress_bar() as task:
        for step in range(1, 13):
            task.progress(step / 100, f"step {step}")
    # A second a step here; what is quick says nothing.
    assert capsys.readouterr().err == "  5% step 5\n 10% step 10\n"


def test_ctrl_c_cancels_and_a_second_one_is_as_always() -> None:
    before = signal.getsignal(signal.SIGINT)
    with progress_bar() as task:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Cancelled):
            task.progress(0.1, "work")
        assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGINT) is before
