"""Dead channels: those whose filters' weights are nothing beside the others of their layer.

Such a filter finds nothing in any image. (A map may be blank for one image only: see `nothing`.)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.blank import nothing
from convscope.engine.interpret.kernels_of import (
    CHANNEL_KEEPING,
    array,
    depthwise,
    has_kernels,
    largest_weights,
)
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import ProgramStep
from convscope.imaging.numerals import numeral


@dataclass(frozen=True, eq=False)
class Dead:
    """The channels of a layer's output.

    Attributes:
        mask: bool (channels,), which are dead.
        sizes: float64 (channels,), the size of the largest weight of each one's filter.
    """

    mask: NDArray[np.bool_]
    sizes: NDArray[np.float64]

    @property
    def count(self) -> int:
        return int(self.mask.sum())

    def why(self, channel: int) -> str:
        """Why a channel is dead, in a sentence; "" for one that is not."""
        return why(self.sizes, channel) if self.mask[channel] else ""


def why(sizes: NDArray[np.float64], channel: int) -> str:
    """Why a filter is dead: the size of its own largest weight, and of the layer's.

    Args:
        sizes: those of all filters of the layer.
    """
    own, largest = float(sizes[channel]), float(np.max(sizes, initial=0, where=np.isfinite(sizes)))
    if not largest:
        return "dead: all weights of the layer are 0"
    if not own:
        return "dead: all its weights are 0"
    # One more step of the last digit: none is over it.
    return f"dead: its weights are all below {_above(own)}, the layer's largest is {numeral(largest, 2)}"


def _above(value: float) -> str:
    """The next number of two digits over a value."""
    step = 10.0 ** (floor(log10(value)) - 1)
    return numeral((floor(value / step) + 1) * step, 2)


def dead_channels(model: OpenedModel, slot: int) -> Dead | None:
    """Which channels of a slot of the model's program are dead, by their weights of now.

    The weights are those of the convolution or dense layer whose channels these are: behind a batch
    normalisation times its factors, and behind a depthwise convolution also those of the channel that it is
    given.

    Returns:
        None where the channels are not those of one layer's filters: sums and maxima of several branches.
    """
    program = model.program
    count = program.shapes[slot][-1]
    if count is None:
        return None
    factor = np.ones(count)
    step = program.producer(slot)
    while step is not None and program.shapes[step.outputs[0]][-1] == count:
        found = _of(model, step, factor)
        if found is not None:
            return found
        if step.kind not in CHANNEL_KEEPING or len(step.inputs) != 1:
            return None
        if step.kind == "BatchNormalization":
            scale = _scale(step)
            if scale.shape != factor.shape:
                return None
            factor = factor * scale
        step = program.producer(step.inputs[0])
    return None


def _of(model: OpenedModel, step: ProgramStep, factor: NDArray[np.float64]) -> Dead | None:
    """Those of a layer's own filters; None for a step without weights of the kind."""
    if step.part == "activation":
        return None
    if step.kind == "Dense":
        weights = array(step.layer.kernel)
        sizes = np.maximum(weights.max(axis=0), -weights.min(axis=0)).astype(np.float64)
    elif has_kernels(step.kind):
        sizes = largest_weights(step)
    else:
        return None
    sizes = sizes * factor
    mask = nothing(sizes)
    if depthwise(step.kind):
        before = dead_channels(model, step.inputs[0])
        if before is not None:
            mask = mask | np.repeat(before.mask, len(mask) // len(before.mask))
    return Dead(mask, sizes)


def _scale(step: ProgramStep) -> NDArray[np.float64]:
    """By what batch normalisation multiplies each channel."""
    layer = step.layer
    spread = np.sqrt(array(layer.moving_variance).astype(np.float64) + float(layer.epsilon))
    gamma = np.abs(array(layer.gamma)).astype(np.float64) if layer.scale else np.ones(len(spread))
    return np.asarray(gamma / spread, np.float64)
