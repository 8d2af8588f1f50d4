"""Many small pictures in a grid, painted as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QSizePolicy, QToolTip, QWidget

from convscope.ui import theme
from convscope.ui.canvas.gestures import ARROWS, FIT, DoubleClickFits, Press, key_zoom, wheel_zoom
from convscope.ui.canvas.mosaic_layout import GAP, LARGEST, SMALLEST, Layout, columns_in, fitting_tile
from convscope.ui.canvas.mosaic_tiles import CAPTION_HEIGHT, Tiles
from convscope.ui.canvas.raster import to_image
from convscope.ui.export.picture_out import choose_file, save_picture

__all__ = ["CAPTIONS_FROM", "GAP", "SMALLEST_FIT", "MosaicView"]

# Fitting never makes tiles smaller than this; more of them scroll.
SMALLEST_FIT, LARGEST_FIT = 40, 420
# Under a smaller tile no caption fits; hovering tells it.
CAPTIONS_FROM = 56


class MosaicView(DoubleClickFits, QAbstractScrollArea):
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
    hovered = Signal(object)

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
        self._selected: int | None = None
        self._hover: int | None = None
        self._press = Press()
        self._frame: QImage | None = None
        self._frame_key: tuple[object, ...] = ()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
            place, bar = self.tile_rect(index), self.verticalScrollBar()
            if place.top() < 0:
                bar.setValue(bar.value() + place.top() - GAP)
            elif place.bottom() > self.viewport().height():
                bar.setValue(bar.value() + place.bottom() - self.viewport().height() + GAP)
        self._describe()
        self.viewport().update()

    def fit(self) -> None:
        """Make the tiles as large as all of them fit, within reason."""
        self._fitted = True
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

    def columns(self) -> int:
        """Maps in a row."""
        if self._fixed is not None:
            return max(1, self._fixed)
        return columns_in(self.viewport().width(), self.tile_size()[0], self.count)

    def _layout(self) -> Layout:
        return Layout(self.count, *self.tile_size(), self._caption_height(), self.columns())

    def tile_rect(self, index: int) -> QRect:
        """Where a map lies in the viewport."""
        return self._layout().rect(index).translated(0, -self.verticalScrollBar().value())

    def index_at(self, position: QPointF) -> int | None:
        """The map at a place of the viewport, its caption counted in."""
        return self._layout().index_at(position + QPointF(0, self.verticalScrollBar().value()))

    def _lay_out(self) -> None:
        if self._fitted:
            self._tile = self._fitting_tile()
        layout, bar = self._layout(), self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(1, layout.step // 2))
        bar.setRange(0, max(0, layout.total - self.viewport().height()))

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
        """More or fewer in a row."""
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Room for a few; it takes all that it gets."""
        return QSize(theme.scaled(320), theme.scaled(240))

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint the part that is now on show."""
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme or zoom."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._frame = None
            self._lay_out()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Larger or smaller tiles; the map under the cursor stays under it."""
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
        self._fitted = False
        largest = max(SMALLEST, min(max(LARGEST, int(self._tile)), self.viewport().width()))
        self._tile = min(float(largest), max(float(SMALLEST), self._tile * factor))
        self._lay_out()
        if index is not None:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.tile_rect(index).center().y() - int(place.y()))
        self._set_hover(self.index_at(place) if at is not None else self._hover)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press.begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scroll while the button is down; read otherwise."""
        if self._press.down and event.buttons() & Qt.MouseButton.LeftButton:
            moved = self._press.moved(event.position())
            if moved is not None:
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() - round(moved.y()))
            return
        self._set_hover(self.index_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose, unless it was a drag."""
        if self._press.end() and event.button() == Qt.MouseButton.LeftButton:
            index = self.index_at(event.position())
            if index is not None:
                self.select(index)
                self.chosen.emit(index)

    def viewportEvent(self, event: QEvent) -> bool:
        """The caption on hover; reading ends when the cursor leaves."""
        if event.type() == QEvent.Type.Leave:
            self._set_hover(None)
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(QPointF(event.pos()))
            if index is not None:
                QToolTip.showText(event.globalPos(), self.words(index), self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.viewport().update()
            self.hovered.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose and zoom without a mouse."""
        key, factor = Qt.Key(event.key()), key_zoom(event)
        if not self._maps:
            super().keyPressEvent(event)
        elif key in ARROWS:
            down, right = ARROWS[key]
            index = 0 if self._selected is None else self._selected + down * self.columns() + right
            if 0 <= index < self.count:
                self.select(index)
                self.chosen.emit(index)
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
        """Copy or save."""
        self.menu(self.index_at(QPointF(event.pos()))).popup(event.globalPos())

    def menu(self, index: int | None) -> QMenu:
        """What the right button offers over a map, or beside all."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if index is not None:
            pixels = self._maps[index]
            menu.addAction(
                "Copy this map", lambda: QGuiApplication.clipboard().setImage(to_image(pixels).copy())
            )
            menu.addAction(
                "Save this map as PNG…",
                lambda: choose_file(self, lambda path: save_picture(self, path, pixels)),
            )
            menu.addSeparator()
        menu.addAction("Copy what is on show", self.copy)
        menu.addAction("Fit", self.fit)
        for action in menu.actions():
            action.setEnabled(bool(self._maps))
        return menu

    def copy(self) -> None:
        """Put the grid, as it is on show, on the clipboard."""
        QGuiApplication.clipboard().setImage(self._rendered().copy())

    # Painting

    def _rendered(self) -> QImage:
        """All that is on show but ring and hover, painted once for each place and size."""
        layout, top = self._layout(), self.verticalScrollBar().value()
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        key = (layout, top, size, ratio)
        if self._frame is None or key != self._frame_key:
            self._frame, self._frame_key = self._tiles.rendered(layout, top, size, ratio), key
        return self._frame

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The ring gets wider."""
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The ring gets narrower."""
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept rendering, the hovered and the chosen map."""
        colours = theme.tokens()
        painter = QPainter(self.viewport())
        painter.drawImage(0, 0, self._rendered())
        for index, colour, width in (
            (self._hover, colours.secondary, 1),
            (self._selected, colours.accent, 3 if self.hasFocus() else 2),
        ):
            if index is not None and index < self.count:
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(self.tile_rect(index).adjusted(-1, -1, 0, 0))
        if self.hasFocus() and self._selected is None:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        painter.end()
