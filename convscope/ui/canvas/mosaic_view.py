"""Many small pictures in a grid, painted as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from convscope.ui import theme
from convscope.ui.canvas.gestures import (
    ARROWS,
    FIT,
    DoubleClickFits,
    MenuEntry,
    context_menu,
    key_zoom,
    wheel_zoom,
)
from convscope.ui.canvas.mosaic_labels import CAPTION_HEIGHT
from convscope.ui.canvas.mosaic_tiles import Tiles
from convscope.ui.canvas.tile_layout import GAP, LARGEST, SMALLEST, TileLayout, columns_in, fitting_tile
from convscope.ui.canvas.tile_view import TileView
from convscope.ui.export.file_dialog import choose_file, save_picture
from convscope.ui.qimage import to_image

__all__ = ["CAPTIONS_FROM", "GAP", "SMALLEST_FIT", "MosaicView"]

# Fitting never makes tiles smaller than this; more of them scroll.
SMALLEST_FIT, LARGEST_FIT = 40, 420
# Under a smaller tile no caption fits; hovering tells it.
CAPTIONS_FROM = 56


class MosaicView(DoubleClickFits, TileView):
    """A grid of maps: the wheel makes them larger at the cursor, dragging scrolls, a double click fits.

    Arrows choose, Enter and a click tell; the right button copies or saves one map or all.

    Args:
        photographs: the pictures are photographs, which are smoothed when enlarged; the pixels of feature
            maps, kernels and tiny pictures stay sharp squares.
        caption_lines: captions that are wider than their tile may take so many lines.
        least: design pixels that fitting leaves of a tile; more of them scroll.

    Signals:
        chosen: the index of the map that was clicked, or chosen by key.
        hovered: the index under the cursor, or None.
    """

    chosen = Signal(int)

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        photographs: bool = False,
        caption_lines: int = 1,
        least: int = SMALLEST_FIT,
    ) -> None:
        super().__init__(parent)
        self._least = least
        self._tiles = Tiles(photographs, caption_lines)
        self._sizes: tuple[tuple[int, ...], ...] = ()
        self._fixed: int | None = None
        self._tile = 64.0
        self._fitted = True
        self._frame: QImage | None = None
        self._frame_key: tuple[object, ...] = ()
        self.setAccessibleName("Maps")

    # What is shown

    def set_maps(
        self,
        maps: Sequence[NDArray[np.uint8]],
        captions: Sequence[str] = (),
        columns: int | None = None,
        *,
        sizes: Sequence[tuple[int, ...]] = (),
    ) -> None:
        """Show maps, each uint8 H×W or H×W×3; the arrays are kept, not copied.

        With as many maps as before the size of the tiles, the place and the chosen map stay.

        Args:
            columns: so many in a row whatever the room; None: as many as fit best.
            sizes: rows and columns of what each map is a picture of, which hovering tells. A thumbnail's own
                size is no news of the image.
        """
        self._sizes = tuple(sizes)
        count = self.count if columns == self._fixed else -1
        self._fixed = columns
        self._tiles.set_maps(maps, captions)
        self._frame = None
        if count != self.count:
            self._fitted = True
            self._selected = None
            self._set_hover(None)
        self._lay_out()
        self._describe()
        self.viewport().update()

    def set_map(self, index: int, pixels: NDArray[np.uint8], caption: str | None = None) -> None:
        """Replace one map, such as one that has just been computed."""
        self._tiles.set_map(index, pixels, caption)
        self._frame = None
        self.viewport().update()

    def words(self, index: int) -> str:
        """What hovering tells of a map: its caption, and the size of what it shows where that is known."""
        size = self._sizes[index] if index < len(self._sizes) else ()
        return "  ·  ".join((self.caption(index), *([f"{size[0]} × {size[1]}"] if size else [])))

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """A map as it was given."""
        return self._maps[index]

    def set_caption(self, index: int, caption: str) -> None:
        """Another caption for one map."""
        if self.caption(index) != caption:
            before = self._caption_height()
            self.set_map(index, self._maps[index], caption)
            if self._caption_height() != before:
                self._lay_out()

    @property
    def _maps(self) -> list[NDArray[np.uint8]]:
        return self._tiles.maps

    @property
    def count(self) -> int:
        """How many maps there are."""
        return len(self._maps)

    @property
    def selected(self) -> int | None:
        """The map with the ring."""
        return self._selected

    def select(self, index: int | None, reveal: bool = True) -> None:
        """Put the ring around a map; nothing is emitted.

        Args:
            reveal: scroll to where it is on show.
        """
        self._selected = index
        if reveal and index is not None and index < self.count:
            self.reveal(index, GAP)
        self._describe()
        self.viewport().update()

    def fit(self) -> None:
        """Make the tiles as large as all of them fit, within reason."""
        with self.by_hand():
            self.choose_size(None)

    def chosen_size(self) -> float | None:
        return None if self._fitted else self._tile

    def choose_size(self, size: float | None) -> None:
        self._fitted = size is None
        self._tile = size or self._tile
        self._lay_out()
        self.viewport().update()

    def _describe(self) -> None:
        chosen = f", {self.caption(self._selected)} chosen" if self._selected is not None else ""
        self.setAccessibleDescription(f"{self.count} maps{chosen}")

    def caption(self, index: int) -> str:
        """The words of a map; its index without."""
        return self._tiles.caption(index)

    # Measures

    def _caption_height(self) -> int:
        shown = bool(self._tiles.captions) and self._tile >= theme.scaled(CAPTIONS_FROM)
        return theme.scaled(CAPTION_HEIGHT) * self._tiles.lines(self.tile_size()[0]) if shown else 0

    def tile_size(self) -> tuple[int, int]:
        """Width and height of a map on the screen."""
        return (max(1, round(self._tile)), max(1, round(self._tile * self._tiles.shape)))

    def tile_layout(self) -> TileLayout:
        width, height = self.tile_size()
        columns = self._fixed
        if columns is None:
            columns = min(columns_in(self.viewport().width(), width), self.count)
        return TileLayout(self.count, width, height, self._caption_height(), max(1, columns))

    def hint(self, tile: int) -> str:
        return self.words(tile)

    def pick(self, tile: int) -> None:
        self.select(tile)
        self.chosen.emit(tile)

    def _lay_out(self) -> None:
        if self._fitted:
            self._tile = self._fitting_tile()
        self._set_scroll_range()
        self._tell_state()

    def _fitting_tile(self) -> float:
        """The largest tile at which all maps are on show; the smallest legible one if there is none."""
        tile = self._tile_over(1)
        lines = self._tiles.lines(tile)
        return tile if lines == 1 else self._tile_over(lines)

    def _tile_over(self, lines: int) -> int:
        """The same for captions of so many lines."""
        return fitting_tile(
            self.count,
            self.viewport().width(),
            self.viewport().height(),
            shape=self._tiles.shape,
            caption=lines * theme.scaled(CAPTION_HEIGHT) if self._tiles.captions else 0,
            caption_from=theme.scaled(CAPTIONS_FROM) if self._tiles.captions else 0,
            low=theme.scaled(self._least),
            # One alone takes the room that there is.
            high=theme.scaled(LARGEST_FIT) if self.count > 1 else max(1, self.viewport().width()),
            columns=None if self._fixed is None else max(1, self._fixed),
        )

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(240))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._frame = None
            self._lay_out()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Larger or smaller tiles; the map under the cursor stays under it.
        factor = wheel_zoom(event)
        if factor is None or not self._maps:
            event.ignore()
            return
        self.zoom(factor, event.position())
        event.accept()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Change the size of the tiles, keeping the map at this place of the viewport there."""
        place = at or QPointF(self.viewport().rect().center())
        index = self.index_at(place)
        largest = max(SMALLEST, min(max(LARGEST, int(self._tile)), self.viewport().width()))
        with self.by_hand():
            self.choose_size(min(float(largest), max(float(SMALLEST), self._tile * factor)))
            if index is not None:
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + self.tile_rect(index).center().y() - int(place.y()))
        self._set_hover(self.index_at(place) if at is not None else self._hover)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, factor = Qt.Key(event.key()), key_zoom(event)
        if not self._maps:
            super().keyPressEvent(event)
        elif key in ARROWS:
            down, right = ARROWS[key]
            index = 0 if self._selected is None else self._selected + down * self.columns() + right
            if 0 <= index < self.count:
                self.pick(index)
        elif factor == FIT:
            self.fit()
        elif factor is not None:
            self.zoom(factor)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._selected is not None:
            self.chosen.emit(self._selected)
        else:
            super().keyPressEvent(event)

    # Out

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu(self.index_at(QPointF(event.pos()))).popup(event.globalPos())

    def menu(self, index: int | None) -> QMenu:
        """What the right button offers over a map, or beside all."""
        shown = bool(self._maps)
        one: tuple[MenuEntry | None, ...] = ()
        if index is not None:
            pixels = self._maps[index]

            def copy() -> None:
                QGuiApplication.clipboard().setImage(to_image(pixels).copy())

            def save() -> None:
                choose_file(self, lambda path: save_picture(self, path, pixels))

            one = (
                MenuEntry("copy_map", "Copy this map", copy),
                MenuEntry("save_map", "Save this map as PNG…", save),
                None,
            )
        every = (
            MenuEntry("copy", "Copy what is on show", self.copy, shown),
            MenuEntry("fit", "Fit", self.fit, shown),
        )
        return context_menu(self, "mosaic", (*one, *every))

    def copy(self) -> None:
        """Put the grid, as it is on show, on the clipboard."""
        QGuiApplication.clipboard().setImage(self._rendered().copy())

    # Painting

    def _rendered(self) -> QImage:
        """All that is on show but ring and hover, painted once for each place and size."""
        layout, top = self.tile_layout(), self.verticalScrollBar().value()
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        key = (layout, top, size, ratio)
        if self._frame is None or key != self._frame_key:
            self._frame, self._frame_key = self._tiles.rendered(layout, top, size, ratio), key
        return self._frame

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.drawImage(0, 0, self._rendered())
        self._paint_rings(painter, self.count, self.tile_rect)
        painter.end()
