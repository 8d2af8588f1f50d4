"""The sums of layers that look through a window: convolutions of every kind, pooling, padding, resizing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.models.kinds.base import pair
from convscope.engine.models.kinds.pooling import borders
from convscope.engine.seeing.activation_sum import (
    LONG,
    ActivationSum,
    Numbers,
    Place,
    RuleFunction,
    made,
    product_words,
)
from convscope.engine.seeing.kernels_of import array
from convscope.imaging.numerals import bracketed, numeral

Indices = NDArray[np.int64]


def _taps(size: int, at: int, kernel: int, stride: int, dilation: int, padding: str) -> Indices:
    """The input's rows (or columns) under a window; some may lie outside."""
    before = 0
    if padding == "same":
        reach = (kernel - 1) * dilation + 1
        before = max((-(-size // stride) - 1) * stride + reach - size, 0) // 2
    return at * stride - before + dilation * np.arange(kernel)


def _under(value: NDArray[np.float32], rows: Indices, columns: Indices) -> tuple[Numbers, NDArray[np.bool_]]:
    """What lies under a window, float64 n×kh×kw (0 outside), and where the window is inside."""
    height, width = value.shape[:2]
    inside = np.outer((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    picked = value[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    patches = np.where(inside[..., None], picked, 0.0).astype(np.float64)
    return np.ascontiguousarray(patches.transpose(2, 0, 1)), inside


def _box(rows: Indices, columns: Indices) -> tuple[int, int, int, int]:
    top, left = int(rows[0]), int(columns[0])
    return top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1


def _window(
    place: Place, kernel: tuple[int, int], stride: Any, dilation: Any, padding: str
) -> tuple[Indices, Indices]:
    if padding not in ("valid", "same"):
        raise place.cannot(f"padding {padding!r} is not known here")
    if getattr(place.step.layer, "data_format", "channels_last") != "channels_last" or (
        place.inputs[0].ndim != 3
    ):
        raise place.cannot("only maps with their channels last are explained")
    height, width = place.inputs[0].shape[:2]
    strides, rates = pair(stride), pair(dilation)
    return (
        _taps(height, place.row, kernel[0], strides[0], rates[0], padding),
        _taps(width, place.column, kernel[1], strides[1], rates[1], padding),
    )


def _of_kernels(
    place: Place,
    patches: Numbers,
    weights: Numbers,
    channels: Indices,
    inside: NDArray[np.bool_],
    window: tuple[int, int, int, int],
) -> ActivationSum:
    """Σ patch × kernel over input channels, plus the bias."""
    layer = place.step.layer
    bias = 0.0 if layer.bias is None else float(array(layer.bias)[place.channel])
    totals = (patches * weights).sum(axis=(1, 2))
    total = float(totals.sum()) + bias
    words = []
    order = np.argsort(-np.abs(totals), kind="stable")
    shown = np.sort(order[:LONG])
    for part in shown:
        sums = product_words(patches[part], weights[part], float(totals[part]))
        words.append(f"channel {channels[part]}: {sums}")
    if len(order) > LONG:
        words.append(
            f"{len(order) - LONG} more channels, each with less: {numeral(float(totals[order[LONG:]].sum()))}"
        )
    if len(totals) > 1:
        terms = " + ".join(bracketed(float(totals[part]), 4) for part in shown)
        more = " + …" if len(order) > LONG else ""
        words.append(f"{terms}{more} = {numeral(float(totals.sum()))}")
    if layer.bias is not None:
        words.append(f"{numeral(float(totals.sum()))} + bias {bracketed(bias)} = {numeral(total)}")
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
        bias=bias,
        window=window,
    )


def conv2d(place: Place) -> ActivationSum:
    """Σ over the filter's input channels of patch × kernel, plus bias."""
    layer = place.step.layer
    rows, columns = _window(place, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding)
    kernel = array(layer.kernel)
    inputs, filters = kernel.shape[2:]
    first = place.channel // (filters // layer.groups) * inputs
    patches, inside = _under(place.inputs[0][:, :, first : first + inputs], rows, columns)
    weights = kernel[:, :, :, place.channel].transpose(2, 0, 1).astype(np.float64)
    return _of_kernels(place, patches, weights, np.arange(first, first + inputs), inside, _box(rows, columns))


def depthwise(place: Place) -> ActivationSum:
    """One patch × one kernel, plus bias."""
    layer = place.step.layer
    rows, columns = _window(place, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding)
    kernel = array(layer.kernel)
    channel, copy = divmod(place.channel, kernel.shape[3])
    patches, inside = _under(place.inputs[0][:, :, channel : channel + 1], rows, columns)
    weights = kernel[None, :, :, channel, copy].astype(np.float64)
    return _of_kernels(place, patches, weights, np.array([channel]), inside, _box(rows, columns))


def separable(place: Place) -> ActivationSum:
    """As a convolution whose kernels are depthwise × pointwise weights."""
    layer = place.step.layer
    rows, columns = _window(place, layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding)
    depth, point = array(layer.depthwise_kernel), array(layer.pointwise_kernel)
    inputs, multiplier = depth.shape[2:]
    share = point.reshape(inputs, multiplier, -1)[:, :, place.channel].astype(np.float64)
    weights = np.einsum("ijcm,cm->cij", depth.astype(np.float64), share)
    patches, inside = _under(place.inputs[0], rows, columns)
    return _of_kernels(place, patches, weights, np.arange(inputs), inside, _box(rows, columns))


def transposed(place: Place) -> ActivationSum:
    """Each input that reaches this place, times the weight with which it does, plus bias."""
    layer = place.step.layer
    if max(pair(layer.dilation_rate)) > 1 or layer.output_padding is not None:
        raise place.cannot("a transposed convolution with dilation or output padding is not written out")
    if layer.data_format != "channels_last":
        raise place.cannot("only maps with their channels last are explained")
    axes = []
    for at, size, kernel, stride in zip(
        (place.row, place.column),
        place.inputs[0].shape[:2],
        pair(layer.kernel_size),
        pair(layer.strides),
        strict=True,
    ):
        # Output o gets input i with weight o + before − i·stride.
        before = max(kernel - stride, 0) // 2 if layer.padding == "same" else 0
        taps = np.arange(size)
        weight = at + before - taps * stride
        reached = (weight >= 0) & (weight < kernel)
        axes.append((taps[reached], weight[reached]))
    (rows, down), (columns, across) = axes
    if not len(rows) or not len(columns):
        raise place.cannot("no input reaches this place: it is the bias alone")
    kernel_here = array(layer.kernel)[down[:, None], across, place.channel]
    weights = kernel_here.transpose(2, 0, 1).astype(np.float64)
    patches, inside = _under(place.inputs[0], rows, columns)
    return _of_kernels(place, patches, weights, np.arange(len(patches)), inside, _box(rows, columns))


def pooling(place: Place) -> ActivationSum:
    """The largest value, or the mean, under the window; padding does not count."""
    layer = place.step.layer
    rows, columns = _window(place, layer.pool_size, layer.strides, 1, layer.padding)
    patches, inside = _under(place.inputs[0][:, :, place.channel : place.channel + 1], rows, columns)
    return _pooled(place, patches, inside, _box(rows, columns), "Max" in place.step.kind)


def global_pooling(place: Place) -> ActivationSum:
    """The same of a whole map."""
    value = place.inputs[0]
    if value.ndim != 3:
        raise place.cannot()
    patch = value[None, :, :, place.channel].astype(np.float64)
    height, width = patch.shape[1:]
    inside = np.ones((height, width), bool)
    return _pooled(place, patch, inside, (0, 0, height, width), "Max" in place.step.kind)


def _pooled(
    place: Place,
    patches: Numbers,
    inside: NDArray[np.bool_],
    window: tuple[int, int, int, int],
    largest: bool,
) -> ActivationSum:
    values = patches[0][inside]
    listed = ", ".join(numeral(float(v), 4) for v in values[:LONG])
    more = f", … ({values.size} numbers)" if values.size > LONG else ""
    if largest:
        total = float(values.max())
        words = f"the largest of {listed}{more} = {numeral(total)}"
    else:
        total = float(values.mean())
        added = numeral(float(values.sum()))
        words = f"the mean of {listed}{more}: {added} / {values.size} = {numeral(total)}"
    return made(
        place,
        "largest" if largest else "mean",
        patches,
        total,
        (words,),
        inside=inside,
        window=window,
        totals=np.array([total]),
    )


def moved(place: Place) -> ActivationSum:
    """Padding and cropping: the value from another place, or a zero of the border."""
    layer = place.step.layer
    (top, _), (left, _) = borders(layer.padding if place.step.kind == "ZeroPadding2D" else layer.cropping)
    sign = -1 if place.step.kind == "ZeroPadding2D" else 1
    return copied(place, place.row + sign * top, place.column + sign * left)


def upsampling(place: Place) -> ActivationSum:
    """Nearest neighbour: the value of the pixel that was enlarged."""
    layer = place.step.layer
    if layer.interpolation != "nearest":
        raise place.cannot(f"{layer.interpolation} enlarging is not written out")
    down, across = pair(layer.size)
    return copied(place, place.row // down, place.column // across)


def copied(place: Place, row: int, column: int) -> ActivationSum:
    """The input's value at a place, 0 outside of it."""
    if place.inputs[0].ndim != 3 or (
        getattr(place.step.layer, "data_format", "channels_last") != "channels_last"
    ):
        raise place.cannot("only maps with their channels last are explained")
    value = place.inputs[0][:, :, place.channel : place.channel + 1]
    patches, inside = _under(value, np.array([row]), np.array([column]))
    number = float(patches[0, 0, 0])
    words = (
        f"row {row}, column {column} of its input, {numeral(number)}"
        if inside.all()
        else "in the border that was added: 0"
    )
    return made(place, "function", patches, number, (words,), inside=inside, window=(row, column, 1, 1))


RULES: dict[str, RuleFunction] = {
    "Conv2D": conv2d,
    "DepthwiseConv2D": depthwise,
    "SeparableConv2D": separable,
    "Conv2DTranspose": transposed,
    "MaxPooling2D": pooling,
    "AveragePooling2D": pooling,
    "GlobalMaxPooling2D": global_pooling,
    "GlobalAveragePooling2D": global_pooling,
    "ZeroPadding2D": moved,
    "Cropping2D": moved,
    "UpSampling2D": upsampling,
}
