"""Heat maps over pictures: enlarging, colours, blending, regions."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.colormaps import colormap
from convscope.imaging.lab.display import Scale
from convscope.imaging.overlay import (
    draw_region,
    heat_levels,
    heat_pixels,
    heat_region,
    heat_scale,
    overlay,
    scale_ramp,
    upsample,
)
from convscope.imaging.region import Region


def test_a_cell_stands_at_its_middle() -> None:
    """Two cells over eight pixels: constant to the first middle, then a ramp in steps of a quarter."""
    row = upsample(np.array([[0.0, 1.0]]), 1, 8)[0]
    np.testing.assert_allclose(row, [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
    np.testing.assert_array_equal(upsample(np.array([[0.0, 1.0]]), 1, 8, "nearest")[0], [0] * 4 + [1] * 4)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_enlarging_is_opencvs_half_pixel_bilinear(
    height: int, width: int, down: int, across: int, seed: int
) -> None:
    heat = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    size = (height * down + down // 2, width * across + across // 2)
    theirs = cv2.resize(heat, size[::-1], interpolation=cv2.INTER_LINEAR).reshape(size)
    np.testing.assert_allclose(upsample(heat, *size), theirs, atol=2e-6)


def test_a_map_over_a_part_of_the_picture_is_the_map_over_that_part_alone() -> None:
    heat = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    part = upsample(heat, 6, 12)
    np.testing.assert_allclose(upsample(heat, 10, 20, box=(5, 2, 17, 8))[2:8, 5:17], part, atol=1e-6)


def test_scales() -> None:
    assert heat_scale(np.array([[-3.0, 2.0]])) == Scale(0.0, 2.0, "none to most")
    signed = heat_scale([np.array([[-3.0, 2.0]]), np.array([[1.0]])], signed=True)
    assert (signed.low, signed.high) == (-3.0, 3.0)
    # A map without heat is cold, not divided by zero.
    assert heat_scale(np.zeros((2, 2))).high == heat_scale(np.full((2, 2), -1.0)).high == 1.0
    assert heat_scale(np.zeros((2, 2)), signed=True).low == -1.0


def test_colours_are_of_the_scale() -> None:
    heat = np.array([[0.0, 0.5, 1.0, 7.0, -1.0]])
    np.testing.assert_array_equal(
        heat_pixels(heat, Scale(0, 1, ""), "magma")[0], colormap("magma")[[0, 128, 255, 255, 0]]
    )
    np.testing.assert_array_equal(
        heat_pixels(np.array([[-2.0, 2.0]]), None, "diverging")[0], colormap("diverging")[[0, 255]]
    )


def test_opacity() -> None:
    picture = np.full((4, 4), 100, np.uint8)
    heat = np.ones((1, 1))
    top = colormap("viridis")[255].astype(float)
    assert (overlay(picture, heat, opacity=0) == 100).all()
    np.testing.assert_array_equal(overlay(picture, heat, opacity=1)[0, 0], top)
    np.testing.assert_allclose(overlay(picture, heat, opacity=0.25)[2, 3], 75 + top / 4, atol=0.5)
    assert (picture == 100).all()


def test_opacity_grows_with_the_heat() -> None:
    """By the square root of its level: 0 where there is none, half of it at a quarter of the heat."""
    picture = np.full((2, 6), 100, np.uint8)
    heat = np.array([[0.0, 1.0, 4.0]])
    for opacity, shares in ((None, (0, 0.375, 0.75)), (0.5, (0, 0.25, 0.5))):
        laid = overlay(picture, heat, opacity=opacity, how="nearest")[0, ::2].astype(float)
        for place, (level, share) in enumerate(zip((0, 64, 255), shares, strict=True)):
            colour = colormap("viridis")[level]
            np.testing.assert_allclose(laid[place], (1 - share) * 100 + share * colour, atol=0.5001)
    even = overlay(picture, heat, blend="even", how="nearest")[0, 0]
    np.testing.assert_allclose(even, 50 + colormap("viridis")[0] / 2, atol=0.5001)
    # A map without heat leaves the picture as it is.
    assert (overlay(picture, np.zeros((1, 1))) == 100).all()


def test_what_speaks_against_is_as_opaque_as_what_speaks_for() -> None:
    levels = heat_levels(np.array([[-2.0, -0.5, 0.0, 1.0, 3.0]]), Scale(-2, 2, ""))
    np.testing.assert_array_equal(levels, [[1, 0.25, 0, 0.5, 1]])
    # The floor of a map of which differences alone count is its coldest place.
    np.testing.assert_array_equal(heat_levels(np.array([-1.0, 0.0, 3.0]), Scale(-1, 3, "")), [0, 0.25, 1])


def test_the_ramp_of_a_scale_has_the_opacity_of_the_overlay() -> None:
    ramp = scale_ramp(Scale(0, 2, ""), "magma", 0.8)
    np.testing.assert_array_equal(ramp[:, :3], colormap("magma"))
    assert (ramp[0, 3], ramp[255, 3]) == (0, 204)
    np.testing.assert_allclose(ramp[:, 3], 204 * np.sqrt(np.arange(256) / 255), atol=0.51)
    signed = scale_ramp(Scale(-2, 2, ""), "diverging", 1.0)
    assert signed[0, 3] == signed[255, 3] == 255 and signed[127:129, 3].max() < 20
    assert (scale_ramp(Scale(0, 1, ""), blend="even")[:, 3] == 128).all()


def test_under_diverging_colours_the_picture_is_gray() -> None:
    """An orange cup under orange and blue would be read as heat."""
    picture = np.full((2, 2, 3), (200, 100, 0), np.uint8)
    laid = overlay(picture, np.zeros((1, 1)), colormap="diverging", opacity=0.5)
    assert np.ptp(laid.reshape(-1, 3), axis=1).max() <= 1
    np.testing.assert_array_equal(
        overlay(picture, np.zeros((1, 1)), colormap="diverging", opacity=0), picture
    )
    boxed = overlay(picture, np.zeros((1, 1)), colormap="diverging", box=(0, 0, 1, 1))
    assert np.ptp(boxed[0, 0]) <= 1 and (boxed[1] == picture[1]).all()


def test_outside_of_the_box_the_picture_stays() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (10, 12, 3)).astype(np.uint8)
    laid = overlay(picture, np.ones((2, 2)), opacity=1, box=(2.0, 3.0, 8.0, 9.0))
    changed = (laid != picture).any(axis=2)
    assert changed[3:9, 2:8].all()
    assert changed.sum() == 36
    # A padded image's box reaches beyond it.
    assert overlay(picture, np.ones((2, 2)), box=(-4.0, 0.0, 16.0, 10.0)).shape == picture.shape


def test_the_largest_region_and_its_box() -> None:
    heat = np.zeros((8, 8))
    heat[1:3, 1:4] = 1.0
    heat[5:8, 6] = 0.6
    heat[2, 2] = 0.05
    found = heat_region(heat, 8, 8, 0.5, "nearest")
    assert found is not None
    assert found.box == Region(1, 1, 3, 4)
    assert found.mask.sum() == 5
    assert found.share == 5 / 64
    assert found.level == 0.5
    # Twice the size, the box is twice as large; the small one wins when the threshold leaves it alone.
    twice = heat_region(heat, 16, 16, 0.5, "nearest")
    assert twice is not None and twice.box == Region(2, 2, 6, 8)
    heat[1:3, 1:4] = 0.5
    alone = heat_region(heat, 8, 8, 0.95, "nearest")
    assert alone is not None and alone.box == Region(5, 6, 8, 7)


def test_no_heat_no_region() -> None:
    assert heat_region(np.zeros((3, 3)), 9, 9) is None
    assert heat_region(np.full((3, 3), -1.0), 9, 9) is None


def test_a_region_lies_in_the_box_of_the_map() -> None:
    found = heat_region(np.ones((2, 2)), 10, 20, box=(5.0, 0.0, 15.0, 10.0))
    assert found is not None and found.box == Region(0, 5, 10, 15)


def test_what_is_drawn_is_drawn_on_a_copy() -> None:
    heat = np.zeros((9, 9))
    heat[3:6, 3:6] = 1
    found = heat_region(heat, 9, 9, 0.5, "nearest")
    assert found is not None
    picture = np.full((9, 9, 3), 128, np.uint8)
    drawn = draw_region(picture, found, (255, 0, 0))
    assert (picture == 128).all()
    assert (drawn[3, 3:6] == (255, 0, 0)).all()
    assert (drawn[2, 3:6] == 0).all()
    assert (drawn[0, 0] == 128).all()
    np.testing.assert_array_equal(draw_region(picture, found, outline=False, box=False), picture)


@pytest.mark.parametrize("thickness", [1, 3])
def test_a_frame_at_the_border_is_whole(thickness: int) -> None:
    """Its line and the dark one on both sides of it, where the region ends with the picture."""
    heat = np.zeros((30, 30))
    heat[20:, 18:] = 1
    found = heat_region(heat, 30, 30, 0.5, "nearest")
    assert found is not None and found.box == Region(20, 18, 30, 30)
    drawn = draw_region(np.full((30, 30, 3), 128, np.uint8), found, outline=False, thickness=thickness)
    # From the middle of the region to the border: dark, the line, dark.
    for line in (drawn[24:, 24, 0], drawn[24, 24:, 0]):
        run = [int(value) for value in line[-(thickness + 2) :]]
        assert run == [0, *[255] * thickness, 0]
    # Elsewhere it stands on the region's edge.
    assert (drawn[20, 22:26] == 255).all()


@pytest.mark.parametrize(
    "heat", [np.array([[np.nan]]), np.array([[np.inf]]), np.zeros((2, 2, 2)), np.zeros((0, 3))]
)
def test_what_is_no_map(heat: np.ndarray) -> None:
    with pytest.raises(UserError):
        overlay(np.zeros((4, 4), np.uint8), heat)
