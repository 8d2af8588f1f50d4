"""A choice in a box that is too narrow for it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.forms.form import combo


def test_words_that_do_not_fit_end_in_an_ellipsis(qtbot: QtBot) -> None:
    box = combo("order", "Order", [("difference", "By difference between two images"), ("no", "No")])
    qtbot.addWidget(box)
    box.resize(400, 32)
    box.show()
    assert box.shown_text() == "By difference between two images"
    box.resize(120, 32)
    assert box.shown_text().startswith("By ") and box.shown_text().endswith("…")
    assert box.currentText() == "By difference between two images"
    box.setCurrentIndex(1)
    assert box.shown_text() == "No"


@pytest.mark.parametrize("zoom", [1.0, 1.5])
def test_one_that_takes_the_width_of_its_words_shows_them_whole(qtbot: QtBot, zoom: float) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    box = combo("pooling", "Pooling", [("average", "Average over the map"), ("no", "No")])
    box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToContents)
    line = QHBoxLayout(holder)
    line.addWidget(box)
    line.addStretch(1)
    holder.resize(700, 60)
    holder.show()
    try:
        theme.apply("light", zoom)
        qtbot.waitUntil(lambda: box.width() == box.sizeHint().width())
        assert box.shown_text() == "Average over the map"
    finally:
        theme.apply("light")
