"""The learning rate in force, which schedules, plateaus and people change."""

from __future__ import annotations

import numpy as np

from convscope.ui import theme
from convscope.ui.panels.train.live.charts.base import LiveChart
from convscope.ui.panels.train.live.curves import CurvesShown, History
from convscope.ui.plots.chart import Line

HEIGHT = 84


class LearningRateChart(LiveChart):
    """A step wherever the rate was changed; low, and left out where the curves need the room."""

    name, heading = "train.rate_chart", "Learning rate over the epochs"
    stretch, needs_height = 0, 380
    is_low = True

    def __init__(self) -> None:
        super().__init__()
        self._drawn_as: tuple[object, ...] = ()
        self.set_log(True)
        self.setFixedHeight(theme.scaled(HEIGHT))

    def restyle(self, shown: CurvesShown, head_epochs: int) -> None:
        self.set_lines({"rate": Line("now", theme.tokens().secondary)})
        self._drawn_as = ()

    def draw(self, history: History, shown: CurvesShown, span: float) -> None:
        rates = history.rates
        # It is drawn when it has grown by some pixels.
        state = (len(rates), round(100 * history.x / span), span)
        if not rates or state == self._drawn_as:
            return
        self._drawn_as = state
        x = np.repeat(np.array([row[0] for row in rates]), 2)[1:]
        y = np.repeat(np.array([row[1] for row in rates]), 2)[:-1]
        end = max(history.x, rates[-1][0])
        self.set_span(span)
        self.set_curve("rate", (np.append(x, end), np.append(y, rates[-1][1])))
        self.refresh()
