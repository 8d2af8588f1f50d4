"""Images as sums of waves: spectra, the convolution theorem, and what remains without some frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.operation import Mode

# What is below (8 + longest side/8)·ε·log₂N·‖f‖ in a transform is rounding: five times what sides of large
# primes leave, which are worst. A single gray level in one corner of a photograph makes a million times more.
_ROUNDING, _ROUNDING_A_PIXEL = 8.0, 1 / 8
# Of the largest value that a result could have: what is smaller on the way back is rounding.
_NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class Theorem:
    """The convolution theorem on one gray image: filtering is multiplying the transforms.

    Attributes:
        image, kernel, product: complex128, H×W, the discrete Fourier transforms, zero frequency first.
            `kernel` is that of the kernel for a convolution, and its conjugate for a correlation, so that
            `product` is image·kernel in both. What is rounding alone is exactly 0.
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


def transform(values: NDArray[Any]) -> NDArray[np.complex128]:
    """The discrete Fourier transform of H×W real numbers: complex128, zero frequency first.

    What is no more than rounding becomes exactly 0: a Sobel kernel has no frequency 0, not one of 1e-16.
    """
    found = np.fft.fft2(values.astype(np.float64))
    # Scaled, so that neither the squares of tiny values vanish nor those of large ones overflow.
    largest = float(np.abs(values).max())
    norm = largest * float(np.linalg.norm(values / largest)) if largest else 0.0
    steps = (_ROUNDING + _ROUNDING_A_PIXEL * max(values.shape)) * np.log2(values.size + 1)
    rounding = steps * np.finfo(np.float64).eps * norm
    found[np.abs(found) <= rounding] = 0
    return found


def magnitude(transformed: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.float64]:
    """|F|, zero frequency in the centre: what stands at row H//2, column W//2 is the sum of all values."""
    return np.fft.fftshift(np.abs(transformed))


def frequency(row: int, column: int, height: int, width: int) -> tuple[int, int]:
    """(v, u): waves down and across the picture, of a place in the centred spectrum."""
    return (row - height // 2, column - width // 2)


def kernel_on_grid(kernel: Kernel, height: int, width: int, dilation: int = 1) -> NDArray[np.float64]:
    """The kernel in an otherwise empty H×W array, its centre at (0, 0), wrapped round the corners."""
    grid = np.zeros((height, width))
    rows, columns = kernel.shape
    top, left = (dilation * (rows - 1) // 2, dilation * (columns - 1) // 2)
    y, x = dilation * np.mgrid[:rows, :columns]
    # add.at: a kernel larger than the image wraps onto itself, and every weight must count.
    np.add.at(grid, ((y - top) % height, (x - left) % width), kernel.weights)
    return grid


def theorem(image: Image, kernel: Kernel, mode: Mode = "correlate", dilation: int = 1) -> Theorem:
    """Filter the image's luma in both ways, by sliding and by multiplying transforms."""
    gray = image.gray.values
    height, width = gray.shape
    transformed = transform(gray)
    sliding = kernel.flipped() if mode == "convolve" else kernel
    # Sliding is correlation, F·conj(W); the conjugate of a flipped kernel is the kernel's own transform.
    response = np.conj(transform(kernel_on_grid(sliding, height, width, dilation)))
    product = transformed * response
    by_product = _settled(np.fft.ifft2(product).real, gray, float(np.abs(kernel.weights).sum()))
    by_sliding = correlate(gray, np.ascontiguousarray(sliding.weights), "wrap", 1, dilation)
    difference = float(np.abs(by_sliding - by_product).max())
    return Theorem(transformed, response, product, by_sliding, by_product, difference)


def _settled(values: NDArray[np.float64], source: NDArray[Any], gain: float = 1.0) -> NDArray[np.float64]:
    """Without the rounding that stands where there is nothing; `gain`: of what was done to the source."""
    values[np.abs(values) <= _NOTHING * gain * float(np.abs(source).max())] = 0
    return values


def log_magnitude(transformed: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.uint8]:
    """A spectrum as a picture: log(1 + |F|), zero frequency in the centre, stretched to uint8 H×W.

    A transform that is 0 throughout is black; one that is the same throughout, as that of a single pixel,
    white.
    """
    levels = np.log1p(magnitude(transformed))
    low, high = float(levels.min()), float(levels.max())
    if high - low <= 1e-9 * high:
        return np.full(levels.shape, 255 if high else 0, np.uint8)
    return np.rint((levels - low) * (255 / (high - low))).astype(np.uint8)


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
    gray = image.gray.values
    kept = np.fft.ifftshift(symmetric(mask))
    return _settled(np.fft.ifft2(transform(gray) * kept).real, gray).astype(np.float32)


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
