"""Convolutions: plain, depthwise, separable, transposed."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.core.parameter import parameter
from convscope.core.words import times
from convscope.engine.models.layer_specs.base import (
    ACTIVATION,
    L2,
    PADDING,
    TRAINABLE,
    USE_BIAS,
    Config,
    LayerKind,
    Parameters,
    Shape,
    ShapeError,
    Window,
    formula,
    need_map,
    pair,
    product,
    same_padding,
)

_FILTERS = parameter("filters", 32, minimum=1, maximum=65536, required=True)
_KERNEL = parameter("kernel_size", 3, "size", minimum=1, maximum=255, required=True)
_STRIDES = parameter("strides", 1, "size", minimum=1, maximum=64)
_DILATION = parameter("dilation_rate", 1, "size", minimum=1, maximum=64)


def _reach(config: Config) -> tuple[int, int]:
    """The kernel's extent on the map, dilation included."""
    kernel, dilation = pair(config["kernel_size"]), pair(config.get("dilation_rate", 1))
    return (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1


def slide(size: Shape, reach: tuple[int, int], stride: tuple[int, int], padding: str, noun: str) -> Shape:
    """Height and width after sliding a window; the field's formula (W − K + 2P)/S + 1.

    Raises:
        ShapeError: the window does not fit into the map once.
    """
    result: list[int | None] = []
    for length, extent, step in zip(size, reach, stride, strict=True):
        if length is None:
            result.append(None)
        elif padding == "same":
            result.append(-(-length // step))
        elif extent > length:
            raise ShapeError(f"the {times(reach)} {noun} is larger than its {times(size)} map")
        else:
            result.append((length - extent) // step + 1)
    return tuple(result)


def _check_strides(config: Config) -> None:
    if max(pair(config["strides"])) > 1 and max(pair(config.get("dilation_rate", 1))) > 1:
        raise ShapeError("a stride and a dilation over 1 cannot be had together")


def _groups(config: Config, channels: int) -> int:
    groups = int(config.get("groups", 1))
    if channels % groups:
        raise ShapeError(f"{channels} input channels cannot be dealt to {groups} groups evenly")
    if int(config["filters"]) % groups:
        raise ShapeError(f"{config['filters']} filters cannot be dealt to {groups} groups evenly")
    return groups


def _conv_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "a convolution")
    _check_strides(config)
    _groups(config, channels)
    size = slide((height, width), _reach(config), pair(config["strides"]), config["padding"], "kernel")
    return (*size, int(config["filters"]))


def _conv_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    kernel, filters = pair(config["kernel_size"]), int(config["filters"])
    channels = need_map(shapes[0], "a convolution")[2]
    groups = _groups(config, channels)
    inner = f"{kernel[0]}·{kernel[1]}·{channels}" + (f"/{groups}" if groups > 1 else "")
    weights = kernel[0] * kernel[1] * (channels // groups)
    if config["use_bias"]:
        count = (weights + 1) * filters
        return Parameters(count, 0, formula(f"({inner} + 1)·{filters}", count))
    return Parameters(weights * filters, 0, formula(f"{inner}·{filters}", weights * filters))


def _conv_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    kernel = pair(config["kernel_size"])
    channels = shapes[0][-1]
    if channels is None:
        return None
    return product((*kernel, channels // int(config.get("groups", 1)), *output))


def _conv_window(config: Config, shapes: Sequence[Shape]) -> Window:
    reach, stride = _reach(config), pair(config["strides"])
    if config["padding"] == "same":
        sizes = (*shapes[0], None, None)
        before = (same_padding(sizes[0], reach[0], stride[0]), same_padding(sizes[1], reach[1], stride[1]))
    else:
        before = (0, 0)
    return Window(reach, stride, before, dilation=pair(config.get("dilation_rate", 1)))


def _depthwise_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "a depthwise convolution")
    _check_strides(config)
    size = slide((height, width), _reach(config), pair(config["strides"]), config["padding"], "kernel")
    return (*size, channels * int(config["depth_multiplier"]))


def _depthwise_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    kernel, multiplier = pair(config["kernel_size"]), int(config["depth_multiplier"])
    channels = need_map(shapes[0], "a depthwise convolution")[2]
    maps = f"{channels}" + (f"·{multiplier}" if multiplier > 1 else "")
    count = (kernel[0] * kernel[1] + bool(config["use_bias"])) * channels * multiplier
    inner = f"({kernel[0]}·{kernel[1]} + 1)" if config["use_bias"] else f"{kernel[0]}·{kernel[1]}"
    return Parameters(count, 0, formula(f"{inner}·{maps}", count))


def _depthwise_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    return product((*pair(config["kernel_size"]), *output))


def _separable_parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    kernel, filters = pair(config["kernel_size"]), int(config["filters"])
    channels = need_map(shapes[0], "a separable convolution")[2]
    multiplier = int(config["depth_multiplier"])
    maps = f"{channels}" + (f"·{multiplier}" if multiplier > 1 else "")
    depth = kernel[0] * kernel[1] * channels * multiplier
    count = depth + (channels * multiplier + bool(config["use_bias"])) * filters
    point = f"({maps} + 1)·{filters}" if config["use_bias"] else f"{maps}·{filters}"
    return Parameters(count, 0, formula(f"{kernel[0]}·{kernel[1]}·{maps} + {point}", count))


def _separable_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    channels = shapes[0][-1]
    if channels is None:
        return None
    channels *= int(config["depth_multiplier"])
    spatial = product(output[:2])
    kernel = pair(config["kernel_size"])
    return None if spatial is None else spatial * channels * (kernel[0] * kernel[1] + int(config["filters"]))


def _separable_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, _ = need_map(shapes[0], "a separable convolution")
    _check_strides(config)
    size = slide((height, width), _reach(config), pair(config["strides"]), config["padding"], "kernel")
    return (*size, int(config["filters"]))


def _transposed_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, _ = need_map(shapes[0], "a transposed convolution")
    extra = config.get("output_padding")
    result: list[int | None] = []
    for axis, (length, extent, step) in enumerate(
        zip((height, width), _reach(config), pair(config["strides"]), strict=True)
    ):
        if length is None:
            result.append(None)
        elif extra is not None:
            pad = extent // 2 if config["padding"] == "same" else 0
            result.append((length - 1) * step + extent - 2 * pad + pair(extra)[axis])
        elif config["padding"] == "same":
            result.append(length * step)
        else:
            result.append(length * step + max(extent - step, 0))
    return (*result, int(config["filters"]))


def _transposed_work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    return product((*pair(config["kernel_size"]), *shapes[0], int(config["filters"])))


def _transposed_window(config: Config, shapes: Sequence[Shape]) -> Window:
    reach, stride = _reach(config), pair(config["strides"])
    before = [0, 0]
    if config["padding"] == "same":
        grown = _transposed_shape(config, shapes)
        for axis, (length, end) in enumerate(zip(shapes[0][:2], grown[:2], strict=True)):
            # The convolution that this one undoes pads its `end` inputs so.
            more = 0 if length is None or end is None else length * stride[axis] - end
            before[axis] = max(reach[axis] - stride[axis] + more, 0) // 2
    dilation = pair(config.get("dilation_rate", 1))
    return Window(reach, stride, (before[0], before[1]), upsample=True, dilation=dilation)


CONV2D = LayerKind(
    "Conv2D",
    "Convolution",
    "Slides filters over the maps; each filter makes one feature map.",
    (
        _FILTERS,
        _KERNEL,
        _STRIDES,
        PADDING,
        ACTIVATION,
        USE_BIAS,
        _DILATION,
        parameter("groups", 1, minimum=1, maximum=65536),
        L2,
        TRAINABLE,
    ),
    _conv_shape,
    _conv_parameters,
    _conv_work,
    _conv_window,
    from_afar=("Conv2D", "Conv"),
)

SEPARABLE_CONV2D = LayerKind(
    "SeparableConv2D",
    "Convolution",
    "A depthwise convolution, then a 1×1 one: nearly the same for far fewer weights.",
    (
        _FILTERS,
        _KERNEL,
        _STRIDES,
        PADDING,
        ACTIVATION,
        USE_BIAS,
        _DILATION,
        parameter("depth_multiplier", 1, minimum=1, maximum=64),
        TRAINABLE,
    ),
    _separable_shape,
    _separable_parameters,
    _separable_work,
    _conv_window,
    from_afar=("Separable", "Sep"),
)

DEPTHWISE_CONV2D = LayerKind(
    "DepthwiseConv2D",
    "Convolution",
    "One kernel for each channel; channels are not mixed.",
    (
        _KERNEL,
        _STRIDES,
        PADDING,
        ACTIVATION,
        USE_BIAS,
        _DILATION,
        parameter("depth_multiplier", 1, minimum=1, maximum=64),
        TRAINABLE,
    ),
    _depthwise_shape,
    _depthwise_parameters,
    _depthwise_work,
    _conv_window,
    from_afar=("Depthwise", "DW"),
)

CONV2D_TRANSPOSE = LayerKind(
    "Conv2DTranspose",
    "Convolution",
    "The reverse of a strided convolution: the maps grow.",
    (_FILTERS, _KERNEL, _STRIDES, PADDING, ACTIVATION, USE_BIAS, L2, TRAINABLE),
    _transposed_shape,
    _conv_parameters,
    _transposed_work,
    _transposed_window,
    from_afar=("Transposed", "Up"),
)

KINDS = (CONV2D, SEPARABLE_CONV2D, DEPTHWISE_CONV2D, CONV2D_TRANSPOSE)
