"""A chart of curves over epochs: quick to redraw, readable by the cursor, in the theme's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.plots.curve import NOTHING, Curve, thin
from convscope.ui.plots.legend import Entry, Legend
from convscope.ui.plots.marks import Marks
from convscope.ui.plots.plot import CurveItem, DotsItem, Plot, Range, rounded, short

# Above this many points a curve is drawn without smooth edges, which would take forty times as long.
_FINE = 400
BEHIND = 1.012


def _same(one: Curve, other: Curve) -> bool:
    return all(
        len(a) == len(b) and np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True)
    )


@dataclass
class Line:
    """How a curve looks.

    Attributes:
        words: its name in the legend; "" leaves it out.
        colour: #RRGGBB.
        dashed: validation is.
        faint: the unsmoothed curve behind the smoothed one; does not decide the range.
        dots: a dot at each point.
        joined: a line between them.
        raw: the key of the curve whose numbers the legend tells in place of this one's, which is smoothed; ""
            means its own.
        order: its place in the legend; of equals, the first set comes first.
    """

    words: str
    colour: str
    dashed: bool = False
    faint: bool = False
    dots: bool = False
    joined: bool = True
    raw: str = ""
    order: int = 0


class Chart(QWidget):
    """Curves over x in epochs; hovering reads. For zooming and moving see `Plot`.

    Args:
        name: object name.
        title: what the y axis is.
        unit_range: the values lie between 0 and 1, such as accuracy.
        ticks_at_values: the y axis names the least and the largest value only, in a low chart.

    Attributes:
        marks: the best epoch, turns, the gap between two curves.
        head: title and legend, which a control of this chart alone may join.

    Signals:
        hovered: the x under the cursor, or None.
    """

    hovered = Signal(object)

    def __init__(
        self,
        name: str,
        title: str,
        *,
        unit_range: bool = False,
        ticks_at_values: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ticks_at_values = ticks_at_values
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.unit_range = unit_range
        self._log = False
        self._span = 1.0
        self._cursor: float | None = None
        self._lines: dict[str, Line] = {}
        self._curves: dict[str, Curve] = {}
        self._items: dict[str, CurveItem] = {}
        self._dots: dict[str, DotsItem] = {}
        # What the items have already.
        self._drawn: dict[str, Curve] = {}
        self._ticks: list[tuple[float, str]] | None = None
        self._y: tuple[float, float] = (0.0, 1.0)
        self.title = theme.label(title, "heading")
        self.legend = Legend(f"{name}.legend")
        self.plot = Plot(name, title, self)
        self.marks = Marks(self.plot, self._scaled)
        self._prepare_plot()
        self.head = head = QHBoxLayout()
        head.setSpacing(theme.GROUP_GAP)
        head.addWidget(self.title, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.legend, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.plot, 1)
        self._paint()

    # What is shown

    def set_title(self, title: str) -> None:
        """Another name for the y axis."""
        self.title.setText(title)
        self.setAccessibleName(title)
        self.plot.setAccessibleName(title)

    def set_lines(self, lines: dict[str, Line]) -> None:
        """The curves that there are, by key; their numbers are forgotten."""
        for item in (*self._items.values(), *self._dots.values()):
            self.plot.removeItem(item)
        self._lines, self._curves = dict(lines), {}
        self._items, self._dots, self._drawn = {}, {}, {}
        for order, (key, line) in enumerate(lines.items()):
            item = CurveItem(pen=self._pen(line), skipFiniteCheck=False)
            item.setZValue(order)
            self._items[key] = item
            self.plot.addItem(item)
            if line.dots or not line.joined:
                self._dots[key] = DotsItem(line.colour, theme.scaled(5) / 2)
                self._dots[key].setZValue(order)
                self.plot.addItem(self._dots[key])
        self.marks.clear()
        self.refresh()

    def set_curve(self, key: str, curve: Curve) -> None:
        """The numbers of a curve; `refresh` shows them."""
        self._curves[key] = curve

    def curve(self, key: str) -> Curve | None:
        """The numbers of a curve, all of them."""
        return self._curves.get(key)

    def set_log(self, log: bool) -> None:
        """Show the y axis in powers of ten."""
        if log != self._log:
            self._log = log
            self.plot.getAxis("left").setLogMode(log)
            self.marks.place()
            self._fit()
            self.fit()

    def set_span(self, epochs: float) -> None:
        """How far the x axis goes."""
        self._span = max(epochs, 1e-6)

    def refresh(self) -> None:
        """Draw the curves as they are now."""
        columns = max(64, self.plot.width())
        for key, item in self._items.items():
            curve = self._curves.get(key, NOTHING)
            x, y = thin(curve, columns if self._lines[key].faint else columns // 2)
            y = self._scaled(y)
            if _same((x, y), self._drawn.get(key, NOTHING)):
                continue
            self._drawn[key] = (x.copy(), y.copy())
            if self._lines[key].joined:
                item.setData(x, y, antialias=len(x) <= _FINE, connect="finite")
            if key in self._dots:
                self._dots[key].set_points(x, y)
        self._fit()
        self._show_legend()

    def show_cursor(self, x: float | None) -> None:
        """Put the crosshair at a place of the x axis and read the curves there; None takes it away."""
        self._cursor = x
        self._hair.setVisible(x is not None)
        if x is not None:
            self._hair.setValue(x)
        self._show_legend()

    def values_at(self, x: float) -> dict[str, float]:
        """The value of each curve at the point nearest to x."""
        found = {}
        for key, (at, y) in self._curves.items():
            if len(at):
                found[key] = float(y[np.argmin(np.abs(at - x))])
        return found

    @property
    def height_shown(self) -> float:
        """What the y axis spans when all is shown, in its own units."""
        low, high = self._y
        return float(10**high - 10**low if self._log else high - low)

    def fit(self) -> None:
        """Show all, and go on doing so."""
        self.refresh()
        self.plot.fit(by_hand=False)

    # Inside

    @property
    def _x(self) -> Range:
        """Before zero there is nothing; behind the end, room for half a dot and its ring."""
        return 0.0, self._span * BEHIND

    def _prepare_plot(self) -> None:
        plot = self.plot
        plot.show_whole(self._x, self._y)
        self._hair = pg.InfiniteLine(angle=90, movable=False)
        self._hair.setZValue(50)
        self._hair.hide()
        plot.addItem(self._hair, ignoreBounds=True)
        plot.moved.connect(self._moved)
        plot.pictured = self

    def _paint(self) -> None:
        self._hair.setPen(pg.mkPen(theme.tokens().secondary, width=1))
        for key, item in self._items.items():
            item.setPen(self._pen(self._lines[key]))
        self.marks.place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_hair"):
            self._paint()

    def _pen(self, line: Line) -> QPen:
        colour = QColor(line.colour)
        if line.faint:
            colour.setAlpha(70)
        pen: QPen = pg.mkPen(colour, width=1 if line.faint else 2)
        if line.dashed:
            pen.setDashPattern([3, 2.5])
        return pen

    def _scaled(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self._log:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0, np.log10(y), np.nan)

    def _fit(self) -> None:
        """The range that holds the curves, in round numbers, so that it does not change with every step."""
        parts = [
            self._scaled(y)
            for key, (_x, y) in self._curves.items()
            # A batch that stands out is not worth a range that hides the others; a dot is.
            if len(y) and (self._lines[key].dots or not self._lines[key].faint)
        ]
        values = np.concatenate(parts) if parts else np.empty(0)
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if self._ticks_at_values:
            ticks = sorted({low, high}) if len(values) else []
            words = [short(10**value if self._log else value) for value in ticks]
            named = list(zip(ticks, words, strict=True))
            if named != self._ticks:
                self._ticks = named
                self.plot.getAxis("left").setTicks([named])
            margin = (high - low) * 0.3 or 0.5
            low, high = low - margin, high + margin
        elif self._log:
            low, high = math.floor(low * 4) / 4, max(math.ceil(high * 4), math.floor(low * 4) + 1) / 4
        else:
            step = rounded((high - low) / 4 or abs(high) / 4 or 0.25)
            low, high = math.floor(low / step) * step, math.ceil(high / step + 0.2) * step
            if self.unit_range:
                low, high = max(0.0, low), min(1.0, high)
            if high <= low:
                low, high = low - step, low + step
                if self.unit_range:
                    low, high = max(0.0, low), min(1.0, high)
            margin = (high - low) * 0.03
            low, high = low - margin if low else low, high + margin
        self._y = (low, high)
        self.plot.show_whole(self._x, self._y)

    def _moved(self, position: QPointF | None) -> None:
        self.hovered.emit(self.plot.x_at(position))

    def _show_legend(self) -> None:
        at = self._cursor
        found = self.values_at(at) if at is not None else {}

        def told(key: str) -> float:
            return found[key] if key in found else float(self._curves[key][1][-1])

        entries = []
        for key, line in sorted(self._lines.items(), key=lambda pair: pair[1].order):
            known = self._curves.get(key)
            if not line.words or known is None or not len(known[1]):
                continue
            raw = self._curves.get(line.raw, NOTHING)
            value, note = told(key), ""
            if len(raw[1]):
                own, value = value, told(line.raw)
                # A curve that is not smoothed is told once.
                if not _same(known, raw):
                    note = f"smoothed {own:.4g}"
            dots = not line.joined
            entries.append(Entry(line.colour, line.dashed, line.words, f"{value:.4g}", note, dots))
        self.legend.say("" if at is None else f"epoch {max(0.0, at):.2f}", entries)
