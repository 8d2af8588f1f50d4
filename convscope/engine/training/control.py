"""How another thread steers a training that runs: pause, one step, stop, another learning rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task


@dataclass(frozen=True, eq=False)
class Watch:
    """What to look at while it trains.

    Attributes:
        layer: path of the layer whose maps are wanted; None: none.
        image: the image for them, float32 (1, height, width, channels), prepared as the network wants it.
        samples: images whose predictions are wanted, likewise (n, height, width, channels).
        interval: seconds between two looks, at least; looking never takes more than 0.6 % of the time.
    """

    layer: str | None = None
    image: NDArray[np.float32] | None = None
    samples: NDArray[np.float32] | None = None
    interval: float = 0.5


class Control:
    """Handed to `train`; its methods may be called from any thread, at any time.

    Its clock runs from the moment that it is made: whoever waits for a training makes it at the start.

    Attributes:
        earlier: seconds that earlier parts of the run have taken.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._paused = False
        self._steps = 0
        self._stopping = False
        self._standing = self._left = False
        self._rate: float | None = None
        self._watch = Watch()
        self.earlier = 0.0
        self._born, self._waited = time.perf_counter(), 0.0

    @property
    def waited(self) -> float:
        """Seconds spent standing still."""
        return self._waited

    @property
    def elapsed(self) -> float:
        """Seconds that the run has taken, whatever was done in them, without those that it stood still."""
        return self.earlier + time.perf_counter() - self._born - self._waited

    @property
    def paused(self) -> bool:
        """Whether it stands still (or will, after the step that is being made)."""
        return self._paused

    @property
    def standing(self) -> bool:
        """Whether it stands still right now: no step is being made."""
        return self._standing and not self._steps

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def left(self) -> bool:
        """Whether it was left, and not stopped before."""
        return self._left and not self._stopping

    def leave(self) -> None:
        """The window closes: nobody has asked for the end, so the run is to be offered for going on.

        It ends with the cancelling of its task; this says how that is meant.
        """
        self._left = True

    def pause(self) -> None:
        """Stand still after this step."""
        with self._condition:
            self._paused = True

    def resume(self) -> None:
        with self._condition:
            self._paused, self._steps = False, 0
            self._condition.notify_all()

    def step(self) -> None:
        """Make one step and stand still again."""
        with self._condition:
            self._paused = True
            self._steps += 1
            self._condition.notify_all()

    def stop(self) -> None:
        """End after this step; what was learned is kept."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    def set_learning_rate(self, rate: float) -> None:
        """Use this learning rate from the next step on; a schedule goes on in proportion to it.

        Raises:
            UserError: not above 0.
        """
        if not 0 < rate <= 1000:
            raise UserError(f"The learning rate is {rate:g}: it is above 0 and at most 1000.")
        with self._condition:
            self._rate = rate

    def watch(self, watch: Watch) -> None:
        """Look at something else from now on."""
        with self._condition:
            self._watch = watch

    @property
    def watched(self) -> Watch:
        """What to look at now."""
        return self._watch

    def take_learning_rate(self) -> float | None:
        """The rate asked for since the last call, or None; for the training thread."""
        with self._condition:
            rate, self._rate = self._rate, None
            return rate

    def wait(self, task: Task, meanwhile: Callable[[], None] | None = None) -> bool:
        """Stand here while paused; for the training thread.

        Args:
            meanwhile: called again and again while it stands.

        Returns:
            Whether it has waited at all.
        """
        waited = False
        while True:
            with self._condition:
                if not self._paused or self._steps or self._stopping or task.cancelled:
                    self._steps = max(0, self._steps - 1)
                    self._standing = False
                    return waited
                waited = self._standing = True
                began = time.perf_counter()
                # A task has no condition to be notified by; a twentieth of a second is soon enough.
                self._condition.wait(0.05)
            # Without the lock: whoever steers must not wait for it.
            if meanwhile is not None:
                meanwhile()
            self._waited += time.perf_counter() - began
