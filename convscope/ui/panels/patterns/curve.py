"""The objective, step by step, in a small chart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.ui import theme

HEIGHT = 92


class Curve(QWidget):
    """One line a picture: the first in the accent colour, the second (what it hates) in orange."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patterns.curve")
        self.setAccessibleName("Objective by step")
        self.setFixedHeight(theme.scaled(HEIGHT))
        self._curves: list[NDArray[np.float32]] = []
        self._steps = 1
        self.plot = pg.PlotWidget(self, enableMenu=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        item = self.plot.getPlotItem()
        # pyqtgraph makes a menu all the same, which would outlive the window.
        item.ctrlMenu.setParent(self.plot, item.ctrlMenu.windowFlags())
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setClipToView(True)
        item.getAxis("left").setWidth(theme.scaled(44))
        item.getAxis("bottom").setHeight(theme.scaled(18))
        # The page scrolls by the wheel, not the chart.
        self.plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._items = [item.plot([], []) for _ in range(2)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self._colour()

    @property
    def curves(self) -> list[NDArray[np.float32]]:
        """What is drawn."""
        return self._curves

    def set_curves(self, curves: Sequence[NDArray[np.float32]], steps: int) -> None:
        """Draw objectives over steps; the axis reaches to the last step that is planned."""
        self._curves, self._steps = list(curves), max(1, steps)
        for number, item in enumerate(self._items):
            values = self._curves[number] if number < len(self._curves) else np.zeros(0, np.float32)
            shown = np.where(np.isfinite(values), values, 0)
            item.setData(np.arange(1, len(shown) + 1), shown)
        self.plot.setXRange(1, max(2, self._steps) if self._curves else 10, padding=0)
        last = ", ".join(f"{values[-1]:.4g}" for values in self._curves if len(values))
        self.setAccessibleDescription(f"objective {last}" if last else "no steps yet")

    def changeEvent(self, event: QEvent) -> None:
        """Another theme or zoom."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._colour()
        super().changeEvent(event)

    def _colour(self) -> None:
        colours = theme.tokens()
        self.plot.setBackground(colours.panel)
        for item, colour in zip(self._items, (colours.accent, colours.positive), strict=True):
            item.setPen(pg.mkPen(colour, width=1))
        for side in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(side)
            axis.setPen(colours.line)
            axis.setTextPen(colours.secondary)
            axis.setStyle(tickFont=theme.font(10, figures=True), maxTickLevel=0)
