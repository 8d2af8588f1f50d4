"""Two pictures of one shape, beside or above each other: as both are larger."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from convscope.ui import theme
from convscope.ui.canvas.image_view import CAPTION_HEIGHT, ImageView

# They change places only for a picture this much larger, so that a window being resized is calm.
_WORTH = 1.1


class PicturePair(QSplitter):
    """Two linked `ImageView`s with a handle between them.

    Args:
        first: its picture's shape decides.
        second: shown on the right or below.
    """

    def __init__(self, first: ImageView, second: ImageView, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._first = first
        self._placing = False
        self.setChildrenCollapsible(False)
        self.setHandleWidth(theme.GAP)
        first.link(second)
        self.addWidget(first)
        self.addWidget(second)
        first.view_changed.connect(self.arrange)

    def arrange(self) -> None:
        """Choose by the picture's shape and the room there is."""
        height, width = self._first.view.height, self._first.view.width
        if self._placing or not height or not width:
            return
        foot, gap = theme.scaled(CAPTION_HEIGHT), self.handleWidth()
        beside = min((self.width() - gap) / 2 / width, (self.height() - foot) / height)
        above = min(self.width() / width, ((self.height() - gap) / 2 - foot) / height)
        upright = self.orientation() == Qt.Orientation.Vertical
        now, other = (above, beside) if upright else (beside, above)
        if other > now * _WORTH:
            self.setOrientation(Qt.Orientation.Horizontal if upright else Qt.Orientation.Vertical)
            self.setSizes([1 << 16, 1 << 16])

    def resizeEvent(self, event: QResizeEvent) -> None:
        # The first view tells of its new size before the second has got its place: turned then, that one
        # would be put where it lay the other way round.
        self._placing = True
        super().resizeEvent(event)
        self._placing = False
        self.arrange()
