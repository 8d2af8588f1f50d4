"""Whether the assumed range of a network's pixels is doubtful: found out beside all else, once for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.task import Task

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.models.pixel_doubt import Doubt
    from convscope.jobs.jobs import Jobs

KEY = "pixels"


class PixelCheck:
    """Asks the engine about the current model, in the lane of what takes long; latest wins.

    Signals:
        changed: the sentence that says so of the current model; "" where there is no doubt, or none yet.
    """

    changed = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._of: OpenedModel | None = None
        self.words = ""

    def follow(self, model: OpenedModel | None) -> None:
        """Ask about this one, if its range is assumed and nobody has asked yet."""
        if model is self._of:
            return
        self._of = model
        self._tell("")
        if model is None or not model.assumption:
            self._jobs.cancel_key(KEY)
            return

        def work(task: Task) -> Doubt | None:
            from convscope.engine.models.pixel_doubt import pixel_doubt

            return pixel_doubt(model, task)

        self._jobs.submit(
            "long",
            work,
            title=f"Trying other ranges of pixels on {model.name}",
            key=KEY,
            quiet=True,
            on_done=lambda doubt: self._tell(doubt.words if doubt is not None and self._of is model else ""),
        )

    def of(self, model: OpenedModel) -> bool:
        """Whether the words are about this model."""
        return self._of is model

    def _tell(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.changed.emit(words)
