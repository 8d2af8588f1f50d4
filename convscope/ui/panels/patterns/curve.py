"""The objective, step by step, in a small chart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.ui import naming, theme
from convscope.ui.plots.plot import Plot

HEIGHT = 92


class Curve(QWidget):
    """One line a picture: the first in the accent colour, the second (what it hates) in orange."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        naming.give(self, "patterns.curve", "Objective by step")
        self.setFixedHeight(theme.scaled(HEIGHT))
        self._curves: list[NDArray[np.float32]] = []
        self._steps = 1
        self.plot = Plot("patterns.curve", "Objective by step", self)
        self.plot.getPlotItem().setClipToView(True)
        self.plot.moved.connect(self._read)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).setStyle(maxTickLevel=0)
        self._items = [self.plot.plot([], []) for _ in range(2)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self._colour()

    @property
    def curves(self) -> list[NDArray[np.float32]]:
        return self._curves

    def set_curves(self, curves: Sequence[NDArray[np.float32]], steps: int) -> None:
        """Draw objectives over steps; the axis reaches to the last step that is planned."""
        self._curves, self._steps = list(curves), max(1, steps)
        for number, item in enumerate(self._items):
            values = self._curves[number] if number < len(self._curves) else np.zeros(0, np.float32)
            shown = np.where(np.isfinite(values), values, 0)
            item.setData(np.arange(1, len(shown) + 1), shown)
        self._fit()
        # Without a curve numbers at the axes would tell of nothing.
        for side in ("left", "bottom"):
            self.plot.getPlotItem().getAxis(side).setStyle(showValues=any(map(len, self._curves)))
        last = ", ".join(f"{values[-1]:.4g}" for values in self._curves if len(values))
        self.setAccessibleDescription(f"objective {last}" if last else "no steps yet")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._colour()
        super().changeEvent(event)

    def _fit(self) -> None:
        """From the first step to the last that is planned, and from the least value to the largest."""
        values = np.concatenate([np.zeros(0, np.float32), *self._curves])
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.06 * (high - low) or 0.5
        last = max(2, self._steps) if self._curves else 10
        self.plot.show_whole((1.0, float(last)), (low - room, high + room))

    def _read(self, position: QPointF | None) -> None:
        """The values at the step under the pointer."""
        x, step = self.plot.x_at(position), 0
        told = []
        if x is not None:
            step = max(1, round(x))
            told = [f"{values[step - 1]:.4g}" for values in self._curves if step <= len(values)]
        self.plot.say(f"step {step}   {'   '.join(told)}" if told else "")

    def _colour(self) -> None:
        colours = theme.tokens()
        for item, colour in zip(self._items, (colours.accent, colours.positive), strict=True):
            item.setPen(pg.mkPen(colour, width=1))
