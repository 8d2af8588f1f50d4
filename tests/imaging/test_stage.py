"""A whole stage: order of its steps, channels, activations, regions, and numbers too large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.stage import activate, run
from convscope.imaging.region import Region

LOPSIDED = Kernel(np.array([[1.0, 2, -3], [0.5, 4, 0], [7, -1, 0.25]]))


@pytest.fixture
def colour() -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (12, 15, 3)).astype(np.uint8), "colour")


def test_convolution_flips_the_kernel_first(colour: Image) -> None:
    flipped = run(colour, Operation(kernels=(LOPSIDED.flipped(),))).values
    np.testing.assert_array_equal(
        run(colour, Operation(kernels=(LOPSIDED,), mode="convolve")).values, flipped
    )
    assert (flipped != run(colour, Operation(kernels=(LOPSIDED,))).values).any()


def test_each_channel_by_itself_and_the_luma(colour: Image) -> None:
    each = run(colour, Operation(kernels=(LOPSIDED,))).values
    for channel in range(3):
        one = Image(colour.values[..., channel], "one")
        np.testing.assert_array_equal(each[..., channel], run(one, Operation(kernels=(LOPSIDED,))).values)
    gray = run(colour, Operation(kernels=(LOPSIDED,), channels="gray")).values
    np.testing.assert_array_equal(gray, run(colour.gray, Operation(kernels=(LOPSIDED,))).values)


def test_a_gray_image_counts_as_three_equal_channels_for_an_rgb_filter(colour: Image) -> None:
    kernels = (LOPSIDED, LOPSIDED.flipped(), LOPSIDED.transposed())
    made = run(colour.gray, Operation(kernels=kernels, channels="filter"))
    summed = Kernel(sum(kernel.weights for kernel in kernels))
    np.testing.assert_allclose(made.values, run(colour.gray, Operation(kernels=(summed,))).values, atol=1e-3)
    assert len(made.products) == 3


def test_only_an_rgb_filter_uses_the_second_and_third_kernel(colour: Image) -> None:
    three = (LOPSIDED, LOPSIDED.flipped(), LOPSIDED.transposed())
    for channels in ("each", "gray"):
        np.testing.assert_array_equal(
            run(colour, Operation(kernels=three, channels=channels)).values,  # type: ignore[arg-type]
            run(colour, Operation(kernels=(LOPSIDED,), channels=channels)).values,  # type: ignore[arg-type]
        )


def test_bias_then_activation_then_pooling(colour: Image) -> None:
    operation = Operation(
        kernels=(LOPSIDED,), bias=-700.5, activation="relu", pool="avg", pool_size=3, pool_stride=2
    )
    result = run(colour, operation)
    assert [step.name for step in result.steps] == ["kernel", "bias", "relu", "avg"]
    kernel, bias, relu, pooled = (step.values for step in result.steps)
    np.testing.assert_array_equal(kernel, run(colour, Operation(kernels=(LOPSIDED,))).values)
    np.testing.assert_array_equal(bias, kernel - np.float32(700.5))
    np.testing.assert_array_equal(relu, np.maximum(bias, 0))
    np.testing.assert_array_equal(pooled, result.values)
    assert result.values.shape == (5, 7, 3)


@pytest.mark.parametrize("channels", ["each", "gray", "filter"])
@pytest.mark.parametrize("pool", ["none", "max", "avg"])
def test_a_region_is_that_part_of_the_whole(colour: Image, channels: Any, pool: Any) -> None:
    operation = Operation(
        kernels=(LOPSIDED,) * 3, channels=channels, activation="tanh", bias=3.0, pool=pool, border="reflect"
    )
    whole = run(colour, operation)
    part = run(colour, operation, region=Region(1, 2, 5, 40))
    assert part.shape == whole.shape
    assert part.region == Region(1, 2, 5, whole.shape[1])
    np.testing.assert_array_equal(part.values, whole.values[1:5, 2:])


def test_extremes_and_mean_are_true(colour: Image) -> None:
    result = run(colour, Operation(kernels=(LOPSIDED,)))
    assert result.minimum == result.values.min()
    assert result.maximum == result.values.max()
    assert result.mean == pytest.approx(result.values.astype(np.float64).mean())


def test_switched_off_hands_the_very_image_on(colour: Image) -> None:
    result = run(colour, Operation(kernels=(LOPSIDED,), bias=5, pool="max", enabled=False))
    np.testing.assert_array_equal(result.values, colour.values)
    assert result.image is colour
    assert result.steps == ()


def test_a_result_cannot_be_changed_and_leaves_its_input_alone(colour: Image) -> None:
    before = colour.values.copy()
    result = run(colour, Operation(kernels=(LOPSIDED,), bias=1, activation="sigmoid"))
    for array in (result.values, *result.products, *(step.values for step in result.steps)):
        assert not array.flags.writeable
    np.testing.assert_array_equal(colour.values, before)


def test_sigmoid_and_tanh_are_stable_at_the_ends() -> None:
    x = np.array([-1e30, -1000, -20, -1, 0, 1, 20, 1000, 1e30], np.float32)
    sigmoid = activate(x.copy(), "sigmoid")
    exact = [0, 0, 2.0611537e-09, 0.26894143, 0.5, 0.7310586, 1, 1, 1]
    np.testing.assert_allclose(sigmoid, exact, rtol=1e-6)
    np.testing.assert_allclose(activate(x.copy(), "tanh"), np.tanh(x.astype(np.float64)), rtol=1e-6)
    assert activate(x.copy(), "relu").tolist() == np.maximum(x, 0).tolist()
    assert activate(x.copy(), "none").tolist() == x.tolist()


@pytest.mark.parametrize(
    ("value", "weight"), [(1e38, 1e10), (1.0, 1e300), (1.0, 1.7e308), (np.inf, 1.0), (np.nan, 1.0)]
)
def test_numbers_too_large_are_refused_in_words(value: float, weight: float) -> None:
    image = Image(np.full((4, 4), value, np.float32), "huge")
    with pytest.raises(UserError, match="too large for 32-bit numbers"):
        run(image, Operation(kernels=(Kernel(np.array([[weight, weight]])),)))


@pytest.mark.parametrize("bias", [float("nan"), float("-inf"), 1e300])
def test_a_bias_must_be_finite(bias: float) -> None:
    with pytest.raises(UserError, match="finite"):
        Operation(bias=bias)


def test_cancelling() -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        run(Image(np.zeros((9, 9), np.uint8), "zero"), Operation(kernels=(LOPSIDED,)), task=task)
