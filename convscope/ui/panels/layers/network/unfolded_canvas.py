"""What happens between two columns, painted: every map at its place, the window on it, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from convscope.core.words import counted, percent
from convscope.engine.interpret.network.unfolded import HeldPixel, Products, SlidingWindow, UnfoldedStage
from convscope.imaging.colormaps import colormap
from convscope.imaging.numerals import bracketed, numeral
from convscope.ui import theme
from convscope.ui.canvas.raster import to_image
from convscope.ui.panels.layers.network.unfolding import UnfoldedFrame

MARGIN, GAP, SIGN = 12, 14, 22
TERMS, LARGEST_TERM, LARGEST_STAGE, LARGEST_KERNEL = 6, 150, 280, 84
HEAD, LINE, ROW = 24, 16, 20
PlaneColours = Literal["viridis", "signed"]
READABLE = 30
"""Points of a cell from which on its number is written in it."""

AreaKind = Literal["input", "kernel", "product", "stage", "term", "class", "flat", "source"]


@dataclass(frozen=True)
class UnfoldedArea:
    """A rectangle that shows something, and the number of its term, stage, class or map."""

    kind: AreaKind
    index: int
    rect: QRectF


class UnfoldedCanvas(QWidget):
    """The maps. A click on any of them holds its pixel through all.

    Signals:
        pixel_chosen: number of the stage (−1: an input), row and column.
        term_chosen: number of a product.
        channel_chosen: another number of the column: a class, or one of those that are flattened.
        stepped: rows and columns that the held pixel goes by the arrow keys.
    """

    pixel_chosen = Signal(int, int, int)
    term_chosen = Signal(int)
    channel_chosen = Signal(int)
    stepped = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers.unfold.picture")
        self.setAccessibleName("What happens between two columns")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.frame: UnfoldedFrame | None = None
        self.held: HeldPixel | None = None
        self.areas: tuple[UnfoldedArea, ...] = ()
        self._sliding = False
        self._still: QPixmap | None = None
        self._theme = theme.tokens()

    def show_frame(self, frame: UnfoldedFrame | None) -> None:
        """Another map or image."""
        self.frame, self._still = frame, None
        self._arrange()
        self.update()

    def show_held(self, held: HeldPixel | None, *, sliding: bool = False) -> None:
        """The pixel; while the window slides, what it has not come to is faint."""
        self.held, self._sliding = held, sliding
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(900), theme.scaled(440))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(320), theme.scaled(240))

    def area(self, kind: AreaKind, index: int) -> QRectF | None:
        """Where something is shown; None where it is not."""
        return next((one.rect for one in self.areas if (one.kind, one.index) == (kind, index)), None)

    def pixel_point(self, kind: AreaKind, index: int, row: int, column: int) -> QPointF | None:
        """The middle of a pixel of a map, on the screen."""
        rect, shape = self.area(kind, index), self._shape(kind, index)
        if rect is None or shape is None:
            return None
        return _cell(rect, shape, (row, column)).center()

    # -- where things are ------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._still = None
        self._arrange()

    def _arrange(self) -> None:
        frame = self.frame
        self.areas = ()
        if frame is None:
            return
        if frame.unfolded.strip is not None:
            self.areas = tuple(self._flat())
        elif frame.unfolded.products is not None and frame.unfolded.products.are_numbers:
            self.areas = tuple(self._numbers(frame.unfolded.products))
        else:
            self.areas = tuple(self._maps())

    @property
    def _detail(self) -> float:
        """Height of the numbers under the window, at the foot."""
        return float(theme.scaled(128))

    def _maps(self) -> list[UnfoldedArea]:
        assert self.frame is not None
        unfolded, found = self.frame.unfolded, list[UnfoldedArea]()
        top, tall = float(theme.scaled(HEAD)), self.height() - theme.scaled(HEAD) - self._detail
        left, made = float(MARGIN), unfolded.products
        if made is not None:
            line = theme.scaled(LINE)
            rows = max(1, min(len(made.channels), TERMS, int(tall // (theme.scaled(56) + line))))
            ratio = made.inputs.shape[1] / made.inputs.shape[2]
            share = 0.16 * self.width()
            side = max(24.0, min(tall / rows - line - 6, LARGEST_TERM, share))
            kernel = min(side, theme.scaled(LARGEST_KERNEL), 0.1 * self.width())
            begin = top + (tall - rows * (side + line)) / 2
            for row, term in enumerate(made.by_size[:rows]):
                y = begin + row * (side + line) + line
                found.append(UnfoldedArea("input", int(term), _fit(left, y, side, ratio)))
                x = left + side + SIGN
                square = QRectF(x, y + (side - kernel) / 2, kernel, kernel)
                size = made.kernels.shape[1:]
                found.append(UnfoldedArea("kernel", int(term), _inner(square, size[0] / size[1])))
                x += kernel + SIGN
                shape = made.maps.shape[1:]
                found.append(UnfoldedArea("product", int(term), _fit(x, y, side, shape[0] / shape[1])))
            left += 2 * side + kernel + 2 * SIGN + 2 * GAP
        count = len(unfolded.stages)
        wide = (self.width() - left - MARGIN) / count - 2 * GAP
        side = max(24.0, min(wide, LARGEST_STAGE, tall - 3 * theme.scaled(LINE)))
        if made is None:
            left += max(0.0, (self.width() - 2 * MARGIN - count * (side + 2 * GAP)) / 2)
        for number, stage in enumerate(unfolded.stages):
            shape = stage.values.shape
            x = left + number * (side + 2 * GAP) + GAP
            found.append(
                UnfoldedArea("stage", number, _fit(x, top + (tall - side) / 2, side, shape[0] / shape[1]))
            )
        return found

    def _numbers(self, made: Products) -> list[UnfoldedArea]:
        """A dense layer: its largest products as bars, then sum, bias, activation and softmax."""
        assert self.frame is not None
        unfolded, found = self.frame.unfolded, list[UnfoldedArea]()
        head, row = theme.scaled(HEAD), theme.scaled(ROW)
        wide = (0.4 if unfolded.softmax is not None else 0.6) * self.width() - MARGIN
        foot = theme.scaled(64)
        rows = max(1, min(len(made.channels), (self.height() - head - foot - 2 * row) // row))
        for at, term in enumerate(made.by_size[:rows]):
            found.append(UnfoldedArea("term", int(term), QRectF(MARGIN, head + at * row, wide, row)))
        left, box = MARGIN + wide + 2 * GAP, theme.scaled(54)
        middle = theme.scaled(132)
        stages = [at for at, one in enumerate(unfolded.stages) if one.kind != "softmax"]
        y = head + max(0.0, (self.height() - head - foot - len(stages) * (box + GAP)) / 2)
        for at, number in enumerate(stages):
            found.append(UnfoldedArea("stage", number, QRectF(left, y + at * (box + GAP), middle, box)))
        if unfolded.softmax is not None:
            left += middle + 2 * GAP
            count = len(unfolded.softmax.logits)
            rows = max(1, min(count, (self.height() - head - 6 * row) // row))
            for at, index in enumerate(self._classes(rows)):
                rect = QRectF(left, head + row + at * row, self.width() - left - MARGIN, row)
                found.append(UnfoldedArea("class", index, rect))
        return found

    def _classes(self, rows: int) -> list[int]:
        """Those that are told: all in their order, or the most probable, the one in hand among them."""
        assert self.frame is not None and self.frame.unfolded.softmax is not None
        shares = self.frame.unfolded.softmax.probabilities
        if len(shares) <= rows:
            return list(range(len(shares)))
        first = [int(one) for one in np.argsort(-shares, kind="stable")[:rows]]
        own = self.frame.unfolded.channel
        return first if own in first else [*first[:-1], own]

    def _flat(self) -> list[UnfoldedArea]:
        """Flatten: the maps at the left, the row of all numbers, in lines, at the right."""
        assert self.frame is not None and self.frame.unfolded.strip is not None
        strip = self.frame.unfolded.strip
        height, width, count = strip.maps.shape
        head, found = theme.scaled(HEAD), list[UnfoldedArea]()
        tall, wide = self.height() - head - MARGIN, 0.46 * self.width()
        across = max(1, round((count * wide / tall) ** 0.5))
        side = min((wide - MARGIN) / across, tall / -(-count // across))
        for channel in range(count):
            x, y = MARGIN + channel % across * side, head + channel // across * side
            found.append(UnfoldedArea("source", channel, _fit(x + 1, y + 1, side - 3, height / width)))
        left = wide + 3 * GAP
        found.append(UnfoldedArea("flat", 0, QRectF(left, head, self.width() - left - MARGIN, tall)))
        return found

    def _flat_cell(self, number: int) -> QRectF:
        """Where a number of the flattened row stands."""
        rect, across, side = self._flat_grid()
        return QRectF(rect.left() + number % across * side, rect.top() + number // across * side, side, side)

    def _flat_grid(self) -> tuple[QRectF, int, float]:
        assert self.frame is not None and self.frame.unfolded.strip is not None
        rect, count = self.area("flat", 0), len(self.frame.unfolded.strip.values)
        assert rect is not None
        # A line a place: all maps at one pixel stand in it, where they fit.
        across = self.frame.unfolded.strip.maps.shape[2]
        if rect.width() / across < 3 or rect.height() / (count / across) < 3:
            across = max(1, int((count * rect.width() / rect.height()) ** 0.5))
        side = min(rect.width() / across, rect.height() / -(-count // across), 16.0)
        # Whole points, so that the lines between them are equally wide.
        return rect, across, float(int(side)) if side >= 3 else side

    def _shape(self, kind: AreaKind, index: int) -> tuple[int, ...] | None:
        assert self.frame is not None
        unfolded, made = self.frame.unfolded, self.frame.unfolded.products
        if kind == "stage":
            return unfolded.stages[index].values.shape
        if made is not None and kind in ("input", "kernel", "product"):
            return {"input": made.inputs, "kernel": made.kernels, "product": made.maps}[kind].shape[1:]
        if unfolded.strip is not None and kind == "source":
            return unfolded.strip.maps.shape[:2]
        return None

    # -- events ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position(), pressed=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position(), pressed=False)

    def _choose(self, at: QPointF, *, pressed: bool) -> None:
        found = next((one for one in self.areas if one.rect.contains(at)), None)
        if found is None or self.frame is None:
            return
        strip = self.frame.unfolded.strip
        if found.kind == "flat" and strip is not None:
            rect, across, side = self._flat_grid()
            column = int((at.x() - rect.left()) // side)
            number = int((at.y() - rect.top()) // side) * across + column
            if column < across and number < len(strip.values):
                self.channel_chosen.emit(number)
            return
        if found.kind == "class":
            self.channel_chosen.emit(found.index)
            return
        if found.kind in ("term", "kernel"):
            self.term_chosen.emit(found.index)
            return
        shape = self._shape(found.kind, found.index)
        if shape is None:
            return
        row = min(shape[0] - 1, int((at.y() - found.rect.top()) / found.rect.height() * shape[0]))
        column = min(shape[1] - 1, int((at.x() - found.rect.left()) / found.rect.width() * shape[1]))
        if found.kind == "source" and strip is not None:
            self.channel_chosen.emit(strip.number(row, column, found.index))
            return
        if found.kind in ("input", "product") and pressed:
            self.term_chosen.emit(found.index)
        self.pixel_chosen.emit({"input": -1, "product": 0}.get(found.kind, found.index), row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(*step)

    # -- painting --------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().panel))
        if self.frame is None:
            return
        ratio = self.devicePixelRatioF()
        if self._still is None or self._theme is not theme.tokens():
            self._theme = theme.tokens()
            self._still = QPixmap(self.size() * ratio)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(QColor(theme.tokens().panel))
            still = QPainter(self._still)
            self._paint_still(still, self.frame)
            still.end()
        painter.drawPixmap(0, 0, self._still)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        unfolded = self.frame.unfolded
        if unfolded.strip is not None:
            self._paint_flat_held(painter)
        elif unfolded.products is not None and unfolded.products.are_numbers:
            self._paint_term_held(painter)
        elif self.held is not None:
            self._paint_held(painter, self.frame, self.held)

    def _words(
        self,
        painter: QPainter,
        rect: QRectF,
        words: str,
        *,
        colour: str = "",
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
        size: float = 11,
    ) -> None:
        font = theme.font(size, figures=True)
        painter.setFont(font)
        painter.setPen(QColor(colour or theme.tokens().text))
        shown = QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_still(self, painter: QPainter, frame: UnfoldedFrame) -> None:
        unfolded, made = frame.unfolded, frame.unfolded.products
        if unfolded.strip is not None:
            self._paint_flat(painter, frame)
            return
        if made is not None and made.are_numbers:
            self._paint_numbers(painter, frame, made)
            return
        line = theme.scaled(LINE)
        grey = theme.tokens().secondary
        if made is not None:
            weights, limit = _limit(made.kernels), _limit(made.maps)
            shown = [one for one in self.areas if one.kind == "product"]
            low, high = float(made.inputs.min()), float(made.inputs.max())
            for one in self.areas:
                if one.kind == "input":
                    _paint_plane(painter, one.rect, _levels(made.inputs[one.index], low, high), "viridis")
                    source = made.source(one.index) if len(made.sources) > 1 else "Map"
                    words = f"{source} {made.channels[one.index]}"
                    above = QRectF(one.rect.left() - 4, one.rect.top() - line, one.rect.width() + 60, line)
                    self._words(painter, above, words, colour=grey, align=Qt.AlignmentFlag.AlignLeft, size=10)
                elif one.kind == "kernel":
                    self._paint_cells(painter, one.rect, made.kernels[one.index], weights)
                    self._sign(painter, one.rect, "×")
                elif one.kind == "product":
                    _paint_plane(painter, one.rect, _signed(made.maps[one.index], limit), "signed")
                    self._sign(painter, one.rect, "=")
            first = self.area("stage", 0)
            if first is not None and shown:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(QColor(theme.tokens().line), 1.5))
                for one in shown:
                    painter.drawLine(
                        QPointF(one.rect.right() + 3, one.rect.center().y()),
                        QPointF(first.left() - 4, first.center().y()),
                    )
            left = len(made.channels) - len(shown)
            words = f"Inputs × kernels = products{f', {len(shown)} of {len(made.channels)}' if left else ''}"
            width = (first.left() if first is not None else self.width()) - MARGIN
            rect = QRectF(MARGIN, 0, width - GAP, theme.scaled(HEAD))
            self._words(painter, rect, words, align=Qt.AlignmentFlag.AlignLeft)
        self._paint_stages(painter, unfolded.stages)

    def _paint_stages(self, painter: QPainter, stages: Sequence[UnfoldedStage]) -> None:
        line = theme.scaled(LINE)
        sums = [one.values for one in stages if one.kind in ("sum", "bias")]
        limit = max((_limit(one) for one in sums), default=1.0)
        for number, stage in enumerate(stages):
            rect = self.area("stage", number)
            if rect is None:
                continue
            if stage.kind in ("sum", "bias"):
                _paint_plane(painter, rect, _signed(stage.values, limit), "signed")
            else:
                # A single number has no scale of its own.
                scale = stages[number - 1].values if number and stage.values.size == 1 else stage.values
                low, high = float(scale.min()), float(scale.max())
                _paint_plane(painter, rect, _levels(stage.values, low, high), "viridis")
            above = QRectF(rect.left() - GAP, rect.top() - line - 2, rect.width() + 2 * GAP, line)
            self._words(painter, above, self._title(stage, stages, number))
            if stage.following:
                next_ = above.translated(0, -line)
                self._words(painter, next_, "the next layer", colour=theme.tokens().secondary, size=10)
            if number:
                self._arrow(painter, rect)

    def _title(self, stage: UnfoldedStage, stages: Sequence[UnfoldedStage], number: int) -> str:
        if stage.kind == "bias":
            bias = float((stage.values - stages[number - 1].values).flat[0])
            return f"+ bias {numeral(bias, 3)}"
        return stage.title

    def _sign(self, painter: QPainter, rect: QRectF, sign: str) -> None:
        place = QRectF(rect.left() - SIGN, rect.center().y() - SIGN / 2, SIGN, SIGN)
        self._words(painter, place, sign, colour=theme.tokens().secondary, size=14)

    def _arrow(self, painter: QPainter, rect: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.tokens().secondary), 1.5))
        y, x = rect.center().y(), rect.left() - 6
        painter.drawLine(QPointF(x - 14, y), QPointF(x, y))
        painter.drawLine(QPointF(x, y), QPointF(x - 4, y - 3))
        painter.drawLine(QPointF(x, y), QPointF(x - 4, y + 3))

    def _paint_cells(
        self,
        painter: QPainter,
        rect: QRectF,
        values: NDArray[np.float64],
        limit: float,
        inside: NDArray[np.bool_] | None = None,
    ) -> None:
        """Numbers as coloured cells; written out where there is room."""
        rows, columns = values.shape
        colours = theme.tokens()
        high, wide = rect.height() / rows, rect.width() / columns
        for row in range(rows):
            for column in range(columns):
                cell = _cell(rect, values.shape, (row, column))
                value = float(values[row, column])
                colour = colours.signed(value, limit)
                painter.fillRect(cell.adjusted(0, 0, -1, -1), colour)
                if min(high * 1.8, wide) >= READABLE:
                    outside = inside is not None and not inside[row, column]
                    dark = colour.lightnessF() < 0.55
                    ink = colours.disabled if outside else "#FFFFFF" if dark else "#1A1D23"
                    words = numeral(value, 2)
                    if len(words) > 6:
                        words = numeral(value, 1)
                    self._words(painter, cell, words, colour=ink, size=10)

    def _paint_held(self, painter: QPainter, frame: UnfoldedFrame, held: HeldPixel) -> None:
        unfolded, colours = frame.unfolded, theme.tokens()
        made, line = unfolded.products, theme.scaled(LINE)
        accent = QPen(QColor(colours.accent), 2)
        if self._sliding:
            self._veil(painter, held)
        painter.setPen(accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for one in self.areas:
            own = one.index == held.term
            shape = self._shape(one.kind, one.index)
            if shape is None:
                continue
            painter.setPen(QPen(QColor(colours.accent), 2.5 if own else 1.5))
            if one.kind == "input":
                painter.drawRect(_boxed(one.rect, shape, held.box))
            elif one.kind == "product":
                painter.drawRect(_cell(one.rect, shape, held.at).adjusted(-1, -1, 1, 1))
            elif one.kind == "kernel" and own:
                painter.drawRect(one.rect.adjusted(-2, -2, 1, 1))
        stages = unfolded.stages
        for number, stage in enumerate(stages):
            rect = self.area("stage", number)
            if rect is None:
                continue
            painter.setPen(accent)
            shape, place = stage.values.shape, held.places[number]
            after = stages[number + 1].window if number + 1 < len(stages) else None
            if after is not None and after != SlidingWindow():
                # The next map looks at more than one of its values.
                painter.setPen(QPen(QColor(colours.accent), 1.2, Qt.PenStyle.DashLine))
                painter.drawRect(_boxed(rect, shape, after.box(held.places[number + 1])))
                painter.setPen(accent)
            if number >= unfolded.first:
                painter.drawRect(_cell(rect, shape, place).adjusted(-1, -1, 1, 1))
            below = QRectF(rect.left() - GAP, rect.bottom() + 3, rect.width() + 2 * GAP, line)
            if number >= unfolded.first:
                self._words(painter, below, numeral(held.values[number], 4), size=12)
        self._paint_detail(painter, frame, made, held)

    def _veil(self, painter: QPainter, held: HeldPixel) -> None:
        """Cover what the sliding window has not come to."""
        assert self.frame is not None
        cover = QColor(theme.tokens().panel)
        cover.setAlphaF(0.8)
        for one in self.areas:
            if one.kind == "stage" and one.index >= self.frame.unfolded.first:
                place = held.places[one.index]
            elif one.kind == "product":
                place = held.at
            else:
                continue
            shape = self._shape(one.kind, one.index)
            assert shape is not None
            cell = _cell(one.rect, shape, place)
            rest = QRectF(cell.right(), cell.top(), one.rect.right() - cell.right(), cell.height())
            painter.fillRect(rest, cover)
            below = QRectF(
                one.rect.left(), cell.bottom(), one.rect.width(), one.rect.bottom() - cell.bottom()
            )
            painter.fillRect(below, cover)

    def _paint_detail(
        self, painter: QPainter, frame: UnfoldedFrame, made: Products | None, held: HeldPixel
    ) -> None:
        """Patch × kernel = products, with the numbers; of a pooling the patch."""
        line, unfolded = theme.scaled(LINE), frame.unfolded
        top = self.height() - self._detail + line
        side = self._detail - line - 8
        window = unfolded.stages[unfolded.first].window
        if made is None and (window is None or window == SlidingWindow()):
            return
        rows, columns = held.patch.shape
        wide = min(side * columns / rows * 1.35, side * 2)
        left = float(MARGIN)
        parts: list[tuple[str, str, NDArray[np.float64], NDArray[np.bool_] | None]] = [
            ("", "Patch", held.patch, held.inside)
        ]
        if made is not None:
            parts += [("×", "Kernel", held.kernel, None), ("=", "Products", held.products, None)]
        for sign, title, values, inside in parts:
            if sign:
                place = QRectF(left, top + side / 2 - SIGN / 2, SIGN, SIGN)
                self._words(painter, place, sign, size=14)
                left += SIGN + 4
            rect = QRectF(left, top, wide, side)
            above = QRectF(left, top - line, wide, line)
            self._words(painter, above, title, colour=theme.tokens().secondary, size=10)
            self._paint_cells(painter, rect, values, _limit(values), inside)
            if made is None and "Max" in unfolded.stages[unfolded.first].title:
                down, across = np.unravel_index(
                    int(np.where(held.inside, values, -np.inf).argmax()), values.shape
                )
                painter.setPen(QPen(QColor(theme.tokens().accent), 2.5))
                painter.drawRect(_cell(rect, values.shape, (int(down), int(across))).adjusted(1, 1, -2, -2))
            left += wide + 4
        if made is not None:
            rest = float(made.maps[:, held.at[0], held.at[1]].sum()) - held.total
            words = [f"added up  {numeral(held.total, 4)}", f"channel {made.channels[held.term]}"]
            if len(made.channels) > 1:
                others = counted(len(made.channels) - 1, "other")
                words.append(f"the {others}  {numeral(rest, 4)}")
            words.append(f"all  {numeral(held.values[0], 4)}")
        else:
            words = [
                f"{unfolded.stages[unfolded.first].title}",
                f"= {numeral(held.values[unfolded.first], 4)}",
            ]
        step = theme.scaled(20)
        for at, text in enumerate(words):
            place = QRectF(left + GAP, top + side / 2 - len(words) * step / 2 + at * step, 320, step)
            self._words(painter, place, text, align=Qt.AlignmentFlag.AlignLeft, size=12)

    # -- numbers ---------------------------------------------------------------------------------------------

    def _paint_numbers(self, painter: QPainter, frame: UnfoldedFrame, made: Products) -> None:
        colours, unfolded = theme.tokens(), frame.unfolded
        products = made.maps[:, 0, 0]
        limit, row = _limit(products), theme.scaled(ROW)
        terms = [one for one in self.areas if one.kind == "term"]
        first = terms[0].rect
        side = Qt.AlignmentFlag.AlignLeft
        for one in terms:
            value, rect = float(products[one.index]), one.rect
            words = (
                f"{made.channels[one.index]}:  {numeral(float(made.inputs[one.index, 0, 0]), 3)} × "
                f"{numeral(float(made.kernels[one.index, 0, 0]), 3)}"
            )
            self._words(painter, QRectF(rect.left(), rect.top(), 0.45 * rect.width(), row), words, align=side)
            middle, half = rect.left() + 0.62 * rect.width(), 0.16 * rect.width()
            end = middle + (value / limit * half if limit else 0.0)
            colour = QColor(colours.positive if value >= 0 else colours.negative)
            painter.fillRect(
                QRectF(min(middle, end), rect.top() + 4, max(1.0, abs(end - middle)), row - 8), colour
            )
            place = QRectF(rect.left() + 0.8 * rect.width(), rect.top(), 0.2 * rect.width(), row)
            self._words(painter, place, numeral(value, 3), align=Qt.AlignmentFlag.AlignRight)
        left = len(products) - len(terms)
        head = QRectF(first.left(), 0, first.width(), theme.scaled(HEAD))
        self._words(painter, head, "Input × weight = product" + (", the largest" if left else ""), align=side)
        if left:
            rest = float(products.sum() - sum(products[one.index] for one in terms))
            place = terms[-1].rect.translated(0, row)
            words = f"{left} more, added up  {numeral(rest, 3)}"
            self._words(painter, place, words, colour=colours.secondary, align=Qt.AlignmentFlag.AlignRight)
        self._paint_all_products(painter, products, limit, first)
        for number, stage in enumerate(unfolded.stages):
            box = self.area("stage", number)
            if box is None:
                continue
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawRect(box)
            upper = QRectF(box.left(), box.top() + 4, box.width(), box.height() / 2 - 4)
            title = self._title(stage, unfolded.stages, number)
            self._words(painter, upper, title, colour=colours.secondary)
            self._words(
                painter,
                upper.translated(0, box.height() / 2 - 4),
                numeral(float(stage.values[0, 0]), 5),
                size=14,
            )
        if unfolded.softmax is not None:
            self._paint_softmax(painter, frame)

    def _paint_all_products(
        self, painter: QPainter, products: NDArray[np.float64], limit: float, first: QRectF
    ) -> None:
        """Every product as a thin bar, in the order of the inputs."""
        colours = theme.tokens()
        high = float(theme.scaled(44))
        strip = QRectF(first.left(), self.height() - high - 4, first.width(), high)
        middle, wide = strip.center().y(), strip.width() / len(products)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QPointF(strip.left(), middle), QPointF(strip.right(), middle))
        for at, value in enumerate(products):
            long = float(value) / limit * high / 2 if limit else 0.0
            colour = QColor(colours.positive if value >= 0 else colours.negative)
            x = strip.left() + at * wide
            painter.fillRect(QRectF(x, min(middle, middle - long), max(1.0, wide - 1), abs(long)), colour)

    def _paint_softmax(self, painter: QPainter, frame: UnfoldedFrame) -> None:
        steps, colours = frame.unfolded.softmax, theme.tokens()
        assert steps is not None
        rows = [one for one in self.areas if one.kind == "class"]
        first, row = rows[0].rect, theme.scaled(ROW)
        edges = [0.0, 0.2, 0.36, 0.61, 0.86, 1.0]
        right = Qt.AlignmentFlag.AlignRight

        def cells(y: float, words: Sequence[str], colour: str = "") -> None:
            for at, text in enumerate(words):
                cell = QRectF(
                    first.left() + edges[at] * first.width(),
                    y,
                    (edges[at + 1] - edges[at]) * first.width() - 6,
                    row,
                )
                self._words(
                    painter,
                    cell,
                    text,
                    colour=colour,
                    align=Qt.AlignmentFlag.AlignLeft if at == 0 else right,
                )

        largest = numeral(steps.largest, 4)
        head = QRectF(first.left(), 0, first.width(), theme.scaled(HEAD))
        self._words(
            painter,
            head,
            f"softmax: e^(logit − {largest}, the largest), over the sum of all",
            align=Qt.AlignmentFlag.AlignLeft,
        )
        cells(first.top() - row, ("class", "logit", "exponential", "÷ sum =", ""), colours.secondary)
        for one in rows:
            index, rect = one.index, one.rect
            name = frame.names[index] if frame.names else str(index)
            if index == frame.unfolded.channel:
                tint = QColor(colours.accent)
                tint.setAlphaF(0.14)
                painter.fillRect(rect, tint)
            share = float(steps.probabilities[index])
            words = (
                name,
                numeral(float(steps.logits[index]), 4),
                numeral(float(steps.exponentials[index]), 4),
                numeral(share, 4),
            )
            cells(rect.top(), words)
            bar = QRectF(rect.left() + 0.87 * rect.width(), rect.top() + 5, 0.13 * rect.width(), row - 10)
            painter.fillRect(bar, QColor(colours.line))
            bar.setWidth(bar.width() * share)
            painter.fillRect(bar, QColor(colours.accent))
        y = rows[-1].rect.bottom()
        left = len(steps.logits) - len(rows)
        if left:
            told = [one.index for one in rows]
            rest = steps.total - float(steps.exponentials[told].sum())
            words = (f"{left:,} more", "", numeral(rest, 4), numeral(rest / steps.total, 4))
            cells(y, words, colours.secondary)
            y += row
        painter.setPen(QPen(QColor(colours.secondary), 1))
        painter.drawLine(QPointF(first.left(), y), QPointF(first.right(), y))
        cells(y, ("sum", "", numeral(steps.total, 6), numeral(float(steps.probabilities.sum()), 6)))
        own = frame.unfolded.channel
        logit, power = float(steps.logits[own]), float(steps.exponentials[own])
        share = float(steps.probabilities[own])
        for at, text in enumerate(
            (
                f"e^({numeral(logit, 5)} − {bracketed(steps.largest, 5)}) = {numeral(power, 5)}",
                f"{numeral(power, 5)} / {numeral(steps.total, 6)} = {numeral(share, 5)}, {percent(share, 2)}",
            )
        ):
            place = QRectF(first.left(), y + (at + 1.4) * row, first.width(), row)
            self._words(painter, place, text, align=Qt.AlignmentFlag.AlignLeft, size=12)

    def _paint_term_held(self, painter: QPainter) -> None:
        rect = self.area("term", self.held.term) if self.held is not None else None
        if rect is not None:
            painter.setPen(QPen(QColor(theme.tokens().accent), 1.5))
            painter.drawRect(rect.adjusted(-2, 1, 2, -1))

    # -- flatten ---------------------------------------------------------------------------------------------

    def _paint_flat(self, painter: QPainter, frame: UnfoldedFrame) -> None:
        strip = frame.unfolded.strip
        assert strip is not None
        low, high = float(strip.maps.min()), float(strip.maps.max())
        for one in self.areas:
            if one.kind == "source":
                _paint_plane(painter, one.rect, _levels(strip.maps[..., one.index], low, high), "viridis")
        table = colormap("viridis")
        levels = _levels(strip.values, low, high)
        for number, level in enumerate(levels):
            cell = self._flat_cell(number)
            gap = 0.5 if cell.width() > 4 else 0
            painter.fillRect(cell.adjusted(0, 0, -gap, -gap), QColor(*(int(c) for c in table[level])))
        height, width, count = strip.maps.shape
        left, right = QRectF(MARGIN, 0, 0.46 * self.width(), theme.scaled(HEAD)), self.area("flat", 0)
        assert right is not None
        side = Qt.AlignmentFlag.AlignLeft
        self._words(painter, left, f"{count} maps of {height}×{width}", align=side)
        words = f"one row of {len(strip.values):,} numbers: place by place, all maps of a place together"
        self._words(painter, QRectF(right.left(), 0, right.width(), theme.scaled(HEAD)), words, align=side)

    def _paint_flat_held(self, painter: QPainter) -> None:
        assert self.frame is not None and self.frame.unfolded.strip is not None
        number = self.frame.unfolded.channel
        row, column, channel = self.frame.unfolded.strip.origin(number)
        rect = self.area("source", channel)
        if rect is None:
            return
        start = _cell(rect, self.frame.unfolded.strip.maps.shape[:2], (row, column))
        end = self._flat_cell(number)
        painter.setPen(QPen(QColor(theme.tokens().accent), 2))
        painter.drawRect(rect.adjusted(-2, -2, 1, 1))
        painter.drawRect(start.adjusted(-1, -1, 1, 1))
        painter.drawRect(end.adjusted(-1, -1, 1, 1))
        painter.drawLine(start.center(), end.center())


def _fit(left: float, top: float, side: float, ratio: float) -> QRectF:
    """As large as it fits into a square, in the middle."""
    return _inner(QRectF(left, top, side, side), ratio)


def _inner(square: QRectF, ratio: float) -> QRectF:
    wide, high = (
        (square.width(), square.width() * ratio) if ratio <= 1 else (square.width() / ratio, square.width())
    )
    return QRectF(
        square.left() + (square.width() - wide) / 2, square.top() + (square.height() - high) / 2, wide, high
    )


def _cell(rect: QRectF, shape: Sequence[int], at: tuple[int, int]) -> QRectF:
    return _boxed(rect, shape, (*at, 1, 1))


def _boxed(rect: QRectF, shape: Sequence[int], box: tuple[int, int, int, int]) -> QRectF:
    """A window on a map, over the border where it is padded."""
    high, wide = rect.height() / shape[0], rect.width() / shape[1]
    top, left, height, width = box
    return QRectF(rect.left() + left * wide, rect.top() + top * high, width * wide, height * high)


def _limit(values: NDArray[np.float64]) -> float:
    return float(np.abs(np.nan_to_num(values)).max()) if values.size else 0.0


def _levels(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.uint8]:
    gain = 255 / (high - low) if high > low else 0.0
    return np.clip(np.nan_to_num((values - low) * gain), 0, 255).astype(np.uint8)


def _signed(values: NDArray[np.float64], limit: float) -> NDArray[np.uint8]:
    return _levels(values, -limit, limit)


def _paint_plane(painter: QPainter, rect: QRectF, levels: NDArray[np.uint8], table: PlaneColours) -> None:
    large = rect.width() > levels.shape[1]
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not large)
    colours = colormap("viridis") if table == "viridis" else _signed_table(theme.tokens().dark)
    painter.drawImage(rect, to_image(np.ascontiguousarray(colours[levels])))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(theme.tokens().line), 1))
    painter.drawRect(rect)


@cache
def _signed_table(dark: bool) -> NDArray[np.uint8]:
    """Blue, the theme's background, orange: as the cells of kernels are coloured."""
    tokens = theme.DARK if dark else theme.LIGHT
    colours = (tokens.signed(level - 127.5, 127.5) for level in range(256))
    return np.array([(one.red(), one.green(), one.blue()) for one in colours], np.uint8)
