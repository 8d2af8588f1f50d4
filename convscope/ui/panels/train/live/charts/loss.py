"""The loss, with the gap that opens when a network overfits."""

from __future__ import annotations

import numpy as np

from convscope.ui.panels.train.live.charts.base import CurveChart, Verdict
from convscope.ui.panels.train.live.curves import CurvesShown, History
from convscope.ui.panels.train.words import UNFROZEN

# A gap below this share of the validation loss is not worth a word.
GAP_SHARE = 0.2
# Nor is one below this share of the chart's height.
GAP_HEIGHT = 0.06


class LossChart(CurveChart):
    """Training and validation loss."""

    name, heading, series = "train.loss_chart", "Loss", "loss"
    turn_words, best_words = UNFROZEN, "best epoch"

    def __init__(self) -> None:
        super().__init__()
        self._overfitting = ""
        self._shaded: tuple[object, ...] = ()

    def restyle(self, shown: CurvesShown, head_epochs: int) -> None:
        super().restyle(shown, head_epochs)
        self._shaded = ()

    def judge(self, verdict: Verdict) -> None:
        super().judge(verdict)
        self._overfitting = verdict.overfitting

    def draw(self, history: History, shown: CurvesShown, span: float) -> None:
        # The gap changes with an epoch, not with a batch; its items are dear to draw anew.
        state = (len(history.epochs), shown)
        self.set_curves(history, shown, span)
        if state != self._shaded:
            self._shaded = state
            self._shade(history)
        self.refresh()

    def _shade(self, history: History) -> None:
        """The gap between validation and training loss, from where it opened for good."""
        # Of the epochs' own numbers: what smoothing makes of them parts elsewhere.
        train, checked = history.by_epoch("loss"), history.by_epoch("val_loss")
        if not len(train[0]) or len(checked[0]) < 2:
            self.marks.set_shade(None)
            return
        x, high = checked
        low = np.interp(x, *train)
        closed = np.flatnonzero(~(high > low))
        first = int(closed[-1]) + 1 if len(closed) else 0
        x, low, high = x[first:], low[first:], high[first:]
        if len(x) < 2 or high[-1] - low[-1] <= max(GAP_SHARE * high[-1], GAP_HEIGHT * self.height_shown):
            self.marks.set_shade(None)
            return
        gap = f"gap {high[-1] - low[-1]:.3g}"
        words = f"overfitting: {gap}" if self._overfitting else gap
        self.marks.set_shade(x, low, high, words, warns=bool(self._overfitting))
