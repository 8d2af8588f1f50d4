"""A real window with the kernel lab on a small colour picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from driver import window_on
from lab_helpers import Lab
from pytestqt.qtbot import QtBot

from convscope.imaging.image import Image


@pytest.fixture
def lab(qtbot: QtBot) -> Iterator[Lab]:
    """The kernel lab in its window, 1440×900, with 24×32 colours."""
    values = np.random.default_rng(7).integers(0, 256, (24, 32, 3), np.uint8)
    with window_on(qtbot, "kernels", [Image(values, "noise")]) as window:
        found = Lab(qtbot, window)
        found.settle()
        yield found
