"""Number grids, histograms, scales and bars."""

from __future__ import annotations

import numpy as np
import pytest
from gestures import click, move
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from convscope.imaging.lab.histogram import histogram
from convscope.ui import theme
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.layout.elided import ElidedLabel
from convscope.ui.plots.bars import BarsView
from convscope.ui.plots.histogram import HistogramView
from convscope.ui.tables.cells import gray_colours, signed_colours
from convscope.ui.tables.number_grid import NumberGrid


def test_signed_and_gray_colours_by_hand() -> None:
    values = np.array([[-2.0, 0, 1, 2, 4]])
    assert signed_colours(values, 2.0)[0].tolist() == [
        [0x21, 0x66, 0xAC],
        [255, 255, 255],
        [224, 160, 134],
        [0xC2, 0x41, 0x0C],
        [0xC2, 0x41, 0x0C],
    ]
    one = theme.tokens().signed(1.0, 2.0)
    assert np.abs(signed_colours(values, 2.0)[0, 2].astype(int) - one.getRgb()[:3]).max() <= 1
    assert gray_colours(np.array([[0.0, 51, 255, 300]]), 255)[0, :, 0].tolist() == [0, 51, 255, 255]


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (5, 2), (31, 31)])
def test_a_number_grid_fits_its_room(qtbot: QtBot, shape: tuple[int, int]) -> None:
    grid = NumberGrid()
    qtbot.addWidget(grid)
    grid.resize(260, 200)
    grid.set_values(np.arange(shape[0] * shape[1]).reshape(shape), False, 255)
    grid.show()
    width, height = grid.cell_size()
    assert shape[1] * width <= 260
    assert shape[0] * height <= 200
    assert not grid.grab().isNull()
    assert grid.cell_at(QPoint(0, 199)) is None or shape == (31, 31)
    area = grid._grid_rect()
    assert grid.cell_at(area.topLeft()) == (0, 0)
    assert grid.cell_at(area.bottomRight()) == (shape[0] - 1, shape[1] - 1)


def test_a_number_grid_shows_colours_marks_and_nothing(qtbot: QtBot) -> None:
    grid = NumberGrid()
    qtbot.addWidget(grid)
    grid.resize(122, 80)
    grid.set_values([[-1, 0], [0, 1]], True, 1)
    grid.mark(1, 1)
    image = grid.grab().toImage()
    area, (width, height) = grid._grid_rect(), grid.cell_size()
    assert QColor(image.pixel(area.left() + 3, area.top() + 3)).name().upper() == theme.tokens().negative
    corner = QColor(image.pixel(area.left() + width, area.top() + height))
    assert corner.name().upper() == theme.tokens().accent
    assert grid.accessibleDescription() == "−1 0; 0 1"
    grid.set_values(None)
    assert grid.values is None
    assert grid.cell_at(QPoint(5, 5)) is None
    assert not grid.grab().isNull()
    with pytest.raises(ValueError, match="rows × columns"):
        grid.set_values([1, 2, 3])


def test_a_number_grid_does_not_keep_the_callers_array(qtbot: QtBot) -> None:
    grid = NumberGrid()
    qtbot.addWidget(grid)
    values = np.ones((2, 2))
    grid.set_values(values)
    values[:] = 5
    assert grid.values is not None
    assert (grid.values == 1).all()


def test_a_histogram_reads_the_bin_under_the_cursor(qtbot: QtBot) -> None:
    view = HistogramView()
    qtbot.addWidget(view)
    view.resize(256, 168)
    pixels = np.zeros((10, 10), np.uint8)
    pixels[0, :7] = 200
    view.set_histograms(histogram(pixels), histogram(pixels.astype(np.float32) * 2 - 100))
    view.show()
    upper, lower = view._plots()
    move(view, QPointF(200, upper.center().y()))
    assert view.readout() == "200: 7"
    move(view, QPointF(0, lower.center().y()))
    assert view.readout() == "−100 to −98.44: 93"
    move(view, QPointF(0, 0))
    assert view.readout() == ""
    view.set_histograms(histogram(pixels, bins=128), None)
    move(view, QPointF(200, view._plots()[0].center().y()))
    assert view.readout() == "200 to 201: 7"
    view.set_histograms(histogram(pixels), histogram(pixels.astype(np.float32) * 2 - 100))
    assert "result −100 to 300" in view.accessibleDescription()


def test_histogram_heights_follow_the_counts(qtbot: QtBot) -> None:
    view = HistogramView()
    qtbot.addWidget(view)
    view.resize(256, 84)
    pixels = np.repeat(np.array([64, 128, 128, 128, 128], np.uint8), 20).reshape(10, 10)
    view.set_histograms(histogram(pixels), None)
    area = view._plots()[0]

    def height(x: int) -> int:
        image = view.grab().toImage()
        blank = QColor(theme.tokens().window)
        return sum(
            QColor(image.pixel(x, y)).blue() - QColor(image.pixel(x, y)).red() > 30
            for y in range(area.top(), area.bottom())
            if QColor(image.pixel(x, y)) != blank
        )

    tall, low = height(128), height(64)
    assert tall > 0.8 * area.height()
    assert low == pytest.approx(tall / 4, abs=2)
    view.set_logarithmic(True)
    assert view.logarithmic
    assert height(64) > 2 * low


def test_colour_histograms_and_one_alone_paint(qtbot: QtBot) -> None:
    view = HistogramView()
    qtbot.addWidget(view)
    both = view.sizeHint().height()
    one = histogram(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8))
    view.set_histograms(one, None)
    assert view.sizeHint().height() == both
    assert not view.grab().isNull()
    view.set_histograms(one, one)
    assert view.sizeHint().height() == 2 * both
    view.set_histograms(None, None)
    assert not view.grab().isNull()


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("clip", ("#000000", "#ffffff")),
        ("abs", ("#000000", "#ffffff")),
        ("signed", ("#2166ac", "#c2410c")),
        ("viridis", ("#440154", "#fde724")),
    ],
)
def test_a_scale_begins_and_ends_in_its_colours(qtbot: QtBot, kind: str, ends: tuple[str, str]) -> None:
    bar = ScaleBar()
    qtbot.addWidget(bar)
    bar.set_scale(kind, -1020, 1020)
    table = bar.colours()
    for entry, name in zip((table[0], table[-1]), ends, strict=True):
        assert np.abs(entry.astype(int) - QColor(name).getRgb()[:3]).max() <= 1
    assert bar.accessibleDescription() == "−1020 to 1020"
    bar.resize(200, 28)
    image = bar.grab().toImage()
    assert QColor(image.pixel(3, 6)).lightness() == pytest.approx(QColor(ends[0]).lightness(), abs=8)


def test_colours_that_cover_in_part_are_shown_over_a_checker(qtbot: QtBot) -> None:
    bar = ScaleBar()
    qtbot.addWidget(bar)
    bar.resize(200, 28)
    bar.set_scale("viridis", 0, 1, np.linspace(0, 255, 256).astype(np.uint8))

    def colours(x: int) -> set[str]:
        image = bar.grab().toImage()
        return {QColor(image.pixel(at, y)).name() for at in range(x, x + 8) for y in range(4, 8)}

    cold, hot = colours(2), colours(190)
    # Two grays show through where nothing covers them, and hardly anything where the colour is whole.
    lightness = sorted(QColor(name).lightness() for name in cold)
    assert lightness[-1] - lightness[0] > 60
    assert max(np.ptp(QColor(name).getRgb()[:3]) for name in cold) < 30
    spread = [QColor(name).lightness() for name in hot]
    assert max(spread) - min(spread) < 15
    bar.set_scale("viridis", 0, 1)
    assert max(QColor(name).lightness() for name in colours(2)) < 60


def test_bars_stand_on_zero_and_are_hit(qtbot: QtBot) -> None:
    bars = BarsView()
    qtbot.addWidget(bars)
    bars.resize(400, 160)
    bars.set_bars([1, -2, 4, 0])
    bars.set_window(1, 2)
    bars.show()
    read: list[object] = []
    clicks: list[int] = []
    bars.hovered.connect(read.append)
    bars.clicked.connect(clicks.append)
    for index in range(4):
        assert bars.index_at(bars.bar_rect(index).center().x()) == index
    move(bars, bars.bar_rect(2).center())
    click(bars, bars.bar_rect(3).center())
    move(bars, QPointF(1, 1))
    assert read == [2, None]
    assert clicks == [3]
    image = bars.grab().toImage()
    x = int(bars.bar_rect(2).center().x())
    colours = [QColor(image.pixel(x, y)) for y in range(160)]
    orange = [y for y, c in enumerate(colours) if c.red() - c.blue() > 60]
    x = int(bars.bar_rect(1).center().x())
    blue = [y for y in range(160) if (c := QColor(image.pixel(x, y))).blue() - c.red() > 60]
    assert len(orange) == pytest.approx(2 * len([y for y in blue if y > max(orange) - 1]), abs=6)
    bars.clear_window()
    bars.set_bars([])
    assert not bars.grab().isNull()


def test_a_line_without_room_ends_in_an_ellipsis_and_keeps_its_words(qtbot: QtBot) -> None:
    line = ElidedLabel("caption")
    qtbot.addWidget(line)
    line.setText("16 bits became 8 by the largest value")
    line.resize(2000, 20)
    line.show()
    assert line.shown() == line.text()
    whole = line.grab().toImage()
    line.resize(100, 20)
    assert line.shown().endswith("…") and line.text().startswith(line.shown()[:-1])
    assert line.grab().toImage() != whole.copy(0, 0, 100, 20)
    assert line.minimumSizeHint().width() == 0
