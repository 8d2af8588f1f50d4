"""What a person does with the patterns panel."""

from __future__ import annotations

from driver import Driver
from pytestqt.qtbot import QtBot

from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.patterns.panel import PatternsPanel


class Growing(Driver):
    """The window with its patterns panel."""

    few = PatternSettings(steps=3)

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, PatternsPanel)
        self.panel, self.view_model = panel, panel.view_model

    def tile(self, number: int, settle: bool = True) -> None:
        """Click a tile of the grid."""
        self.click_in(self.panel.centre.grid, self.panel.centre.grid.tile_rect(number).center(), settle)
