"""Correlation against scipy.ndimage, scipy.signal and the plain definition, over a grid of settings."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage, signal

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.imaging.lab import convolve
from convscope.imaging.lab.convolve import correlate, output_shape, plan, separate
from convscope.imaging.region import Region
from tests.imaging.definitions import correlate_by_definition, tolerance

NDIMAGE_MODES = {"zero": "constant", "replicate": "nearest", "reflect": "mirror", "wrap": "wrap"}
BORDERS = ("valid", "same", "full", *NDIMAGE_MODES)


@pytest.fixture(params=["double", "single"], autouse=True)
def precision(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test runs on both ways to sum: that of small images and that of large ones."""
    if request.param == "single":
        monkeypatch.setattr(convolve, "DOUBLE_VALUES", 0)
    return str(request.param)


@st.composite
def pictures(draw: st.DrawFn, smallest: int = 1, largest: int = 24) -> NDArray[Any]:
    """uint8 or float32, gray or RGB, of any small size."""
    size = (draw(st.integers(smallest, largest)), draw(st.integers(smallest, largest)))
    shape = size if draw(st.booleans()) else (*size, 3)
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        return generator.integers(0, 256, shape).astype(np.uint8)
    return (generator.normal(size=shape) * draw(st.sampled_from([1e-3, 1.0, 1e4]))).astype(np.float32)


@st.composite
def kernels(draw: st.DrawFn, largest: int = 7) -> NDArray[np.float64]:
    """Odd and even, square and not, of rank 1 and of full rank."""
    rows, columns = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        return np.outer(generator.normal(size=rows), generator.normal(size=columns))
    return generator.normal(size=(rows, columns))


steps = st.integers(1, 4)


def by_scipy(values: NDArray[Any], kernel: NDArray[np.float64], border: str) -> NDArray[np.float64]:
    """scipy.ndimage with our anchor: ndimage puts an even kernel's centre one further on."""
    origin = tuple(-1 if n % 2 == 0 else 0 for n in kernel.shape)
    channels = [values] if values.ndim == 2 else [values[..., c] for c in range(3)]
    done = [
        ndimage.correlate(c.astype(np.float64), kernel, mode=NDIMAGE_MODES[border], cval=0.0, origin=origin)
        for c in channels
    ]
    return done[0] if values.ndim == 2 else np.stack(done, axis=-1)


@settings(max_examples=120, deadline=None)
@given(pictures(), kernels(), st.sampled_from(sorted(NDIMAGE_MODES)), steps)
def test_against_scipy_ndimage(
    values: NDArray[Any], kernel: NDArray[np.float64], border: Any, stride: int
) -> None:
    ours = correlate(values, kernel, border, stride)
    assert ours.dtype == np.float32
    assert ours.flags.c_contiguous
    theirs = by_scipy(values, kernel, border)[::stride, ::stride]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance(values, kernel, 1e-6))


@pytest.mark.parametrize("border", ["valid", "full"])
@settings(max_examples=60, deadline=None)
@given(pictures(smallest=7), kernels())
def test_valid_and_full_against_scipy_signal(
    border: Any, values: NDArray[Any], kernel: NDArray[np.float64]
) -> None:
    channels = [values] if values.ndim == 2 else [values[..., c] for c in range(3)]
    theirs = [signal.correlate2d(c.astype(np.float64), kernel, mode=border) for c in channels]
    expected = theirs[0] if values.ndim == 2 else np.stack(theirs, axis=-1)
    ours = correlate(values, kernel, border)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance(values, kernel, 1e-6))


@settings(max_examples=100, deadline=None)
@given(pictures(largest=16), kernels(), st.sampled_from(BORDERS), steps, steps)
def test_against_the_definition(
    values: NDArray[Any], kernel: NDArray[np.float64], border: Any, stride: int, dilation: int
) -> None:
    shape = (kernel.shape[0], kernel.shape[1])
    expected = correlate_by_definition(values, kernel, border, stride, dilation)
    if min(output_shape(values.shape, shape, border, stride, dilation)) < 1:
        with pytest.raises(UserError, match="larger than the image"):
            correlate(values, kernel, border, stride, dilation)
        return
    ours = correlate(values, kernel, border, stride, dilation)
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance(values, kernel, 1e-6))


@settings(max_examples=80, deadline=None)
@given(pictures(smallest=4), kernels(), st.sampled_from(BORDERS), steps, st.integers(1, 2), st.data())
def test_a_region_has_the_values_of_the_whole(
    values: NDArray[Any], kernel: NDArray[np.float64], border: Any, stride: int, dilation: int, data: Any
) -> None:
    shape = (kernel.shape[0], kernel.shape[1])
    rows, columns = output_shape(values.shape, shape, border, stride, dilation)
    if min(rows, columns) < 1:
        return
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    region = Region(top, left, data.draw(st.integers(top, rows)), data.draw(st.integers(left, columns + 3)))
    whole = correlate(values, kernel, border, stride, dilation)
    part = correlate(values, kernel, border, stride, dilation, region=region)
    expected = whole[region.clipped(rows, columns).slices]
    assert part.shape == expected.shape
    np.testing.assert_allclose(part, expected, rtol=0, atol=tolerance(values, kernel, 1e-6))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", [(13, 13), (31, 31), (31, 1), (12, 30)])
@pytest.mark.parametrize("rank_one", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_large_kernels(border: Any, size: tuple[int, int], rank_one: bool, dtype: Any) -> None:
    generator = np.random.default_rng(3)
    values = generator.integers(0, 256, (70, 83, 3)).astype(dtype)
    kernel = generator.normal(size=size)
    if rank_one:
        kernel = np.outer(kernel[:, 0], kernel[0])
    expected = signal.fftconvolve(
        values.astype(np.float64), kernel[::-1, ::-1, None], mode="valid", axes=(0, 1)
    )
    if border == "valid":
        ours = correlate(values, kernel, border)
    else:
        ours = correlate(values, kernel, border)
        first = [n - 1 if border == "full" else (n - 1) // 2 for n in size]
        inner = [slice(start, start + m) for start, m in zip(first, expected.shape, strict=False)]
        # Every tenth output; "same" pads otherwise at a stride of 10.
        padded = "zero" if border == "same" else border
        edges = correlate_by_definition(values[:, :, :1], kernel, padded, 10, 1)
        np.testing.assert_allclose(ours[::10, ::10, :1], edges, rtol=0, atol=tolerance(values, kernel, 1e-6))
        ours = ours[inner[0], inner[1]]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance(values, kernel, 1e-6))


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("kernel_size", [(3, 4), (9, 9), (17, 17)])
def test_bands_and_threads_leave_no_seam(
    stride: int, kernel_size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So little a band that a picture of this size is cut into dozens.
    monkeypatch.setattr(convolve, "_BAND_BYTES", 1)
    monkeypatch.setattr(convolve, "DOUBLE_VALUES", 0)
    monkeypatch.setattr(convolve, "suits_one_call", lambda count, way: False)
    monkeypatch.setattr(convolve, "_suits_parts", lambda values, way, border: False)
    values = np.random.default_rng(0).integers(0, 256, (700, 60)).astype(np.uint8)
    kernel = np.random.default_rng(1).normal(size=kernel_size)
    ours = correlate(values, kernel, "reflect", stride)
    theirs = by_scipy(values, kernel, "reflect")[::stride, ::stride]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance(values, kernel, 1e-6))


@pytest.mark.parametrize("border", ["zero", "same", "replicate", "reflect"])
@pytest.mark.parametrize("kernel_size", [(3, 5), (8, 4), (17, 16), (31, 31)])
def test_parts_for_threads_leave_no_seam(
    border: Any, kernel_size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convolve, "DOUBLE_VALUES", 0)
    monkeypatch.setattr(convolve, "suits_one_call", lambda count, way: False)
    monkeypatch.setattr(convolve, "threads", lambda: 3)
    monkeypatch.setattr(convolve, "_MANY", 0)
    values = np.random.default_rng(0).integers(0, 256, (800, 50, 3)).astype(np.uint8)
    kernel = np.random.default_rng(1).normal(size=kernel_size)
    parts = []
    in_parts = convolve._in_parts
    monkeypatch.setattr(convolve, "_in_parts", lambda *given: parts.append(in_parts(*given)) or parts[-1])
    ours = correlate(values, kernel, border)
    assert ours is parts[0]
    theirs = by_scipy(values, kernel, "zero" if border == "same" else border)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance(values, kernel, 1e-6))


def test_pixels_that_are_written_to_are_read_again() -> None:
    values = np.zeros((700, 800), np.uint8)
    kernel = np.random.default_rng(1).normal(size=(3, 3))
    assert not correlate(values, kernel).any()
    values[:] = 9
    assert correlate(values, kernel).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_whole_weights_on_bytes_are_exact(rows: int, columns: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 256, (12, 9, 3)).astype(np.uint8)
    kernel = generator.integers(-20, 21, (rows, columns)).astype(np.float64)
    ours = correlate(values, kernel, "reflect")
    np.testing.assert_array_equal(ours, correlate_by_definition(values, kernel, "reflect", 1, 1))


@pytest.mark.parametrize("border", ["zero", "replicate", "reflect", "wrap"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 3)])
def test_a_kernel_far_larger_than_the_image(border: Any, size: tuple[int, int]) -> None:
    values = np.arange(size[0] * size[1], dtype=np.uint8).reshape(size)
    kernel = np.random.default_rng(0).normal(size=(7, 6))
    expected = correlate_by_definition(values, kernel, border, 1, 2)
    np.testing.assert_allclose(correlate(values, kernel, border, 1, 2), expected, rtol=0, atol=1e-5)


def test_a_sum_of_nothing_is_exactly_nothing(precision: str) -> None:
    # The curve detector on a patch without the curve, with a kernel large enough for a DFT.
    kernel = np.random.default_rng(0).normal(size=(9, 9))
    values = np.zeros((30, 30), np.uint8)
    values[0, 0] = 255
    answer = correlate(values, kernel, "valid")
    answer[0, 0] = 0
    if precision == "double":
        assert not answer.any()
    assert np.abs(answer).max() < 1e-4


def test_neither_the_image_nor_the_kernel_is_changed() -> None:
    values = np.random.default_rng(0).normal(size=(20, 20, 3)).astype(np.float32)
    kernel = np.random.default_rng(1).normal(size=(5, 5))
    before, weights = values.copy(), kernel.copy()
    for border in BORDERS:
        result = correlate(values, kernel, border)  # type: ignore[arg-type]
        result += 1
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(kernel, weights)


def test_read_only_and_strided_images_work() -> None:
    values = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    values.flags.writeable = False
    kernel = np.random.default_rng(1).normal(size=(3, 5))
    ours = correlate(values[::2, ::-3, 1], kernel, "zero")
    expected = correlate_by_definition(values[::2, ::-3, 1], kernel, "zero", 1, 1)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance(values, kernel, 1e-6))


def test_sobel_is_separated_into_whole_numbers() -> None:
    factors = separate(np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]))
    assert factors is not None
    column, row = factors
    assert np.outer(column, row).tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert all(float(value).is_integer() for value in (*column, *row))


@pytest.mark.parametrize(
    ("kernel", "rank_one"),
    [
        (np.ones((31, 31)), True),
        (np.zeros((3, 3)), True),
        (np.array([[2.0]]), True),
        (cv2.getGaussianKernel(31, 5) @ cv2.getGaussianKernel(31, 5).T, True),
        (np.eye(3), False),
        (np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]), False),
    ],
)
def test_rank_one_kernels_are_found(kernel: NDArray[np.float64], rank_one: bool) -> None:
    factors = separate(kernel)
    assert (factors is not None) == rank_one
    if factors is not None:
        np.testing.assert_allclose(np.outer(*factors), kernel, rtol=0, atol=1e-15)


def test_nearly_rank_one_is_taken_apart_only_where_it_does_not_show() -> None:
    kernel = np.outer([1.0, 2, 1], [1.0, 2, 1])
    kernel[0, 0] += 1e-8
    assert plan((2000, 2000), kernel).factors is not None
    assert separate(kernel, 1e-13) is None


def test_cancelling_stops_between_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        correlate(np.zeros((50, 50), np.uint8), np.random.default_rng(0).normal(size=(13, 13)), task=task)
