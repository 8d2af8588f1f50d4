"""Images as sums of waves: spectra, the convolution theorem, and what remains without some frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.convolve import correlate
from convscope.imaging.image import Image
from convscope.imaging.kernel import Kernel
from convscope.imaging.operation import Mode


@dataclass(frozen=True, eq=False)
class Theorem:
    """The convolution theorem on one gray image: filtering is multiplying the transforms.

    Attributes:
        image, kernel, product: complex128, H×W, the discrete Fourier transforms, zero frequency first.
            `product` is image·kernel (its conjugate for a correlation).
        by_sliding: float32 H×W, the kernel slid over the image with wrapped borders.
        by_product: float64 H×W, the inverse transform of the product.
        difference: the largest absolute difference between the two ways, in gray levels.
    """

    image: NDArray[np.complex128]
    kernel: NDArray[np.complex128]
    product: NDArray[np.complex128]
    by_sliding: NDArray[np.float32]
    by_product: NDArray[np.float64]
    difference: float


def kernel_on_grid(kernel: Kernel, height: int, width: int) -> NDArray[np.float64]:
    """The kernel in an otherwise empty H×W array, its centre at (0, 0), wrapped round the corners."""
    grid = np.zeros((height, width))
    rows, columns = kernel.shape
    top, left = (rows - 1) // 2, (columns - 1) // 2
    y, x = np.mgrid[:rows, :columns]
    # add.at: a kernel larger than the image wraps onto itself, and every weight must count.
    np.add.at(grid, ((y - top) % height, (x - left) % width), kernel.weights)
    return grid


def theorem(image: Image, kernel: Kernel, mode: Mode = "correlate") -> Theorem:
    """Filter the image's luma in both ways, by sliding and by multiplying transforms."""
    gray = image.gray.values
    height, width = gray.shape
    transformed = np.fft.fft2(gray.astype(np.float64))
    sliding = kernel.flipped() if mode == "convolve" else kernel
    # Sliding is correlation, F·conj(W); the conjugate of a flipped kernel is the kernel's own transform.
    response = np.conj(np.fft.fft2(kernel_on_grid(sliding, height, width)))
    product = transformed * response
    by_product = np.fft.ifft2(product).real
    by_sliding = correlate(gray, np.ascontiguousarray(sliding.weights), "wrap")
    difference = float(np.abs(by_sliding - by_product).max())
    return Theorem(transformed, response, product, by_sliding, by_product, difference)


def log_magnitude(transform: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.uint8]:
    """A spectrum as a picture: log(1 + |F|), zero frequency in the centre, stretched to uint8 H×W."""
    magnitude = np.fft.fftshift(np.log1p(np.abs(transform)))
    low, high = float(magnitude.min()), float(magnitude.max())
    # A one-pixel kernel passes all frequencies alike: a flat spectrum is white, not noise stretched to black.
    if high - low < 1e-9:
        return np.full(magnitude.shape, 255, np.uint8)
    return np.rint((magnitude - low) * (255 / (high - low))).astype(np.uint8)


def symmetric(mask: NDArray[Any]) -> NDArray[np.float32]:
    """A centred mask made symmetric about the zero frequency, so that the masked image stays real.

    The smaller of each pair counts: painting one of two twin frequencies out removes both.
    """
    centred = np.asarray(mask, np.float32)
    plain = np.fft.ifftshift(centred)
    mirrored = np.roll(plain[::-1, ::-1], (1, 1), axis=(0, 1))
    return np.fft.fftshift(np.minimum(plain, mirrored))


def masked(image: Image, mask: NDArray[Any]) -> NDArray[np.float32]:
    """The image without the frequencies that a mask takes out.

    Args:
        image: its luma is used.
        mask: H×W, 0 (out) to 1 (kept), zero frequency in the centre, as the spectrum is shown.

    Returns:
        float32 H×W in gray levels; with a mask of ones, the image itself to rounding.
    """
    kept = np.fft.ifftshift(symmetric(mask))
    return np.fft.ifft2(np.fft.fft2(image.gray.values.astype(np.float64)) * kept).real.astype(np.float32)


def ring(height: int, width: int, inner: float, outer: float) -> NDArray[np.float32]:
    """A mask that keeps the frequencies from `inner` to `outer`, in shares of the highest one per axis."""
    y = np.fft.fftshift(np.fft.fftfreq(height))[:, None] * 2
    x = np.fft.fftshift(np.fft.fftfreq(width))[None, :] * 2
    radius = np.hypot(y, x)
    return ((radius >= inner) & (radius <= outer)).astype(np.float32)


def paint(
    mask: NDArray[np.float32], row: float, column: float, radius: float, value: float = 0.0
) -> NDArray[np.float32]:
    """A copy of a mask with a disc, and its twin across the centre, set to `value`."""
    painted = mask.copy()
    height, width = mask.shape
    twin = (2 * (height // 2) - row, 2 * (width // 2) - column)
    for y, x in ((row, column), twin):
        cv2.circle(painted, (round(x), round(y)), max(0, round(radius)), value, thickness=-1)
    return painted
