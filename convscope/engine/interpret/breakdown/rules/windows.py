"""The sums of convolutions of every kind: patch × kernel per input channel, plus bias."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.breakdown.breakdown import (
    FEW,
    LONG,
    SHORT,
    ActivationSum,
    Numbers,
    Place,
    RuleFunction,
    biased_words,
    made,
    product_words,
)
from convscope.engine.interpret.kernels_of import array
from convscope.engine.models.layer_specs.base import pair
from convscope.imaging.lab.equation import MOST, added, as_shown, equation
from convscope.imaging.numerals import bracketed, numeral

Indices = NDArray[np.int64]


def both(place: Place, value: Any) -> tuple[int, int]:
    """A layer's setting for rows and columns; along a table there are rows only."""
    if place.given[0].ndim == 2:
        return pair(value)[0], 1
    return pair(value)


def check_maps(place: Place) -> None:
    """Whether the layer works on maps (or a table) with the channels last.

    Raises:
        UserError: it does not.
    """
    if getattr(place.step.layer, "data_format", "channels_last") != "channels_last" or (
        place.inputs[0].ndim != 3
    ):
        raise place.cannot("only maps with their channels last are explained")


def window_of(place: Place, kernel: Any, stride: Any, dilation: Any, padding: str) -> tuple[Indices, Indices]:
    """The input's rows and columns under the window of a value; some may lie outside.

    Raises:
        UserError: padding of an unknown kind, or channels first.
    """
    check_maps(place)
    if padding not in ("valid", "same", "causal"):
        raise place.cannot(f"padding {padding!r} is not known here")
    sizes, strides, rates = both(place, kernel), both(place, stride), both(place, dilation)
    found = []
    for axis, at in enumerate((place.row, place.column)):
        before, reach = 0, (sizes[axis] - 1) * rates[axis] + 1
        size = place.inputs[0].shape[axis]
        if padding == "same":
            before = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0) // 2
        elif padding == "causal" and axis == 0:
            before = reach - 1
        found.append(at * strides[axis] - before + rates[axis] * np.arange(sizes[axis]))
    return found[0], found[1]


def under(value: NDArray[np.float32], rows: Indices, columns: Indices) -> tuple[Numbers, NDArray[np.bool_]]:
    """What lies under a window, float64 n×kh×kw (0 outside), and where the window is inside."""
    height, width = value.shape[:2]
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    picked = value[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    patches = np.where(inside[..., None], picked, 0.0).astype(np.float64)
    return np.ascontiguousarray(patches.transpose(2, 0, 1)), inside


def box_of(rows: Indices, columns: Indices) -> tuple[int, int, int, int]:
    """Top, left, height and width of a window."""
    top, left = int(rows[0]), int(columns[0])
    return top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1


def weighed(
    place: Place,
    patches: Numbers,
    weights: Numbers,
    channels: Indices,
    inside: NDArray[np.bool_],
    window: tuple[int, int, int, int] | None,
    bias: float | None,
    noun: str = "bias",
) -> ActivationSum:
    """Σ patch × kernel over input channels, plus the bias (None: there is none)."""
    totals = (patches * weights).sum(axis=(1, 2))
    total = float(totals.sum()) + (bias or 0.0)
    words = []
    order = np.argsort(-np.abs(totals), kind="stable")
    shown = np.sort(order[:LONG])
    for part in shown:
        sums = product_words(patches[part], weights[part], float(totals[part]))
        words.append(f"channel {channels[part]}: {sums}")
    left = len(order) - len(shown)
    rest = float(totals[order[LONG:]].sum())
    if left:
        words.append(f"{left} more channels, each with less: {numeral(rest)}")
    if len(totals) > 1:
        parts = totals[shown].tolist()

        def side(digits: int) -> tuple[str, float]:
            text, found = added(parts, digits)
            if left:
                text += f" + {bracketed(rest, digits)} ({left} more)"
                found += as_shown(rest, digits)
            return text, found

        most = MOST if len(parts) <= FEW else SHORT
        words.append(equation(side, float(totals.sum()), first=SHORT, most=most))
    if bias is not None:
        words.append(biased_words(float(totals.sum()), noun, bias, total))
    return made(
        place,
        "sum",
        patches,
        total,
        tuple(words),
        channels=channels,
        weights=weights,
        totals=totals,
        inside=inside,
        bias=bias or 0.0,
        window=window,
    )


def _bias(place: Place) -> float | None:
    bias = place.step.layer.bias
    return None if bias is None else float(array(bias)[place.channel])


def _sliding(place: Place) -> tuple[Indices, Indices]:
    layer = place.step.layer
    return window_of(place, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding)


def _kernel(variable: Any) -> NDArray[np.float32]:
    """A kernel kh×kw×…; that of a 1-D convolution, which runs down a table, is one column."""
    weights = array(variable)
    return weights[:, None] if weights.ndim == 3 else weights


def convolution(place: Place) -> ActivationSum:
    """Σ over the filter's input channels of patch × kernel, plus bias."""
    layer = place.step.layer
    rows, columns = _sliding(place)
    kernel = _kernel(layer.kernel)
    inputs, filters = kernel.shape[2:]
    first = place.channel // (filters // layer.groups) * inputs
    patches, inside = under(place.inputs[0][:, :, first : first + inputs], rows, columns)
    weights = kernel[:, :, :, place.channel].transpose(2, 0, 1).astype(np.float64)
    part = np.arange(first, first + inputs)
    return weighed(place, patches, weights, part, inside, box_of(rows, columns), _bias(place))


def depthwise(place: Place) -> ActivationSum:
    """One patch × one kernel, plus bias."""
    layer = place.step.layer
    rows, columns = _sliding(place)
    kernel = _kernel(layer.kernel)
    channel, copy = divmod(place.channel, kernel.shape[3])
    patches, inside = under(place.inputs[0][:, :, channel : channel + 1], rows, columns)
    weights = kernel[None, :, :, channel, copy].astype(np.float64)
    part = np.array([channel])
    return weighed(place, patches, weights, part, inside, box_of(rows, columns), _bias(place))


def separable(place: Place) -> ActivationSum:
    """As a convolution whose kernels are depthwise × pointwise weights."""
    layer = place.step.layer
    rows, columns = _sliding(place)
    depth, point = _kernel(layer.depthwise_kernel), array(layer.pointwise_kernel)
    inputs, multiplier = depth.shape[2:]
    share = point.reshape(inputs, multiplier, -1)[:, :, place.channel].astype(np.float64)
    weights = np.einsum("ijcm,cm->cij", depth.astype(np.float64), share)
    patches, inside = under(place.inputs[0], rows, columns)
    part = np.arange(inputs)
    return weighed(place, patches, weights, part, inside, box_of(rows, columns), _bias(place))


def transposed(place: Place) -> ActivationSum:
    """Each input that reaches this place, times the weight with which it does, plus bias."""
    layer = place.step.layer
    check_maps(place)
    kernel = _kernel(layer.kernel)
    strides, rates = both(place, layer.strides), both(place, layer.dilation_rate)
    shape = place.found.model.program.shapes[place.slot][1:3]
    axes = []
    for axis, at in enumerate((place.row, place.column)):
        size, grown = place.inputs[0].shape[axis], 1
        if axis == 0 or place.given[0].ndim == 3:
            grown = shape[axis] or place.found.tensor(place.slot).shape[1 + axis]
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
        bias = _bias(place) or 0.0
        words = f"no input reaches this place: it is the bias alone, {numeral(bias)}"
        nothing = np.zeros((1, 1, 1))
        return made(place, "function", nothing, bias, (words,), sources=("",), totals=np.array([bias]))
    weights = kernel[down[:, None], across, place.channel].transpose(2, 0, 1).astype(np.float64)
    patches, inside = under(place.inputs[0], rows, columns)
    part = np.arange(len(patches))
    return weighed(place, patches, weights, part, inside, box_of(rows, columns), _bias(place))


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
