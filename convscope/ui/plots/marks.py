"""What is marked on a chart besides its curves: the best epoch, turns, and what lies between two curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from convscope.ui import theme
from convscope.ui.plots.plot import Plot, RingItem, upright

Values = NDArray[np.float64]
Turn = tuple[float, str, str]
Ring = tuple[float, float, str]


class Marks:
    """The marks of one chart.

    Args:
        plot: where they are drawn.
        scaled: from values to the y axis, which may be logarithmic.

    Attributes:
        items: on the plot now.
        best: (x, words) of the best epoch, or None.
        rings: (x, y, colour #RRGGBB) of each point that has a ring, y in the curve's own numbers.
        turns: where something else began to be trained: (x, words, colour #RRGGBB) of each.
    """

    def __init__(self, plot: Plot, scaled: Callable[[Values], Values]) -> None:
        self._plot, self._scaled = plot, scaled
        self.items: list[pg.GraphicsObject] = []
        self.best: tuple[float, str] | None = None
        self.rings: tuple[Ring, ...] = ()
        self.turns: tuple[Turn, ...] = ()
        self._shade: tuple[Values, Values, Values] | None = None
        self._shade_words, self._shade_warns = "", False

    def clear(self) -> None:
        self.set_best(None)
        self.set_rings(())
        self.set_shade(None)
        self.set_turns(())

    def set_best(self, x: float | None, words: str = "") -> None:
        """Mark the best epoch."""
        best = None if x is None else (x, words)
        if best != self.best:
            self.best = best
            self.place()

    def set_rings(self, rings: Sequence[Ring]) -> None:
        """Put a ring around single points: the best epoch's."""
        known = tuple(ring for ring in rings if math.isfinite(ring[1]))
        if known != self.rings:
            self.rings = known
            self.place()

    def set_turns(self, turns: Sequence[Turn]) -> None:
        """Mark where something else began to be trained."""
        if tuple(turns) != self.turns:
            self.turns = tuple(turns)
            self.place()

    def set_shade(
        self,
        x: Values | None,
        low: Values | None = None,
        high: Values | None = None,
        words: str = "",
        *,
        warns: bool = False,
    ) -> None:
        """Shade what lies between two curves, and name it; a warning is shaded in its colour."""
        shade = None if x is None or low is None or high is None else (x, low, high)
        if shade is None and self._shade is None:
            return
        self._shade, self._shade_words, self._shade_warns = shade, words, warns
        self.place()

    def place(self) -> None:
        """Draw all of them anew."""
        for item in self.items:
            self._plot.removeItem(item)
        self.items = []
        if self._shade is not None:
            self.items += self._shaded(*self._shade)
        if self.best is not None:
            self.items.append(upright(*self.best, theme.tokens().good, [2, 3], 1.0))
        for at, words, colour in self.turns:
            self.items.append(upright(at, words, colour, [6, 3], 0.88))
        for x, y, colour in self.rings:
            self.items.append(self._ringed(x, y, colour))
        for item in self.items:
            self._plot.addItem(item, ignoreBounds=True)

    def _ringed(self, x: float, y: float, colour: str) -> pg.GraphicsObject:
        ring = RingItem(colour, theme.scaled(11) / 2)
        ring.set_points(np.array([x]), self._scaled(np.array([y])))
        ring.setZValue(45)
        return ring

    def _shaded(self, x: Values, low: Values, high: Values) -> list[pg.GraphicsObject]:
        colours = theme.tokens()
        edges = [pg.PlotCurveItem(x, self._scaled(y), pen=None) for y in (low, high)]
        tint = colours.warning if self._shade_warns else colours.secondary
        ground = QColor(tint)
        ground.setAlpha(46)
        area = pg.FillBetweenItem(*edges, brush=pg.mkBrush(ground))
        area.setZValue(-5)
        text = pg.TextItem(self._shade_words, color=tint, anchor=(1.05, 0.5))
        text.setFont(theme.font(11))
        middle = self._scaled((low[-1:] + high[-1:]) / 2)
        text.setPos(float(x[-1]), float(middle[0]))
        text.setZValue(40)
        return [*edges, area, text]
