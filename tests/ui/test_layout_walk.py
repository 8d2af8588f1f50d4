"""Nothing that a person must read is cut off, at any of three sizes, with the longest names there are.

What was wrong when this walk was first made stands in `layout_faults.txt`. That list may only become shorter:
a fault that is not on it fails, and so does a line of it that is no fault any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cut_off import Fault, cut_off
from faults import faults
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from walk import SIZES, Size, Walk, long_window

KNOWN = Path(__file__).with_name("layout_faults.txt")


def known(size: Size) -> set[str]:
    """The faults that wait to be mended, at a size."""
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line.startswith(f"{size} | ")}


@pytest.fixture
def walk(qtbot: QtBot, shorter_ascents: None) -> Iterator[Walk]:
    """A window with a photograph, a network, data and a run, all under long names."""
    with long_window(qtbot) as window:
        made = Walk(qtbot, window)
        made.train()
        yield made


def every_fault(shown: QWidget) -> Iterator[Fault]:
    """Of what was painted, and of what the widgets say of themselves."""
    yield from cut_off(shown)
    for line in faults(shown):
        place, _, fault = line.partition(": ")
        words = re.search('"(.*)"', fault, re.S)
        kind = re.sub(r'".*" |: \d+ in \d+', "", fault, flags=re.S)
        first = place.split(" in ")[0]
        yield Fault(first if "." in first else place, kind, words[1] if words else "")


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_that_one_must_read_is_cut_off(walk: Walk, size: Size) -> None:
    walk.resize(size)
    found: dict[str, str] = {}
    places = 0
    for place in walk.states():
        # A panel that needs more room makes the window larger than its screen.
        assert (walk.window.width(), walk.window.height()) == (size.width, size.height), place
        places += 1
        for fault in every_fault(walk.window):
            found.setdefault(f"{size} | {place.split()[0]} | {fault}", f"  ({place}: {fault.words!r})")
    for name, dialog in walk.dialogs():
        for fault in every_fault(dialog):
            found.setdefault(f"{size} | {name} | {fault}", f"  ({fault.words!r})")
    assert places >= 45
    new = [f"{line}{found[line]}" for line in sorted(set(found) - known(size))]
    mended = sorted(known(size) - set(found))
    told = [*(f"cut off: {line}" for line in new), *(f"mended, so off the list: {line}" for line in mended)]
    assert not told, "\n".join(told)
