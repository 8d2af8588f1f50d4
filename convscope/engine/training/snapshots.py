"""Live looks into a network while it trains, at a bounded rate and cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.opened import OpenedModel
from convscope.engine.training.control import Control, Watch

# Looking may take this share of the time, at most.
_SHARE = 0.006


@dataclass(frozen=True, eq=False)
class NetworkSnapshot:
    """What the network looked like after a step.

    Attributes:
        batch: number of the batch since the start of training, from 0.
        epoch: from 0.
        kernels: of the first convolution, float32 (rows, columns, channels in, filters); None without one.
        layer: the layer of `maps`, or None.
        maps: its feature maps for the watched image, float32 (height, width, channels), or its outputs
            (units,); None if none was chosen.
        predictions: probabilities for the watched samples, float32 (n, classes); None without samples.
        trouble: why something that was wanted is not here; "" as a rule.
        image: the watched image that `maps` are of, as it was given; None without one.
    """

    batch: int
    epoch: int
    kernels: NDArray[np.float32] | None
    layer: str | None
    maps: NDArray[np.float32] | None
    predictions: NDArray[np.float32] | None
    trouble: str = ""
    image: NDArray[np.float32] | None = None


class Observer:
    """Takes snapshots of one model, on the training thread, between two steps.

    Args:
        model: the model being trained, opened: its kept functions are used, so that a look builds nothing.
        control: tells what to watch.
        show: gets each snapshot.
    """

    def __init__(self, model: OpenedModel, control: Control, show: Callable[[NetworkSnapshot], None]) -> None:
        self._model, self._control, self._show = model, control, show
        self._kernel = _first_kernel(model)
        self._next = 0.0
        self._watched: Watch | None = None

    def after_step(self, batch: int, epoch: int) -> None:
        """Look, if it is time to, if something else is watched, or if steps are made one by one."""
        watch = self._control.watched
        now = time.perf_counter()
        if now < self._next and watch is self._watched and not self._control.paused:
            return
        first = watch is not self._watched
        self._watched = watch
        self._show(self.look(batch, epoch))
        cost = time.perf_counter() - now
        # The first look at a layer traces a function, which tells nothing about the next.
        self._next = now + cost + (watch.interval if first else max(watch.interval, cost / _SHARE))

    @property
    def asked_anew(self) -> bool:
        """Whether something else is watched than at the last look."""
        return self._control.watched is not self._watched

    def look(self, batch: int, epoch: int) -> NetworkSnapshot:
        """A snapshot now."""
        watch, maps, predictions, trouble = self._control.watched, None, None, ""
        # A layer or an image that does not fit must not end the training that it only looks at.
        try:
            if watch.layer is not None and watch.image is not None:
                maps = self._model.activations(watch.image, [watch.layer])[watch.layer][0]
            if watch.samples is not None and len(watch.samples):
                predictions = self._model.scores(watch.samples)[1]
        except Exception as error:
            trouble = str(error)
        kernels = None if self._kernel is None else np.asarray(self._kernel, np.float32)
        return NetworkSnapshot(batch, epoch, kernels, watch.layer, maps, predictions, trouble, watch.image)


def first_learns(model: OpenedModel) -> bool:
    """Whether the first convolution's kernels are trained; True without one."""
    kernel = _first_kernel(model)
    return kernel is None or any(kernel is weight for weight in model.keras.trainable_weights)


def _first_kernel(model: OpenedModel) -> object | None:
    for weight in model.keras.weights:
        if len(weight.shape) == 4 and "kernel" in weight.path.rsplit("/", 1)[-1]:
            return weight
    return None
