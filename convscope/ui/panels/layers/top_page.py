"""The images of the data set that excite the selected map most: a button that looks, and a grid."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.forms.form import caption, row, tool, vertical
from convscope.ui.panels.layers.top_images import TopImagesViewModel, told


class TopPage(QWidget):
    """One of the inspector's pages."""

    def __init__(self, found: TopImagesViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found = found
        column = vertical(self)
        self.words = caption("layers.top_words")
        column.addWidget(self.words)
        self.search = tool("layers.top_find", "Look through the data set", "search", found.look, "Find")
        self.open = tool(
            "layers.top_open", "Open a data set that fits", "database", found.open_fitting_data, "Open data"
        )
        self.stop = tool("layers.top_stop", "Stop looking", "circle-stop", found.cancel, "Stop")
        column.addLayout(row(self.search, self.open, self.stop, None))
        self.grid = MosaicView(photographs=True)
        self.grid.setObjectName("layers.top")
        self.grid.setAccessibleName("Images that excite this channel most")
        self.grid.chosen.connect(found.open_image)
        column.addWidget(self.grid, 1)
        column.addStretch()
        self._painted = found.pictures
        self.grid.hide()
        found.context.listen(found.changed, self._show)
        self._show()

    def _show(self) -> None:
        found = self._found
        self.words.setText(found.words)
        self.open.setVisible(found.context.workspace.dataset is None)
        self.search.setVisible(found.can_look)
        self.stop.setVisible(found.looking)
        if found.pictures is not self._painted:
            self._painted = found.pictures
            self.grid.setVisible(bool(found.pictures))
            self.grid.set_maps(found.pictures, [told(one) for one in found.ranking])
