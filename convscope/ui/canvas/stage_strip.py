"""A chain as a strip of cards with arrows between: choose, reorder by dragging, switch off, remove, add."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QToolTip, QWidget

from convscope.imaging.shrink import shrink
from convscope.ui import theme
from convscope.ui.canvas.gestures import MenuEntry, context_menu
from convscope.ui.qimage import to_image

CARD_WIDTH, WIDEST_CARD, ARROW, TITLE_MARGIN = 112, 220, 20, 6
PICTURE_HEIGHT, WORDS_HEIGHT = 44, 28  # larger words leave the picture as large as it is
KINDS = (
    ("kernel", "Kernel"),
    ("relu", "ReLU"),
    ("tanh", "tanh"),
    ("sigmoid", "Sigmoid"),
    ("max", "Max pooling"),
    ("avg", "Average pooling"),
)


class StageStrip(QWidget):
    """One card a stage, in order, with an arrow between and a plus at the end.

    Dragging a card moves it. Keys: left and right choose, Ctrl with them moves, Space switches off or on,
    Delete removes, + adds.

    Signals:
        selected: the stage that a person chose.
        moved: a stage, and the place it shall have.
        toggled: a stage, and whether it shall be on.
        removed: a stage that shall go.
        add_requested: the kind of stage that shall come, a key of `kinds`.

    Args:
        kinds: (key, text) of what can be added.
    """

    selected = Signal(int)
    moved = Signal(int, int)
    toggled = Signal(int, bool)
    removed = Signal(int)
    add_requested = Signal(str)

    def __init__(self, kinds: Sequence[tuple[str, str]] = KINDS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds = tuple(kinds)
        self._stages: list[tuple[str, QImage | None, bool]] = []
        self._selected = 0
        self._given: Sequence[tuple[str, QPixmap | NDArray[np.uint8] | None, bool]] = ()
        self._pressed: QPointF | None = None
        self._dragged: int | None = None
        self._drag_x = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Stages")

    def set_stages(
        self, stages: Sequence[tuple[str, QPixmap | NDArray[np.uint8] | None, bool]], selected: int = 0
    ) -> None:
        """Show stages: a title, a picture (uint8 H×W or H×W×3, a pixmap, or none) and whether it is on."""
        if selected == self._selected and _same(stages, self._given):
            # As after most edits of a weight.
            return
        self._given = stages
        count, wide = len(self._stages), self.card_width
        self._stages = [(title, self._picture(picture), on) for title, picture, on in stages]
        self._selected = min(max(0, selected), max(0, len(self._stages) - 1))
        if count != len(self._stages):
            self._dragged = self._pressed = None
        if count != len(self._stages) or wide != self.card_width:
            self.updateGeometry()
        self._describe()
        self.update()

    def _picture(self, picture: QPixmap | NDArray[np.uint8] | None) -> QImage | None:
        if picture is None:
            return None
        if isinstance(picture, QPixmap):
            return picture.toImage()
        height, width = picture.shape[:2]
        most = PICTURE_HEIGHT * 2
        factor = max(height, width) / most
        if factor > 1:
            picture = shrink(picture, max(1, round(height / factor)), max(1, round(width / factor)))
        return to_image(picture)

    def _describe(self) -> None:
        words = "; ".join(f"{title}{'' if on else ' (off)'}" for title, _, on in self._stages)
        self.setAccessibleDescription(f"{words}; stage {self._selected + 1} chosen" if words else "")

    # Measures

    @property
    def card_width(self) -> int:
        """All cards are as wide as the longest title."""
        metrics = QFontMetrics(theme.font(11))
        titles = [metrics.horizontalAdvance(title) + 2 * TITLE_MARGIN for title, _, _ in self._stages]
        return min(max([theme.scaled(CARD_WIDTH), *titles]), theme.scaled(WIDEST_CARD))

    def card_rect(self, index: int) -> QRect:
        """Where a card lies; one past the last is the plus."""
        width = self.card_width
        left = 2 + index * (width + theme.scaled(ARROW))
        width = width if index < len(self._stages) else theme.scaled(36)
        return QRect(left, 2, width, PICTURE_HEIGHT + theme.scaled(WORDS_HEIGHT))

    def switch_rect(self, index: int) -> QRect:
        """Where the eye of a card lies."""
        card, size = self.card_rect(index), theme.scaled(18)
        return QRect(card.right() - size - 3, card.top() + 4, size, size)

    def sizeHint(self) -> QSize:
        last = self.card_rect(len(self._stages))
        return QSize(last.right() + 4, last.height() + 5)

    def minimumSizeHint(self) -> QSize:
        # A chain too long for the window belongs into a scroll area.
        return self.sizeHint()

    def index_at(self, position: QPoint) -> int | None:
        """The card at a place; one past the last for the plus."""
        found = (i for i in range(len(self._stages) + 1) if self.card_rect(i).contains(position))
        return next(found, None)

    # Events

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.index_at(at)
        if event.button() != Qt.MouseButton.LeftButton or index is None:
            return
        if index == len(self._stages):
            self.add_menu().popup(self.mapToGlobal(self.card_rect(index).bottomLeft()))
        elif self.switch_rect(index).contains(at):
            self._toggle(index)
        else:
            self._pressed = event.position()
            self._select(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        self._drag_x = event.position().x() - self._pressed.x()
        if self._dragged is None and abs(self._drag_x) >= QApplication.startDragDistance():
            self._dragged = self._selected
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged, to = self._dragged, self.drop_place()
        self._pressed = self._dragged = None
        self.unsetCursor()
        self.update()
        if dragged is not None and to != dragged:
            self.moved.emit(dragged, to)

    def drop_place(self) -> int:
        """The place that the dragged card would take."""
        if self._dragged is None:
            return self._selected
        steps = round(self._drag_x / (self.card_width + theme.scaled(ARROW)))
        return min(max(0, self._dragged + steps), len(self._stages) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key)
        if step is not None:
            to = self._selected + step
            if 0 <= to < len(self._stages):
                if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                    self.moved.emit(self._selected, to)
                else:
                    self._select(to)
        elif key == Qt.Key.Key_Space and self._stages:
            self._toggle(self._selected)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and len(self._stages) > 1:
            self.removed.emit(self._selected)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Insert):
            self.add_menu().popup(self.mapToGlobal(self.card_rect(len(self._stages)).bottomLeft()))
        else:
            super().keyPressEvent(event)

    def _select(self, index: int) -> None:
        if index != self._selected:
            self._selected = index
            self._describe()
            self.update()
            self.selected.emit(index)

    def _toggle(self, index: int) -> None:
        self.toggled.emit(index, not self._stages[index][2])

    def add_menu(self) -> QMenu:
        """The kinds of stages that can come."""
        return context_menu(
            self,
            "stage.add",
            (MenuEntry(key, text, partial(self.add_requested.emit, key)) for key, text in self._kinds),
        )

    def card_menu(self, index: int) -> QMenu:
        """What can be done with one stage."""
        last, on = len(self._stages) - 1, self._stages[index][2]
        return context_menu(
            self,
            "stage",
            (
                MenuEntry("toggle", "Switch off" if on else "Switch on", lambda: self._toggle(index)),
                MenuEntry("left", "Move forward", lambda: self.moved.emit(index, index - 1), index > 0),
                MenuEntry("right", "Move back", lambda: self.moved.emit(index, index + 1), index < last),
                MenuEntry("remove", "Remove", lambda: self.removed.emit(index), last > 0),
            ),
        )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self._selected if by_key else self.index_at(event.pos())
        if index is not None and index < len(self._stages):
            self.card_menu(index).popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(event.pos())
            if index is None:
                QToolTip.hideText()
            else:
                plus = index == len(self._stages)
                QToolTip.showText(event.globalPos(), "Add a stage" if plus else self._stages[index][0], self)
            return True
        return super().event(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in range(len(self._stages)):
            card = self.card_rect(index)
            middle = card.center().y()
            left = card.right() + 5
            right = left + theme.scaled(ARROW) - 10
            painter.setPen(QPen(QColor(colours.secondary), 1.5))
            painter.drawLine(left, middle, right, middle)
            painter.drawLine(right - 4, middle - 4, right, middle)
            painter.drawLine(right - 4, middle + 4, right, middle)
            if index != self._dragged:
                self._paint_card(painter, index, card, colours)
        plus = self.card_rect(len(self._stages))
        painter.setPen(QPen(QColor(colours.line), 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(plus), theme.RADIUS, theme.RADIUS)
        size = theme.scaled(18)
        centre = plus.center()
        theme.icon("plus").paint(painter, QRect(centre.x() - size // 2, centre.y() - size // 2, size, size))
        if self._dragged is not None:
            target = self.card_rect(self.drop_place())
            painter.setPen(QPen(QColor(colours.accent), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(target), theme.RADIUS, theme.RADIUS)
            card = self.card_rect(self._dragged).translated(round(self._drag_x), 0)
            painter.setOpacity(0.85)
            self._paint_card(painter, self._dragged, card, colours)
        painter.end()

    def _paint_card(self, painter: QPainter, index: int, card: QRect, colours: theme.Tokens) -> None:
        title, picture, on = self._stages[index]
        chosen = index == self._selected
        painter.setBrush(QColor(colours.raised))
        ring = 2.0 if chosen and self.hasFocus() else 1.0
        painter.setPen(QPen(QColor(colours.accent if chosen else colours.line), ring))
        painter.drawRoundedRect(QRectF(card), theme.RADIUS, theme.RADIUS)
        beside = theme.scaled(22)
        room = card.adjusted(beside, 6, -beside, -card.height() + PICTURE_HEIGHT + 6)
        opacity = painter.opacity()
        if picture is not None:
            size = QSize(picture.size()).scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            painter.setOpacity(opacity * (1.0 if on else 0.25))
            painter.drawImage(place, picture)
        painter.setOpacity(opacity)
        theme.icon("eye" if on else "eye-off").paint(painter, self.switch_rect(index))
        painter.setFont(theme.font(11))
        painter.setPen(QColor(colours.text if on else colours.disabled))
        words = painter.fontMetrics().elidedText(
            title, Qt.TextElideMode.ElideRight, card.width() - 2 * TITLE_MARGIN
        )
        line = card.adjusted(TITLE_MARGIN, room.height() + 6, -TITLE_MARGIN, -2)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, words)


def _same(one: Sequence[tuple[str, object, bool]], other: Sequence[tuple[str, object, bool]]) -> bool:
    """Whether the titles, the pictures (by identity) and the switches are the same."""
    return len(one) == len(other) and all(
        a[0] == b[0] and a[1] is b[1] and a[2] == b[2] for a, b in zip(one, other, strict=True)
    )
