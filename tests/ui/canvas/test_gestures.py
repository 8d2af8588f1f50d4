"""The mouse, the keys and the right button do the same on every picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import convscope
from convscope.ui.canvas.divider_view import DividerView
from convscope.ui.canvas.gestures import DoubleClickFits, MenuEntry, context_menu
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.panels.layers.network.view import NetworkCanvas
from convscope.ui.panels.model.graph.view import GraphView
from convscope.ui.plots.plot import Plot
from convscope.ui.tables.kernel_grid import KernelGrid
from tests.ui.gestures import drag

PICTURES = [ImageView, DividerView, MosaicView, GraphView, Plot, KernelGrid, NetworkCanvas]


@pytest.mark.parametrize("picture", PICTURES)
def test_one_place_says_what_a_double_click_does(picture: type[QWidget]) -> None:
    assert issubclass(picture, DoubleClickFits)
    assert picture.mouseDoubleClickEvent is DoubleClickFits.mouseDoubleClickEvent


def test_no_other_file_has_a_double_click() -> None:
    package = Path(convscope.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "def mouseDoubleClickEvent" in path.read_text("utf-8")
    }
    assert found == {"ui/canvas/gestures.py"}


def test_a_picture_that_is_whole_on_show_stays_fitted_when_it_is_dragged(qtbot: QtBot) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(200, 220)
    view.set_pixels(np.zeros((40, 60), np.uint8))
    drag(view, QPointF(100, 100), QPointF(150, 120))
    assert view.view.fitted
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.view.fitted
    view.zoom(4)
    before = view.view.centre_x
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.view.centre_x > before and not view.view.fitted


def test_nought_fits_a_chart_as_it_does_a_picture(qtbot: QtBot) -> None:
    plot = Plot("some", "A plot")
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show_whole((0, 10), (0, 1))
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.zoomed
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert not plot.zoomed


def test_a_double_click_on_a_weight_edits_it_and_beside_the_kernel_does_nothing(qtbot: QtBot) -> None:
    grid = KernelGrid()
    qtbot.addWidget(grid)
    grid.resize(300, 240)
    grid.show()
    qtbot.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(grid.width() - 1, grid.height() - 1))
    assert not grid._editor.isVisible()
    qtbot.mouseDClick(grid, Qt.MouseButton.RightButton, pos=grid.cell_rect(1, 1).center())
    assert not grid._editor.isVisible()
    qtbot.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect(1, 1).center())
    assert grid._editor.isVisible()


def test_a_menu_has_names_lines_and_gray_entries(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    ran: list[str] = []
    entries = (
        MenuEntry("copy", "Copy picture", lambda: ran.append("copy")),
        None,
        MenuEntry("fit", "Fit", lambda: ran.append("fit"), False),
    )
    copy, line, fit = context_menu(parent, "picture", entries).actions()
    assert (copy.objectName(), fit.objectName()) == ("picture.copy", "picture.fit")
    assert line.isSeparator() and copy.isEnabled() and not fit.isEnabled()
    copy.trigger()
    assert ran == ["copy"]
