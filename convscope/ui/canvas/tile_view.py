"""Many pictures in rows, of which one is selected: what a mosaic and a grid of thumbnails have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QSizePolicy, QToolTip, QWidget

from convscope.ui import theme
from convscope.ui.canvas.gestures import Press
from convscope.ui.canvas.tile_layout import TileLayout, TilesInView


class TileView(QAbstractScrollArea):
    """Tiles by their number: hovering reads one, a click picks one, dragging scrolls.

    Signals:
        hovered: what `told` tells of the tile under the cursor, or None.
        state_changed: other tiles are on show, or at another size; whether by a person's hand.
    """

    hovered = Signal(object)
    state_changed = Signal(bool)
    state_type = TilesInView

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selected: int | None = None
        self._hover: int | None = None
        self._press = Press()
        self._by_hand = 0
        bar = self.verticalScrollBar()
        bar.actionTriggered.connect(self._bar_moved)
        for signal in (bar.valueChanged, bar.rangeChanged):
            signal.connect(self._tell_state)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def tile_layout(self) -> TileLayout:
        """Where the tiles lie now."""
        raise NotImplementedError

    def hint(self, tile: int) -> str:
        """What hovering tells of a tile."""
        raise NotImplementedError

    def pick(self, tile: int) -> None:
        """A person clicked a tile."""
        raise NotImplementedError

    def told(self, tile: int) -> int:
        """What a tile is called by to those who hear of it."""
        return tile

    def chosen_size(self) -> float | None:
        """What a person chose for the size of a tile; None: nothing."""
        raise NotImplementedError

    def choose_size(self, size: float | None) -> None:
        """Show tiles at a size of `chosen_size`; nobody did that by hand."""
        raise NotImplementedError

    def view_state(self) -> TilesInView | None:
        """What a person sees of them; None: all begins at the top, at the size that it has by itself."""
        bar, size = self.verticalScrollBar(), self.chosen_size()
        if size is None and not bar.value():
            return None
        down = bar.value() / bar.maximum() if bar.maximum() else 0.0
        return TilesInView(size, down, self.tile_layout().count)

    def show_state(self, state: TilesInView | None) -> bool:
        """Show that; False: of so many tiles it says nothing."""
        if state is not None and state.count != self.tile_layout().count:
            return False
        self.choose_size(state.size if state is not None else None)
        bar = self.verticalScrollBar()
        bar.setValue(round(state.down * bar.maximum()) if state is not None else 0)
        return True

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """What changes inside was done by a person."""
        self._by_hand += 1
        try:
            self._tell_state()
            yield
        finally:
            self._tell_state()
            self._by_hand -= 1

    def _tell_state(self, *_: int) -> None:
        self.state_changed.emit(self._by_hand > 0)

    def _bar_moved(self, _action: int) -> None:
        # By the wheel or its handle; its value follows its position only after this.
        with self.by_hand():
            bar = self.verticalScrollBar()
            bar.setValue(bar.sliderPosition())

    def columns(self) -> int:
        """Tiles in a row."""
        return self.tile_layout().columns

    def tile_rect(self, tile: int) -> QRect:
        """Where a tile lies in the viewport."""
        return self.tile_layout().rect(tile).translated(0, -self.verticalScrollBar().value())

    def index_at(self, position: QPointF) -> int | None:
        """The tile at a place of the viewport, its caption counted in."""
        return self.tile_layout().index_at(position + QPointF(0, self.verticalScrollBar().value()))

    def on_show(self) -> range:
        """The tiles of which a part is on show."""
        top = self.verticalScrollBar().value()
        return self.tile_layout().between(top, top + self.viewport().height())

    def reveal(self, tile: int, margin: int) -> None:
        """Scroll to a tile, if it is not on show whole."""
        place, bar = self.tile_rect(tile), self.verticalScrollBar()
        bottom = place.bottom() + 1 + self.tile_layout().caption + margin
        if place.top() < 0:
            bar.setValue(bar.value() + place.top() - margin)
        elif bottom > self.viewport().height():
            bar.setValue(bar.value() + bottom - self.viewport().height())

    def _set_scroll_range(self) -> None:
        layout, bar = self.tile_layout(), self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(1, layout.row_height // 2))
        bar.setRange(0, max(0, layout.total - self.viewport().height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press.begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press.down and event.buttons() & Qt.MouseButton.LeftButton:
            moved = self._press.moved(event.position())
            if moved is not None:
                bar = self.verticalScrollBar()
                with self.by_hand():
                    bar.setValue(bar.value() - round(moved.y()))
            return
        self._set_hover(self.index_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press.end() and event.button() == Qt.MouseButton.LeftButton:
            tile = self.index_at(event.position())
            if tile is not None:
                self.pick(tile)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._set_hover(None)
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            tile = self.index_at(QPointF(event.pos()))
            if tile is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.hint(tile), self)
            return True
        return super().viewportEvent(event)

    def _set_hover(self, tile: int | None) -> None:
        if tile != self._hover:
            self._hover = tile
            self.viewport().update()
            self.hovered.emit(None if tile is None else self.told(tile))

    def focusInEvent(self, event: QFocusEvent) -> None:
        # The ring gets wider.
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.viewport().update()

    def _paint_rings(self, painter: QPainter, count: int, place_of: Callable[[int], QRect]) -> None:
        """Around the hovered and the selected tile, or around all with the focus and none selected."""
        colours = theme.tokens()
        for tile, colour, width in (
            (self._hover, colours.secondary, 1),
            (self._selected, colours.accent, 3 if self.hasFocus() else 2),
        ):
            if tile is not None and tile < count:
                painter.setPen(QPen(QColor(colour), width))
                painter.drawRect(place_of(tile).adjusted(-1, -1, 0, 0))
        if self.hasFocus() and self._selected is None:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
