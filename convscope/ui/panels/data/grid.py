"""A grid of thumbnails that only knows what is on show: a hundred thousand cost no more than fifty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from convscope.ui import naming, theme
from convscope.ui.canvas.pixmaps import Pixmaps, fitted
from convscope.ui.canvas.tile_layout import TileLayout, columns_in
from convscope.ui.canvas.tile_view import TileView
from convscope.ui.panels.data.class_list import class_colour

CAPTION, LINE = 18, 13
GAP, MARGIN = 8, 4
SIZES = (32, 40, 48, 56, 72, 84, 96, 112, 128, 160, 192, 224)  # pixels of a tile, as designed
FIRST_STEP = SIZES.index(84)
# Thumbnails of large pictures are made in these sizes only, so that enlarging a little loads nothing anew.
_SOURCES = (64, 96, 128, 192, 256, 384, 512)

Picture = Callable[[int, int], "NDArray[np.uint8] | None"]
DOT, LINES = 6, 3
_FROM_TOP = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class ThumbnailGrid(TileView):
    """Thumbnails with their class below; what is on show is painted, nothing else exists.

    The wheel scrolls and so does dragging; Ctrl and the wheel, + and − make the tiles larger or smaller. A
    click or Enter chooses an image, the arrows go along them.

    Args:
        picture: a thumbnail by image index and size, uint8 H×W×3 within size × size, or None while it is
            not there.

    Signals:
        chosen: the index of the image that was clicked, or chosen by Enter.
        moved: the index of the image that the arrows went to.
        hovered: the index of the image under the cursor, or None.
        view_changed: other images are on show, or at another size.
        menu_requested: an image's index and where on the screen.
    """

    chosen = Signal(int)
    moved = Signal(int)
    view_changed = Signal()
    menu_requested = Signal(int, object)

    def __init__(self, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "data.grid", "Images")
        self._picture = picture
        self._indices: NDArray[np.int64] = np.empty(0, np.int64)
        self._labels: NDArray[np.int32] = np.empty(0, np.int32)
        self._classes: Sequence[str] = ()
        self._native: int | None = None
        self._step = FIRST_STEP
        self._top = 0
        self._pixmaps = Pixmaps()
        self._short: dict[tuple[int, int], str] = {}
        self._lines: dict[int, int] = {}
        self.broken: Callable[[int], str] = lambda _index: ""
        self.words: Callable[[int], str] = lambda index: str(index)
        # One request for many scroll steps in one turn of the event loop.
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.timeout.connect(self.view_changed)

    # What is shown

    def set_source(self, labels: NDArray[np.int32], classes: Sequence[str], native: int | None) -> None:
        """Another data set: the class of every image, the classes' names, and the longer side of the images
        in pixels where all have the same; small ones are shown in whole pixels."""
        self._labels, self._classes, self._native = labels, classes, native
        self._indices = np.empty(0, np.int64)
        self._selected = None
        self._forget()

    def set_indices(self, indices: NDArray[np.int64], *, to_top: bool = True) -> None:
        """Show these images, in this order; the ring stays on its image if that is among them."""
        kept = self.current
        self._indices = indices
        self._selected = self._position(kept)
        self._set_hover(None)
        self._lay_out()
        if to_top:
            self.verticalScrollBar().setValue(0)
        self._describe()
        self._changed()

    @property
    def indices(self) -> NDArray[np.int64]:
        """The images in the grid."""
        return self._indices

    @property
    def current(self) -> int | None:
        """The image with the ring."""
        return None if self._selected is None else int(self._indices[self._selected])

    def set_current(self, index: int | None) -> None:
        """Put the ring around an image if it is in the grid, and bring it into view; nothing is emitted."""
        self._go(self._position(index))

    def _position(self, index: int | None) -> int | None:
        found = np.flatnonzero(self._indices == (-1 if index is None else index))
        return int(found[0]) if len(found) else None

    def visible(self) -> NDArray[np.int64]:
        """The images on show, from the top."""
        shown = self.on_show()
        return self._indices[shown.start : shown.stop]

    def show_arrived(self, indices: Sequence[int]) -> None:
        """Paint these thumbnails, which are there now."""
        if np.isin(self.visible(), indices).any():
            self.viewport().update()

    def kept_bytes(self) -> int:
        """The memory that its pictures take."""
        return self._pixmaps.bytes

    def zoom(self, steps: int) -> None:
        """Larger or smaller tiles; the row in the middle stays there."""
        before, bar, height = self.tile_layout(), self.verticalScrollBar(), self.viewport().height()
        row = (bar.value() + height / 2 - MARGIN) / before.row_height
        with self.by_hand():
            self.choose_size(SIZES[min(len(SIZES) - 1, max(0, self._step + steps))])
            after = self.tile_layout()
            # So many tiles stand above the middle, whatever the width of a row.
            above = row * before.columns / after.columns
            bar.setValue(round(above * after.row_height + MARGIN - height / 2))
        self._changed()

    def chosen_size(self) -> float | None:
        return None if self._step == FIRST_STEP else SIZES[self._step]

    def choose_size(self, size: float | None) -> None:
        nearest = min(SIZES, key=lambda each: abs(each - (size or SIZES[FIRST_STEP])))
        self._step = SIZES.index(nearest)
        self._lay_out()
        self._changed()

    # Measures

    def tile(self) -> int:
        """The side of a tile in screen points; a whole multiple of a small image's own size."""
        return tile_side(theme.scaled(SIZES[self._step]), self._native, self.devicePixelRatioF())

    def source_size(self) -> int:
        """The side of the thumbnails to ask for, in pixels."""
        return source_side(self.tile(), self._native, self.devicePixelRatioF())

    def tile_layout(self) -> TileLayout:
        tile, width = self.tile(), self.viewport().width()
        caption = theme.scaled(CAPTION + LINE * self._more_lines(tile)) if tile >= theme.scaled(40) else 0
        columns = columns_in(width - 2 * MARGIN, tile, GAP)
        return TileLayout(len(self._indices), tile, tile, caption, columns, GAP, MARGIN, width)

    def hint(self, tile: int) -> str:
        return self.words(self.told(tile))

    def pick(self, tile: int) -> None:
        self._go(tile)
        self.chosen.emit(self.told(tile))

    def told(self, tile: int) -> int:
        return int(self._indices[tile])

    def _lay_out(self) -> None:
        self._set_scroll_range()
        self._tell_state()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(480), theme.scaled(360))

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        bar, at = self.verticalScrollBar(), self._top
        self._lay_out()
        if bar.value():
            layout = self.tile_layout()
            bar.setValue(at // layout.columns * layout.row_height)
        self._changed()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._set_hover(None)
        self._top = self.on_show().start
        self._changed()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._short.clear()
            self._lines.clear()
            self._lay_out()
            self._changed()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        position = self.index_at(QPointF(event.pos()))
        if position is None and event.reason() == QContextMenuEvent.Reason.Keyboard:
            position = self._selected
        if position is not None:
            self.menu_requested.emit(int(self._indices[position]), event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, layout = Qt.Key(event.key()), self.tile_layout()
        columns, page = layout.columns, max(1, self.viewport().height() // layout.row_height) * layout.columns
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -len(self._indices),
            Qt.Key.Key_End: len(self._indices),
        }
        last = len(self._indices) - 1
        if key in steps and last >= 0:
            step = steps[key]
            at = self.on_show().start if self._selected is None else self._selected + step
            if abs(step) >= page:
                at = min(max(at, 0), last)
            if 0 <= at <= last:
                self._go(at)
                self.moved.emit(int(self._indices[at]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom(-1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._selected is not None:
            self.chosen.emit(int(self._indices[self._selected]))
        else:
            super().keyPressEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(colours.panel))
        painter.setFont(theme.font(11))
        size, layout, top = self.source_size(), self.tile_layout(), self.verticalScrollBar().value()
        caption, tile = layout.caption, layout.width
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        for position in self.on_show():
            place = layout.rect(position).translated(0, -top)
            index = int(self._indices[position])
            paint_thumbnail(painter, place, self._pixmap(index, size), self.broken(index), ratio)
            if caption:
                label = int(self._labels[index])
                below = QRect(place.left(), place.bottom() + 1, tile, caption)
                paint_class(painter, below, label, self._worded(label, name_width(tile), painter))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_rings(painter, len(self._indices), self._picture_rect)
        if not len(self._indices):
            paint_nothing(painter, self.viewport().rect())
        painter.end()

    def _picture_rect(self, position: int) -> QRect:
        """Where a picture lies within its tile; the tile while there is none."""
        place, index = self.tile_rect(position), int(self._indices[position])
        pixmap = self._pixmaps.get(index, self.source_size())
        if pixmap is None or self.broken(index):
            return place
        return fitted(place, pixmap.width(), pixmap.height())

    def _pixmap(self, index: int, size: int) -> QPixmap | None:
        found = self._pixmaps.get(index, size)
        if found is None:
            pixels = self._picture(index, size)
            found = None if pixels is None else self._pixmaps.put(index, size, pixels)
        return found

    def _more_lines(self, tile: int) -> int:
        """How many lines below such tiles the names of the classes need beside the first."""
        width = name_width(tile)
        if width not in self._lines:
            metrics = QFontMetrics(theme.font(11))
            named = (in_lines(name, width, metrics) for name in self._classes)
            self._lines[width] = max((name.count("\n") for name in named), default=0)
        return self._lines[width]

    def _worded(self, label: int, width: int, painter: QPainter) -> str:
        key = (label, width)
        if key not in self._short:
            self._short[key] = in_lines(self._classes[label], width, painter.fontMetrics())
        return self._short[key]

    def _forget(self) -> None:
        self._pixmaps.clear()
        self._short.clear()
        self._lines.clear()

    def _changed(self) -> None:
        self.viewport().update()
        self._tell.start(0)

    def _go(self, position: int | None) -> None:
        self._selected = position
        if position is not None:
            self.reveal(position, MARGIN)
        self._describe()
        self.viewport().update()

    def _describe(self) -> None:
        chosen = "" if self.current is None else f", {self.words(self.current)}"
        self.setAccessibleDescription(f"{len(self._indices):,} images{chosen}")


def tile_side(wanted: int, native: int | None, ratio: float) -> int:
    """The side of a tile in screen points: as wanted, or a whole multiple of a small image's own size.

    Args:
        native: the longer side of every image in pixels; None where they differ.
        ratio: pixels a screen point.
    """
    if native is None or 0.75 * native > wanted * ratio:
        return wanted
    return max(8, round(max(1, round(wanted * ratio / native)) * native / ratio))


def source_side(tile: int, native: int | None, ratio: float) -> int:
    """The side of the thumbnails for such tiles, in pixels."""
    needed = tile * ratio
    if native is not None and native <= needed + 1:
        return native
    return next((size for size in _SOURCES if size >= needed), _SOURCES[-1])


def paint_thumbnail(painter: QPainter, place: QRect, pixmap: QPixmap | None, why: str, ratio: float) -> None:
    """The picture within its tile, or what stands for one that is not there.

    Args:
        why: it cannot be read, for this reason; "" when it can.
        ratio: screen pixels a point.
    """
    colours = theme.tokens()
    if why or pixmap is None:
        painter.fillRect(place, QColor(colours.line if colours.dark else colours.window))
    else:
        shown = fitted(place, pixmap.width(), pixmap.height())
        enlarged = shown.width() * ratio / pixmap.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, enlarged < 2)
        painter.drawPixmap(shown, pixmap)
    if why:
        painter.setPen(QColor(colours.warning))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, "unreadable")


def name_width(tile: int) -> int:
    """The room for a class's name below a tile, beside its dot."""
    return tile - theme.scaled(DOT) - 6


def in_lines(name: str, width: int, metrics: QFontMetrics) -> str:
    """A name in as many lines as it needs, three at most; what is longer still ends in "…"."""
    # Widths are rounded; Qt shortens what is wider by a fraction.
    room = width - 1
    if metrics.horizontalAdvance(name) <= room:
        return name
    lines: list[str] = []
    words = name.split(" ")
    while words and len(lines) < LINES - 1:
        count = 1
        while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= room:
            count += 1
        lines.append(" ".join(words[:count]))
        words = words[count:]
    if words:
        lines.append(" ".join(words))
    return "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines)


def paint_class(painter: QPainter, below: QRect, label: int, name: str) -> None:
    """A dot in the class's colour, and the name, line by line from the top."""
    dot, line = theme.scaled(DOT), painter.fontMetrics().height()
    top = below.top() + theme.scaled(2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(class_colour(label))
    painter.drawEllipse(below.left() + 1, top + (line - dot) // 2 + 1, dot, dot)
    painter.setPen(QColor(theme.tokens().secondary))
    painter.drawText(QRect(below.left() + dot + 6, top, below.width(), below.height()), _FROM_TOP, name)


def paint_nothing(painter: QPainter, area: QRect) -> None:
    """What stands where there is no tile."""
    painter.setPen(QColor(theme.tokens().secondary))
    painter.setFont(theme.font(13))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "There is no image of this kind.")
