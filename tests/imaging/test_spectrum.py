"""Frequencies: the convolution theorem holds to rounding, masks give real pictures back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.spectrum import (
    frequency,
    kernel_on_grid,
    log_magnitude,
    magnitude,
    masked,
    paint,
    ring,
    symmetric,
    theorem,
    transform,
)
from convscope.imaging.samples import load_sample

LOPSIDED = np.array([[1.0, 2.0, -3.0], [0.5, 4.0, 0.0], [7.0, -1.0, 0.25]])


@pytest.mark.parametrize("mode", ["correlate", "convolve"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (5, 2), (1, 7)])
def test_both_ways_agree_on_a_photograph(mode: str, shape: tuple[int, int]) -> None:
    weights = np.random.default_rng(1).normal(size=shape)
    both = theorem(load_sample("cat"), Kernel(weights), mode)  # type: ignore[arg-type]
    assert both.difference < 1e-3 * np.abs(both.by_product).max()
    assert both.difference == np.abs(both.by_sliding - both.by_product).max()


def test_convolution_is_the_plain_product_of_the_two_transforms() -> None:
    image, kernel = load_sample("digit-7"), Kernel(LOPSIDED)
    both = theorem(image, kernel, "convolve")
    plain = np.fft.fft2(image.gray.values) * np.fft.fft2(kernel_on_grid(kernel, 28, 28))
    np.testing.assert_allclose(both.product, plain, atol=1e-8)


@pytest.mark.parametrize("mode", ["correlate", "convolve"])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4)])
@pytest.mark.parametrize("dilation", [2, 3])
def test_a_dilated_kernel_has_its_own_spectrum(mode: Any, shape: tuple[int, int], dilation: int) -> None:
    kernel = Kernel(np.random.default_rng(1).normal(size=shape))
    both, plain = (theorem(load_sample("digit-7"), kernel, mode, step) for step in (dilation, 1))
    assert both.difference < 1e-4
    assert not np.allclose(abs(both.kernel), abs(plain.kernel))
    expected = correlate(
        load_sample("digit-7").gray.values,
        np.ascontiguousarray((kernel.flipped() if mode == "convolve" else kernel).weights),
        "wrap",
        1,
        dilation,
    )
    np.testing.assert_allclose(both.by_product, expected, atol=1e-3)


def test_correlation_has_the_conjugate_and_convolution_the_transform_itself() -> None:
    image, kernel = load_sample("digit-7"), Kernel(LOPSIDED)
    own = np.fft.fft2(kernel_on_grid(kernel, 28, 28))
    np.testing.assert_allclose(theorem(image, kernel, "convolve").kernel, own, atol=1e-12)
    np.testing.assert_allclose(theorem(image, kernel, "correlate").kernel, own.conj(), atol=1e-12)
    assert abs(own.imag).max() > 1


def test_the_magnitude_in_the_middle_is_the_sum() -> None:
    digit = np.zeros((28, 28))
    digit[3:6, 4:8] = 1
    digit[20, 20] = 1
    found = magnitude(transform(digit))
    assert found[14, 14] == 13
    assert frequency(14, 14, 28, 28) == (0, 0)
    assert frequency(13, 16, 28, 28) == (-1, 2)


@pytest.mark.parametrize("size", [(28, 28), (6, 4), (97, 101), (300, 451), (1021, 1009), (1, 7), (499, 2)])
def test_rounding_is_no_content(size: tuple[int, int]) -> None:
    found = transform(np.full(size, 0.1))
    assert np.count_nonzero(found) == 1
    assert found[0, 0] == pytest.approx(0.1 * size[0] * size[1])
    both = theorem(Image(np.full(size, 77, np.uint8), "flat"), make("sobel-x"))
    assert not both.product.any() and not both.by_product.any()
    assert (log_magnitude(both.product) == 0).all()


def test_what_a_zero_sum_kernel_takes_out_is_exactly_nothing() -> None:
    for key in ("sobel-x", "scharr-y", "log", "dog", "laplacian-8"):
        assert theorem(load_sample("cat"), make(key)).kernel[0, 0] == 0, key


def test_tiny_and_large_kernels_keep_their_spectrum() -> None:
    plain = log_magnitude(transform(kernel_on_grid(Kernel(LOPSIDED), 16, 16)))
    assert len(np.unique(plain)) > 50
    for scale in (1e-200, 1e-12, 1e150):
        found = transform(kernel_on_grid(Kernel(LOPSIDED * scale), 16, 16))
        assert np.count_nonzero(found) == 256
        assert len(np.unique(log_magnitude(found))) > 50


def test_one_gray_level_in_one_pixel_is_content() -> None:
    pixels = np.full((300, 451), 128, np.uint8)
    pixels[7, 9] = 129
    assert np.count_nonzero(transform(pixels)) == pixels.size


def test_a_kernel_larger_than_the_image_wraps_onto_itself() -> None:
    grid = kernel_on_grid(Kernel(np.ones((5, 5))), 3, 3)
    assert grid.sum() == 25


def test_a_wave_is_two_points_in_its_spectrum() -> None:
    x = np.arange(64)
    wave = np.tile(127.5 * np.cos(2 * np.pi * 5 * x / 64), (64, 1)).astype(np.float32)
    shown = log_magnitude(np.fft.fft2(wave))
    assert {tuple(p) for p in np.argwhere(shown > 200).tolist()} == {(32, 27), (32, 37)}


def test_a_transform_of_nothing_is_black() -> None:
    assert (log_magnitude(transform(np.zeros((8, 9)))) == 0).all()


def test_a_flat_spectrum_is_white() -> None:
    assert (log_magnitude(np.fft.fft2(kernel_on_grid(Kernel([[1.0]]), 8, 8))) == 255).all()  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(28, 28), (27, 30), (31, 29)])
def test_a_mask_of_ones_gives_the_image_back_and_of_zeros_nothing(size: tuple[int, int]) -> None:
    image = Image(np.random.default_rng(0).integers(0, 256, size).astype(np.uint8), "noise")
    np.testing.assert_allclose(masked(image, np.ones(size)), image.values, atol=1e-3)
    assert np.abs(masked(image, np.zeros(size))).max() < 1e-6


@pytest.mark.parametrize("size", [(32, 32), (31, 33)])
def test_painting_one_frequency_removes_its_twin_so_that_the_image_stays_real(size: tuple[int, int]) -> None:
    height, width = size
    mask = np.ones(size, np.float32)
    mask[height // 2 + 3, width // 2 + 5] = 0
    made = symmetric(mask)
    assert made[height // 2 - 3, width // 2 - 5] == 0
    assert made.sum() == height * width - 2
    image = Image(np.random.default_rng(0).integers(0, 256, size).astype(np.uint8), "noise")
    back = np.fft.ifft2(np.fft.fft2(image.values) * np.fft.ifftshift(made))
    assert np.abs(back.imag).max() < 1e-9
    np.testing.assert_allclose(masked(image, mask), back.real, atol=1e-3)


def test_paint_hits_both_twins_and_leaves_the_given_mask_alone() -> None:
    mask = np.ones((33, 33), np.float32)
    painted = paint(mask, 10, 20, 0)
    assert np.argwhere(painted == 0).tolist() == [[10, 20], [22, 12]]
    assert mask.all()


def test_low_and_high_pass_rings_share_every_frequency() -> None:
    low, high = ring(16, 20, 0, 0.5), ring(16, 20, np.nextafter(0.5, 1), 2)
    assert (low + high == 1).all()
    assert low[8, 10] == 1
