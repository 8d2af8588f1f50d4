"""The gradient of a convolution with respect to an image of few channels.

It has as many output channels as the image, three, which leaves most of a processor's vector unit idle.
Written as a convolution that gives a block of pixels at once, as so many more channels, it takes about half
the time (the sub-pixel convolution of W. Shi et al., "Real-Time Single Image and Video Super-Resolution Using
an Efficient Sub-Pixel Convolutional Neural Network", CVPR 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def convolution(x: Any, kernel: Any, stride: int, padding: int) -> Any:
    """A convolution whose gradient with respect to the image is `image_gradient`.

    Args:
        x: image, N×H×W×I, float32.
        kernel: k×k×I×O; it gets no gradient.
        stride: the same both ways.
        padding: zeros at each side.
    """
    import tensorflow as tf

    weights = tf.convert_to_tensor(kernel)
    sides = [[0, 0], [padding, padding], [padding, padding], [0, 0]]

    @tf.custom_gradient
    def convolved(image: Any) -> Any:
        sums = tf.nn.conv2d(image, weights, stride, sides)
        return sums, lambda slope: image_gradient(slope, weights, stride, padding, tf.shape(image))

    return convolved(x)


def image_gradient(slope: Any, kernel: Any, stride: int, padding: int, shape: Any) -> Any:
    """The gradient with respect to the image of a convolution's outputs · slope.

    Args:
        slope: with respect to the outputs, N×h×w×O.
        kernel: square, k×k×I×O.
        stride: of the convolution, the same both ways.
        padding: zeros at each side.
        shape: of the image, N×H×W×I.
    """
    import tensorflow as tf

    size, _, inputs, outputs = kernel.shape
    block = max(2, stride)
    step = block // stride
    which, first = _taps(size, stride, padding, block)
    reach = len(which)
    blocks = tf.einsum("qai,rbj,ijcd->qrdabc", which, which, kernel)
    blocks = tf.reshape(blocks, [reach, reach, outputs, block * block * inputs])
    count = -(-shape[1:3] // block)
    needed = (count - 1) * step + reach
    behind = tf.maximum(needed + first - tf.shape(slope)[1:3], 0)
    padded = tf.pad(slope, [[0, 0], [-first, behind[0]], [-first, behind[1]], [0, 0]])
    found = tf.nn.conv2d(padded[:, : needed[0], : needed[1]], blocks, step, "VALID")
    return tf.nn.depth_to_space(found, block)[:, : shape[1], : shape[2]]


def _taps(size: int, stride: int, padding: int, block: int) -> tuple[NDArray[np.float32], int]:
    """Which outputs a block's pixels went into, and by which weight.

    Pixel a of a block meets the output q, counted from the block's own, through the weight i where
    stride · q = a + padding − i.

    Returns:
        ones at [q − first, a, i], and `first`, which is zero or less.
    """
    meetings = [
        ((pixel + padding - weight) // stride, pixel, weight)
        for pixel in range(block)
        for weight in range(size)
        if (pixel + padding - weight) % stride == 0
    ]
    first, last = min(0, min(q for q, _, _ in meetings)), max(q for q, _, _ in meetings)
    which = np.zeros((last - first + 1, block, size), np.float32)
    for q, pixel, weight in meetings:
        which[q - first, pixel, weight] = 1
    return which, first
