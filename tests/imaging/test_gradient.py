"""Gradients: Sobel's numbers by hand, the angle's sense, the colours of the wheel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from convscope.imaging.image import Image
from convscope.imaging.lab.gradient import angle_picture, colour_wheel, gradient, strong
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


def test_few_strong_edges_do_not_leave_the_rest_dark() -> None:
    g = gradient(load_sample("cat"))
    dark, seen = angle_picture(g.angle, g.magnitude), angle_picture(g.angle, g.magnitude, strong(g.magnitude))
    # Of a photograph scaled to its strongest edge hardly anything is seen.
    assert (dark.max(axis=2) > 64).mean() < 0.15
    assert (seen.max(axis=2) > 64).mean() > 0.3
    bright = seen.max(axis=2) == 255
    assert bright.mean() == pytest.approx(0.05, abs=0.01)
    # The colours are the same: each is only brighter.
    both = dark.max(axis=2) > 200
    hues = [picture[both] / picture[both].max(axis=1, keepdims=True) for picture in (seen, dark)]
    np.testing.assert_allclose(*hues, atol=0.01)


def test_of_a_drawing_only_what_has_a_gradient_counts() -> None:
    values = np.zeros((40, 40), np.uint8)
    values[:, 20] = 200
    magnitude = gradient(Image(values, "a line")).magnitude
    assert (magnitude > 0).mean() < 0.06 and strong(magnitude) == magnitude.max()
    assert strong(np.zeros((3, 3), np.float32)) == 0
    flat = angle_picture(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32), 0.0)
    assert flat.max() == 0


def test_all_directions_can_be_equally_bright() -> None:
    angles = np.zeros((1, 3), np.float32)
    picture = angle_picture(angles, np.array([[0.001, 5, 0]], np.float32), 0.0)
    assert picture[0].tolist() == [[255, 0, 0], [255, 0, 0], [0, 0, 0]]
    wheel = colour_wheel(101, (1, 2, 3), weighed=False)
    assert wheel[50, 53].tolist() == [255, 0, 0] and wheel[0, 0].tolist() == [1, 2, 3]


def test_the_wheel_shows_each_direction_where_it_points() -> None:
    wheel = colour_wheel(101, background=7)
    assert wheel[50, 100].tolist() == [255, 0, 0]
    assert wheel[50, 50].tolist() == [0, 0, 0]
    assert wheel[0, 0].tolist() == [7, 7, 7]
