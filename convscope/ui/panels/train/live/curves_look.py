"""How a person wants to see the curves of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from convscope.engine.training.smoothing import Formula


@dataclass(frozen=True)
class Look:
    """How a person wants to see the curves.

    Attributes:
        by: "batch" or "epoch".
        by_batch, by_epoch: how much each is smoothed, 0 (not at all) to 0.99.
        formula: of the smoothing; see `engine.training.smoothing.FORMULAS`.
        log: the loss in powers of ten.
        metric: of the second chart; "": the first that is measured.
    """

    by: Literal["batch", "epoch"] = "batch"
    by_batch: float = 0.8
    by_epoch: float = 0.0
    formula: Formula = "lectures"
    log: bool = False
    metric: str = ""

    @property
    def smoothing(self) -> float:
        """Of the curves on show."""
        return self.by_batch if self.by == "batch" else self.by_epoch
