"""A real window with the kernel lab on a small colour picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from convscope.imaging.image import Image
from convscope.session.session import Session
from convscope.ui.main_window import MainWindow


@pytest.fixture
def lab(qtbot: QtBot) -> Iterator[Lab]:
    """The kernel lab in its window, 1440×900, with 24×32 colours."""
    values = np.random.default_rng(7).integers(0, 256, (24, 32, 3), np.uint8)
    window = MainWindow(Session([Image(values, "noise")]))
    qtbot.addWidget(window)
    QCursor.setPos(QPoint(0, 0))
    window.resize(1440, 900)
    window.show()
    found = Lab(qtbot, window)
    found.settle()
    yield found
    if isValid(window):
        window.close()
