"""What a chart of the live page is: a new one is a file like its neighbours and a line in the registry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtGui import QColor

from convscope.ui import theme
from convscope.ui.panels.train.live.curves import CurvesShown, History
from convscope.ui.plots.chart import Chart, Line
from convscope.ui.plots.curve import Curve

if TYPE_CHECKING:
    from convscope.engine.training.record import EpochRecord
    from convscope.engine.training.settings import TrainingSettings


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the epochs so far come to.

    Attributes:
        epochs: those that ended.
        best: number of the best, from 0; None while there is no choice.
        overfitting: a sentence while the curves part, else "".
    """

    epochs: Sequence[EpochRecord] = ()
    best: int | None = None
    overfitting: str = ""


class LiveChart(Chart):
    """One chart of a training that goes on, beside the others over the same epochs.

    Class attributes:
        name: its object name.
        heading: what its y axis is.
        stretch: its share of the height; 0: as high as it is made.
        is_share: its values lie between 0 and 1.
        is_low: its axis names the least and the largest value only.
        needs_height: design pixels of all charts from which it is shown.
    """

    name: ClassVar[str]
    heading: ClassVar[str]
    stretch: ClassVar[int] = 3
    is_share: ClassVar[bool] = False
    is_low: ClassVar[bool] = False
    needs_height: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__(self.name, self.heading, unit_range=self.is_share, ticks_at_values=self.is_low)

    def begin(self, settings: TrainingSettings) -> None:
        """Forget the last run; what is asked of the next one says which curves there will be."""

    def is_measured(self, settings: TrainingSettings | None) -> bool:
        """Whether a run of these settings has its numbers; None: before the first run."""
        return True

    def restyle(self, shown: CurvesShown, head_epochs: int) -> None:
        """Set the lines anew: another run, other colours, or curves by something else.

        Args:
            head_epochs: of a new classifier alone; from there on the base learns, too.
        """
        raise NotImplementedError

    def judge(self, verdict: Verdict) -> None:
        """An epoch has ended: mark what it comes to."""

    def draw(self, history: History, shown: CurvesShown, span: float) -> None:
        """Show the numbers as they are now, over so many epochs."""
        raise NotImplementedError


class CurveChart(LiveChart):
    """Training and validation of one number that each batch and each epoch has.

    Class attributes:
        series: its name in the records of a run.
        turn_words: where a new classifier has learned alone and the base begins to learn.
        best_words: before the number of the best epoch.
    """

    series: str = ""
    turn_words: ClassVar[str] = ""
    best_words: ClassVar[str] = ""

    def restyle(self, shown: CurvesShown, head_epochs: int) -> None:
        colour = run_colour()
        checked = deeper(colour)
        if shown.by == "batch":
            lines = {
                "raw": Line("", colour, faint=True),
                "train": Line("each batch", colour, raw="raw", order=2),
                "validation": Line("validation", checked, dashed=True, dots=True, order=1),
                # What Keras tells of an epoch: to be compared with validation, which a single batch is not.
                "mean": Line("training", colour, joined=False),
            }
        else:
            lines = {
                "raw": Line("", colour, faint=True, dots=True),
                "raw_validation": Line("", checked, faint=True, dashed=True, dots=True),
                "train": Line("training", colour, raw="raw"),
                "validation": Line("validation", checked, dashed=True, raw="raw_validation"),
            }
        self.set_lines(lines)
        turn = (float(head_epochs), self.turn_words, theme.tokens().secondary)
        self.marks.set_turns([turn] if head_epochs else ())

    def judge(self, verdict: Verdict) -> None:
        best = verdict.best
        # One epoch is no choice.
        if best is None or len(verdict.epochs) < 2:
            self.marks.set_best(None)
            self.marks.set_rings(())
            return
        self.marks.set_best(best + 1.0, f"{self.best_words} {best + 1}" if self.best_words else "")
        values = next(record.values for record in verdict.epochs if record.epoch == best)
        reached = values.get(f"val_{self.series}", values.get(self.series, math.nan))
        self.marks.set_rings([(best + 1.0, reached, theme.tokens().good)])

    def draw(self, history: History, shown: CurvesShown, span: float) -> None:
        self.set_curves(history, shown, span)
        self.refresh()

    def set_curves(self, history: History, shown: CurvesShown, span: float) -> None:
        """Give them their numbers, without drawing them."""
        self.set_span(span)
        own, checked = history.by_epoch(self.series), history.by_epoch(f"val_{self.series}")
        if shown.by == "batch":
            found = history.by_batch(self.series)
            raw, smooth = found if found is not None else (own, own)
            self.set_curve("raw", raw)
            self.set_curve("train", smooth)
            self.set_curve("validation", checked)
            self.set_curve("mean", own)
        else:
            self.set_curve("raw", own)
            self.set_curve("train", smoothed(own, shown))
            self.set_curve("raw_validation", checked)
            self.set_curve("validation", smoothed(checked, shown))


def smoothed(curve: Curve, shown: CurvesShown) -> Curve:
    """The curve as a person wants it smoothed."""
    from convscope.engine.training.smoothing import smooth

    return curve[0], smooth(curve[1], shown.smoothing, shown.formula)


def deeper(colour: str) -> str:
    """The same hue nearer to the text's colour: validation, where it crosses training."""
    own, text = QColor(colour), QColor(theme.tokens().text)
    mixed = [round(0.55 * a + 0.45 * b) for a, b in zip(own.getRgb()[:3], text.getRgb()[:3], strict=True)]  # type: ignore[index]
    return QColor(*mixed).name()


def run_colour(number: int = 0) -> str:
    """The colour of a run, by its number; in the dark a lighter blue comes first."""
    order = (4, 1, 2, 3, 0, 5, 6, 7) if theme.tokens().dark else tuple(range(8))
    return theme.SERIES[order[number % len(order)]]
