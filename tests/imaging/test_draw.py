"""The drawing pad's picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.imaging.draw import Canvas, Stroke


def test_an_empty_canvas_is_black() -> None:
    for size in (28, 64):
        picture = Canvas(size).render()
        assert picture.shape == (size, size)
        assert picture.dtype == np.uint8
        assert not picture.any()
    for size in (27, 65):
        with pytest.raises(UserError, match="28×28 to 64×64"):
            Canvas(size)


def test_a_dot_is_white_and_soft_over_one_pixel_at_its_radius() -> None:
    canvas = Canvas()
    canvas.begin_stroke(10.5, 5.5, radius=1.0)
    # The share at distance d is 1.5 − d, from 0 to 1: x is the column, y the row.
    expected = np.zeros((28, 28))
    for row in range(28):
        for column in range(28):
            expected[row, column] = np.clip(1.5 - np.hypot(column - 10, row - 5), 0, 1)
    np.testing.assert_array_equal(canvas.render(), np.rint(255 * expected.astype(np.float32)))
    assert canvas.render()[5, 9:12].tolist() == [128, 255, 128]
    assert canvas.render()[4, 9] == round(255 * (1.5 - 2**0.5))


def test_a_line_is_even_along_its_length() -> None:
    canvas = Canvas()
    canvas.begin_stroke(4.5, 14.5, radius=1.5)
    for x in (9.0, 9.2, 15.7, 22.5):
        canvas.add_point(x, 14.5)
    picture = canvas.render()
    assert (picture[13:16, 5:22] == 255).all()
    assert (picture[12, 5:22] == 0).all()
    # A round end: half a disc beyond the last point.
    assert picture[14, 23] == 255 and picture[14, 24] == 0


def test_pieces_and_repeats_paint_no_knots() -> None:
    whole, pieces = Canvas(), Canvas()
    whole.begin_stroke(3, 4, 1.7)
    whole.add_point(23, 20)
    pieces.begin_stroke(3, 4, 1.7)
    for part in np.linspace(0, 1, 11):
        pieces.add_point(3 + 20 * part, 4 + 16 * part)
    pieces.add_point(3, 4)
    np.testing.assert_allclose(pieces.render().astype(int), whole.render(), atol=1)


def test_the_eraser_takes_away() -> None:
    canvas = Canvas()
    canvas.begin_stroke(14.5, 14.5, 6)
    canvas.begin_stroke(14.5, 14.5, 2, erase=True)
    picture = canvas.render()
    # Black inside the eraser, half at its edge, white beyond, as far as the brush went.
    assert picture[14, 8:15].tolist() == [128, 255, 255, 255, 128, 0, 0]


def test_strokes_beyond_the_edge() -> None:
    canvas = Canvas()
    canvas.begin_stroke(-50, 14, 2)
    assert not canvas.render().any()
    canvas.add_point(100, 14)
    assert (canvas.render()[13] == 255).all()
    canvas.add_point(-1e9, 1e9)


def test_without_its_last_stroke_a_drawing_is_what_it_was() -> None:
    """That is how the last stroke is undone."""
    canvas = Canvas()
    canvas.begin_stroke(5, 5)
    canvas.add_point(20, 5)
    first = canvas.render()
    canvas.begin_stroke(5, 20)
    np.testing.assert_array_equal(Canvas(strokes=canvas.strokes[:-1]).render(), first)
    assert len(canvas.strokes[:-1]) == 1
    canvas = Canvas(strokes=canvas.strokes[:-1])
    canvas.begin_stroke(5, 5, 3, erase=True)
    np.testing.assert_array_equal(Canvas(strokes=canvas.strokes[:-1]).render(), first)
    empty = Canvas(strokes=())
    assert empty.strokes == ()
    assert not empty.render().any()
    with pytest.raises(UserError, match="begin a stroke"):
        empty.add_point(1, 1)


def test_the_image_is_a_copy() -> None:
    canvas = Canvas(32)
    canvas.begin_stroke(16, 16)
    image = canvas.image()
    before = image.values.copy()
    canvas.add_point(30, 30)
    np.testing.assert_array_equal(image.values, before)
    assert (image.name, image.values.shape, image.channels) == ("drawing", (32, 32), 1)


points = st.lists(st.tuples(st.floats(-10, 50), st.floats(-10, 50)), min_size=1, max_size=6)


@given(st.lists(st.tuples(points, st.floats(0, 6), st.booleans()), max_size=4))
def test_the_strokes_hold_the_whole_drawing(
    drawn: list[tuple[list[tuple[float, float]], float, bool]],
) -> None:
    canvas = Canvas(40)
    pictures = [canvas.render()]
    for line, radius, erase in drawn:
        canvas.begin_stroke(*line[0], radius, erase=erase)
        for point in line[1:]:
            canvas.add_point(*point)
        pictures.append(canvas.render())
    assert canvas.strokes == tuple(Stroke(tuple(line), radius, erase) for line, radius, erase in drawn)
    for count, picture in enumerate(pictures):
        np.testing.assert_array_equal(Canvas(40, canvas.strokes[:count]).render(), picture)
