"""What the three ways would cost: counted at once, timed once, worked out anew with every setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui.panel_context import PanelContext

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.transfer.costs import Cost, Counted, Timing
    from convscope.engine.training.transfer.transfer_model import TransferSettings

KEY = "train.transfer.cost"
TIMING, NOT_TIMED = "timing a batch…", "not timed"


@dataclass(frozen=True, eq=False)
class Asked:
    """What the costs are wanted of.

    Attributes:
        base, dataset, settings: of the trainings.
        ways: how the base would be used.
    """

    base: OpenedModel
    dataset: Dataset
    settings: TrainingSettings
    ways: tuple[TransferSettings, ...]

    @property
    def composition(self) -> tuple[object, ...]:
        """What the network and its speed follow from; neither the epochs nor the rates."""
        how, settings = self.ways[0], self.settings
        data = (self.dataset.reference, self.dataset.classes, self.dataset.image_size)
        batch = min(settings.batch_size, 32)
        return (id(self.base), *data, settings.input, batch, settings.loss, how.pooling, how.units)


class Costs(QObject):
    """Counts and times a base with a new classifier in a worker, and works out each way's cost. GUI thread.

    Signals:
        told: a way, its `Cost` or None, and a sentence about the time.
    """

    told = Signal(str, object, str)

    def __init__(self, context: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked: Asked | None = None
        # Of which composition the two are, and for which a job is under way.
        self._of: tuple[object, ...] | None = None
        self._underway: tuple[object, ...] | None = None
        self._base: OpenedModel | None = None
        self._counted: Counted | None = None
        self._timing: Timing | None = None
        self._without = TIMING

    def ask(self, asked: Asked) -> None:
        """Tell the costs; what is known already is told at once."""
        self._asked = asked
        wanted = asked.composition
        if self._of != wanted:
            self._counted = self._timing = None
            self._of, self._base, self._without = wanted, asked.base, TIMING
        self._tell()
        if self._timing is None and self._underway != wanted:
            self._work(asked, wanted)

    def cancel(self) -> None:
        """Nobody wants them now."""
        self._context.jobs.cancel_key(KEY)

    def _work(self, asked: Asked, wanted: tuple[object, ...]) -> None:
        self._underway = wanted

        def work(task: Task) -> Timing:
            from convscope.engine.training.transfer.costs import composed_for, count, time_batch

            composed = composed_for(asked.base, asked.dataset, asked.settings, asked.ways[0])
            task.check()
            # Nothing has to run for this.
            task.partial(count(composed))
            task.progress(None, "Running one")
            return time_batch(composed, asked.dataset, asked.settings)

        self._context.jobs.submit(
            "engine",
            work,
            title="Timing a batch",
            key=KEY,
            on_partial=self._for(wanted, self._take_count),
            on_done=self._for(wanted, self._take_timing),
            on_failed=self._for(wanted, self._failed),
            on_cancelled=lambda: self._cancelled(wanted),
        )

    def _for(self, wanted: tuple[object, ...], take: Callable[..., None]) -> Callable[..., None]:
        """Take a result only while it is what is asked for."""

        def taken(value: object) -> None:
            if wanted == self._of:
                take(value)

        return taken

    def _take_count(self, counted: Counted) -> None:
        self._counted = counted
        self._tell()

    def _take_timing(self, timing: Timing) -> None:
        self._underway, self._timing = None, timing
        self._tell()

    def _failed(self, error: BaseException) -> None:
        self._without = error.message if isinstance(error, UserError) else "The cost could not be told."
        # It would fail again: another composition may not.
        self._tell()
        if not isinstance(error, UserError):
            self._context.report(error)

    def _cancelled(self, wanted: tuple[object, ...]) -> None:
        if self._underway == wanted:
            self._underway = None
        if wanted == self._of and self._timing is None:
            self._without = NOT_TIMED
            self._tell()

    def _tell(self) -> None:
        from convscope.engine.training.transfer.costs import cost

        asked = self._asked
        if asked is None:
            return
        for how in asked.ways:
            found: Cost | None = None
            words = self._without
            if self._counted is not None:
                try:
                    found = cost(how, self._counted, self._timing, asked.dataset, asked.settings)
                except UserError as error:
                    words = error.message
                else:
                    words = found.sentence.split(";")[0] if found.seconds is not None else words
            self.told.emit(how.way, found, words)


def tensor_words(found: Cost | None) -> str:
    """How much of the network learns."""
    if found is None:
        return ""
    return (
        f"{found.tensors} → {found.trainable_tensors} trainable tensors, "
        f"{found.trainable_parameters:,} numbers"
    )
