"""The sums of convolutions of every kind: patch × kernel per input channel, plus bias."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.base import Breakdown, RuleFunction, Unit, made
from convscope.engine.interpret.breakdown.windows import (
    Indices,
    both,
    box_of,
    check_maps,
    under,
    weighed,
    window_of,
)
from convscope.engine.interpret.kernels_of import array
from convscope.imaging.numerals import numeral


def _bias(unit: Unit) -> float | None:
    bias = unit.step.layer.bias
    return None if bias is None else float(array(bias)[unit.channel])


def _sliding(unit: Unit) -> tuple[Indices, Indices]:
    layer = unit.step.layer
    return window_of(unit, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding)


def _kernel(variable: Any) -> NDArray[np.float32]:
    """A kernel kh×kw×…; that of a 1-D convolution, which runs down a table, is one column."""
    weights = array(variable)
    return weights[:, None] if weights.ndim == 3 else weights


def convolution(unit: Unit) -> Breakdown:
    """Σ over the filter's input channels of patch × kernel, plus bias."""
    layer = unit.step.layer
    rows, columns = _sliding(unit)
    kernel = _kernel(layer.kernel)
    inputs, filters = kernel.shape[2:]
    first = unit.channel // (filters // layer.groups) * inputs
    patches, inside = under(unit.inputs[0][:, :, first : first + inputs], rows, columns)
    weights = kernel[:, :, :, unit.channel].transpose(2, 0, 1).astype(np.float64)
    part = np.arange(first, first + inputs)
    return weighed(unit, patches, weights, part, inside, box_of(rows, columns), _bias(unit))


def depthwise(unit: Unit) -> Breakdown:
    """One patch × one kernel, plus bias."""
    layer = unit.step.layer
    rows, columns = _sliding(unit)
    kernel = _kernel(layer.kernel)
    channel, copy = divmod(unit.channel, kernel.shape[3])
    patches, inside = under(unit.inputs[0][:, :, channel : channel + 1], rows, columns)
    weights = kernel[None, :, :, channel, copy].astype(np.float64)
    part = np.array([channel])
    return weighed(unit, patches, weights, part, inside, box_of(rows, columns), _bias(unit))


def separable(unit: Unit) -> Breakdown:
    """As a convolution whose kernels are depthwise × pointwise weights."""
    layer = unit.step.layer
    rows, columns = _sliding(unit)
    depth, point = _kernel(layer.depthwise_kernel), array(layer.pointwise_kernel)
    inputs, multiplier = depth.shape[2:]
    share = point.reshape(inputs, multiplier, -1)[:, :, unit.channel].astype(np.float64)
    weights = np.einsum("ijcm,cm->cij", depth.astype(np.float64), share)
    patches, inside = under(unit.inputs[0], rows, columns)
    part = np.arange(inputs)
    return weighed(unit, patches, weights, part, inside, box_of(rows, columns), _bias(unit))


def transposed(unit: Unit) -> Breakdown:
    """Each input that reaches this place, times the weight with which it does, plus bias."""
    layer = unit.step.layer
    check_maps(unit)
    kernel = _kernel(layer.kernel)
    strides, rates = both(unit, layer.strides), both(unit, layer.dilation_rate)
    shape = unit.found.model.program.shapes[unit.slot][1:3]
    axes = []
    for axis, at in enumerate((unit.row, unit.column)):
        size, grown = unit.inputs[0].shape[axis], 1
        if axis == 0 or unit.given[0].ndim == 3:
            grown = shape[axis] or unit.found.tensor(unit.slot).shape[1 + axis]
        # The other way round: the convolution that this one undoes pads its `grown` inputs by `before`.
        before, reach = 0, (kernel.shape[axis] - 1) * rates[axis] + 1
        if layer.padding == "same":
            before = max((size - 1) * strides[axis] + reach - int(grown), 0) // 2
        taps = np.arange(size)
        weight, between = np.divmod(at + before - taps * strides[axis], rates[axis])
        reached = (weight >= 0) & (weight < kernel.shape[axis]) & (between == 0)
        axes.append((taps[reached], weight[reached]))
    (rows, down), (columns, across) = axes
    if not len(rows) or not len(columns):
        bias = _bias(unit) or 0.0
        words = f"no input reaches this place: it is the bias alone, {numeral(bias)}"
        nothing = np.zeros((1, 1, 1))
        return made(unit, "function", nothing, bias, (words,), sources=("",), totals=np.array([bias]))
    weights = kernel[down[:, None], across, unit.channel].transpose(2, 0, 1).astype(np.float64)
    patches, inside = under(unit.inputs[0], rows, columns)
    part = np.arange(len(patches))
    return weighed(unit, patches, weights, part, inside, box_of(rows, columns), _bias(unit))


RULES: dict[str, RuleFunction] = {
    "Conv1D": convolution,
    "Conv2D": convolution,
    "DepthwiseConv1D": depthwise,
    "DepthwiseConv2D": depthwise,
    "SeparableConv1D": separable,
    "SeparableConv2D": separable,
    "Conv1DTranspose": transposed,
    "Conv2DTranspose": transposed,
}
