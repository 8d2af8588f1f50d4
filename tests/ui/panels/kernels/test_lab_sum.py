"""The sum of a pixel: its numbers can be read, its total is in sight, its formulas are whole."""

from __future__ import annotations

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.ui import theme
from convscope.ui.canvas.formula import broken
from convscope.ui.tables.cells import cell_font, has_numbers
from convscope.ui.tables.number_grid import NumberGrid

SHARPEN_LARGE = Kernel(np.where(np.eye(7) > 0, 9.0, -1.0))
NAMES = ("patch", "kernel", "products")


@pytest.fixture(params=[1.0, 1.5], ids=["100 %", "150 %"])
def zoom(lab: Lab, request: pytest.FixtureRequest) -> float:
    """At two sizes of the text, in a window that has room for three columns at both."""
    factor = float(request.param)
    lab.workspace.add_images([Image(np.full((300, 451, 3), 200, np.uint8), "wide")])
    lab.window.set_zoom(factor)
    lab.window.resize(round(1440 * factor), round(900 * factor))
    lab.settle()
    return factor


@pytest.fixture(autouse=True)
def back() -> object:
    """The zoom is the application's."""
    yield
    theme.apply("light")


def tables(lab: Lab) -> list[NumberGrid]:
    return [lab.find(NumberGrid, f"kernels.{name}") for name in NAMES]


@pytest.mark.parametrize(
    "kernel",
    [
        make("sobel-x"),
        make("gaussian", sigma=0.8),
        make("log-5x5"),
        make("box-blur", size=5),
        make("curve"),
        SHARPEN_LARGE,
    ],
    ids=["sobel", "gaussian", "log", "box", "curve", "large"],
)
def test_the_numbers_can_be_read_and_all_is_in_view(lab: Lab, zoom: float, kernel: Kernel) -> None:
    lab.only(kernels=(kernel,))
    inspector = lab.panel.inspector
    assert inspector.isVisible()
    seen = [grid for grid in tables(lab) if grid.isVisible()]
    assert seen
    for grid in seen:
        assert grid.values is not None and has_numbers(grid.values, *grid.cell_size()), grid.objectName()
        assert cell_font(*grid.cell_size()).pixelSize() >= round(11 * zoom)
        rows, columns = grid.values.shape
        width, height = grid.cell_size()
        assert columns * width <= grid.width() and rows * height <= grid.height()
    lab.until(lambda: inspector.verticalScrollBar().maximum() == 0)


def test_of_a_large_kernel_one_table_is_seen_at_a_time(lab: Lab) -> None:
    lab.only(kernels=(make("curve"),))
    patch, kernel, products = tables(lab)
    for name, shown in zip(NAMES, (patch, kernel, products), strict=True):
        lab.press(f"kernels.table.{name}")
        assert [grid.isVisible() for grid in (patch, kernel, products)] == [
            grid is shown for grid in (patch, kernel, products)
        ]
    lab.only(kernels=(make("sobel-x"),))
    assert all(grid.isVisible() for grid in (patch, kernel, products))
    assert not lab.find(QWidget, "kernels.table").isVisible()


@pytest.mark.parametrize("size", [3, 5, 9, 31])
def test_the_total_is_in_sight_however_long_the_sum(lab: Lab, size: int) -> None:
    lab.only(kernels=(Kernel(np.arange(1.0, 1 + size * size).reshape(size, size)),))
    lab.hover("kernels.result", 12, 16)
    total, terms = lab.find(QLabel, "kernels.total"), lab.find(QPlainTextEdit, "kernels.sum")
    value = float(total.text().removeprefix("= "))
    assert value == pytest.approx(float(lab.values[12, 16, 0]), rel=1e-6)
    assert total.isVisible() and total.visibleRegion().boundingRect().size() == total.size()
    assert (
        total.mapTo(lab.panel, total.rect().topLeft()).y()
        >= terms.mapTo(lab.panel, terms.rect().bottomLeft()).y()
    )
    bar = terms.verticalScrollBar()
    bar.setValue(bar.maximum())
    # Of 31×31 on this picture the first rows lie in the border, and their terms are left out.
    assert total.isVisible() and (size not in (5, 9) or bar.maximum() > 0)


def test_the_total_is_that_of_the_whole_stage(lab: Lab) -> None:
    lab.only(kernels=(make("sobel-x"),), bias=7.0, activation="relu", pool="max")
    lab.hover("kernels.result", 3, 4)
    assert lab.find(QLabel, "kernels.total").text() == f"= {int(lab.values[3, 4, 0])}"


def test_a_divisor_stands_over_the_kernel(lab: Lab) -> None:
    lab.trigger("kernels.preset.box-blur")
    kernel = lab.find(NumberGrid, "kernels.kernel")
    assert kernel.values is not None and kernel.values.tolist() == [[1] * 3] * 3
    assert "× kernel ÷ 9" in [label.text() for label in lab.panel.inspector.findChildren(QLabel)]


@pytest.mark.parametrize("border", ["valid", "zero", "same", "full"])
def test_a_formula_breaks_at_an_equals_sign_only(lab: Lab, zoom: float, border: str) -> None:
    lab.only(border=border, stride=2, dilation=2, pool="max", kernels=(make("curve"),))
    label = lab.panel.inspector.formula
    lines = QLabel.text(label).splitlines()
    metrics = QFontMetrics(label.font())
    # A sentence is no formula: it wraps at its words.
    for line in (line for line in lines if "= " in line):
        assert metrics.horizontalAdvance(line) <= label.width(), line
        assert line.count("(") == line.count(")") and "/" not in (line.strip()[0], line.strip()[-1])
    assert "\n".join(lines).replace("\n  = ", " = ") == label.text()


def test_what_fits_is_not_broken(lab: Lab) -> None:
    metrics = QFontMetrics(theme.font(11, mono=True))
    text = "W' = (W − K)/S + 1 = (7 − 3)/1 + 1 = 5"
    assert broken(text, metrics, 10_000) == text
    assert broken(text, metrics, 1).splitlines() == ["W'", "  = (W − K)/S + 1", "  = (7 − 3)/1 + 1", "  = 5"]
