"""The columns of a panel: the left one is wider where the middle has room to spare."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui.layout.three_columns import ThreeColumns


@pytest.mark.parametrize(("panel", "left"), [(952, 240), (1128, 240), (1150, 262), (1368, 288), (2500, 288)])
def test_a_wide_panel_gives_its_list_some_room(qtbot: QtBot, panel: int, left: int) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    button = QToolButton(whole)
    button.setCheckable(True)
    side = QWidget(whole)
    ThreeColumns(side, QWidget(whole), button).fit(panel)
    assert side.minimumWidth() == side.maximumWidth() == left
