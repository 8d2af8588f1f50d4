"""The columns of a panel: the left one is wider where the middle has room to spare."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import small_images

from convscope.ui.ending import Ending
from convscope.ui.layout.three_columns import ThreeColumns
from convscope.workspace.workspace import Workspace


@pytest.mark.parametrize(("panel", "left"), [(952, 240), (1128, 240), (1150, 262), (1368, 288), (2500, 288)])
def test_a_wide_panel_gives_its_list_some_room(qtbot: QtBot, panel: int, left: int) -> None:
    workspace = Workspace(small_images(1))
    whole = QWidget()
    qtbot.addWidget(whole)
    button = QToolButton(whole)
    button.setCheckable(True)
    side = QWidget(whole)
    ThreeColumns(workspace, Ending(), "test.large", side, QWidget(whole), button).fit(panel)
    assert side.minimumWidth() == side.maximumWidth() == left
