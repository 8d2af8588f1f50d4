"""One dimension: what was typed, and the sums that the window gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.imaging.io.numbers import parse_table
from convscope.imaging.lab.operation import Border, Mode
from convscope.imaging.lab.sequence import SlidingSum, slide

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext

LONGEST = 200
# What undo acts on here: nothing of the lab is on show.
SCOPE = "sequence"


@dataclass(frozen=True)
class SequenceSettings:
    """What a person typed and chose here.

    Attributes:
        sequence, weights: as typed.
        mode, border, stride: as of `imaging.lab.sequence.slide`.
    """

    sequence: str = "0 0 1 1 1 0 2 4 2 0"
    weights: str = "1 2 1"
    mode: Mode = "correlate"
    border: Border = "valid"
    stride: int = 1


class SequenceViewModel:
    """Slides typed weights over a typed sequence; all is short, so at once.

    Attributes:
        settings: what was typed and chosen.
        step: which output is in hand.
        sums: what it gives; None: nothing, and `problem` says why.

    Signals:
        changed: any of them.
    """

    changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.settings = context.workspace.part("kernels.sequence", SequenceSettings(), SCOPE)
        self.step = context.workspace.part("kernels.sequence.step", 0, SCOPE)
        self.sums: SlidingSum | None = None
        self.problem = ""
        self._slide()
        context.listen(self.settings.changed, lambda _settings: self._slide())
        context.listen(self.step.changed, lambda _step: self.changed.emit())

    def edit(self, label: str, merge: str | None = None, **changes: Any) -> None:
        """Type or choose something, by one undoable step."""
        self.settings.edit(replace(self.settings.value, **changes), label, merge)

    @property
    def output(self) -> int:
        """The output in hand, as far as there are so many."""
        return min(max(self.step.value, 0), len(self.sums.output) - 1) if self.sums is not None else 0

    def go(self, output: int) -> None:
        """Take another output in hand."""
        if self.sums is not None:
            self.step.set(min(max(output, 0), len(self.sums.output) - 1))

    def _slide(self) -> None:
        asked = self.settings.value
        try:
            sequence, weights = (
                parse_table(text, max_characters=10_000).ravel() for text in (asked.sequence, asked.weights)
            )
            if max(sequence.size, weights.size) > LONGEST:
                raise UserError(f"At most {LONGEST} numbers can be drawn as bars: use fewer.")
            self.sums = slide(sequence, weights, mode=asked.mode, border=asked.border, stride=asked.stride)
            self.problem = ""
        except UserError as error:
            self.sums, self.problem = None, error.message
        self.changed.emit()
