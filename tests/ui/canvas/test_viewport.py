"""Zoom, pan and fit in numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.ui.canvas.viewport import MAX_SCALE, Viewport


def made(width: int, height: int, view_width: float = 600, view_height: float = 400) -> Viewport:
    view = Viewport(width, height, view_width, view_height)
    view.fit()
    return view


def test_fit_shows_the_whole_picture_as_large_as_it_fits() -> None:
    view = made(300, 100)
    assert view.scale == 2.0
    assert (view.left, view.top) == (0.0, 100.0)
    assert view.visible() == (0.0, 0.0, 100.0, 300.0)
    assert view.fitted


def test_the_pixel_under_a_point_by_hand() -> None:
    view = made(300, 100)
    # 2 points a pixel, 100 points of blank above.
    assert view.pixel_at(0, 100) == (0, 0)
    assert view.pixel_at(1.9, 101.9) == (0, 0)
    assert view.pixel_at(2, 102) == (1, 1)
    assert view.pixel_at(599, 299) == (99, 299)
    assert view.pixel_at(10, 99) is None
    assert view.pixel_at(600, 200) is None


@given(
    width=st.integers(1, 3000),
    height=st.integers(1, 3000),
    x=st.floats(0, 600),
    y=st.floats(0, 400),
    turns=st.lists(st.floats(0.3, 3.0), max_size=8),
)
def test_zoom_stays_in_its_limits_and_leaves_no_needless_blank(
    width: int, height: int, x: float, y: float, turns: list[float]
) -> None:
    view = made(width, height)
    for factor in turns:
        view.zoom(factor, x, y)
        low, high = view.limits
        assert low <= view.scale <= high
        if width * view.scale >= view.view_width:
            assert view.left <= 1e-6
            assert view.left + width * view.scale >= view.view_width - 1e-6
        else:
            assert view.left == pytest.approx((view.view_width - width * view.scale) / 2)


def test_the_place_under_the_cursor_stays_there() -> None:
    view = made(1000, 1000)
    view.look_at(4.0, 500, 500)
    before = view.to_picture(123, 45)
    for factor in (1.26, 1.26, 1.26, 0.8):
        view.zoom(factor, 123, 45)
        assert view.to_picture(123, 45) == pytest.approx(before)


def test_scale_ends_at_64_points_a_pixel_unless_fit_is_larger() -> None:
    view = made(300, 200)
    view.zoom(1e6, 100, 100)
    assert view.scale == MAX_SCALE
    tiny = made(3, 2)
    assert tiny.scale == 200
    tiny.zoom(10, 1, 1)
    assert tiny.scale == 200
    assert tiny.fitted


def test_a_view_follows_one_of_half_the_size() -> None:
    leader, follower = made(451, 300), made(226, 150)
    leader.look_at(8.0, 100, 90)
    follower.follow(leader)
    assert follower.scale == pytest.approx(16.0, rel=0.01)
    assert follower.centre_x / 226 == pytest.approx(leader.centre_x / 451)
    assert follower.centre_y / 150 == pytest.approx(leader.centre_y / 300)
    assert not follower.fitted


def test_a_resized_view_keeps_fit_or_centre() -> None:
    view = made(300, 200)
    view.resize(300, 300)
    assert view.scale == 1.0
    view.look_at(10.0, 150, 100)
    view.resize(500, 200)
    assert (view.scale, view.centre_x, view.centre_y) == (10.0, 150, 100)


def test_visible_pixels_hold_those_cut_by_an_edge() -> None:
    view = made(100, 100, 95, 95)
    view.look_at(10.0, 50, 50)
    assert view.visible() == pytest.approx((45.25, 45.25, 9.5, 9.5))
    assert view.visible_pixels() == (45, 55, 45, 55)
