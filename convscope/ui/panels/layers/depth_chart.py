"""The share of blank maps from the first layer to the last, as bars; a click goes to a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.core.words import percent
from convscope.ui import theme
from convscope.ui.canvas.gestures import MenuEntry, context_menu

if TYPE_CHECKING:
    from convscope.engine.interpret.activations.blank_share import BlankShare

HEIGHT = 68
WIDEST = 28


class DepthChart(QWidget):
    """One bar a layer, in the order of computation; the layer on show is marked.

    Signals:
        chosen: the path of the layer that was clicked.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: tuple[BlankShare, ...] = ()
        self._current: str | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Share of blank maps over depth")

    @property
    def shares(self) -> tuple[BlankShare, ...]:
        """What is on show."""
        return self._shares

    def set_shares(self, shares: tuple[BlankShare, ...]) -> None:
        """Show the share of every layer."""
        self._shares, self._hover = shares, None
        words = "; ".join(f"{one.path} {one.blank} of {one.maps}" for one in shares if one.blank)
        self.setAccessibleDescription(words or "no blank maps")
        self.update()

    def set_current(self, path: str | None) -> None:
        """Mark the layer on show."""
        self._current = path
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(160), theme.scaled(HEIGHT))

    def bar_rect(self, index: int) -> QRectF:
        """The column of a layer."""
        line = theme.scaled(18)
        left = theme.scaled(36)
        width = min((self.width() - left) / max(1, len(self._shares)), theme.scaled(WIDEST))
        return QRectF(left + index * width, line, width, self.height() - line - 1)

    def index_at(self, x: float) -> int | None:
        """The layer at a place of the widget."""
        first = self.bar_rect(0)
        index = int((x - first.left()) // first.width())
        return index if 0 <= index < len(self._shares) else None

    def words(self) -> str:
        """The layer that is read, or the one on show, in words."""
        one = self._shares[self._hover] if self._hover is not None else None
        if one is None:
            one = next((share for share in self._shares if share.path == self._current), None)
        if one is None:
            return ""
        return f"{one.path}: {one.blank} of {one.maps} blank, {percent(one.share)}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.index_at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().x())
        if index is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._shares[index].path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        def copy() -> None:
            QGuiApplication.clipboard().setImage(self.grab().toImage())

        context_menu(
            self,
            "chart",
            (
                MenuEntry("copy_numbers", "Copy the numbers", self.copy_numbers),
                MenuEntry("copy", "Copy picture", copy),
            ),
        ).popup(event.globalPos())

    def copy_numbers(self) -> None:
        """The shares on the clipboard as a table with tabs."""
        rows = [f"{one.path}\t{one.kind}\t{one.blank}\t{one.maps}\t{one.share:.6g}" for one in self._shares]
        QGuiApplication.clipboard().setText("\n".join(["layer\tkind\tblank\tmaps\tshare", *rows]))

    def _set_hover(self, index: int | None) -> None:
        if index != self._hover:
            self._hover = index
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setFont(theme.font(11))
        above = QRectF(0, 0, self.width(), theme.scaled(16))
        painter.setPen(QColor(colours.secondary))
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, "blank maps from the first layer to the last")
        painter.setPen(QColor(colours.text))
        painter.drawText(above, Qt.AlignmentFlag.AlignRight, self.words())
        highest = max((one.share for one in self._shares), default=0.0)
        # A scale of round numbers, so that small shares are seen and the eye is not deceived.
        top = next((step for step in (0.05, 0.1, 0.25, 0.5) if highest <= step), 1.0)
        plot = self.bar_rect(0)
        painter.setPen(QColor(colours.secondary))
        scale = QRectF(0, plot.top() - 4, theme.scaled(32), theme.scaled(14))
        painter.drawText(scale, Qt.AlignmentFlag.AlignRight, percent(top))
        painter.drawText(
            QRectF(0, plot.bottom() - theme.scaled(12), theme.scaled(32), theme.scaled(14)),
            Qt.AlignmentFlag.AlignRight,
            "0",
        )
        painter.setPen(QPen(QColor(colours.line), 1))
        for y in (plot.top(), plot.bottom()):
            painter.drawLine(QPointF(plot.left(), y), QPointF(self.width(), y))
        for index, one in enumerate(self._shares):
            place = self.bar_rect(index)
            gap = 1.0 if place.width() > 4 else 0.0
            marked = one.path == self._current
            if marked or index == self._hover:
                ground = QColor(colours.accent)
                ground.setAlpha(60 if marked else 28)
                painter.fillRect(place, ground)
            high = max(1.0 if one.blank else 0.0, one.share / top * place.height())
            bar = QRectF(place.left() + gap, place.bottom() - high, place.width() - 2 * gap, high)
            painter.fillRect(bar, QColor(colours.accent if marked else colours.secondary))
        painter.end()
