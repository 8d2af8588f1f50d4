"""Chains: each stage works on the exact values of the one before; only what changed is computed again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.chain import ChainRunner
from convscope.imaging.lab.operation import Operation
from convscope.imaging.lab.stage import run

BLUR = Operation(kernels=(Kernel(np.full((3, 3), 1 / 9)),))
EDGE = Operation(kernels=(Kernel(np.array([[-1.0, 0, 1]])),), activation="relu")
POOL = Operation(pool="max")


@pytest.fixture
def image() -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (20, 24, 3)).astype(np.uint8), "noise")


def test_exact_values_go_on(image: Image) -> None:
    first, second, third = ChainRunner().run(image, (BLUR, EDGE, POOL))
    np.testing.assert_array_equal(second.values, run(Image(first.values, "x"), EDGE).values)
    np.testing.assert_array_equal(third.values, run(Image(second.values, "x"), POOL).values)
    assert third.shape == (10, 12, 3)


def test_only_from_the_first_change_on_is_it_computed_again(image: Image) -> None:
    runner = ChainRunner()
    before = runner.run(image, (BLUR, EDGE, POOL))
    after = runner.run(image, (BLUR, replace(EDGE, bias=1.0), POOL))
    assert after[0] is before[0]
    assert after[1] is not before[1]
    assert after[2] is not before[2]
    again = runner.run(image, (BLUR, replace(EDGE, bias=1.0), POOL))
    assert all(one is two for one, two in zip(after, again, strict=True))


def test_another_image_starts_anew(image: Image) -> None:
    runner = ChainRunner()
    before = runner.run(image, (BLUR,))
    twin = Image(image.values.copy(), "twin")
    assert runner.run(twin, (BLUR,))[0] is not before[0]


def test_a_stage_switched_off_changes_nothing(image: Image) -> None:
    off = replace(EDGE, enabled=False)
    with_it = ChainRunner().run(image, (BLUR, off, POOL))
    without = ChainRunner().run(image, (BLUR, POOL))
    np.testing.assert_array_equal(with_it[-1].values, without[-1].values)


def test_what_is_kept_is_bounded(image: Image) -> None:
    runner = ChainRunner(max_bytes=image.values.size * 4 + 1)
    before = runner.run(image, (BLUR, EDGE))
    after = runner.run(image, (BLUR, EDGE))
    assert after[0] is before[0]
    assert after[1] is not before[1]


def test_a_stage_that_cannot_be_says_so(image: Image) -> None:
    with pytest.raises(UserError, match="pooling tile"):
        ChainRunner().run(image, (replace(POOL, pool_size=16, pool_stride=16), replace(POOL, pool_size=2)))
