"""The graph in the window: choosing, searching, zooming, two levels of detail, pictures of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_helpers import Story, model_of
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QWheelEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLineEdit
from window_helpers import messages

from convscope.ui import theme
from convscope.ui.panels.model.colours import CategoryLegend
from convscope.ui.panels.model.graph.view import GraphView


@pytest.fixture
def drawn(story: Story) -> Story:
    """The graph of a small network with skips."""
    story.open("resnet-small")
    story.press("model.page.graph")
    return story


def wheel(view: GraphView, at: QPointF, turns: int) -> None:
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * turns),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_every_layer_is_drawn_and_a_click_chooses_it(drawn: Story) -> None:
    picture = drawn.graph.picture
    assert picture is not None
    assert set(picture.owners) == {row.path for row in model_of("resnet-small").layers}
    for node in picture.graph.nodes:
        drawn.click_box(node.path)
        assert drawn.workspace.layer == node.path
        assert drawn.text("model.layer") == node.path
    drawn.press("model.page.layers")
    assert drawn.current_row() == picture.graph.nodes[-1].name


def test_the_whole_graph_is_in_view_and_skips_are_seen(drawn: Story) -> None:
    view, picture = drawn.graph, drawn.graph.picture
    assert picture is not None
    assert view.shown_part().contains(QRectF(0, 0, view.view.width - 1, view.view.height - 1))
    adds = [node.path for node in picture.graph.nodes if node.title == "Add"]
    assert adds
    for add in adds:
        assert sum(route.target == add for route in picture.layout.routes) == 2
    legend = drawn.find(CategoryLegend, "model.graph.legend")
    assert "Merge" in legend.accessibleDescription()


def test_a_model_that_comes_while_the_page_waits_is_drawn(story: Story) -> None:
    """As at the start, when the page is chosen before the first network is open."""
    story.press("model.page.graph")
    story.open("lenet-5")
    picture = story.graph.picture
    assert picture is not None and story.graph.isVisible()
    assert set(picture.owners) == {row.path for row in model_of("lenet-5").layers}


def test_folded_and_every_layer(drawn: Story) -> None:
    folded = drawn.graph.picture
    drawn.press("model.graph.detail.all")
    every = drawn.graph.picture
    assert folded is not None and every is not None
    assert len(every.graph.nodes) == len(model_of("resnet-small").layers) > len(folded.graph.nodes)
    # A layer inside a box marks that box.
    normalisation = next(node.path for node in every.graph.nodes if node.title == "BatchNormalization")
    drawn.press("model.graph.detail.folded")
    drawn.workspace.choose_layer(normalisation)
    owner = folded.owners[normalisation]
    assert owner != normalisation
    assert drawn.graph.position_of(normalisation) == drawn.graph.position_of(owner)


def test_wheel_zooms_at_the_cursor_drag_pans_double_click_fits(drawn: Story) -> None:
    view = drawn.graph
    path = next(iter(view.picture.layout.boxes)) if view.picture else ""
    at, fitted = view.position_of(path), view.view.scale
    wheel(view, at, 3)
    assert view.view.scale == pytest.approx(2 * fitted)
    after = view.position_of(path)
    assert (after - at).manhattanLength() < 12
    start = QPoint(view.width() // 2, view.height() // 2)
    before = view.shown_part().center()
    drawn.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 30, 60):
        drawn.qtbot.mouseMove(view, start + QPoint(step, 0))
    drawn.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    assert view.shown_part().center() != before or view.view.fitted
    drawn.qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=start)
    assert view.view.fitted and view.view.scale == fitted
    drawn.press("model.graph.in")
    assert view.view.scale > fitted
    drawn.press("model.graph.all")
    assert view.view.fitted


def test_keys_zoom_and_go_along_the_layers(drawn: Story) -> None:
    view = drawn.graph
    scale = view.view.scale
    drawn.qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.view.scale > scale
    drawn.qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.view.scale == scale
    assert view.picture is not None
    paths = [node.path for node in view.picture.graph.nodes]
    drawn.workspace.choose_layer(paths[0])
    for path in paths[1:4]:
        drawn.qtbot.keyClick(view, Qt.Key.Key_PageDown)
        assert drawn.workspace.layer == path
    drawn.qtbot.keyClick(view, Qt.Key.Key_PageUp)
    assert drawn.workspace.layer == paths[2]


def test_search_lifts_boxes_and_enter_goes_from_one_to_the_next(drawn: Story) -> None:
    field = drawn.find(QLineEdit, "model.graph.search")
    drawn.qtbot.keyClicks(field, "add")
    assert drawn.graph.picture is not None
    adds = [node.path for node in drawn.graph.picture.graph.nodes if node.title == "Add"]
    assert drawn.graph.found == set(adds)
    visited = []
    for _ in range(len(adds) + 1):
        drawn.qtbot.keyClick(field, Qt.Key.Key_Return)
        visited.append(drawn.workspace.layer)
    assert visited == [*adds, adds[0]]
    # The one that it went to stands in the middle, and can be read.
    place = drawn.graph.position_of(adds[0]).toPoint()
    assert (place - drawn.graph.rect().center()).manhattanLength() < drawn.graph.width() / 3
    assert drawn.graph.view.scale >= 0.8
    field.clear()
    assert drawn.graph.found == frozenset()


def test_a_layer_out_of_view_is_brought_into_it(drawn: Story) -> None:
    view = drawn.graph
    assert view.picture is not None
    paths = [node.path for node in view.picture.graph.nodes]
    for _ in range(6):
        wheel(view, view.position_of(paths[0]), 1)
    drawn.workspace.choose_layer(paths[-1])
    place = view.position_of(paths[-1])
    assert view.rect().contains(place.toPoint())


def test_another_model_another_graph_the_latest_wins(drawn: Story) -> None:
    for name in ("inception-small", "digits", "xception-small"):
        drawn.workspace.add_model(model_of(name))
    drawn.settle()
    assert drawn.graph.picture is not None
    assert set(drawn.graph.picture.owners) == {row.path for row in model_of("xception-small").layers}
    # What comes while another page is on show is drawn when the graph is looked at.
    drawn.press("model.page.layers")
    drawn.open("digits")
    drawn.press("model.page.graph")
    assert len(drawn.graph.picture.graph.nodes) == 9


def test_more_room_is_used(drawn: Story) -> None:
    drawn.open("efficientnet-small")
    before = drawn.graph.picture
    drawn.press("model.fold")
    drawn.qtbot.wait(250)
    drawn.settle()
    after = drawn.graph.picture
    assert before is not None and after is not None
    assert after.layout.columns > before.layout.columns


def test_pictures_of_the_graph(drawn: Story, tmp_path: Path) -> None:
    view = drawn.graph
    view.copy_requested.emit()
    drawn.settle()
    size = (view.view.width, view.view.height)
    copied = QGuiApplication.clipboard().image()
    assert abs(copied.width() - 2 * size[0]) <= 1 and abs(copied.height() - 2 * size[1]) <= 1
    view.save_requested.emit(str(tmp_path / "graph.png"))
    drawn.settle()
    saved = QImage(str(tmp_path / "graph.png"))
    assert saved.size() == copied.size()
    assert saved.pixelColor(saved.width() // 2, 40) == copied.pixelColor(copied.width() // 2, 40)
    view.save_requested.emit(str(tmp_path / "graph.svg"))
    drawn.settle()
    drawing = QSvgRenderer(str(tmp_path / "graph.svg"))
    assert drawing.isValid()
    assert (drawing.viewBox().width(), drawing.viewBox().height()) == size
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_boxes_are_painted_in_the_colours_of_their_kind(drawn: Story, choice: str) -> None:
    theme.apply("dark" if choice == "dark" else "light")
    try:
        view = drawn.graph
        assert view.picture is not None
        picture = view.grab().toImage()
        colours = set()
        for node in view.picture.graph.nodes:
            box = view.picture.layout.boxes[node.path]
            x, y = view.view.to_screen(box.x + 2.5, box.y + box.height / 2)
            colours.add((node.category, picture.pixelColor(round(x), round(y)).name()))
        categories = {category for category, _name in colours}
        # One colour a kind, give or take the edge of a stripe, and no two kinds the same.
        names = [name for _category, name in colours]
        assert len(categories) >= 4
        assert len(set(names)) >= len(categories)
    finally:
        theme.apply("light")


def test_a_picture_that_cannot_be_written_is_said(drawn: Story, tmp_path: Path) -> None:
    for name in ("graph.svg", "graph.png"):
        drawn.graph.save_requested.emit(str(tmp_path / "missing" / name))
        drawn.settle()
        assert "missing" in messages(drawn.window)[-1]
    assert not list(tmp_path.iterdir())
