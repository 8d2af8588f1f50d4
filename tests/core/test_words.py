"""Shares and times in words: no rounding tells more than is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convscope.core import words
from convscope.core.words import clock, percent, share, time_left


@pytest.mark.parametrize(
    ("count", "whole", "text"),
    [
        (4, 32, "12.5 %"),
        (8, 32, "25 %"),
        (1, 3, "33.3 %"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 5000, "< 0.1 %"),
        (4999, 5000, "> 99.9 %"),
        (1, 1999, "0.1 %"),
    ],
)
def test_a_share_does_not_round_falsely(count: int, whole: int, text: str) -> None:
    assert percent(count / whole) == text


def test_digits_that_stand_under_each_other() -> None:
    shares = (0.25, 0.98765, 1.0, 59_999 / 60_000, 1e-6, 0.0)
    told = ["25.00 %", "98.77 %", "100.00 %", "> 99.99 %", "< 0.01 %", "0.00 %"]
    assert [percent(one, 2, fixed=True) for one in shares] == told


def test_a_share_comes_with_its_counts() -> None:
    assert share(4, 32) == "4 of 32, 12.5 %"
    assert share(1234, 10_000) == "1,234 of 10,000, 12.3 %"
    assert share(0, 0) == "0 of 0"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0:00"), (42, "0:42"), (59.6, "1:00"), (605, "10:05"), (3900, "1:05:00")]
)
def test_a_stretch_of_time(seconds: float, text: str) -> None:
    assert clock(seconds) == text
    assert time_left(seconds) == f"{text} left"


def test_every_share_is_written_in_one_way() -> None:
    """4 of 32 were 12 %, and 99,996 of 100,000 all of them, wherever a place had rounded for itself."""
    own = re.compile(r"\{[^{}]*:[^{}]*%\}|\{100(?:\.0)? \* [^{}]*\} ?%|\{[^{}]* \* 100:[^{}]*\} ?%")
    root = Path(words.__file__).parents[1]
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if any(own.search(line) for line in path.read_text(encoding="utf-8").splitlines())
    }
    # How far a command is, and how much larger than itself a picture is drawn.
    assert found == {"cli/progress_bar.py", "ui/canvas/image_view.py"}
