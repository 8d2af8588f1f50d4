"""The presets: the lectures' values, the formulas against other libraries, and what holds for all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from convscope.core.errors import UserError
from convscope.core.parameter import between
from convscope.imaging.kernels import BANKS, PRESETS, bank, groups, make

WRITTEN_OUT = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "x-shape": [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
    "ones": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel-y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "sobel-x-flipped": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "sobel-y-flipped": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "prewitt-x": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "prewitt-y": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "scharr-x": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "scharr-y": [[-3, -10, -3], [0, 0, 0], [3, 10, 3]],
    "roberts-1": [[1, 0], [0, -1]],
    "roberts-2": [[0, 1], [-1, 0]],
    "line-horizontal": [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]],
    "line-vertical": [[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]],
    "line-45": [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]],
    "line-135": [[2, -1, -1], [-1, 2, -1], [-1, -1, 2]],
    "laplacian-4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian-8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "log-5x5": [
        [0, 0, -1, 0, 0],
        [0, -1, -2, -1, 0],
        [-1, -2, 16, -2, -1],
        [0, -1, -2, -1, 0],
        [0, 0, -1, 0, 0],
    ],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}
SUM_ONE = (
    "identity",
    "box-blur",
    "gaussian",
    "motion-blur",
    "sharpen",
    "sharpen-8",
    "unsharp",
    "emboss",
    "shift",
)
DERIVATIVES = ("sobel", "prewitt", "scharr", "roberts", "line", "laplacian")
SUM_ZERO = (*(k for k in PRESETS if k.startswith(DERIVATIVES)), "outline", "log-5x5", "log", "dog", "corner")
SUMS = dict.fromkeys(SUM_ONE, 1.0) | dict.fromkeys(SUM_ZERO, 0.0) | {"curve": 180.0, "x-shape": 5.0}


@pytest.mark.parametrize("key", WRITTEN_OUT)
def test_the_lectures_values(key: str) -> None:
    assert make(key).weights.tolist() == WRITTEN_OUT[key]


def test_the_curve_detector_of_the_lectures() -> None:
    curve = make("curve").weights
    patch = np.zeros((7, 7))
    patch[0, 6] = 30
    for row, column in (
        (1, 4),
        (1, 5),
        (1, 6),
        (2, 4),
        (3, 3),
        (3, 4),
        (4, 3),
        (4, 4),
        (5, 3),
        (5, 4),
        (6, 3),
        (6, 4),
    ):
        patch[row, column] = 50
    patch[2, 3] = 20
    assert (curve * patch).sum() == 6600
    assert np.argwhere(curve == 30).tolist() == [[0, 5], [1, 4], [2, 3], [3, 3], [4, 3], [5, 3]]
    assert np.count_nonzero(curve) == 6


@pytest.mark.parametrize("key", PRESETS)
def test_what_holds_for_every_preset(key: str) -> None:
    preset, kernel = PRESETS[key], make(key)
    assert (kernel.name, kernel.preset) == (key, key)
    assert [name for name, _ in kernel.parameters] == [parameter.name for parameter in preset.parameters]
    assert all(side % 2 == 1 for side in kernel.shape) or key.startswith("roberts")
    assert preset.sentence.endswith(".") and preset.sentence.count(". ") == 0
    # A kernel remembers enough to be made again.
    assert make(key, **dict(kernel.parameters)) == kernel


@pytest.mark.parametrize("key", PRESETS)
def test_every_corner_of_every_slider_makes_a_kernel(key: str) -> None:
    for parameter in PRESETS[key].parameters:
        assert parameter.minimum <= parameter.default <= parameter.maximum
        assert parameter.checked(parameter.default) == parameter.default
        for value in (parameter.minimum, parameter.maximum):
            kernel = make(key, **{parameter.name: value})
            assert all(side % 2 == 1 and side <= 31 for side in kernel.shape)
            assert dict(kernel.parameters)[parameter.name] == value
            if key in SUMS:
                assert kernel.weights.sum() == pytest.approx(SUMS[key], abs=1e-12)


@pytest.mark.parametrize("key", SUMS)
def test_sums(key: str) -> None:
    assert make(key).weights.sum() == pytest.approx(SUMS[key], abs=1e-12)


def test_derivatives_are_opencvs() -> None:
    picture = np.random.default_rng(1).uniform(0, 255, (20, 20))
    for key, reference in (
        ("sobel-x", cv2.Sobel(picture, cv2.CV_64F, 1, 0)),
        ("sobel-y", cv2.Sobel(picture, cv2.CV_64F, 0, 1)),
        ("scharr-x", cv2.Scharr(picture, cv2.CV_64F, 1, 0)),
        ("scharr-y", cv2.Scharr(picture, cv2.CV_64F, 0, 1)),
        ("laplacian-4", cv2.Laplacian(picture, cv2.CV_64F)),
    ):
        ours = ndimage.correlate(picture, make(key).weights, mode="mirror")
        assert np.allclose(ours, reference, atol=1e-9), key


@pytest.mark.parametrize(("sigma", "size"), [(0.3, 3), (1.0, 7), (1.4, 11), (2.0, 13), (5.0, 31)])
def test_gaussian_is_opencvs_and_reaches_three_sigma(sigma: float, size: int) -> None:
    column = cv2.getGaussianKernel(size, sigma)
    assert np.allclose(make("gaussian", sigma=sigma).weights, column @ column.T, atol=1e-15)


def test_gaussian_of_a_given_size() -> None:
    kernel = make("gaussian", sigma=2, size=5)
    assert kernel.shape == (5, 5)
    assert kernel.weights.sum() == pytest.approx(1)
    assert make("gaussian", sigma=2, size=4) == kernel
    assert dict(make("gaussian", sigma=2, size=4).parameters) == {"sigma": 2, "size": 5}


def test_unsharp_is_the_identity_plus_what_the_blur_takes_away() -> None:
    blurred, sharp = make("gaussian", sigma=1.5).weights, make("unsharp", sigma=1.5, amount=0.7).weights
    identity = np.zeros_like(blurred)
    identity[5, 5] = 1
    assert np.allclose(sharp, identity + 0.7 * (identity - blurred))
    assert np.array_equal(make("unsharp", amount=0).resized(3, 3).weights, make("identity").weights)


@pytest.mark.parametrize("sigma", [1.0, 1.4, 2.5])
def test_log_is_scipys_with_its_sign_turned(sigma: float) -> None:
    dot = np.zeros((61, 61))
    dot[30, 30] = 1
    reference = -ndimage.gaussian_laplace(dot, sigma, truncate=8)
    ours = ndimage.correlate(dot, make("log", sigma=sigma).weights)
    assert np.abs(ours - reference).max() < 0.01 * reference.max()


def test_log_of_a_parabola_is_its_curvature() -> None:
    y, x = np.mgrid[-6:7, -6:7].astype(float)
    # −∇²(x² + y²)/2 = −2, found again under the blur's weights.
    assert (make("log", sigma=1.4).weights * (x * x + y * y) / 2).sum() == pytest.approx(-2, rel=0.03)


def test_dog_is_the_difference_of_two_blurs() -> None:
    dot = np.zeros((41, 41))
    dot[20, 20] = 1
    reference = ndimage.gaussian_filter(dot, 1.0, radius=5) - ndimage.gaussian_filter(dot, 1.6, radius=5)
    assert np.allclose(
        ndimage.correlate(dot, make("dog", sigma1=1, sigma2=1.6).weights), reference, atol=1e-12
    )


@pytest.mark.parametrize("theta", [0, 30, 45, 90, 135])
@pytest.mark.parametrize("psi", [0, 90, -60])
def test_gabor_is_opencvs(theta: float, psi: float) -> None:
    ours = make("gabor", theta=theta, wavelength=6, sigma=2.2, gamma=0.6, psi=psi).weights
    side = ours.shape[0]
    # OpenCV stores its kernel turned by 180°.
    reference = cv2.getGaborKernel((side, side), 2.2, np.radians(theta), 6, 0.6, np.radians(psi))[::-1, ::-1]
    assert np.allclose(ours, reference, atol=1e-12)
    assert side == 2 * 11 + 1


def test_gabor_45_degrees_is_stripes_that_rise_to_the_right() -> None:
    weights = make("gabor", theta=45).weights
    rising, falling = np.trace(weights[:, ::-1]), np.trace(weights)
    assert rising > 3 * abs(falling)


def test_motion_blur_along_the_axes_is_a_plain_average() -> None:
    horizontal = make("motion-blur", length=5, angle=0).weights
    assert np.allclose(horizontal, np.outer([0, 0, 1, 0, 0], np.full(5, 0.2)))
    assert np.allclose(make("motion-blur", length=5, angle=90).weights, horizontal.T)
    assert np.allclose(make("motion-blur", length=4, angle=0).weights[2], [0.125, 0.25, 0.25, 0.25, 0.125])
    assert np.allclose(make("motion-blur", length=1).resized(1, 1).weights, [[1]])


@pytest.mark.parametrize("angle", [17, 45, 60, 100, 150])
def test_motion_blur_lies_at_its_angle(angle: float) -> None:
    weights = make("motion-blur", length=15, angle=angle).weights
    y, x = np.mgrid[7:-8:-1, -7:8].astype(float)
    assert np.allclose(weights, weights[::-1, ::-1])
    # The principal axis of the weights, from their second moments.
    found = 0.5 * np.degrees(np.arctan2(2 * (weights * x * y).sum(), (weights * (x * x - y * y)).sum())) % 180
    assert found == pytest.approx(angle, abs=0.5)


def test_shift_moves_the_picture_where_it_says() -> None:
    picture = np.zeros((9, 9))
    picture[4, 4] = 1
    moved = ndimage.correlate(picture, make("shift", right=2, down=-1).weights, mode="constant")
    assert np.argwhere(moved).tolist() == [[3, 6]]


def test_corner_fires_most_on_its_corner() -> None:
    picture = np.zeros((12, 12))
    picture[4:9, 3:10] = 1
    answer = ndimage.correlate(picture, make("corner").weights, mode="constant")
    assert np.unravel_index(answer.argmax(), answer.shape) == (4, 3)


def test_groups_hold_every_preset_once() -> None:
    members = [preset.key for presets in groups().values() for preset in presets]
    assert sorted(members) == sorted(PRESETS)
    assert len(PRESETS) >= 30


@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        ("sobel", {}, "perhaps sobel-"),
        ("", {}, "There is no kernel"),
        ("sobel-x", {"sigma": 1}, "it has none"),
        ("gaussian", {"theta": 1}, "it has sigma, size"),
        ("gaussian", {"sigma": 0}, "goes from 0.3 to 5, not 0"),
        ("gaussian", {"sigma": float("nan")}, "not nan"),
        ("box-blur", {"size": 33}, "goes from 1 to 31"),
    ],
)
def test_bad_requests_are_one_sentence(key: str, values: dict[str, float], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        make(key, **values)


def test_whole_and_odd_parameters_round() -> None:
    whole = between("n", "Number", 1, -3, 9)
    assert [whole.checked(whole.rounded(value)) for value in (1.4, 1.6, -2.6)] == [1, 2, -3]
    odd = between("n", "Number", 0, 0, 31, 2, kind="odd", zero="automatic")
    assert [odd.checked(odd.rounded(value)) for value in (0, 1, 2, 3, 4.2, 31)] == [0, 1, 3, 3, 5, 31]


@pytest.mark.parametrize("key", BANKS)
def test_banks_hold_different_kernels(key: str) -> None:
    kernels = bank(key)
    assert len(set(kernels)) == len(kernels) >= 4


def test_gabor_family_is_theta_by_wavelength() -> None:
    kernels = bank("gabor", orientations=4, wavelengths=(4, 8))
    described = [(dict(k.parameters)["theta"], dict(k.parameters)["wavelength"]) for k in kernels]
    assert described == [(t, w) for w in (4, 8) for t in (0, 45, 90, 135)]
    # Even brightness gives next to nothing beside what its own stripes give.
    for kernel in kernels:
        assert abs(kernel.weights.sum()) < 0.03 * np.abs(kernel.weights).sum()


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("nothing", {}),
        ("sobel", {"orientations": 3}),
        ("gabor", {"orientations": 17}),
        ("gabor", {"wavelengths": ()}),
        ("gabor", {"orientations": 16, "wavelengths": (3, 4, 5, 6, 7)}),
        ("gabor", {"wavelengths": (1,)}),
    ],
)
def test_bad_banks_are_one_sentence(key: str, values: dict[str, object]) -> None:
    with pytest.raises(UserError):
        bank(key, **values)
