"""Gradients: Sobel's numbers by hand, the angle's sense, the colours of the wheel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from convscope.imaging.gradient import angle_picture, colour_wheel, gradient
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


def ramp(dy: float, dx: float) -> Image:
    y, x = np.mgrid[:9, :9].astype(np.float32)
    return Image(100 + dy * y + dx * x, "ramp")


def test_sobel_on_a_ramp_counts_eight_times_the_slope() -> None:
    g = gradient(ramp(0, 3))
    assert g.gx[4, 4] == pytest.approx(24)
    assert g.gy[4, 4] == pytest.approx(0, abs=1e-4)
    assert g.magnitude[4, 4] == pytest.approx(24)


@pytest.mark.parametrize(
    ("dy", "dx", "degrees"), [(0, 1, 0), (1, 0, 90), (0, -1, 180), (-1, 0, -90), (1, 1, 45), (-1, 1, -45)]
)
def test_the_angle_is_atan2_of_gy_and_gx(dy: float, dx: float, degrees: float) -> None:
    angle = float(np.degrees(gradient(ramp(dy, dx)).angle[4, 4]))
    assert abs((angle - degrees + 180) % 360 - 180) < 1e-3


def test_a_photograph_against_scipy() -> None:
    image = load_sample("cat")
    gray = image.gray.values.astype(np.float64)
    g = gradient(image)
    gx, gy = ndimage.sobel(gray, 1, mode="mirror"), ndimage.sobel(gray, 0, mode="mirror")
    np.testing.assert_allclose(g.gx, gx, atol=1e-2)
    np.testing.assert_allclose(g.magnitude, np.hypot(gx, gy), atol=1e-2)


def test_hue_is_direction_and_value_is_strength() -> None:
    angles = np.radians(np.array([[0, 120, -120, 0]], np.float32))
    picture = angle_picture(angles, np.array([[1, 1, 1, 0]], np.float32))
    assert picture.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]]


def test_the_wheel_shows_each_direction_where_it_points() -> None:
    wheel = colour_wheel(101, background=7)
    assert wheel[50, 100].tolist() == [255, 0, 0]
    assert wheel[50, 50].tolist() == [0, 0, 0]
    assert wheel[0, 0].tolist() == [7, 7, 7]
