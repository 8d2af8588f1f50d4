"""A chart of curves over epochs: quick to redraw, readable by the cursor, in the theme's colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.panels.train.chart_legend import Entry, Legend
from convscope.ui.panels.train.chart_marks import Marks
from convscope.ui.panels.train.chart_plot import CurveItem, DotsItem, Plot, rounded, short
from convscope.ui.panels.train.history import Curve, thin
from convscope.ui.widgets.picture_out import choose_file

# Above this many points a curve is drawn without smooth edges, which would take forty times as long.
_FINE = 400
BEYOND = 16  # pixels at the right of the x axis, and how far a label may reach
_NOTHING: Curve = (np.empty(0), np.empty(0))


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
    """

    words: str
    colour: str
    dashed: bool = False
    faint: bool = False
    dots: bool = False


class Chart(QWidget):
    """Curves over x in epochs. The wheel zooms, dragging pans, a double click fits; hovering reads.

    Args:
        name: object name.
        title: what the y axis is.
        unit_range: the values lie between 0 and 1, such as accuracy.
        ticks_at_values: the y axis names the least and the largest value only, in a low chart.

    Attributes:
        marks: the best epoch, turns, the gap between two curves.

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
        self._own_range = True
        self._span = 1.0
        self._cursor: float | None = None
        self._lines: dict[str, Line] = {}
        self._curves: dict[str, Curve] = {}
        self._items: dict[str, CurveItem] = {}
        self._dots: dict[str, DotsItem] = {}
        # What the items have already.
        self._drawn: dict[str, Curve] = {}
        self._ticks: list[tuple[float, str]] = []
        self._y: tuple[float, float] = (0.0, 1.0)
        self.title = theme.label(title, "heading")
        self.legend = Legend(f"{name}.legend")
        self.plot = Plot(self, enableMenu=False)
        self.marks = Marks(self.plot, self._scaled)
        self._prepare_plot()
        head = QHBoxLayout()
        head.setSpacing(theme.GROUP_GAP)
        head.addWidget(self.title)
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
            if line.dots:
                self._dots[key] = DotsItem(line.colour, theme.scaled(5) / 2)
                self._dots[key].setZValue(order)
                self.plot.addItem(self._dots[key])
        self.marks.clear()

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
            self._own_range = True
            self.marks.place()
            self.refresh()

    def set_span(self, epochs: float) -> None:
        """How far the x axis goes."""
        self._span = max(epochs, 1e-6)

    def refresh(self) -> None:
        """Draw the curves as they are now."""
        columns = max(64, self.plot.width())
        for key, item in self._items.items():
            curve = self._curves.get(key, _NOTHING)
            x, y = thin(curve, columns if self._lines[key].faint else columns // 2)
            y = self._scaled(y)
            if _same((x, y), self._drawn.get(key, _NOTHING)):
                continue
            self._drawn[key] = (x.copy(), y.copy())
            item.setData(x, y, antialias=len(x) <= _FINE, connect="finite")
            if key in self._dots:
                self._dots[key].set_points(x, y)
        if self._own_range:
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
        self._own_range = True
        self.refresh()

    # Inside

    def _prepare_plot(self) -> None:
        plot = self.plot
        plot.hideButtons()
        # pyqtgraph makes a menu all the same, which would outlive the window.
        menu = plot.getPlotItem().ctrlMenu
        menu.setParent(plot, menu.windowFlags())
        plot.setFrameShape(plot.Shape.NoFrame)
        plot.setAntialiasing(False)
        box = plot.getViewBox()
        box.disableAutoRange()
        box.setDefaultPadding(0)
        # Before zero there is nothing.
        box.setLimits(xMin=0)
        box.sigRangeChangedManually.connect(self._zoomed)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setStyle(tickLength=-4, tickTextOffset=4, autoExpandTextSpace=False)
            axis.enableAutoSIPrefix(False)
            # Its words are drawn anew only when they change: half of a drawing's time.
            axis.setCacheMode(axis.CacheMode.DeviceCoordinateCache)
        self._hair = pg.InfiniteLine(angle=90, movable=False)
        self._hair.setZValue(50)
        self._hair.hide()
        plot.addItem(self._hair, ignoreBounds=True)
        plot.moved.connect(self._moved)
        plot.doubled.connect(self.fit)
        plot.asked.connect(self._offer)

    def _paint(self) -> None:
        colours = theme.tokens()
        self.plot.setBackground(colours.panel)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.secondary))
            axis.setTickFont(theme.font(11, figures=True))
            # A label at the end of an axis reaches beyond it by half its own length, for which there is room.
            axis.setStyle(hideOverlappingLabels=theme.scaled(BEYOND))
        self.plot.getPlotItem().setContentsMargins(0, 2, theme.scaled(BEYOND), 0)
        self.plot.getAxis("left").setWidth(theme.scaled(44))
        self.plot.getAxis("bottom").setHeight(theme.scaled(20))
        self.plot.showGrid(x=False, y=True, alpha=0.12)
        self._hair.setPen(pg.mkPen(colours.secondary, width=1))
        for key, item in self._items.items():
            item.setPen(self._pen(self._lines[key]))
        self.marks.place()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme or zoom."""
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
            ticks = sorted({low, high})
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
        wanted = ((0.0, self._span), (low, high))
        now = self.plot.getViewBox().viewRange()
        if any(
            abs(a - b) > 1e-9 for ab, cd in zip(now, wanted, strict=True) for a, b in zip(ab, cd, strict=True)
        ):
            self.plot.getViewBox().setRange(
                xRange=wanted[0], yRange=wanted[1], padding=0, disableAutoRange=False
            )

    def _zoomed(self, *_: object) -> None:
        self._own_range = False

    def _moved(self, position: QPointF | None) -> None:
        if position is None:
            self.hovered.emit(None)
            return
        box = self.plot.getViewBox()
        at = self.plot.mapToScene(position.toPoint())
        inside = box.sceneBoundingRect().contains(at)
        self.hovered.emit(float(box.mapSceneToView(at).x()) if inside else None)

    def _show_legend(self) -> None:
        at = self._cursor
        found = self.values_at(at) if at is not None else {}
        entries = []
        for key, line in self._lines.items():
            curve = self._curves.get(key)
            if not line.words or curve is None or not len(curve[1]):
                continue
            value = found[key] if key in found else float(curve[1][-1])
            entries.append(Entry(line.colour, line.dashed, line.words, f"{value:.4g}"))
        self.legend.say("" if at is None else f"epoch {max(0.0, at):.2f}", entries)

    def _offer(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy", lambda: QGuiApplication.clipboard().setPixmap(self.grab()))
        menu.addAction("Save as PNG…", lambda: choose_file(self, lambda path: self.grab().save(path)))
        menu.addAction("Fit", self.fit)
        menu.popup(place)
