"""What slides here is what a Keras layer computes: Conv2D, MaxPooling2D and AveragePooling2D."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.stage import run

PIXELS = np.random.default_rng(0).integers(0, 256, (19, 22, 3)).astype(np.uint8)
IMAGE = Image(PIXELS, "pixels")


def by_keras(layer: Any, values: NDArray[Any], weights: list[NDArray[Any]]) -> NDArray[np.float32]:
    batch = values[None].astype(np.float32)
    layer.build(batch.shape)
    layer.set_weights(weights)
    return np.asarray(layer(batch))[0]


@pytest.mark.parametrize("size", [(3, 3), (5, 2), (4, 4), (1, 7)])
@pytest.mark.parametrize(
    ("border", "stride", "dilation"),
    [
        *(("valid", 1, 1), ("valid", 2, 1), ("valid", 3, 1), ("valid", 1, 3)),
        *(("same", 1, 1), ("same", 2, 1), ("same", 3, 1), ("same", 8, 1), ("same", 1, 2)),
        # At stride 1 half of K − 1 zeros on each side are the same.
        *(("zero", 1, 1), ("zero", 1, 2)),
    ],
)
def test_conv2d(size: tuple[int, int], border: Any, stride: int, dilation: int) -> None:
    generator = np.random.default_rng(1)
    kernels = tuple(Kernel(generator.normal(size=size)) for _ in range(3))
    layer = keras.layers.Conv2D(
        1,
        size,
        strides=stride,
        dilation_rate=dilation,
        padding="same" if border == "zero" else border,
        activation="relu",
    )
    stacked = np.stack([kernel.weights for kernel in kernels], axis=-1)[..., None]
    theirs = by_keras(layer, PIXELS, [stacked, np.array([12.5])])[..., 0]
    ours = run(
        IMAGE,
        Operation(
            kernels=kernels,
            channels="filter",
            border=border,
            stride=stride,
            dilation=dilation,
            bias=12.5,
            activation="relu",
        ),
    ).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-2)


BLUR = np.array(
    [[0, 0, 0, 0], [0, 219, 253, 247], [0, 0, 190, 0], [0, 0, 0, 93], [0, 0, 221, 253], [136, 212, 0, 0]],
    np.uint8,
)


def test_stride_2_on_even_sizes_starts_one_pixel_later_than_zeros_on_both_sides() -> None:
    layer = keras.layers.Conv2D(1, 3, strides=2, padding="same", use_bias=False)
    theirs = by_keras(layer, BLUR[..., None], [np.ones((3, 3, 1, 1))])[..., 0]
    same, zero = (
        run(
            Image(BLUR, "blur"), Operation(kernels=(Kernel(np.ones((3, 3))),), border=border, stride=2)
        ).values
        for border in ("same", "zero")
    )
    assert same.tolist() == theirs.tolist() == [[662, 690], [411, 757], [569, 474]]
    assert zero.tolist() == [[219, 719], [219, 1002], [348, 779]]


@pytest.mark.parametrize("size", [(3, 3), (2, 5)])
def test_depthwise_is_each_channel_by_itself(size: tuple[int, int]) -> None:
    kernel = Kernel(np.random.default_rng(2).normal(size=size))
    layer = keras.layers.DepthwiseConv2D(size, padding="same", use_bias=False)
    theirs = by_keras(layer, PIXELS, [np.repeat(kernel.weights[..., None, None], 3, axis=2)])
    np.testing.assert_allclose(run(IMAGE, Operation(kernels=(kernel,))).values, theirs, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize(("kind", "name"), [("max", "MaxPooling2D"), ("avg", "AveragePooling2D")])
@pytest.mark.parametrize(("tile", "stride"), [(2, 2), (3, 2), (2, 3), (5, 1)])
def test_pooling(kind: Any, name: str, tile: int, stride: int) -> None:
    theirs = by_keras(getattr(keras.layers, name)(tile, strides=stride), PIXELS, [])
    ours = run(IMAGE, Operation(pool=kind, pool_size=tile, pool_stride=stride)).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-3)
