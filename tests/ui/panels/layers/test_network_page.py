"""The page "Network" as a person uses it: point, hold, open the sum, mute, unfold, ask about a class."""

from __future__ import annotations

from pathlib import Path

import pytest
from layers_helpers import Desk
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QFileDialog, QMenu, QTableWidget

from convscope.engine.interpret.network.flow import MadeOf
from convscope.engine.interpret.network.relevance import ClassPath
from convscope.ui.panels.layers.network.figure_dialog import FigureDialog
from convscope.ui.panels.layers.network.parts import FigureSettings
from convscope.ui.panels.layers.network.view import NetworkCanvas


class Page:
    """The page, open, on the digit 3."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.press("layers.page.network")
        desk.settle()
        self.canvas = desk.find(NetworkCanvas, "layers.network.picture")

    def tile(self, column: str, channel: int) -> QPoint:
        rect = self.canvas.tile_rect(column, channel)
        assert rect is not None
        return rect.center().toPoint()

    def move(self, at: QPoint) -> None:
        self.desk.qtbot.mouseMove(self.canvas, at)
        self.desk.settle()

    def click(self, at: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.desk.qtbot.mouseClick(self.canvas, button, Qt.KeyboardModifier.NoModifier, at)
        self.desk.settle()

    def entry(self, column: str, channel: int, name: str) -> None:
        """Choose an entry of the right button's menu."""
        self.canvas.menu.emit(column, channel, self.canvas.mapToGlobal(self.tile(column, max(0, channel))))
        menu = next(menu for menu in self.canvas.findChildren(QMenu) if menu.isVisible())
        action = menu.findChild(QAction, f"layers.network.{name}")
        assert isinstance(action, QAction) and action.isEnabled()
        action.trigger()
        menu.close()
        self.desk.settle()

    @property
    def said(self) -> str:
        return self.desk.text("layers.network.said")


@pytest.fixture
def page(desk: Desk) -> Page:
    return Page(desk)


def test_pointing_lights_and_leaving_darkens(page: Page) -> None:
    assert page.said.startswith("Point at a map")
    page.move(page.tile("conv2d_1", 5))
    assert isinstance(page.canvas.lit, MadeOf) and "map 5, sum" in page.said
    page.move(QPoint(2, page.canvas.height() - 3))
    assert page.canvas.lit is None


def test_a_click_holds_and_a_click_beside_releases(page: Page) -> None:
    page.click(page.tile("conv2d_2", 8))
    page.move(QPoint(2, page.canvas.height() - 3))
    assert isinstance(page.canvas.lit, MadeOf) and page.canvas.lit.column == "conv2d_2"
    page.click(QPoint(2, page.canvas.height() - 3))
    assert page.canvas.lit is None


def test_a_double_click_opens_the_exact_sum(page: Page) -> None:
    page.desk.qtbot.mouseDClick(
        page.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, page.tile("conv2d_1", 9)
    )
    page.desk.settle()
    model = page.desk.panel.view_model
    assert model.page.value == "maps" and page.desk.workspace.layer == "conv2d_1" and model.channel == 9


def test_a_class_lights_its_path(page: Page) -> None:
    rect = page.canvas.class_rect(3)
    assert rect is not None
    page.click(rect.center().toPoint())
    assert isinstance(page.canvas.lit, ClassPath) and page.canvas.lit.target.index == 3
    other = page.canvas.class_rect(8)
    assert other is not None
    page.click(other.center().toPoint())
    view = page.canvas.shown
    assert view is not None and view.target == 8


def test_muting_from_the_menu_changes_the_bars(page: Page) -> None:
    page.entry("conv2d_1", 5, "mute")
    view = page.canvas.shown
    assert view is not None and view.before is not None
    assert page.desk.find(QAbstractButton, "layers.network.all_on").text() == "1 map off: all on"
    page.desk.press("layers.network.all_on")
    page.desk.settle()
    assert page.canvas.shown is not None and page.canvas.shown.before is None


def test_a_whole_layer_is_muted(page: Page) -> None:
    page.entry("conv2d", -1, "mute_layer")
    view = page.canvas.shown
    assert view is not None and all(view.picture.columns[1].blank)


def test_keys_walk_mute_and_open(page: Page) -> None:
    page.click(page.tile("conv2d", 0))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        page.desk.qtbot.keyClick(page.canvas, key)
    page.desk.settle()
    held = page.desk.panel.network.selection.value
    assert (held.column, held.channel) == ("conv2d_1", 1)
    page.desk.qtbot.keyClick(page.canvas, Qt.Key.Key_M)
    page.desk.settle()
    assert page.desk.panel.network.muted.value.maps == (("conv2d_1", 1),)
    page.desk.qtbot.keyClick(page.canvas, Qt.Key.Key_Return)
    page.desk.settle()
    assert page.desk.panel.view_model.page.value == "maps" and page.desk.workspace.layer == "conv2d_1"


def test_the_ranking_names_the_ten_that_matter(page: Page) -> None:
    page.click(page.tile("dense", 3))
    page.desk.press("layers.network.rank")
    page.desk.settle()
    assert page.said.startswith("3 needs of dense most: map ") and page.said.count("(−") == 10


def test_other_pages_and_back(page: Page) -> None:
    page.desk.press("layers.page.kernels")
    page.desk.settle()
    assert page.desk.panel.view_model.page.value == "kernels" and not page.canvas.isVisible()
    page.desk.press("layers.page.network")
    page.desk.settle()
    assert page.canvas.isVisible()


def test_the_picture_is_what_the_layers_put_out(page: Page) -> None:
    """A dark map is dark, and its brightest pixel bright, where the layer's are."""
    view = page.canvas.shown
    assert view is not None
    image = page.canvas.grab().toImage()
    shown = view.picture.columns[1]
    for number in (0, 7, 20):
        rect = page.canvas.tile_rect("conv2d", number)
        assert rect is not None
        level = shown.levels[number]
        if shown.blank[number]:
            continue
        row, column = divmod(int(level.argmax()), level.shape[1])
        at = QPointF(
            rect.left() + (column + 0.5) / level.shape[1] * rect.width(),
            rect.top() + (row + 0.5) / level.shape[0] * rect.height(),
        ).toPoint()
        # The last colour of viridis is yellow.
        near = [image.pixelColor(at + QPoint(x, y)) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        assert any(one.red() > 180 and one.green() > 180 and one.blue() < 120 for one in near)


def test_a_model_without_an_answer_is_shown_all_the_same(page: Page) -> None:
    import keras

    from convscope.engine.models.opened import OpenedModel

    inputs = keras.Input((28, 28, 1), name="image")
    net = keras.Model(inputs, keras.layers.Conv2D(4, 3, name="conv")(inputs))
    page.desk.workspace.add_model(OpenedModel(net, name="maps only"))
    page.desk.settle()
    view = page.canvas.shown
    assert view is not None and view.picture.answer is None and len(view.columns) == 2
    page.move(page.tile("conv", 2))
    assert isinstance(page.canvas.lit, MadeOf)


def test_the_network_is_saved_as_a_figure_with_own_labels(page: Page, tmp_path: Path) -> None:
    page.desk.press("layers.network.save")
    dialog = page.desk.find(FigureDialog, "layers.network.figure_dialog")
    labels = page.desk.find(QTableWidget, "layers.network.figure_labels")
    assert [labels.item(row, 1).text() for row in (1, 2)] == ["Conv2D 3×3", "MaxPooling2D 2×2"]
    # Typed, and the button pressed before the cell is left.
    labels.editItem(labels.item(1, 1))
    page.desk.qtbot.keyClicks(labels.focusWidget(), "Edges & corners")
    page.desk.pick("layers.network.figure_theme", "dark")
    page.desk.find(QCheckBox, "layers.network.figure_maps").setChecked(True)
    page.desk.press("layers.network.figure_save", settle=False)
    files = page.desk.find(QFileDialog, "layers.network.file")
    assert [kind.rpartition("*")[2] for kind in files.nameFilters()] == [".svg)", ".pdf)", ".png)", ".tex)"]
    files.fileSelected.emit(str(tmp_path / "net.svg"))
    files.reject()
    page.desk.settle()
    text = (tmp_path / "net.svg").read_text("utf-8")
    assert ">Edges &amp; corners</text>" in text and "<image" in text and 'fill="#15181D"' in text
    # The same settings are there the next time, and one step of undo takes them away.
    page.desk.press("layers.network.save")
    again = page.desk.find(FigureDialog, "layers.network.figure_dialog")
    assert again is not dialog and again.settings() == page.desk.panel.network.figure.value
    again.reject()
    page.desk.workspace.undo()
    assert page.desk.panel.network.figure.value == FigureSettings()
