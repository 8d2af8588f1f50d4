"""Numbers that fit into cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.canvas.glyphs import draw_numbers, fitting_characters, short_number, text_width


@pytest.mark.parametrize(
    ("value", "characters", "text"),
    [
        (0, 1, "0"),
        (255, 3, "255"),
        (-1020, 5, "−1020"),
        (1 / 9, 8, "0.111111"),
        (1 / 9, 5, ".1111"),
        (1 / 9, 4, ".111"),
        (-1 / 9, 4, "−.11"),
        (0.5, 3, "0.5"),
        (-0.5, 3, "−.5"),
        (1234.5, 4, "1234"),
        (1234567, 4, "1e6"),
        (1234567, 3, "1e6"),
        (-1234567, 3, ""),
        (1e-9, 2, "0"),
        (-0.0, 4, "0"),
        (float("nan"), 3, "nan"),
        (float("-inf"), 2, "−∞"),
        (float("nan"), 2, ""),
    ],
)
def test_the_most_exact_form_that_has_room(value: float, characters: int, text: str) -> None:
    assert short_number(value, characters) == text


@given(st.floats(-1e300, 1e300), st.integers(0, 9))
def test_a_short_number_has_room_and_is_near(value: float, characters: int) -> None:
    text = short_number(value, characters)
    assert len(text) <= characters
    if text and text != "0":
        read = float(text.replace("−", "-"))
        assert read == pytest.approx(value, rel=0.51)


def test_numbers_are_drawn_centred_on_their_points(qtbot: QtBot) -> None:
    font = theme.font(13, mono=True)
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("#FFFFFF"))
    painter = QPainter(image)
    draw_numbers(painter, font, QColor("#000000"), [("808", 50, 30), ("8", 150, 30)])
    painter.end()
    inked = [(x, y) for x in range(200) for y in range(60) if QColor(image.pixel(x, y)).lightness() < 128]
    for centre, text in ((50, "808"), (150, "8")):
        columns = [x for x, _ in inked if abs(x - centre) < 50]
        rows = [y for x, y in inked if abs(x - centre) < 50]
        assert (min(columns) + max(columns)) / 2 == pytest.approx(centre, abs=1.5)
        assert (min(rows) + max(rows)) / 2 == pytest.approx(30, abs=1.5)
        assert max(columns) - min(columns) < text_width(font, text)
    assert fitting_characters(font, text_width(font, "000") + 1) == 3
