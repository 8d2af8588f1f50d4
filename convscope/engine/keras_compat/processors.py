"""What this processor computes; where it lacks one of TensorFlow's kernels, another way to the numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache, wraps
from math import gcd
from typing import Any

from convscope.core.errors import UserError

# What TensorFlow says where it has no kernel for the processor at hand.
_NO_KERNEL = re.compile(
    r"Current CPU implementations? do(es)? not yet support|only supports (the )?NHWC"
    r"|only supports equal length strides|No OpKernel was registered|on the CPU"
)


def has_onednn() -> bool:
    """Whether TensorFlow computes by oneDNN's kernels on this processor: read once it is imported."""
    from tensorflow.python.util import _pywrap_util_port

    return bool(_pywrap_util_port.IsMklEnabled())


def cannot_run(error: BaseException) -> bool:
    """Whether TensorFlow says that it cannot compute this on the processor at hand."""
    return _NO_KERNEL.search(str(error)) is not None


def no_kernel(name: str, error: BaseException) -> UserError:
    """That, in a sentence, with the way out."""
    off = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1").strip().lower() in ("0", "false")
    way = "start without TF_ENABLE_ONEDNN_OPTS=0" if off else "open it on a machine with a graphics card"
    return UserError(
        f"{name} has a layer that TensorFlow cannot compute on this processor: {way}, or change that layer.",
        detail=str(error),
    )


def run_on_every_processor() -> None:
    """Give Keras a way round two kernels that TensorFlow lacks without oneDNN, or in some float types.

    Both are the same sums in another order of the work: transposed convolution with dilation, and convolution
    of each channel with strides that differ.
    """
    from keras.src.backend.tensorflow import nn

    transpose, depthwise, separable = nn.conv_transpose, nn.depthwise_conv, nn.separable_conv

    @wraps(transpose)
    def conv_transpose(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        rates = _each(dilation_rate, len(kernel.shape) - 2)
        if max(rates) > 1 and not _dilates_transposed(len(rates), _dtype(inputs)):
            kernel, dilation_rate = _spread(kernel, rates), 1
        return transpose(inputs, kernel, strides, padding, output_padding, data_format, dilation_rate)

    @wraps(depthwise)
    def depthwise_conv(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        steps = _each(strides, len(kernel.shape) - 2)
        last = data_format in (None, "channels_last")
        if len(set(steps)) == 1 or not last or _strides_apart(_dtype(inputs)):
            return depthwise(inputs, kernel, strides, padding, data_format, dilation_rate)
        if padding == "same":
            inputs = _padded(inputs, kernel.shape[:2], steps)
        step = gcd(*steps)
        dense = depthwise(inputs, kernel, step, "valid", data_format, dilation_rate)
        return dense[:, :: steps[0] // step, :: steps[1] // step]

    @wraps(separable)
    def separable_conv(
        inputs: Any,
        depthwise_kernel: Any,
        pointwise_kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: Any = None,
        dilation_rate: Any = 1,
    ) -> Any:
        steps = _each(strides, len(depthwise_kernel.shape) - 2)
        more = (strides, padding, data_format, dilation_rate)
        if len(set(steps)) == 1:
            return separable(inputs, depthwise_kernel, pointwise_kernel, *more)
        each = depthwise_conv(inputs, depthwise_kernel, *more)
        return nn.conv(each, pointwise_kernel, 1, "valid", data_format, 1)

    nn.conv_transpose, nn.depthwise_conv = conv_transpose, depthwise_conv
    nn.separable_conv = separable_conv


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _dtype(tensor: Any) -> str:
    from keras import backend

    return str(backend.standardize_dtype(tensor.dtype))


@cache
def _dilates_transposed(axes: int, dtype: str) -> bool:
    """Whether TensorFlow has a kernel here for a transposed convolution with dilation."""
    import tensorflow as tf

    ones = tf.ones
    return _runs(
        lambda: tf.nn.conv_transpose(
            ones((1, *(2,) * axes, 1), dtype),
            ones((*(2,) * axes, 1, 1), dtype),
            (1, *(4,) * axes, 1),
            1,
            padding="VALID",
            dilations=2,
        )
    )


@cache
def _strides_apart(dtype: str) -> bool:
    """Whether TensorFlow has a kernel here for depthwise convolution with strides that differ."""
    import tensorflow as tf

    maps, kernel = (1, 4, 4, 1), (2, 2, 1, 1)
    return _runs(
        lambda: tf.nn.depthwise_conv2d(tf.ones(maps, dtype), tf.ones(kernel, dtype), (1, 1, 2, 1), "VALID")
    )


def _runs(work: Callable[[], Any]) -> bool:
    import tensorflow as tf

    # Outside of whatever is being traced.
    with tf.init_scope():
        try:
            work()
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError):
            return False
    return True


def _spread(kernel: Any, rates: tuple[int, ...]) -> Any:
    """The kernel with rate − 1 zeros between its weights: what dilation means."""
    import tensorflow as tf

    spread = tf.convert_to_tensor(kernel)
    for axis, rate in enumerate(rates):
        size, shape = kernel.shape[axis], list(spread.shape)
        gaps = [(0, 0)] * (len(shape) + 1)
        gaps[axis + 1] = (0, rate - 1)
        shape[axis] = size * rate
        spread = tf.reshape(tf.pad(tf.expand_dims(spread, axis + 1), gaps), shape)
        spread = tf.gather(spread, tf.range((size - 1) * rate + 1), axis=axis)
    return spread


def _padded(inputs: Any, kernel: Any, steps: tuple[int, ...]) -> Any:
    """The zeros around an image that "same" stands for with these strides."""
    import tensorflow as tf

    sides = tf.shape(inputs)[1:3]
    amounts = [
        tf.maximum((-(-sides[axis] // steps[axis]) - 1) * steps[axis] + kernel[axis] - sides[axis], 0)
        for axis in (0, 1)
    ]
    around = [(amount // 2, amount - amount // 2) for amount in amounts]
    return tf.pad(inputs, [(0, 0), *around, (0, 0)])
