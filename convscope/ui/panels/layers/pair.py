"""A map and the image under it, side by side."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from convscope.ui import naming, theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import row, vertical
from convscope.ui.panels.layers.detail import Detail


class MapPair(QWidget):
    """One side's map, and the image as its network sees it.

    Args:
        suffix: of the views' object names.

    Signals:
        hovered: (row, column) of the map under the pointer, or None.
        clicked: row and column of the map, and its side.
    """

    hovered = Signal(object)
    clicked = Signal(int, int, int)

    def __init__(self, suffix: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.detail: Detail | None = None
        self.title = naming.give(theme.label("", "caption"), f"layers.pair_title{suffix}")
        self.map = naming.give(ImageView(), f"layers.map{suffix}", "The chosen map")
        self.image = naming.give(ImageView(), f"layers.image{suffix}", "The image as the network sees it")
        self.map.hovered.connect(self.hovered)
        self.map.clicked.connect(self._click)
        vertical(self, self.title, (row(self.map, self.image, spacing=theme.GRID), 1), spacing=theme.GRID)

    def show_detail(self, detail: Detail, *, named: bool) -> None:
        """Show a map.

        Args:
            named: whether to say whose it is, because there are two.
        """
        self.detail = detail
        side = detail.maps.sides[detail.side]
        maps = side.maps
        self.title.setText(side.forward.title)
        self.title.setVisible(named)
        self.map.setVisible(maps.form != "values")
        self.map.set_pixels(detail.pixels, detail.values)
        state = side.states[detail.channel]
        self.map.set_caption(f"{maps.height} × {maps.width}{', ' if state else ''}{state}")
        self.image.set_pixels(detail.over)
        image, (height, width) = side.forward.image, detail.over.shape[:2]
        # What is shown is what the network gets; the image itself may have another size.
        own = (image.height, image.width) == (height, width)
        seen = "" if own else f", seen at {height} × {width}"
        self.image.set_caption(f"{image.name}, {image.height} × {image.width}{seen}")

    def mark(self, place: tuple[int, int] | None) -> None:
        """Frame what the value at (row, column) sees on the image."""
        detail = self.detail
        box = None
        if detail is not None and place is not None and _inside(detail, place):
            found = detail.maps.sides[detail.side].found
            box = found.field_box(detail.maps.path, *place, detail.channel)
        if box is None or box[0] == box[2]:
            self.image.clear_box()
        else:
            top, left, bottom, right = box
            self.image.set_box(top, left, bottom - top, right - left)

    def ring(self, place: tuple[int, int] | None) -> None:
        """Frame the value at (row, column) on the map."""
        if self.detail is not None and place is not None and _inside(self.detail, place):
            self.map.set_box(*place, 1, 1)
        else:
            self.map.clear_box()

    def _click(self, row: int, column: int) -> None:
        if self.detail is not None:
            self.clicked.emit(row, column, self.detail.side)


def _inside(detail: Detail, place: tuple[int, int]) -> bool:
    rows, columns = detail.values.shape
    return place[0] < rows and place[1] < columns
