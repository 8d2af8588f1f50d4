"""A layer's kernels as small pictures, for the grid in the middle and for one filter beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.kernels_of import Kernels, kernel_layer, kernels_of, pictures, signed_levels
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.colormaps import apply_colormap


@dataclass(frozen=True, eq=False)
class KernelPictures:
    """A layer's kernels, ready to paint.

    Attributes:
        model: whose layer.
        layer: that was asked about: the convolution itself, or one that its maps pass through.
        kernels: the numbers.
        limit: the largest size of any weight; the full colour.
        index: the input channel that the pictures are of; meaningless where `kernels.colours`.
        pictures: uint8 filters×kh×kw×3: in colours on the network's own input, else blue to orange.
    """

    model: OpenedModel
    layer: str
    kernels: Kernels
    limit: float
    index: int
    pictures: NDArray[np.uint8]


def kernel_pictures(model: OpenedModel, path: str, index: int) -> KernelPictures | None:
    """All filters behind a layer's maps, on one of their inputs; None where there are none."""
    convolution = kernel_layer(model, path)
    if convolution is None:
        return None
    kernels = kernels_of(model, convolution)
    sizes = np.abs(kernels.weights)
    limit = float(np.max(sizes, initial=0, where=np.isfinite(sizes))) or 1.0
    index = min(index, kernels.inputs - 1)
    if kernels.colours:
        return KernelPictures(model, path, kernels, limit, index, pictures(kernels))
    planes = kernels.weights[:, :, index].transpose(2, 0, 1)
    planes = np.where(kernels.dead[:, None, None], np.float32(0), planes)
    return KernelPictures(model, path, kernels, limit, index, signed(planes, limit))


def of_filter(kernels: Kernels, channel: int) -> NDArray[np.uint8]:
    """One filter's kernels on all of its inputs, uint8 inputs×kh×kw×3, blue to orange; of a dead one even."""
    weights = kernels.weights[:, :, :, channel].transpose(2, 0, 1)
    return signed(np.zeros_like(weights) if kernels.dead[channel] else weights, None)


def signed(weights: NDArray[np.float32], limit: float | None) -> NDArray[np.uint8]:
    """n×kh×kw weights as n×kh×kw×3 colours: blue below 0, orange above."""
    count, height, width = weights.shape
    levels = signed_levels(weights, limit).reshape(count * height, width)
    return apply_colormap(levels, "diverging").reshape(count, height, width, 3)
