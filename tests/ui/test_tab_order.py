"""The way of the Tab key through layouts, and what it leaves behind."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayoutItem, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import Shiboken

from convscope.ui.window.tab_order import tab_stops


def items() -> list[QLayoutItem]:
    """What Python holds of items of layouts that are no layouts themselves."""
    return [each for each in Shiboken.getAllValidWrappers() if type(each).__name__.endswith("Item")]


def test_it_goes_along_the_layout_and_holds_none_of_its_items(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    buttons = {name: QPushButton(name, root) for name in "gfedcba"}
    column, line, table = QVBoxLayout(root), QHBoxLayout(), QGridLayout()
    column.addWidget(buttons["a"])
    column.addLayout(line)
    column.addStretch(1)
    line.addWidget(buttons["b"])
    line.addLayout(table)
    for number, name in enumerate("cde"):
        table.addWidget(buttons[name], 0, number)
    column.addWidget(buttons["f"])
    root.show()
    before = len(items())
    assert [stop.text() for stop in tab_stops(root)] == list("abcdefg")  # type: ignore[attr-defined]
    # An item goes with its widget. What Python kept would be taken for the next widget at its address.
    assert len(items()) == before
