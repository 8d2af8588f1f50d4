"""Running one stage: kernel → bias → activation → pooling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.operation import Activation, Operation
from convscope.imaging.lab.pooling import pool
from convscope.imaging.lab.size import output_size
from convscope.imaging.region import Region


@dataclass(frozen=True, eq=False)
class StageStep:
    """One step inside a stage and what it leaves: float32, read-only.

    Attributes:
        name: "kernel", "bias", "relu", "tanh", "sigmoid", "max" or "avg".
        values: h×w or h×w×3.
    """

    name: str
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Result:
    """What a stage makes of an image.

    Attributes:
        values: float32, h×w or h×w×3, read-only, exact, in the units of the input (0–255 for a picture).
        shape: the shape of the whole output; that of `values` unless a region was asked for.
        region: which part of the output `values` is, or None for all of it.
        source: the image that the stage worked on.
        operation: what was done.
    """

    values: NDArray[np.float32]
    shape: tuple[int, ...]
    region: Region | None
    source: Image
    operation: Operation

    @cached_property
    def minimum(self) -> float:
        """The smallest of `values`; 0 when there are none."""
        return float(self.values.min()) if self.values.size else 0.0

    @cached_property
    def maximum(self) -> float:
        """The largest of `values`; 0 when there are none."""
        return float(self.values.max()) if self.values.size else 0.0

    @cached_property
    def mean(self) -> float:
        """The mean of `values`, summed in float64; 0 when there are none."""
        if not self.values.size:
            return 0.0
        return float(np.mean(cv2.mean(self.values)[: 1 if self.values.ndim == 2 else 3]))

    @cached_property
    def bound(self) -> float:
        """What no value is larger than in size, without looking at them; infinity where that is not known."""
        return _bound(self.source, self.operation)

    @cached_property
    def image(self) -> Image:
        """The whole result as the next stage's input; a stage switched off hands its own input on."""
        if not self.operation.enabled and self.region is None:
            return self.source
        return Image(self.values, self.source.name, self.source.path)

    @cached_property
    def products(self) -> tuple[NDArray[np.float32], ...]:
        """What the kernel gives on each channel by itself: three maps for an RGB filter, before their sum."""
        region = _before_pooling(self.operation, self.region)
        products = _products(self.source, self.operation, region, Task())
        for product in products:
            product.flags.writeable = False
        return products

    @cached_property
    def steps(self) -> tuple[StageStep, ...]:
        """The stage step by step, as far as its settings go; computed on first use."""
        operation = self.operation
        if not operation.enabled:
            return ()
        values = _summed(self.products, operation)
        steps = [StageStep("kernel", values)]
        if operation.bias:
            steps.append(StageStep("bias", steps[-1].values + np.float32(operation.bias)))
        if operation.activation != "none":
            steps.append(
                StageStep(operation.activation, activate(steps[-1].values.copy(), operation.activation))
            )
        if operation.pool != "none":
            pooled = pool(steps[-1].values, operation.pool, operation.pool_size, operation.pool_stride)
            steps.append(StageStep(operation.pool, pooled))
        for step in steps:
            step.values.flags.writeable = False
        return tuple(steps)


_QUIET = Task()
# Well inside what a float32 holds.
_SURELY_FINITE = 1e38


def run(image: Image, operation: Operation, *, region: Region | None = None, task: Task = _QUIET) -> Result:
    """Do what a stage says to an image.

    Args:
        image: the input.
        operation: the settings.
        region: only this part of the output (for what is in view); it is cut to the output's size.
        task: asked between bands of rows whether the result is still wanted.

    Raises:
        UserError: the settings do not fit the image (see `size.problem`), or the numbers leave what a
            float32 can hold.
    """
    shape = output_size(operation, image.values.shape).shape
    if region is not None:
        region = region.clipped(shape[0], shape[1])
    if operation.enabled:
        products = _products(image, operation, _before_pooling(operation, region), task)
        values = _summed(products, operation)
        task.check()
        if operation.bias:
            values += np.float32(operation.bias)
        values = activate(values, operation.activation)
        task.check()
        values = pool(values, operation.pool, operation.pool_size, operation.pool_stride)
    else:
        values = image.values[region.slices if region else ...].astype(np.float32)
    values.flags.writeable = False
    result = Result(values, shape, region, image, operation)
    if result.bound > _SURELY_FINITE and not np.isfinite((result.minimum, result.maximum, result.mean)).all():
        raise UserError(
            "The result is too large for 32-bit numbers, or the image holds values that are not finite: "
            "use smaller weights or mend the image."
        )
    return result


def activate(values: NDArray[np.float32], activation: Activation) -> NDArray[np.float32]:
    """Apply an activation in place: ReLU max(0, x), tanh, or the sigmoid 1/(1 + e^−x)."""
    if activation == "relu":
        np.maximum(values, 0, out=values)
    elif activation == "tanh":
        np.tanh(values, out=values)
    elif activation == "sigmoid":
        # e^−|x| never overflows, and keeps small results exact: e^x/(1 + e^x) for negative x.
        negative = values < 0
        decay = np.exp(-np.abs(values))
        np.divide(np.where(negative, decay, np.float32(1)), 1 + decay, out=values)
    return values


def source_values(image: Image, operation: Operation) -> NDArray[Any]:
    """What a stage's kernels slide over, uint8 or float32: H×W×3, or H×W when it works on one channel.

    A gray image has R = G = B for an RGB filter.
    """
    if operation.channels == "gray":
        return image.gray.values
    if operation.channels == "filter" and image.channels == 1:
        return np.dstack([image.values] * 3)
    return image.values


def sliding_weights(operation: Operation) -> tuple[NDArray[np.float64], ...]:
    """The weights as they slide, divided already: see `sliding_kernels`."""
    return tuple(kernel.weights for kernel in sliding_kernels(operation))


def sliding_kernels(operation: Operation) -> tuple[Kernel, ...]:
    """The kernels as they slide: one per channel of an RGB filter, else one; "convolve" flips them."""
    kernels: tuple[Kernel, ...] = (operation.kernel,)
    if operation.channels == "filter":
        kernels = operation.channel_kernels
    if operation.mode == "convolve":
        kernels = tuple(kernel.flipped() for kernel in kernels)
    return kernels


def before_pooling(operation: Operation, region: Region) -> Region:
    """The outputs of the kernel that a part of the pooled output is made from."""
    if operation.pool == "none" or region.height == 0 or region.width == 0:
        return region
    size, stride = operation.pool_size, operation.pool_stride
    return Region(
        region.top * stride,
        region.left * stride,
        (region.bottom - 1) * stride + size,
        (region.right - 1) * stride + size,
    )


def _before_pooling(operation: Operation, region: Region | None) -> Region | None:
    return None if region is None else before_pooling(operation, region)


def _products(
    image: Image, operation: Operation, region: Region | None, task: Task
) -> tuple[NDArray[np.float32], ...]:
    values = source_values(image, operation)
    kernels = sliding_kernels(operation)
    # An RGB filter's kernels each see their own channel; otherwise one kernel sees the whole array.
    sources = [values] if len(kernels) == 1 else [values[:, :, channel] for channel in range(3)]
    products = []
    for source, kernel in zip(sources, kernels, strict=True):
        product = correlate(
            source,
            kernel.numerators,
            operation.border,
            operation.stride,
            operation.dilation,
            region=region,
            task=task,
        )
        # The sum first: of whole numbers it is exact.
        if kernel.divisor != 1:
            product /= np.float32(kernel.divisor)
        products.append(product)
    return tuple(products)


def _summed(products: tuple[NDArray[np.float32], ...], operation: Operation) -> NDArray[np.float32]:
    if operation.channels != "filter":
        return products[0]
    red, green, blue = products
    total = red + green
    total += blue
    return total


def _bound(image: Image, operation: Operation) -> float:
    """What the largest weights on the whitest pixels could add up to."""
    if image.values.dtype != np.uint8:
        return np.inf
    if not operation.enabled:
        return 255.0
    weights = sum(
        kernel.weights.size * max(float(np.abs(one).max()) for one in (kernel.weights, kernel.numerators))
        for kernel in operation.channel_kernels
    )
    return 255 * weights + abs(operation.bias)
