"""Frequencies: the convolution theorem holds to rounding, masks give real pictures back."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.imaging.image import Image
from convscope.imaging.kernel import Kernel
from convscope.imaging.samples import load_sample
from convscope.imaging.spectrum import kernel_on_grid, log_magnitude, masked, paint, ring, symmetric, theorem

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


def test_a_kernel_larger_than_the_image_wraps_onto_itself() -> None:
    grid = kernel_on_grid(Kernel(np.ones((5, 5))), 3, 3)
    assert grid.sum() == 25


def test_a_wave_is_two_points_in_its_spectrum() -> None:
    x = np.arange(64)
    wave = np.tile(127.5 * np.cos(2 * np.pi * 5 * x / 64), (64, 1)).astype(np.float32)
    shown = log_magnitude(np.fft.fft2(wave))
    assert {tuple(p) for p in np.argwhere(shown > 200).tolist()} == {(32, 27), (32, 37)}


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
