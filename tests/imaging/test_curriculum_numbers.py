"""The lectures' own numbers (curriculum part A), exactly."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.pixel_sum import explain
from convscope.imaging.lab.size import output_size
from convscope.imaging.lab.stage import run

BLUR = np.array(
    [[0, 0, 0, 0], [0, 219, 253, 247], [0, 0, 190, 0], [0, 0, 0, 93], [0, 0, 221, 253], [136, 212, 0, 0]],
    np.uint8,
)
CROSS = np.array(
    [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]], np.uint8
)
SHARPEN = np.array(
    [
        [105, 102, 100, 97, 96],
        [103, 99, 103, 101, 102],
        [101, 98, 104, 102, 100],
        [99, 101, 106, 104, 99],
        [104, 104, 104, 100, 98],
    ],
    np.uint8,
)
CURVE_KERNEL = np.zeros((7, 7))
for _row, _column in ((0, 5), (1, 4), (2, 3), (3, 3), (4, 3), (5, 3)):
    CURVE_KERNEL[_row, _column] = 30
CURVE_PATCH = np.zeros((7, 7), np.uint8)
CURVE_PATCH[0, 6] = 30
for _row, _column in (
    *((1, 4), (1, 5), (1, 6), (2, 4), (3, 3), (3, 4)),
    *((4, 3), (4, 4), (5, 3), (5, 4), (6, 3), (6, 4)),
):
    CURVE_PATCH[_row, _column] = 50
CURVE_PATCH[2, 3] = 20


def operation(kernel: object, **settings: object) -> Operation:
    return Operation(kernels=(Kernel(np.asarray(kernel, np.float64)),), **settings)  # type: ignore[arg-type]


def test_line_4_the_blur_sums_and_their_ninth() -> None:
    image = Image(BLUR, "blur")
    sums = run(image, operation(np.ones((3, 3)))).values
    assert sums[1, 1] == 662
    assert sums[3, 2] == 757
    blurred = run(image, operation(Kernel(np.ones((3, 3))).normalised().weights)).values
    np.testing.assert_array_equal(blurred, (sums.astype(np.float64) / 9).astype(np.float32))


@pytest.mark.parametrize("mode", ["correlate", "convolve"])
def test_line_5_the_cross_is_its_own_flip(mode: str) -> None:
    cross = operation([[1, 0, 1], [0, 1, 0], [1, 0, 1]], border="valid", mode=mode)
    assert run(Image(CROSS, "cross"), cross).values.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_line_6_sharpen_with_its_whole_sum() -> None:
    image, sharpen = Image(SHARPEN, "sharpen"), operation([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    assert run(image, sharpen).values[0, 0] == 320
    assert explain(image, sharpen, 0, 0).text == "105·5 + 102·(−1) + 103·(−1) = 320"


def test_line_7_the_curve_detector_fires_on_its_curve_alone() -> None:
    curve = operation(CURVE_KERNEL, border="valid")
    assert run(Image(CURVE_PATCH, "curve"), curve).values.tolist() == [[6600]]
    written = explain(Image(CURVE_PATCH, "curve"), curve, 0, 0).text
    assert written == "0·30 + 50·30 + 20·30 + 50·30 + 50·30 + 50·30 = 6600"
    mirrored = Image(np.where(CURVE_KERNEL > 0, 0, 50).astype(np.uint8), "no curve")
    assert run(mirrored, curve).values.tolist() == [[0]]


def test_line_7_scanned_over_an_image_it_fires_at_the_curve_and_nowhere_else() -> None:
    picture = np.zeros((40, 50), np.uint8)
    picture[12:19, 21:28] = CURVE_PATCH
    answer = run(Image(picture, "picture"), operation(CURVE_KERNEL, border="valid")).values.copy()
    assert answer[12, 21] == 6600
    rows, columns = np.nonzero(answer >= 6600)
    assert set(rows.tolist()) <= {12, 13}
    assert set(columns.tolist()) <= {21, 22}
    answer[6:19, 15:28] = 0
    assert not answer.any()


@pytest.mark.parametrize(("stride", "size"), [(1, 5), (2, 3)])
def test_line_11_seven_by_seven(stride: int, size: int) -> None:
    setting = operation(np.ones((3, 3)), border="valid", stride=stride)
    made = output_size(setting, (7, 7))
    assert made.shape == (size, size)
    assert made.width.text == f"W' = (W − K + 2P)/S + 1 = (7 − 3 + 0)/{stride} + 1 = {size}"
    assert run(Image(np.ones((7, 7), np.uint8), "ones"), setting).values.shape == (size, size)


def test_line_11_same_keeps_the_size() -> None:
    assert (
        output_size(operation(np.ones((3, 3))), (300, 300)).width.text
        == "W' = (W − K + 2P)/S + 1 = (300 − 3 + 2)/1 + 1 = 300"
    )


def test_line_12_pooling_the_blur_image() -> None:
    image = Image(BLUR, "blur")
    assert run(image, Operation(pool="max")).values.tolist() == [[219, 253], [0, 190], [212, 253]]
    assert run(image, Operation(pool="avg")).values.tolist() == [[54.75, 125], [0, 70.75], [87, 118.5]]


def test_line_14_an_rgb_filter_is_three_products_a_sum_and_a_bias() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
    kernels = tuple(Kernel(np.random.default_rng(n).integers(-3, 4, (3, 3))) for n in (1, 2, 3))
    image = Image(pixels, "rgb")
    result = run(image, Operation(kernels=kernels, channels="filter", bias=7.0))
    each = [run(Image(pixels[:, :, c], "one"), Operation(kernels=(kernels[c],))).values for c in range(3)]
    assert len(result.products) == 3
    for product, one in zip(result.products, each, strict=True):
        np.testing.assert_array_equal(product, one)
    np.testing.assert_array_equal(result.values, each[0] + each[1] + each[2] + 7)
    taken = explain(image, Operation(kernels=kernels, channels="filter", bias=7.0), 2, 3)
    lines = taken.text.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["red", "green", "blue"]
    assert lines[3].endswith(f"+ 7 (bias) = {int(result.values[2, 3])}".replace("-", "−"))
