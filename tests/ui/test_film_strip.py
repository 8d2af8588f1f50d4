"""The film strip: thumbnails, the current image, closing images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QPoint, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QListView, QMenu
from pytestqt.qtbot import QtBot
from window_helpers import WindowMaker, messages, press, small_images

from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.ui.main_window import MainWindow
from convscope.ui.window.film_strip import SOURCE, picture_of


def strip(window: MainWindow) -> QListView:
    """The list of thumbnails."""
    found = window.findChild(QListView, "strip.list")
    assert found is not None
    return found


def model(window: MainWindow) -> QAbstractItemModel:
    """Its images."""
    return strip(window).model()


def thumbnails(window: MainWindow) -> list[bool]:
    """Which images have theirs."""
    shown = model(window)
    return [
        isinstance(shown.index(row, 0).data(Qt.ItemDataRole.DecorationRole), QIcon)
        for row in range(shown.rowCount())
    ]


def middle(window: MainWindow, row: int) -> QPoint:
    """Where an image is in the strip."""
    return strip(window).visualRect(model(window).index(row, 0)).center()


def test_a_thumbnail_is_small_or_enlarged_in_whole_pixels() -> None:
    large = picture_of(Image(np.zeros((300, 900, 3), np.uint8), "large"))
    assert large.shape == (SOURCE // 3, SOURCE, 3)
    digit = np.zeros((28, 28), np.uint8)
    digit[3, 5] = 200
    small = picture_of(Image(digit, "digit"))
    factor = SOURCE // 28
    assert small.shape == (28 * factor, 28 * factor, 3)
    assert (small[3 * factor : 4 * factor, 5 * factor : 6 * factor] == 200).all()
    assert int(small.sum()) == 200 * 3 * factor * factor


def test_a_table_of_zeros_and_ones_is_no_black_thumbnail() -> None:
    made = picture_of(image_from_array([[1, 0], [0, 1]], "table"))
    assert np.unique(made).tolist() == [0, 255] and (made[:96, :96] == 255).all()


def test_every_image_gets_its_thumbnail(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: thumbnails(window) == [True] * 3)
    window.workspace.add_images(small_images(5))
    qtbot.waitUntil(lambda: thumbnails(window) == [True] * 8)
    icon = model(window).index(1, 0).data(Qt.ItemDataRole.DecorationRole)
    shown = icon.pixmap(SOURCE, SOURCE).toImage()
    assert shown.pixelColor(2, 2).red() == 10


def test_a_click_makes_an_image_current_and_the_strip_follows_the_workspace(
    window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: thumbnails(window) == [True] * 3)
    qtbot.mouseClick(strip(window).viewport(), Qt.MouseButton.LeftButton, pos=middle(window, 2))
    assert window.workspace.current == 2
    window.workspace.select_image(window.workspace.images[1].id)
    assert strip(window).currentIndex().row() == 1
    qtbot.keyClick(strip(window), Qt.Key.Key_Right)
    assert window.workspace.current == 2
    qtbot.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert window.workspace.current == 0


def test_the_tooltip_names_the_image_and_what_was_converted(make_window: WindowMaker) -> None:
    image = Image(np.zeros((30, 40), np.uint8), "scan.tif", Path("/x/scan.tif"), ("16 bits became 8",))
    window = make_window([image])
    index = model(window).index(0, 0)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "scan.tif   30×40 gray\n16 bits became 8"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "scan.tif   30×40 gray"
    assert index.data(Qt.ItemDataRole.EditRole) is None


def test_the_context_menu_and_delete_close_an_image(window: MainWindow, qtbot: QtBot) -> None:
    strip(window).customContextMenuRequested.emit(middle(window, 0))
    (menu,) = strip(window).findChildren(QMenu)
    menu.actions()[0].trigger()
    menu.close()
    assert [image.name for image in window.workspace.images] == ["image 1", "image 2"]
    assert strip(window).currentIndex().row() == window.workspace.current == 0
    strip(window).setFocus()
    qtbot.keyClick(strip(window), Qt.Key.Key_Delete)
    assert [image.name for image in window.workspace.images] == ["image 2"]
    qtbot.keyClick(strip(window), Qt.Key.Key_Delete)
    assert len(window.workspace.images) == 1


def test_the_context_menu_closes_the_image_that_it_was_opened_on(window: MainWindow) -> None:
    strip(window).customContextMenuRequested.emit(middle(window, 1))
    (menu,) = strip(window).findChildren(QMenu)
    # Meanwhile another one goes.
    window.close_image(0)
    menu.actions()[0].trigger()
    assert [image.name for image in window.workspace.images] == ["image 2"]
    menu.actions()[0].trigger()
    menu.close()
    assert len(window.workspace.images) == 1


def test_a_closed_image_comes_back_by_the_message_and_by_its_key(window: MainWindow, qtbot: QtBot) -> None:
    before = window.workspace.images
    strip(window).setFocus()
    qtbot.keyClick(strip(window), Qt.Key.Key_Delete)
    window.close_image(window.workspace.images[1].id)
    # One message for the last image closed, however many were.
    (toast,) = window.toasts.toasts()
    assert toast.message == "image 2 is closed." and window.workspace.images == before[1:2]
    press(qtbot, window, "toast.action")
    assert window.workspace.images == before[1:] and window.workspace.image is before[2]
    assert messages(window) == []
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(window, Qt.Key.Key_T, control | Qt.KeyboardModifier.ShiftModifier)
    assert window.workspace.images == before and window.workspace.image is before[0]
    assert not next(each for each in window.commands() if each.id == "image.reopen").enabled


def test_the_last_image_is_not_closed_and_nothing_is_said_of_it(make_window: WindowMaker) -> None:
    window = make_window(small_images(1))
    window.close_image()
    assert len(window.workspace.images) == 1 and messages(window) == []


def test_a_live_image_keeps_its_place_and_its_thumbnail_until_the_next(
    window: MainWindow, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: thumbnails(window) == [True] * 3)
    resets: list[bool] = []
    model(window).modelReset.connect(lambda: resets.append(True))
    for level in range(1, 60):
        window.workspace.update_image(Image(np.full((4, 6), level, np.uint8), "live"))
        assert thumbnails(window) == [True] * 3
    assert not resets

    def newest() -> bool:
        icon = model(window).index(0, 0).data(Qt.ItemDataRole.DecorationRole)
        return bool(icon.pixmap(SOURCE, SOURCE).toImage().pixelColor(2, 2).red() == 59)

    qtbot.waitUntil(newest)
    qtbot.waitUntil(window.jobs.idle)


@pytest.mark.parametrize("count", [1, 200])
def test_one_image_or_very_many(make_window: WindowMaker, qtbot: QtBot, count: int) -> None:
    window = make_window(small_images(count))
    window.workspace.select_image(window.workspace.images[count - 1].id)
    qtbot.waitUntil(lambda: all(thumbnails(window)))
    # The current image is scrolled into sight, and the buttons stay where they are.
    qtbot.waitUntil(lambda: strip(window).viewport().rect().contains(middle(window, count - 1)))
    assert window.strip.camera.isVisible() and window.width() == 1440
