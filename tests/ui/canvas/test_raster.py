"""The screen shows exactly the pixels that hovering reads."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from convscope.imaging.shrink import shrink
from convscope.ui.canvas.raster import luma, render
from convscope.ui.canvas.viewport import Viewport
from convscope.ui.qimage import to_image


def array_of(image: QImage) -> NDArray[np.uint8]:
    """RGB, H×W×3."""
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : image.width() * 4].reshape(image.height(), image.width(), 4)[:, :, 2::-1].copy()


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1), (31, 17, 3)])
def test_an_array_becomes_the_same_picture(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    expected = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    assert np.array_equal(array_of(to_image(pixels)), expected)


@pytest.mark.parametrize("scale", [1.0, 1.3, 2.0, 3.7, 7.9])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("shape", [(45, 31, 3), (30, 45)])
def test_every_screen_pixel_shows_the_pixel_under_its_centre(
    shape: tuple[int, ...], ratio: float, scale: float
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    view = Viewport(shape[1], shape[0], 101, 67)
    view.look_at(scale, shape[1] * 0.4, shape[0] * 0.6)
    image, left, top = render(pixels, view, ratio)
    shown = array_of(image)
    assert shown.shape[0] > 20
    for y in range(0, shown.shape[0], 3):
        for x in range(0, shown.shape[1], 3):
            place = view.pixel_at((left + x + 0.5) / ratio, (top + y + 0.5) / ratio)
            assert place is not None
            assert np.array_equal(shown[y, x], np.broadcast_to(pixels[place], 3))


@pytest.mark.parametrize("scale", [1.0, 1.3, 2.9])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_smoothed_pictures_lie_where_sharp_ones_do(ratio: float, scale: float) -> None:
    rows, columns = np.mgrid[:60, :70]
    pixels = (20 + 2 * rows + columns).astype(np.uint8)
    view = Viewport(70, 60, 101, 67)
    view.look_at(scale, 30, 25)
    sharp, *place = render(pixels, view, ratio)
    smooth, *same = render(pixels, view, ratio, smooth=True)
    assert place == same
    shown = array_of(smooth)[..., 0].astype(float)
    assert shown.shape == array_of(sharp).shape[:2]
    # A ramp stays a ramp: at each screen pixel the value of its place between the pixels' centres.
    left, top = place
    for y in range(8, shown.shape[0] - 8, 5):
        for x in range(8, shown.shape[1] - 8, 5):
            column, row = view.to_picture((left + x + 0.5) / ratio, (top + y + 0.5) / ratio)
            assert shown[y, x] == pytest.approx(20 + 2 * (row - 0.5) + column - 0.5, abs=1)


def test_the_grid_lies_on_the_first_screen_pixel_of_each_pixel() -> None:
    pixels = np.full((20, 20), 200, np.uint8)
    view = Viewport(20, 20, 200, 200)
    view.fit()
    shown = array_of(render(pixels, view)[0])[:, :, 0]
    assert set(np.flatnonzero(shown[5] != 200)) == set(range(10, 200, 10))
    assert shown[5, 10] == 182


def test_reduced_pictures_are_averaged() -> None:
    checker = np.zeros((400, 600), np.uint8)
    checker[::2, 1::2] = checker[1::2, ::2] = 255
    view = Viewport(600, 400, 150, 100)
    view.fit()
    shown = array_of(render(checker, view)[0])
    assert shown.shape == (100, 150, 3)
    assert abs(shown.astype(int) - 128).max() <= 2


def test_a_huge_picture_is_reduced_to_the_size_asked_for() -> None:
    pixels = np.zeros((5000, 3001), np.uint8)
    pixels[:, 1500:] = 255
    small = shrink(pixels, 50, 30)
    assert small.shape == (50, 30)
    assert small[:, :14].max() == 0
    assert small[:, 16:].min() == 255


def test_a_reused_buffer_of_the_sender_is_never_written() -> None:
    pixels = np.full((20, 20, 3), 9, np.uint8)
    pixels.flags.writeable = False
    view = Viewport(20, 20, 300, 300)
    view.fit()
    render(pixels, view)
    assert (pixels == 9).all()


def test_luma_is_that_of_itu_601() -> None:
    assert luma(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)) == pytest.approx(
        np.array([[76.245, 149.685, 29.07]])
    )
