"""Words are whole and pictures keep their size, however large the letters are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from explain_helpers import child, panel_of, press, settle
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import OpenedModel
from convscope.imaging.mosaic_labels import fitting_lines
from convscope.imaging.samples import load_sample
from convscope.ui import theme
from convscope.ui.canvas.mosaic_labels import ShownLetters
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.plots.class_bars import ClassBars

ZOOMS = (1.0, 1.25, 1.5)


@pytest.fixture(autouse=True)
def zoom_ends(window: MainWindow) -> Iterator[None]:
    yield
    window.set_zoom(1.0)


@pytest.mark.parametrize("size", [(1280, 800), (1024, 700)])
def test_larger_letters_do_not_make_the_pictures_smaller(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.workspace.add_model(digits)
    window.resize(*size)
    settle(qtbot, window)
    wall, stages = child(window, MosaicView, "explain.wall"), child(window, MosaicView, "explain.stages")
    assert stages.isVisible()
    tiles, strips = [], []
    for zoom in ZOOMS:
        window.set_zoom(zoom)
        settle(qtbot, window)
        assert (window.width(), window.height()) == size
        tiles.append(wall.tile_size()[0])
        # The strip folds away for them; asked for, its pictures have their size as well.
        if stages.isHidden():
            press(qtbot, child(window, QToolButton, "explain.stages.fold"))
            settle(qtbot, window)
        strips.append(stages.tile_size()[0])
        assert strips[-1] + theme.scaled(16) <= stages.height()
        press(qtbot, child(window, QToolButton, "explain.stages.fold"))
        settle(qtbot, window)
        panel_of(window).view_model.stages_shown.set("as there is room")
    assert tiles[0] >= {1280: 190, 1024: 154}[size[0]]
    assert min(tiles) == tiles[0] and min(strips) == strips[0] == 116


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("count", ["1", "3"])
def test_captions_are_whole(
    window: MainWindow, garments: OpenedModel, qtbot: QtBot, zoom: float, count: str
) -> None:
    """ "Ankle bo…" was read, beside empty room."""
    window.workspace.add_images([load_sample("garment-boot")])
    window.workspace.add_model(garments)
    window.resize(1280, 800)
    window.set_zoom(zoom)
    settle(qtbot, window)
    box = child(window, QComboBox, "explain.count")
    box.setCurrentIndex(box.findData(count))
    settle(qtbot, window)
    wall = child(window, MosaicView, "explain.wall")
    metrics, width = QFontMetrics(theme.font(11)), wall.tile_size()[0]
    lines = wall._tiles.lines(width)
    for number in range(wall.count):
        shown = fitting_lines(ShownLetters(metrics), wall.caption(number), width, lines)
        assert " ".join(shown) == wall.caption(number) and len(shown) <= lines
    assert any("Ankle boot" in wall.caption(number) for number in range(wall.count))
    # The last row's captions are on show.
    assert wall.verticalScrollBar().maximum() == 0


def test_long_names_of_classes_are_whole(window: MainWindow, garments: OpenedModel, qtbot: QtBot) -> None:
    names = ["German short-haired pointer", "West Highland white terrier", "American Staffordshire terrier"]
    named = garments.with_(classes=[names[index % 3] for index in range(10)])
    window.workspace.add_model(named)
    settle(qtbot, window)
    bars = child(window, ClassBars, "explain.classes")
    for size, zoom in (((1280, 800), 1.0), ((1024, 700), 1.0), ((1280, 800), 1.5)):
        window.resize(*size)
        window.set_zoom(zoom)
        settle(qtbot, window)
        assert bars._percents_under()
        for row in bars.rows:
            name, font = bars._fitting_name(row.name, bars.width() - 12)
            assert name == row.name and font.pixelSize() == theme.font(13).pixelSize()


def test_with_very_large_letters_the_pictures_are_alone_and_each_column_opens(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    window.resize(1024, 700)
    window.set_zoom(1.5)
    settle(qtbot, window)
    panel = panel_of(window)
    left, right = (child(window, QToolButton, name) for name in ("explain.classes.fold", "explain.fold"))
    assert not panel.classes.isVisible() and not panel.method_column.isVisible()
    for button, shown in (
        (left, (True, False)),
        (right, (False, True)),
        (left, (True, False)),
        (left, (False, False)),
    ):
        press(qtbot, button)
        assert (panel.classes.isVisible(), panel.method_column.isVisible()) == shown
    window.set_zoom(1.0)
    settle(qtbot, window)
    assert panel.classes.isVisible() and not left.isVisible()
