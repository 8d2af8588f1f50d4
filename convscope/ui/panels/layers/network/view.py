"""The network painted: a column a layer, its maps, the lines that light up, and the classes at the end."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.core.words import percent, times
from convscope.engine.interpret.network.cost import ColumnCost
from convscope.engine.interpret.network.flow import MadeOf
from convscope.engine.interpret.network.picture import ColumnPicture
from convscope.engine.interpret.network.relevance import ClassPath
from convscope.engine.models.answers.prediction import ClassScore
from convscope.engine.models.graph.columns import LayerColumn
from convscope.imaging.colormaps import colormap
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.canvas.gestures import DoubleClickFits
from convscope.ui.canvas.raster import to_image
from convscope.ui.panels.layers.network.layout import ColumnLayout, NetworkLayout, Place
from convscope.ui.panels.layers.network.parts import Tint
from convscope.ui.panels.layers.network.view_model import NetworkFrame
from convscope.ui.panels.layers.network.words import cost_words, share_of

ROW, BAR = 34, 5
LINES = 32
"""Lines that are drawn at most: of more the largest."""
WIDEST = 5.0


class NetworkCanvas(DoubleClickFits, QWidget):
    """The whole picture. Pointing at a map lights up what it is made of; a click holds it.

    Signals:
        pointed: id of the column and channel under the pointer; "" and 0 for none.
        chosen: the same for a click; "" and 0 beside all.
        opened: the same for a double click: the exact sum is wanted.
        toggled: id of a block to unfold or fold.
        between: id of the column before which the gap was clicked.
        class_chosen: index of a class.
        menu: id of the column, channel (−1 on its head), and where on the screen.
        resized: width, height and text scale.
    """

    pointed = Signal(str, int)
    chosen = Signal(str, int)
    opened = Signal(str, int)
    toggled = Signal(str)
    between = Signal(str)
    class_chosen = Signal(int)
    menu = Signal(str, int, object)
    muting = Signal(str, int)
    resized = Signal(float, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers.network.picture")
        self.setAccessibleName("The whole network")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._view: NetworkFrame | None = None
        self._lit: MadeOf | ClassPath | None = None
        self._held: tuple[str, int] | None = None
        self._off: frozenset[tuple[str, int]] = frozenset()
        self._costs: dict[str, ColumnCost] = {}
        self._tint: Tint = "category"
        self._under: tuple[str, int] | None = None
        self._still: QPixmap | None = None

    # -- what is shown ---------------------------------------------------------------------------------------

    @property
    def shown(self) -> NetworkFrame | None:
        """What is on show."""
        return self._view

    @property
    def lit(self) -> MadeOf | ClassPath | None:
        """What is lit."""
        return self._lit

    def show_view(self, view: NetworkFrame | None) -> None:
        """Another picture; what is lit stays until it is told anew."""
        self._view, self._still = view, None
        if view is None:
            self._lit = None
        else:
            self.setMinimumWidth(
                round(view.layout.width) if view.layout.width > view.request.size[0] + 1 else 0
            )
            self.setAccessibleDescription(
                ", ".join(f"{one.title}, {one.channels} maps" for one in view.columns)
            )
        self.update()

    def show_lit(self, lit: MadeOf | ClassPath | None) -> None:
        """What lights up."""
        self._lit = lit
        self.update()

    def show_held(self, held: tuple[str, int] | None) -> None:
        """The map that is held: its column and channel."""
        self._held = held
        self.update()

    def show_off(self, off: Sequence[tuple[str, int]]) -> None:
        """What is off: path of the layer and channel, −1 for all."""
        self._off = frozenset(off)
        self._still = None
        self.update()

    def show_costs(self, costs: Sequence[ColumnCost], tint: Tint) -> None:
        """What the heads' colours stand for."""
        self._costs, self._tint = {one.column: one for one in costs}, tint
        self._still = None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(900), theme.scaled(460))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(240))

    # -- where things are ------------------------------------------------------------------------------------

    def tile_rect(self, column: str, channel: int) -> QRectF | None:
        """Where a map stands; None where it is not on show."""
        view = self._view
        laid = view.layout.find(column) if view is not None else None
        if view is None or laid is None:
            return None
        place = np.flatnonzero(view.chosen[column] == channel)
        if not len(place) or place[0] >= len(laid.tiles):
            return None
        return _rect(laid.tiles[int(place[0])])

    def class_rect(self, index: int) -> QRectF | None:
        """Where a class stands, by its index; None where it is not among the first."""
        row = next((at for at, one in enumerate(self._classes()) if one.index == index), None)
        return self._row_rect(row) if row is not None else None

    def head_rect(self, column: str) -> QRectF | None:
        """The title of a column."""
        laid = self._view.layout.find(column) if self._view is not None else None
        return None if laid is None else QRectF(laid.place.left, 0, laid.place.width, theme.scaled(40))

    def gap_rect(self, column: str) -> QRectF | None:
        """The gap before a column."""
        laid = self._view.layout.find(column) if self._view is not None else None
        if laid is None or self._view is None or laid is self._view.layout.columns[0]:
            return None
        return QRectF(laid.place.left - 22, theme.scaled(44), 18, laid.place.height - theme.scaled(64))

    def map_at(self, at: QPointF) -> tuple[str, int] | None:
        """The map at a point: its column and channel; a class is the channel of the last column."""
        view = self._view
        if view is None:
            return None
        for laid in view.layout.columns:
            if laid.place.left <= at.x() < laid.place.right:
                for number, tile in enumerate(laid.tiles[: len(view.chosen[laid.column.id])]):
                    if tile.holds(at.x(), at.y()):
                        return laid.column.id, int(view.chosen[laid.column.id][number])
        for row, one in enumerate(self._classes()):
            if self._row_rect(row).contains(at):
                return view.columns[-1].id, one.index
        return None

    def _head_at(self, at: QPointF) -> LayerColumn | None:
        view = self._view
        if view is None or at.y() >= theme.scaled(40):
            return None
        return next(
            (one.column for one in view.layout.columns if one.place.left <= at.x() < one.place.right), None
        )

    def _gap_at(self, at: QPointF) -> str | None:
        view = self._view
        if view is None:
            return None
        for laid in view.layout.columns[1:]:
            gap = self.gap_rect(laid.column.id)
            if gap is not None and gap.contains(at):
                return laid.column.id
        return None

    def _classes(self) -> tuple[ClassScore, ...]:
        view = self._view
        if view is None or view.picture.answer is None:
            return ()
        rows = max(1, int(view.layout.answer.height // theme.scaled(ROW)))
        shown = view.picture.answer.top(min(rows, 10))
        target = view.target
        if target is not None and all(one.index != target for one in shown):
            own = next(one for one in view.picture.answer.classes if one.index == target)
            shown = (*shown[:-1], own)
        return shown

    def _row_rect(self, row: int) -> QRectF:
        assert self._view is not None
        answer, high = self._view.layout.answer, theme.scaled(ROW)
        top = answer.top + max(0.0, (answer.height - high * len(self._classes())) / 2)
        return QRectF(answer.left, top + row * high, answer.width, high)

    # -- events ----------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        parent = self.parentWidget()
        width = parent.width() if parent is not None else self.width()
        self.resized.emit(float(width), float(self.height()), theme.zoom())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.map_at(event.position()))
        head, gap = self._head_at(event.position()), self._gap_at(event.position())
        hand = self._under is not None or gap is not None or (head is not None and self._folds(head))
        self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        view, found = self._view, self.map_at(event.position())
        if view is None:
            return
        if found is not None:
            if event.position().x() >= view.layout.answer.left:
                self.class_chosen.emit(found[1])
            self.chosen.emit(*found)
            return
        head, gap = self._head_at(event.position()), self._gap_at(event.position())
        if head is not None and self._folds(head):
            self.toggled.emit(head.id if head.parts else head.within[-1])
        elif gap is not None:
            self.between.emit(gap)
        else:
            self.chosen.emit("", 0)

    def double_clicked(self, position: QPointF) -> bool:
        """On a map: its exact sum."""
        found = self.map_at(position)
        if found is not None:
            self.opened.emit(*found)
        return found is not None

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        found, head = self.map_at(at), self._head_at(at)
        if found is not None:
            self.menu.emit(*found, event.globalPos())
        elif head is not None:
            self.menu.emit(head.id, -1, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        view, held = self._view, self._held
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        step = steps.get(Qt.Key(event.key()))
        if view is None or (held is None and step is None):
            super().keyPressEvent(event)
        elif step is not None:
            self._step(view, *step)
        elif held is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(*held)
        elif held is not None and event.key() == Qt.Key.Key_M:
            self.muting.emit(*held)
        elif event.key() == Qt.Key.Key_Escape:
            self.chosen.emit("", 0)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self._hint(QPointF(event.pos())), self)  # type: ignore[attr-defined]
            return True
        return super().event(event)

    def _step(self, view: NetworkFrame, across: int, down: int) -> None:
        ids = [one.id for one in view.columns]
        column, channel = self._held or (ids[0], int(view.chosen[ids[0]][0]))
        if column not in ids:
            column = ids[0]
        at = max(0, min(len(ids) - 1, ids.index(column) + across))
        channels = view.chosen[ids[at]]
        place = np.flatnonzero(channels == channel)
        now = int(place[0]) if len(place) else 0
        self.chosen.emit(ids[at], int(channels[max(0, min(len(channels) - 1, now + down))]))

    def _point(self, found: tuple[str, int] | None) -> None:
        if found != self._under:
            self._under = found
            self.pointed.emit(*(found or ("", 0)))
            self.update()

    @staticmethod
    def _folds(column: LayerColumn) -> bool:
        return bool(column.parts or column.within)

    def _hint(self, at: QPointF) -> str:
        head, found = self._head_at(at), self.map_at(at)
        if head is not None:
            words = [
                head.title,
                times(head.shape),
                ", ".join(head.layers[:6]) + ("…" if len(head.layers) > 6 else ""),
            ]
            if head.parts:
                words.append("Click: unfold")
            elif head.within:
                words.append("Click: fold")
            cost = self._costs.get(head.id)
            if cost is not None:
                words += cost_words(cost)
            return "\n".join(words)
        if found is not None and self._view is not None and at.x() < self._view.layout.answer.left:
            return f"channel {found[1]}"
        if self._gap_at(at) is not None:
            return "Click: what happens between these two"
        return ""

    # -- painting --------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        view, colours = self._view, theme.tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.panel))
        if view is None:
            return
        ratio = self.devicePixelRatioF()
        if self._still is None or self._still.size() != self.size() * ratio:
            self._still = self._painted(view, ratio)
        painter.drawPixmap(0, 0, self._still)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._lit is not None:
            self._paint_lit(painter, view)
        for map_, width in ((self._held, 2.5), (self._under, 1.5)):
            rect = self.tile_rect(*map_) if map_ is not None else None
            if rect is not None:
                painter.setPen(QPen(QColor(colours.accent), width))
                painter.drawRect(rect.adjusted(-1, -1, 1, 1))

    def _painted(self, view: NetworkFrame, ratio: float) -> QPixmap:
        """All that does not change with the pointer."""
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(QColor(theme.tokens().panel))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        table = colormap("viridis")
        for laid, shown in zip(view.layout.columns, view.picture.columns, strict=True):
            self._paint_head(painter, laid)
            self._paint_arrows(painter, view.layout, laid)
            if not laid.column.inputs and laid.column.form == "maps":
                self._paint_input(painter, view, laid)
            elif laid.column.form == "maps":
                self._paint_maps(painter, laid, shown, table)
            else:
                self._paint_numbers(painter, laid, shown)
            self._paint_foot(painter, laid, shown)
        self._paint_classes(painter, view)
        painter.end()
        return pixmap

    def _paint_head(self, painter: QPainter, laid: ColumnLayout) -> None:
        colours, place, column = theme.tokens(), laid.place, laid.column
        tint = self._head_colour(column)
        if tint is not None:
            painter.fillRect(QRectF(place.left, 0, place.width, 3), tint)
        title = "Input" if not column.inputs else column.title
        if column.parts and column.category == "":
            title = f"▸ {title}"
        for line, (words, colour, size) in enumerate(
            ((title, colours.text, 11), (times(column.shape), colours.secondary, 10))
        ):
            font = theme.font(size, figures=line == 1)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            rect = QRectF(place.left - 10, theme.scaled(6 + 16 * line), place.width + 20, theme.scaled(16))
            shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)

    def _head_colour(self, column: LayerColumn) -> QColor | None:
        share = share_of(self._costs, column.id, self._tint) if self._tint != "category" else None
        if share is None:
            return None
        return theme.tokens().signed(share, 1.0)

    def _paint_arrows(self, painter: QPainter, layout: NetworkLayout, laid: ColumnLayout) -> None:
        """Which columns feed it: a line each, over the others where it skips some."""
        colours = theme.tokens()
        painter.setPen(QPen(QColor(colours.line), 1.2))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ids = [one.column.id for one in layout.columns]
        at = ids.index(laid.column.id)
        for source in laid.column.inputs:
            before = layout.find(source)
            if before is None:
                continue
            y = laid.place.height - theme.scaled(6)
            if ids.index(source) == at - 1:
                middle = theme.scaled(44) + (laid.place.height - theme.scaled(64)) / 2
                left, right = before.place.right + 6, laid.place.left - 6
                painter.drawLine(QPointF(left, middle), QPointF(right, middle))
                painter.drawLine(QPointF(right, middle), QPointF(right - 4, middle - 3))
                painter.drawLine(QPointF(right, middle), QPointF(right - 4, middle + 3))
            else:
                path = QPainterPath(QPointF(before.place.right, y - 8))
                path.cubicTo(
                    QPointF(before.place.right + 14, y + 4),
                    QPointF(laid.place.left - 14, y + 4),
                    QPointF(laid.place.left, y - 8),
                )
                painter.drawPath(path)

    def _paint_input(self, painter: QPainter, view: NetworkFrame, laid: ColumnLayout) -> None:
        if not laid.tiles:
            return
        pixels = view.picture.pixels
        first = laid.tiles[0]
        whole = QRectF(laid.place.left, first.top, laid.place.width, laid.place.width)
        if len(laid.tiles) == 1:
            painter.drawImage(_rect(first), to_image(pixels))
            return
        for number, tile in enumerate(laid.tiles):
            plane = pixels if pixels.ndim == 2 else pixels[..., min(number, pixels.shape[-1] - 1)]
            painter.drawImage(_rect(tile), to_image(np.ascontiguousarray(plane)))
        # The picture itself, over the planes that the network gets.
        room = first.top - theme.scaled(44)
        if room > whole.width():
            whole.moveTop(first.top - whole.height() - 8)
            painter.drawImage(whole, to_image(pixels))

    def _paint_maps(
        self, painter: QPainter, laid: ColumnLayout, shown: ColumnPicture, table: NDArray[np.uint8]
    ) -> None:
        colours, path = theme.tokens(), laid.column.path
        for number, tile in enumerate(laid.tiles[: len(shown.channels)]):
            rect, channel = _rect(tile), int(shown.channels[number])
            off = (path, channel) in self._off or (path, -1) in self._off
            if shown.blank[number] or off:
                painter.fillRect(rect, QColor(colours.line))
                painter.setPen(QPen(QColor(colours.bad if off else colours.disabled), 1.2))
                painter.drawLine(rect.topLeft(), rect.bottomRight())
                painter.drawLine(rect.bottomLeft(), rect.topRight())
                continue
            level = shown.levels[number]
            large = rect.width() > level.shape[1]
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
            painter.drawImage(rect, to_image(np.ascontiguousarray(table[level])))

    def _paint_numbers(self, painter: QPainter, laid: ColumnLayout, shown: ColumnPicture) -> None:
        colours, values = theme.tokens(), shown.values
        sound = values[np.isfinite(values)]
        limit = float(np.abs(sound).max()) if len(sound) else 0.0
        bars = bool(laid.tiles) and laid.tiles[0].width == laid.place.width
        low, high = (min(0.0, float(sound.min())), max(0.0, float(sound.max()))) if len(sound) else (0.0, 1.0)
        span = high - low or 1.0
        for number, tile in enumerate(laid.tiles[: len(shown.channels)]):
            value, channel = float(values[number]), int(shown.channels[number])
            off = (laid.column.path, channel) in self._off or (laid.column.path, -1) in self._off
            if not bars:
                painter.fillRect(_rect(tile), QColor(colours.bad) if off else colours.signed(value, limit))
                continue
            zero = tile.left - low / span * tile.width
            end = tile.left + ((value if isfinite(value) else 0.0) - low) / span * tile.width
            inner = max(1.0, tile.height - 1)
            painter.fillRect(QRectF(tile.left, tile.top, tile.width, inner), QColor(colours.window))
            bar = QRectF(min(zero, end), tile.top, max(1.0, abs(end - zero)), inner)
            colour = colours.bad if off else colours.positive if value >= 0 else colours.negative
            painter.fillRect(bar, QColor(colour))

    def _paint_foot(self, painter: QPainter, laid: ColumnLayout, shown: ColumnPicture) -> None:
        if shown.is_all or not laid.column.inputs:
            return
        font = theme.font(10, figures=True)
        painter.setFont(font)
        painter.setPen(QColor(theme.tokens().secondary))
        place = laid.place
        rect = QRectF(place.left - 12, place.height - theme.scaled(18), place.width + 24, theme.scaled(16))
        words = f"{len(shown.channels)} of {laid.column.channels}"
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_classes(self, painter: QPainter, view: NetworkFrame) -> None:
        answer, colours = view.picture.answer, theme.tokens()
        if answer is None:
            return
        shown = self._classes()
        numbers = [one.logit for one in shown if isfinite(one.logit)]
        most = max((abs(n) for n in numbers), default=1.0) or 1.0
        for row, one in enumerate(shown):
            rect = self._row_rect(row)
            share = abs(one.logit) / most if answer.is_values else one.probability
            words = numeral(one.logit, 5) if answer.is_values else percent(one.probability, fixed=True)
            font = theme.font(11)
            painter.setFont(font)
            if one.index == view.target:
                painter.fillRect(
                    QRectF(rect.left() - 6, rect.top() + 2, 2, rect.height() - 6), QColor(colours.accent)
                )
            room = QFontMetricsF(font).horizontalAdvance(words) + 8
            name = QFontMetricsF(font).elidedText(one.name, Qt.TextElideMode.ElideRight, rect.width() - room)
            line = QRectF(rect.left(), rect.top(), rect.width(), rect.height() - theme.scaled(BAR) - 4)
            painter.setPen(QColor(colours.text))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, name)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, words)
            bar = QRectF(rect.left(), line.bottom() + 2, rect.width(), theme.scaled(BAR))
            painter.fillRect(bar, QColor(colours.line))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), bar.width() * min(1.0, max(0.0, share)), bar.height()),
                QColor(colours.accent),
            )
            before = view.before
            if before is not None and not answer.is_values:
                was = float(before.probabilities[one.index])
                x = bar.left() + bar.width() * min(1.0, max(0.0, was))
                painter.fillRect(QRectF(x - 1, bar.top() - 2, 2, bar.height() + 4), QColor(colours.text))

    def _paint_lit(self, painter: QPainter, view: NetworkFrame) -> None:
        lines: list[tuple[QRectF, QRectF, float]] = []
        lit = self._lit
        if isinstance(lit, MadeOf):
            end = self._shown_rect(view)
            if end is None:
                return
            for source in lit.sources:
                if not source.shown:
                    continue
                for channel in np.argsort(-np.abs(source.shares))[:LINES]:
                    start = self.tile_rect(source.column, int(channel))
                    share = float(source.shares[channel])
                    if start is not None and share:
                        lines.append((start, end, share))
        elif lit is not None:
            end = self.class_rect(lit.target.index)
            for step in lit.steps:
                rects = [self.tile_rect(step.column, one) for one in step.channels or ()]
                found = [one for one in rects if one is not None]
                if not found or end is None:
                    end = found[0] if found else end
                    continue
                lines += [(one, end, step.carried) for one in found]
                end = found[0]
        lines.sort(key=lambda line: -abs(line[2]))
        most = abs(lines[0][2]) if lines else 1.0
        followed = isinstance(lit, ClassPath)
        colours = theme.tokens()
        for start, end, share in reversed(lines[: LINES if not followed else None]):
            colour = QColor(colours.positive if share >= 0 else colours.negative)
            weight = 1.0 if followed else abs(share) / most
            width = 2.5 if followed else max(0.8, WIDEST * weight)
            colour.setAlphaF(0.9 if followed else 0.35 + 0.55 * weight)
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            path = QPainterPath(QPointF(start.right(), start.center().y()))
            bend = max(10.0, (end.left() - start.right()) / 2)
            path.cubicTo(
                QPointF(start.right() + bend, start.center().y()),
                QPointF(end.left() - bend, end.center().y()),
                QPointF(end.left(), end.center().y()),
            )
            painter.drawPath(path)
            painter.drawRect(start)

    def _shown_rect(self, view: NetworkFrame) -> QRectF | None:
        shown = self._under or self._held
        if shown is None:
            return None
        return self.tile_rect(*shown) or (
            self.class_rect(shown[1]) if shown[0] == view.columns[-1].id else None
        )


def _rect(place: Place) -> QRectF:
    return QRectF(place.left, place.top, place.width, place.height)
