"""3×3 convolutions with half of the multiplications: Winograd's F(4, 3) down the columns.

After A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. Four rows of
outputs are made of six products of rows where it would take twelve. Applied one way only, its sums stay cheap
beside the products, and its error stays near float32's rounding (a few millionths).
"""

from __future__ import annotations

from typing import Any

import numpy as np

_TILE, _ROWS = 4, 6
# Equations of the paper's section 4.1 for F(4, 3), at the points 0, ±1, ±2 and infinity.
_IN = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
_KERNEL = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    np.float32,
)
_OUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32
)


def convolution(x: Any, kernel: Any, bias: Any = None) -> Any:
    """A convolution at stride 1 with padding "same", and its gradient with respect to the maps, both quick.

    Args:
        x: maps, N×H×W×I, float32.
        kernel: 3×3×I×O; it gets no gradient.
        bias: O, or None; no gradient either.
    """
    import tensorflow as tf

    weights = tf.convert_to_tensor(kernel)
    added = None if bias is None else tf.convert_to_tensor(bias)

    @tf.custom_gradient
    def convolved(maps: Any) -> Any:
        def backwards(slope: Any) -> Any:
            return _convolved(slope, tf.transpose(weights[::-1, ::-1], [0, 1, 3, 2]))

        return _convolved(maps, weights, added), backwards

    return convolved(x)


def _convolved(x: Any, kernel: Any, bias: Any = None) -> Any:
    import tensorflow as tf

    count, height, width = tf.unstack(tf.shape(x)[:3])
    inputs, outputs = kernel.shape[2:]
    tiles = -(-height // _TILE)
    padded = tf.pad(x, [[0, 0], [1, _TILE * tiles - height + 1], [0, 0], [0, 0]])
    # Row by row, which is how memory lies: the n-th rows of all tiles together.
    within = tf.range(_ROWS)[:, None, None] + _TILE * tf.range(tiles)
    places = within + tf.range(count)[None, :, None] * (_TILE * tiles + 2)
    rows = tf.gather(tf.reshape(padded, [-1, width * inputs]), tf.reshape(places, [_ROWS, -1]))
    combined = tf.reshape(tf.matmul(_IN, tf.reshape(rows, [_ROWS, -1])), [_ROWS, -1, 1, width, inputs])
    kernels = tf.tensordot(_KERNEL, kernel, 1)
    products = [tf.nn.conv2d(combined[row], kernels[row][None], 1, "SAME") for row in range(_ROWS)]
    if bias is not None:
        # The second product goes into all four rows once: so does what is added to it, in one pass.
        products[1] = tf.nn.bias_add(products[1], bias)
    sums = tf.matmul(_OUT, tf.reshape(tf.stack(products), [_ROWS, -1]))
    lines = tf.transpose(tf.reshape(sums, [_TILE, count * tiles, width * outputs]), [1, 0, 2])
    return tf.reshape(lines, [count, _TILE * tiles, width, outputs])[:, :height]
