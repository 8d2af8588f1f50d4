"""A choice in a box that is too narrow for it."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from convscope.ui.widgets.form import combo


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
