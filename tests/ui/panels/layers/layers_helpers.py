"""What a person does with the layers panel."""

from __future__ import annotations

from driver import Driver
from pytestqt.qtbot import QtBot

from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.panels.layers.feature_maps import FeatureMaps
from convscope.ui.panels.layers.panel import LayersPanel


class Desk(Driver):
    """The window with its layers panel."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        super().__init__(qtbot, window)
        panel = window.panel()
        assert isinstance(panel, LayersPanel)
        self.panel = panel

    @property
    def frame(self) -> FeatureMaps:
        """What is on show."""
        assert self.panel.view_model.maps is not None
        return self.panel.view_model.maps

    def layer(self, path: str) -> None:
        """Choose a layer."""
        self.workspace.choose_layer(path)
        self.settle()

    def layer_unsettled(self, path: str) -> None:
        """Choose a layer, and do not wait for its maps."""
        self.workspace.choose_layer(path)

    def tile(self, place: int, name: str = "layers.mosaic") -> None:
        """Click a tile of a mosaic."""
        view = self.find(MosaicView, name)
        self.click_in(view, view.tile_rect(place).center())
