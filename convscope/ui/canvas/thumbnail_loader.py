"""Has the thumbnails made that are on show, off the GUI thread; the latest view first."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from convscope.core.task import Task
from convscope.jobs.jobs import Jobs

if TYPE_CHECKING:
    from convscope.engine.data.images import Images
    from convscope.engine.data.thumbnails import Thumbnails

# So many are decoded side by side, between two looks at whether they are still wanted.
_AT_ONCE = max(8, os.cpu_count() or 1)
_TOGETHER = 0.03  # seconds of thumbnails that arrive in one event


class ThumbnailLoader(QObject):
    """Asks for the thumbnails that are missing, and forgets those that were asked for before.

    Args:
        key: of its jobs: one for each list of pictures.

    Signals:
        arrived: image indices, a tuple.
    """

    arrived = Signal(object)

    def __init__(self, jobs: Jobs, key: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._key = jobs, key
        self._thumbnails: Thumbnails | None = None
        self._asked: tuple[tuple[int, ...], int] = ((), 0)

    def set_images(self, images: Images) -> None:
        """Other images; nothing of the old ones is wanted any more."""
        from convscope.engine.data.thumbnails import Thumbnails

        self._jobs.cancel_key(self._key)
        self._thumbnails = Thumbnails(images)
        self._asked = ((), 0)

    def picture(self, index: int, size: int) -> NDArray[np.uint8] | None:
        """A thumbnail if it is there, uint8 H×W×3, at most `size` a side."""
        return self._thumbnails.kept(index, size) if self._thumbnails is not None else None

    def ask(self, indices: NDArray[np.int64], size: int) -> None:
        """These are on show, in this order; whatever else was asked for is not."""
        thumbnails = self._thumbnails
        if thumbnails is None:
            return
        missing = tuple(index for index in indices.tolist() if thumbnails.kept(index, size) is None)
        if not missing:
            self._jobs.cancel_key(self._key)
            self._asked = ((), 0)
            return
        if (missing, size) == self._asked:
            return
        self._asked = (missing, size)

        def work(task: Task) -> tuple[int, ...]:
            made: list[int] = []
            told = time.monotonic()
            for start in range(0, len(missing), _AT_ONCE):
                task.check()
                some = missing[start : start + _AT_ONCE]
                thumbnails.make(some, size)
                made += some
                if time.monotonic() - told > _TOGETHER:
                    task.partial(tuple(made))
                    made, told = [], time.monotonic()
            return tuple(made)

        self._jobs.submit(
            "view",
            work,
            title="Thumbnails",
            key=self._key,
            supersede="cancel",
            quiet=True,
            on_partial=self.arrived.emit,
            on_done=self._done,
        )

    def _done(self, made: tuple[int, ...]) -> None:
        self._asked = ((), 0)
        self.arrived.emit(made)
