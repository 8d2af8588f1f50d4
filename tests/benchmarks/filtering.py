"""Filtering against OpenCV, SciPy and Pillow, and how long from an edit to a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageFilter
from scipy import ndimage

from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.convolve import correlate
from convscope.imaging.lab.display import show, to_bytes
from convscope.imaging.lab.operation import DisplayMode, Operation
from convscope.imaging.lab.pixel_sum import explain
from convscope.imaging.lab.stage import run
from convscope.imaging.mosaic import mosaic
from tests.benchmarks.registry import Case, benchmark

SHARPEN = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])


def photograph(height: int, width: int, small: bool) -> Image:
    """Noise of a photograph's size, RGB."""
    shape = (96, 128, 3) if small else (height, width, 3)
    return Image(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8), "noise")


def general(size: int) -> NDArray[np.float64]:
    """A kernel that nothing can take apart."""
    return np.random.default_rng(1).normal(size=(size, size))


def close(ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    """Equal to 1e-5 of the largest value."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * float(np.abs(theirs).max()))


def against_filter2d(size: int) -> Callable[[bool], Case]:
    """A whole stage, from the image's bytes to the exact result, against the bare OpenCV call."""

    def make(small: bool) -> Case:
        image, kernel = photograph(1080, 1920, small), general(size)
        operation = Operation(kernels=(Kernel(kernel),))
        values = np.asarray(image.values)
        return Case(
            ours=lambda: run(image, operation).values,
            reference=lambda: cv2.filter2D(values, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT),
            check=close,
        )

    return make


for _size in (3, 5, 7, 11, 15, 31):
    benchmark(f"{_size}×{_size} general, 1080p RGB, a stage", target="≤ 1.1 × cv2.filter2D", most=1.1)(
        against_filter2d(_size)
    )


@benchmark("31×31 Gaussian, 3840×2160 RGB", target="≥ 5 × faster than cv2.filter2D", most=1 / 5)
def gaussian_on_4k(small: bool) -> Case:
    image = photograph(2160, 3840, small)
    column = cv2.getGaussianKernel(31, 5)
    kernel = column @ column.T
    operation, values = Operation(kernels=(Kernel(kernel),)), np.asarray(image.values)
    return Case(
        ours=lambda: run(image, operation).values,
        reference=lambda: cv2.filter2D(values, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT),
        check=close,
    )


@benchmark("3×3, 1080p RGB", target="≥ 5 × faster than scipy.ndimage.convolve", most=1 / 5)
def against_scipy(small: bool) -> Case:
    image, kernel = photograph(1080, 1920, small), general(3)
    operation = Operation(kernels=(Kernel(kernel),), mode="convolve")
    values = np.asarray(image.values)
    return Case(
        ours=lambda: run(image, operation).values,
        reference=lambda: ndimage.convolve(values, kernel[:, :, None], output=np.float32, mode="constant"),
        check=close,
    )


@benchmark("3×3 sharpen, 1080p RGB", target="≥ 10 × faster than Pillow's Kernel", most=1 / 10)
def against_pillow(small: bool) -> Case:
    image = photograph(1080, 1920, small)
    operation = Operation(kernels=(Kernel(SHARPEN),))
    picture = PillowImage.fromarray(np.asarray(image.values))
    kernel = ImageFilter.Kernel((3, 3), SHARPEN.ravel().tolist(), scale=1)

    def check(ours: NDArray[np.float32], theirs: PillowImage.Image) -> None:
        # Pillow clips to bytes, and copies the outermost pixels.
        np.testing.assert_array_equal(np.clip(ours, 0, 255)[1:-1, 1:-1], np.asarray(theirs)[1:-1, 1:-1])

    return Case(
        ours=lambda: run(image, operation).values,
        reference=lambda: picture.filter(kernel),
        check=check,
    )


def edit(size: int, height: int, width: int) -> Callable[[bool], Case]:
    """From an edited kernel to the picture's bytes, with scale, minimum, maximum and mean."""

    def make(small: bool) -> Case:
        image, kernel = photograph(height, width, small), Kernel(general(size))

        def ours() -> tuple[NDArray[np.uint8], float]:
            result = run(image, Operation(kernels=(kernel.with_cell(0, 0, 2.0),)))
            return show(result, "clip").pixels, result.mean

        def check(made: tuple[NDArray[np.uint8], float]) -> None:
            exact = correlate(image.values, kernel.with_cell(0, 0, 2.0).weights)
            np.testing.assert_array_equal(made[0], to_bytes(exact, "clip")[0])

        return Case(ours=ours, check=check)

    return make


for _size, _height, _width, _limit in (
    (7, 512, 512, 16),
    (31, 512, 512, 16),
    (3, 1080, 1920, 33),
    (7, 1080, 1920, 33),
    (15, 1080, 1920, 100),
    (31, 1080, 1920, 100),
):
    benchmark(
        f"edit {_size}×{_size} → picture, {_width}×{_height} RGB", target=f"≤ {_limit} ms", most=_limit
    )(edit(_size, _height, _width))


@benchmark("hover, 31×31×3, with the whole sum in writing", target="≤ 2 ms", most=2)
def hover(small: bool) -> Case:
    image = photograph(1080, 1920, small)
    kernels = tuple(Kernel(np.random.default_rng(n).normal(size=(31, 31))) for n in range(3))
    operation = Operation(kernels=kernels, channels="filter")
    value = float(run(image, operation).values[40, 50])

    def check(text: str) -> None:
        np.testing.assert_allclose(float(text.rsplit("= ", 1)[1].replace("−", "-")), value, rtol=1e-4)

    return Case(ours=lambda: explain(image, operation, 40, 50).text, check=check)


def display(mode: DisplayMode) -> Callable[[bool], Case]:
    """Exact values to bytes."""

    def make(small: bool) -> Case:
        shape = photograph(1080, 1920, small).values.shape
        values = (np.random.default_rng(0).normal(size=shape) * 200).astype(np.float32)

        def check(made: NDArray[np.uint8]) -> None:
            if mode == "clip":
                np.testing.assert_array_equal(made, np.clip(np.rint(values), 0, 255))

        return Case(ours=lambda: to_bytes(values, mode)[0], check=check)

    return make


benchmark("display clip, 1080p RGB", target="≤ 5 ms", most=5)(display("clip"))
benchmark("display stretch, 1080p RGB", target="≤ 10 ms", most=10)(display("stretch"))


@benchmark("mosaic of 512 maps of 14×14", target="≤ 2 ms", most=2)
def mosaic_of_512(small: bool) -> Case:
    maps = np.random.default_rng(0).integers(0, 256, (512, 14, 14)).astype(np.uint8)

    def check(made: NDArray[np.uint8]) -> None:
        np.testing.assert_array_equal(made[15:29, 15:29], maps[33])

    return Case(ours=lambda: mosaic(maps, 32)[0], check=check)
