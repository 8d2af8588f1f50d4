"""Stories of classes and thumbnails: filter, scroll, choose, and a hundred thousand of them."""

from __future__ import annotations

import numpy as np
from data_helpers import Data, counted_set, small_set
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget

from convscope.engine.data.dataset import make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.ui import theme
from convscope.ui.panels.data.class_list import class_colour
from convscope.ui.panels.data.image_actions import KEPT


def test_opening_the_digits_shows_classes_with_their_counts(data: Data) -> None:
    assert data.find(QWidget, "data.empty.digits").isVisible()
    data.press("data.empty.digits")
    assert data.dataset.reference == "digits"
    assert data.text("data.facts") == "10,000 images · 10 classes · 28 × 28 gray"
    assert "CC BY-SA" in data.text("data.credit")
    train = data.dataset.indices("train")
    counts = np.bincount(data.dataset.labels[train])
    described = data.panel.classes.accessibleDescription()
    assert described == "10 classes: " + ", ".join(f"{label} {count}" for label, count in enumerate(counts))
    assert data.panel.classes.rows == [None, *range(10)]
    assert data.grid.indices.tolist() == train.tolist()


def test_a_class_is_shown_alone_and_all_come_back(data: Data) -> None:
    data.show(small_set())
    data.class_row(2)
    assert set(data.dataset.labels[data.grid.indices]) == {1}
    assert len(data.grid.indices) == data.dataset.counts("train")[1]
    data.class_row(2)
    assert data.grid.indices.tolist() == data.dataset.indices("train").tolist()
    data.qtbot.keyClick(data.panel.classes, Qt.Key.Key_End)
    assert data.panel.classes.current == 2
    data.qtbot.keyClick(data.panel.classes, Qt.Key.Key_Up)
    assert data.panel.classes.current == 1
    data.qtbot.keyClick(data.panel.classes, Qt.Key.Key_Escape)
    assert data.panel.classes.current is None


def test_the_switch_shows_another_part_and_counts_it(data: Data) -> None:
    data.show(small_set())
    data.press("data.part.validation")
    assert data.grid.indices.tolist() == data.dataset.indices("validation").tolist()
    counts = data.dataset.counts("validation")
    assert data.panel.classes.accessibleDescription().endswith(
        f"ant {counts[0]}, bee {counts[1]}, cow {counts[2]}"
    )
    data.class_row(1)
    assert data.grid.indices.tolist() == data.dataset.of_class(0, "validation").tolist()
    data.press("data.part.all")
    assert data.grid.indices.tolist() == data.dataset.of_class(0).tolist()


def test_many_classes_can_be_searched(data: Data) -> None:
    data.show(small_set())
    search = data.find(QLineEdit, "data.search")
    assert not search.isVisible()
    names = tuple(f"kind {number}" for number in range(30))
    data.show(small_set(90, classes=names))
    assert search.isVisible()
    data.qtbot.keyClicks(search, "KIND 2")
    assert data.panel.classes.rows == [2, *range(20, 30)]
    data.class_row(1)
    assert set(data.dataset.labels[data.grid.indices]) == {20}
    search.clear()
    assert data.panel.classes.rows == [None, *range(30)]
    assert len({class_colour(index).name() for index in range(24)}) == 24


def test_a_thumbnail_is_the_image_itself(data: Data) -> None:
    dataset = data.show(small_set())
    position = 3
    index = int(data.grid.indices[position])
    assert data.grid.tile() % 12 == 0, "small images are shown in whole pixels"
    shown = data.grid.viewport().grab().toImage()
    place, factor = data.grid.tile_rect(position), data.grid.tile() // 12
    pixels = [
        [
            shown.pixelColor(place.left() + x * factor + factor // 2, place.top() + y * factor + factor // 2)
            for x in range(12)
        ]
        for y in range(12)
    ]
    seen = [[(c.red(), c.green(), c.blue()) for c in line] for line in pixels]
    assert np.array_equal(np.array(seen), dataset.images.read(index))


def test_a_click_makes_an_image_the_current_one(data: Data) -> None:
    data.press("data.empty.digits")
    index = data.click_image(9)
    label = data.dataset.labels[index]
    assert data.workspace.image.name == f"Digits {index} ({label})"
    assert np.array_equal(data.workspace.image.values, data.dataset.images.read(index))
    before = len(data.workspace.images)
    data.click_image(10)
    assert len(data.workspace.images) == before + 1
    data.click_image(9)
    assert data.workspace.image.name == f"Digits {index} ({label})"
    assert len(data.workspace.images) == before + 1, "it is in the strip once"


def test_the_strip_keeps_the_last_few(data: Data) -> None:
    data.show(small_set())
    for position in range(KEPT + 3):
        data.click_image(position)
    names = [image.name for image in data.workspace.images]
    assert len(names) == 1 + KEPT and names[0] == "gray"
    last = int(data.grid.indices[KEPT + 2])
    assert names[-1].startswith(f"Small {last} ") and data.workspace.image.name == names[-1]


def test_keys_go_along_and_choose(data: Data) -> None:
    data.show(small_set(600))
    columns = data.grid.columns()
    data.keys(Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert data.grid.current == data.grid.indices[1 + columns]
    assert data.panel.focus_image == data.grid.current
    assert data.workspace.image.name == "gray", "the arrows alone open nothing"
    data.keys(Qt.Key.Key_Return)
    assert data.workspace.image.name.startswith(f"Small {data.grid.current} ")
    data.keys(Qt.Key.Key_End)
    assert data.grid.current == data.grid.indices[-1]
    assert data.grid.verticalScrollBar().value() == data.grid.verticalScrollBar().maximum()
    data.keys(Qt.Key.Key_PageUp, Qt.Key.Key_Left)
    assert data.grid.current in data.grid.visible()
    data.keys(Qt.Key.Key_Home)
    assert data.grid.current == data.grid.indices[0]
    tile = data.grid.tile()
    data.keys(Qt.Key.Key_Plus)
    assert data.grid.tile() > tile
    data.press("data.smaller")
    assert data.grid.tile() == tile


def test_hovering_says_what_it_is(data: Data) -> None:
    data.show(small_set())
    index = int(data.grid.indices[4])
    data.qtbot.mouseMove(data.grid.viewport(), data.place(4))
    label = data.dataset.classes[data.dataset.labels[index]]
    assert data.text("data.hover") == f"image {index}   ·   {label}   ·   12 × 12 RGB   ·   train"
    data.qtbot.mouseMove(data.grid.viewport(), data.place(4) + QPoint(0, -8 - data.grid.tile()))
    assert data.text("data.hover").startswith(f"{len(data.grid.indices)} images")


def test_the_right_button_offers_the_same_as_on_every_picture(data: Data) -> None:
    data.show(small_set())
    index = int(data.grid.indices[2])
    data.grid.menu_requested.emit(index, QPoint(5, 5))
    menu = data.find(QMenu, "data.grid.menu")
    words = [action.text() for action in menu.actions()]
    assert words == ["Make it the current image", "Copy", "Save as PNG…", "Copy the name"]
    menu.actions()[1].trigger()
    data.settle()
    copied = QGuiApplication.clipboard().image()
    first = copied.pixelColor(0, 0)
    assert (first.red(), first.green(), first.blue()) == tuple(data.dataset.images.read(index)[0, 0])
    use = menu.findChild(QAction, "data.grid.use")
    assert use is not None
    use.trigger()
    data.settle()
    assert data.workspace.image.name.startswith(f"Small {index} ")
    menu.close()


def test_dragging_scrolls_and_chooses_nothing(data: Data) -> None:
    data.show(small_set(600))
    viewport = data.grid.viewport()
    data.qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(100, 300))
    for y in (280, 250, 200):
        data.qtbot.mouseMove(viewport, QPoint(100, y))
    data.qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(100, 200))
    assert data.grid.verticalScrollBar().value() == 100
    assert data.workspace.image.name == "gray"


def test_ctrl_and_the_wheel_change_the_size(data: Data) -> None:
    data.show(small_set(600))
    tile = data.grid.tile()
    at = QPointF(200, 200)
    for modifier, turn in (
        (Qt.KeyboardModifier.ControlModifier, 120),
        (Qt.KeyboardModifier.NoModifier, -120),
    ):
        QApplication.sendEvent(
            data.grid.viewport(),
            QWheelEvent(
                at, at, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, modifier,
                Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip
    assert data.grid.tile() > tile
    assert data.grid.verticalScrollBar().value() > 0


def test_of_a_hundred_thousand_only_the_visible_ones_are_loaded(data: Data) -> None:
    dataset, images = counted_set(100_000)
    data.show(dataset)
    focus = data.panel.focus_image
    seen = set(data.grid.visible().tolist())
    assert 20 < len(seen) < 200
    assert set(images.loaded) <= seen | {focus}
    bar = data.grid.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    data.settle()
    middle = set(data.grid.visible().tolist())
    assert not middle & seen
    assert set(images.loaded) == seen | middle | {focus}
    asked = len(images.loaded)
    bar.setValue(0)
    data.settle()
    assert len(images.loaded) == asked, "what was loaded once is kept"
    # Every screen of it, and still no more pictures in memory than fit into the limit.
    for step in range(60):
        bar.setValue(bar.maximum() * step // 60)
        data.settle()
    assert data.grid.kept_bytes() <= 32 * 2**20
    assert len(set(images.loaded)) < 62 * 220


def test_what_scrolled_by_is_not_loaded(data: Data) -> None:
    dataset, images = counted_set(20_000, seconds=0.01)
    data.show(dataset)
    bar = data.grid.verticalScrollBar()
    before = len(images.loaded)
    for step in range(1, 40):
        bar.setValue(step * data.grid.viewport().height())
        data.qtbot.wait(1)
    data.settle()
    last = set(data.grid.visible().tolist())
    assert last <= set(images.loaded)
    assert len(images.loaded) - before < 40 * len(last) / 2


def test_another_data_set_while_thumbnails_load(data: Data) -> None:
    dataset, images = counted_set(5_000, seconds=0.2)
    data.workspace.set_dataset(dataset)
    data.qtbot.waitUntil(images.first.is_set)
    other = data.show(small_set())
    stopped = len(images.loaded)
    assert stopped < 40
    assert data.grid.indices.tolist() == other.indices("train").tolist()
    size = data.grid.source_size()
    for index in data.grid.visible().tolist():
        picture = data.panel.images.loader.picture(index, size)
        assert picture is not None
        assert np.array_equal(picture, other.images.read(index))
    data.qtbot.wait(30)
    assert len(images.loaded) == stopped
    data.class_row(1)
    data.workspace.set_dataset(None)
    data.settle()
    assert data.find(QWidget, "data.empty.digits").isVisible()
    data.show(other)
    assert data.panel.classes.current is None
    assert data.grid.indices.tolist() == other.indices("train").tolist()


def test_files_class_after_class_come_mixed(data: Data) -> None:
    dataset = data.show(small_set())
    assert not data.panel.images.mix.isChecked()
    ordered = small_set()
    ordered.labels.sort()
    data.show(ordered.with_split(ordered.split_settings))
    assert data.panel.images.mix.isChecked()
    assert sorted(data.grid.indices.tolist()) == data.dataset.indices("train").tolist()
    assert len(set(data.dataset.labels[data.grid.indices[:12]])) > 1
    data.press("data.mix")
    assert data.grid.indices.tolist() == data.dataset.indices("train").tolist()
    assert dataset is not data.dataset


def test_enlarging_the_window_enlarges_the_thumbnails(data: Data) -> None:
    data.show(small_set())
    tile = data.grid.tile()
    data.window.set_zoom(1.5)
    data.settle()
    assert data.grid.tile() > tile
    data.window.set_zoom(1.0)
    data.settle()
    assert data.grid.tile() == tile


def test_a_narrow_window_shows_two_columns(data: Data) -> None:
    data.show(small_set())
    assert data.panel.right.isVisible() and data.panel.left.isVisible()
    data.window.resize(1024, 700)
    data.settle()
    assert data.panel.left.isVisible() and not data.panel.right.isVisible()
    data.press("data.fold")
    assert data.panel.right.isVisible() and not data.panel.left.isVisible()
    assert data.grid.viewport().width() > 400
    data.press("data.fold")
    assert data.panel.left.isVisible() and not data.panel.right.isVisible()


def test_pictures_keep_their_proportions_and_have_no_bars(data: Data) -> None:
    pixels = np.full((30, 10, 20, 3), (255, 0, 0), np.uint8)
    labels = (np.arange(30) % 2).astype(np.int32)
    data.show(
        make_dataset("s", "S", ("a", "b"), ArrayImages(pixels), labels, image_size=(10, 20), channels=3)
    )
    place = data.grid.tile_rect(3)
    shown = data.grid.viewport().grab(place).toImage()
    ratio = shown.devicePixelRatio()

    def colour(across: float, down: float) -> str:
        return shown.pixelColor(
            round(across * place.width() * ratio), round(down * place.height() * ratio)
        ).name()

    assert colour(0.03, 0.5) == colour(0.97, 0.5) == colour(0.5, 0.28) == "#ff0000"
    assert colour(0.5, 0.1) == colour(0.5, 0.9) == QColor(theme.tokens().panel).name()
