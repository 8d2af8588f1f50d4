"""Layers that change the maps' size without weights: pooling, upsampling, padding, cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convscope.core.parameter import parameter, plain
from convscope.core.words import times
from convscope.engine.models.layer_specs.base import (
    PADDING,
    POINTWISE,
    Config,
    LayerKind,
    Shape,
    ShapeError,
    Window,
    need_map,
    pair,
    same_padding,
    whole,
)
from convscope.engine.models.layer_specs.convolution import slide

_POOL = parameter("pool_size", 2, "size", minimum=1, maximum=255, required=True)
_STRIDES = parameter("strides", None, "size", minimum=1, maximum=64, nothing="as window")


def _stride(config: Config) -> tuple[int, int]:
    return pair(config["pool_size"] if config["strides"] is None else config["strides"])


def _pool_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "pooling")
    size = slide((height, width), pair(config["pool_size"]), _stride(config), config["padding"], "window")
    return (*size, channels)


def _pool_window(config: Config, shapes: Sequence[Shape]) -> Window:
    pool, stride, sizes = pair(config["pool_size"]), _stride(config), shapes[0]
    if config["padding"] != "same":
        return Window(pool, stride)
    before = (same_padding(sizes[0], pool[0], stride[0]), same_padding(sizes[1], pool[1], stride[1]))
    return Window(pool, stride, before)


def _global_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    channels = need_map(shapes[0], "global pooling")[2]
    return (1, 1, channels) if config["keepdims"] else (channels,)


def _up_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "upsampling")
    by = pair(config["size"])
    return (None if height is None else height * by[0], None if width is None else width * by[1], channels)


def _up_window(config: Config, shapes: Sequence[Shape]) -> Window:
    by = pair(config["size"])
    if config["interpolation"] == "nearest":
        return Window(by, by, upsample=True)
    # Bilinear mixes a pixel with its neighbours on both sides.
    return Window((3 * by[0], 3 * by[1]), by, by, upsample=True, blend=True)


def borders(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) from the three ways in which Keras lets it be written."""
    if isinstance(value, int):
        return (value, value), (value, value)
    top, left = value
    if isinstance(top, int):
        return (top, top), (left, left)
    return (int(top[0]), int(top[1])), (int(left[0]), int(left[1]))


def _pad_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "padding")
    rows, columns = borders(config["padding"])
    return (
        None if height is None else height + sum(rows),
        None if width is None else width + sum(columns),
        channels,
    )


def _pad_window(config: Config, shapes: Sequence[Shape]) -> Window:
    rows, columns = borders(config["padding"])
    return Window(before=(rows[0], columns[0]))


def _crop_shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    height, width, channels = need_map(shapes[0], "cropping")
    size: list[int | None] = []
    for length, cut in zip((height, width), borders(config["cropping"]), strict=True):
        size.append(None if length is None else length - sum(cut))
        if length is not None and length <= sum(cut):
            raise ShapeError(f"nothing is left of the {times((height, width))} map")
    return (*size, channels)


def _crop_window(config: Config, shapes: Sequence[Shape]) -> Window:
    rows, columns = borders(config["cropping"])
    return Window(before=(-rows[0], -columns[0]))


def _one_to_one(config: Config, shapes: Sequence[Shape]) -> Window:
    return POINTWISE if shapes[0][:2] == (1, 1) else whole(config, shapes)


_KEEPDIMS = (parameter("keepdims", False),)

KINDS = (
    LayerKind(
        "MaxPooling2D",
        "Pooling",
        "Keeps the largest value of each window.",
        (_POOL, _STRIDES, PADDING),
        _pool_shape,
        window=_pool_window,
        from_afar=("MaxPool", "Max"),
    ),
    LayerKind(
        "AveragePooling2D",
        "Pooling",
        "Keeps the mean of each window.",
        (_POOL, _STRIDES, PADDING),
        _pool_shape,
        window=_pool_window,
        from_afar=("AvgPool", "Avg"),
    ),
    LayerKind(
        "GlobalAveragePooling2D",
        "Pooling",
        "One number a map: its mean.",
        _KEEPDIMS,
        _global_shape,
        window=_one_to_one,
        from_afar=("GlobalAvgPool", "GAP"),
    ),
    LayerKind(
        "GlobalMaxPooling2D",
        "Pooling",
        "One number a map: its largest value.",
        _KEEPDIMS,
        _global_shape,
        window=_one_to_one,
        from_afar=("GlobalMaxPool", "GMP"),
    ),
    LayerKind(
        "UpSampling2D",
        "Pooling",
        "Repeats or interpolates pixels: the maps grow.",
        (
            parameter("size", 2, "size", minimum=1, maximum=64),
            parameter("interpolation", "nearest", choices=plain("nearest", "bilinear")),
        ),
        _up_shape,
        window=_up_window,
    ),
    LayerKind(
        "ZeroPadding2D",
        "Pooling",
        "A border of zeros around the maps.",
        (parameter("padding", 1, "size", minimum=0, maximum=1024),),
        _pad_shape,
        window=_pad_window,
        from_afar=("Padding", "Pad"),
        drawn_in="after",
        drawn_as="padding",
    ),
    LayerKind(
        "Cropping2D",
        "Pooling",
        "Cuts the maps' border off.",
        (parameter("cropping", 1, "size", minimum=0, maximum=1024, required=True),),
        _crop_shape,
        window=_crop_window,
    ),
)
