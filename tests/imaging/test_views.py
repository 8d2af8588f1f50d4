"""What turns arrays into pictures and positions: colour scales, mosaics, histograms, the scan."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.imaging.colormaps import COLORMAPS, apply_colormap, colormap
from convscope.imaging.lab.histogram import histogram
from convscope.imaging.lab.scan import Scan
from convscope.imaging.mosaic import MosaicLayout, mosaic
from convscope.imaging.samples import load_sample


def test_published_ends_of_the_scales() -> None:
    # matplotlib's tables, as bytes.
    assert colormap("viridis")[[0, 255]].tolist() == [[68, 1, 84], [253, 231, 37]]
    assert colormap("magma")[[0, 255]].tolist() == [[0, 0, 4], [252, 253, 191]]
    assert colormap("gray")[[0, 128, 255]].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    assert colormap("diverging")[[0, 255]].tolist() == [[0x21, 0x66, 0xAC], [0xC2, 0x41, 0x0C]]


def test_the_diverging_scale_is_white_in_its_middle() -> None:
    table = colormap("diverging").astype(int)
    assert (table[127:129] >= 253).all()


@pytest.mark.parametrize("name", COLORMAPS)
def test_applying_a_scale_is_looking_levels_up(name: str) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    shown = apply_colormap(levels, name)  # type: ignore[arg-type]
    assert (shown == colormap(name)[levels]).all()  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "columns", "gap"), [(1, 16, 1), (5, 3, 2), (16, 16, 0), (512, 32, 1)])
def test_a_mosaic_holds_every_map_where_its_layout_says(count: int, columns: int, gap: int) -> None:
    maps = np.random.default_rng(0).integers(0, 256, (count, 5, 7)).astype(np.uint8)
    picture, layout = mosaic(maps, columns, gap=gap)
    assert picture.shape == layout.size
    for index in range(count):
        row, column = layout.corner(index)
        assert (picture[row : row + 5, column : column + 7] == maps[index]).all()
        assert layout.index_at(row + 4.9, column + 6.9) == index


def test_gaps_and_the_outside_belong_to_no_map() -> None:
    layout = MosaicLayout(count=5, height=4, width=4, columns=3, gap=2)
    assert layout.index_at(4.5, 0) is None
    assert layout.index_at(0, 5) is None
    assert layout.index_at(6, 12) is None
    assert layout.index_at(-1, 0) is None
    assert layout.index_at(0, 18) is None


def test_a_histogram_of_a_photograph_counts_every_pixel_once() -> None:
    image = load_sample("cat")
    made = histogram(image.values)
    assert made.counts.shape == (3, 256)
    assert (made.counts.sum(axis=1) == image.width * image.height).all()
    assert made.counts[1, 77] == (image.values[..., 1] == 77).sum()
    assert made.mean == pytest.approx(image.values.mean(), rel=1e-6)
    assert made.deviation == pytest.approx(image.values.std(), rel=1e-5)


def test_the_largest_float_falls_into_the_last_bin() -> None:
    made = histogram(np.array([[-1.0, 0.0], [0.5, 1.0]], np.float32), bins=4)
    assert made.counts.tolist() == [[1, 0, 1, 2]]
    assert (made.minimum, made.maximum) == (-1, 1)


def test_a_constant_image_has_a_histogram_too() -> None:
    made = histogram(np.full((3, 3), 5.0, np.float32), bins=8)
    assert made.counts.sum() == 9
    assert made.deviation == pytest.approx(0, abs=1e-6)
    # Half of one is nothing beside these.
    for value in (3e7, -1e30):
        assert histogram(np.full((3, 3), value, np.float32), bins=8).counts.sum() == 9


def test_a_scan_walks_in_reading_order_and_stops_at_the_ends() -> None:
    scan = Scan(3, 4)
    assert [scan.moved(k).place for k in (0, 3, 4, 11)] == [(0, 0), (0, 3), (1, 0), (2, 3)]
    assert scan.moved(-5).position == 0
    assert scan.moved(99).at_end
    assert scan.at(1, 2).position == 6
    assert scan.at(9, -1).place == (2, 0)


def test_a_scan_shows_what_it_has_passed() -> None:
    picture = np.full((3, 4), 9, np.uint8)
    assert Scan(3, 4, 5).filled(picture).tolist() == [[9, 9, 9, 9], [9, 9, 0, 0], [0, 0, 0, 0]]
    assert (Scan(3, 4, 11).filled(picture) == 9).all()
