"""Where something is in a network: one bar, a piece for every layer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.ui import theme
from convscope.ui.panels.model.colours import colour
from convscope.ui.panels.model.view_model import Piece

HEIGHT = 22
ROOM_FOR_LINE = 8


class ShareBar(QWidget):
    """The layers in the order of computation, each as wide as its part; a click chooses one.

    Signals:
        hovered: the `Piece` under the cursor, or None.
        chosen: a layer's path.
    """

    hovered = Signal(object)
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pieces: tuple[Piece, ...] = ()
        self._total = 0
        self._current: str | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is on show; layers without a part are left out."""
        return self._pieces

    def set_pieces(self, pieces: Sequence[Piece]) -> None:
        """Show the layers that have a part."""
        self._pieces = tuple(piece for piece in pieces if piece.amount > 0)
        self._total = sum(piece.amount for piece in self._pieces)
        largest = sorted(self._pieces, key=lambda piece: -piece.amount)[:3]
        self.setAccessibleDescription("; ".join(f"{piece.path}: {piece.words}" for piece in largest))
        self._set_hover(None)
        self.update()

    def set_current(self, path: str | None) -> None:
        """Frame a layer's piece."""
        self._current = path
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(240), theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(80), theme.scaled(HEIGHT))

    def piece_rect(self, path: str) -> QRectF:
        """The place of a layer's piece; empty if it has none."""
        left = 0
        for piece in self._pieces:
            if piece.path == path:
                return self._place(left, piece.amount)
            left += piece.amount
        return QRectF()

    def _place(self, before: int, amount: int) -> QRectF:
        return QRectF(
            before / self._total * self.width(), 3, amount / self._total * self.width(), self.height() - 6
        )

    def _index_at(self, x: float) -> int | None:
        if not self._pieces or not 0 <= x < self.width():
            return None
        wanted, left = x / self.width() * self._total, 0
        for index, piece in enumerate(self._pieces):
            left += piece.amount
            if wanted < left:
                return index
        return len(self._pieces) - 1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self._index_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._pieces[index].path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._pieces:
            super().keyPressEvent(event)
            return
        paths = [piece.path for piece in self._pieces]
        at = paths.index(self._current) + step if self._current in paths else 0
        self.chosen.emit(paths[max(0, min(len(paths) - 1, at))])

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.update()
            self.hovered.emit(None if index is None else self._pieces[index])

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        whole = QRectF(0, 3, self.width(), self.height() - 6)
        painter.fillRect(whole, QColor(colours.line))
        before, marks = 0, []
        for index, piece in enumerate(self._pieces):
            place = self._place(before, piece.amount)
            before += piece.amount
            ground = colour(piece.category)
            if index % 2:
                ground = ground.lighter(118) if not colours.dark else ground.darker(118)
            painter.fillRect(place, ground)
            if place.width() >= ROOM_FOR_LINE:
                line = QRectF(place.right() - 0.5, place.top(), 1, place.height())
                painter.fillRect(line, QColor(colours.panel))
            if index == self._hover or piece.path == self._current:
                marks.append((place, index == self._hover))
        for place, hovered in marks:
            wide = place.adjusted(-max(0.0, 3 - place.width()) / 2, -2, max(0.0, 3 - place.width()) / 2, 2)
            painter.setPen(QPen(QColor(colours.secondary if hovered else colours.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(wide)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
