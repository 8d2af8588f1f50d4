"""The picture view under mouse, wheel and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gestures import click, double_click, drag, move, wheel
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QToolTip
from pytestqt.qtbot import QtBot

from convscope.ui import theme
from convscope.ui.canvas.image_view import CAPTION_HEIGHT, ImageView
from convscope.ui.canvas.picture_paint import shortened


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, np.uint8)


def shown(
    qtbot: QtBot, pixels: NDArray[np.uint8] | None = None, width: int = 600, height: int = 422
) -> ImageView:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(width, height)
    if pixels is not None:
        view.set_pixels(pixels)
    view.show()
    return view


@pytest.mark.parametrize("shape", [(300, 451, 3), (150, 226), (5, 7), (1, 1), (37, 3)])
@pytest.mark.parametrize("notches", [0, 3, 9, 30])
def test_hovering_reads_the_pixel_whose_colour_is_there(
    qtbot: QtBot, shape: tuple[int, ...], notches: int
) -> None:
    pixels = noise(*shape)
    view = shown(qtbot, pixels)
    middle = QPointF(view.view.view_width / 2, view.view.view_height / 2)
    for _ in range(notches):
        wheel(view, middle, 1)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    places: list[object] = []
    view.hovered.connect(places.append)
    first, last, left, right = view.view.visible_pixels()
    for row in {first, (first + last) // 2, last - 1}:
        for column in {left, (left + right) // 2, right - 1}:
            at = view.position_of(row, column)
            if not (0 <= at.x() <= view.view.view_width - 1 and 0 <= at.y() <= view.view.view_height - 1):
                continue
            move(view, at)
            place = view.pixel_at(at)
            assert place is not None
            assert abs(place[0] - row) <= 1 / view.view.scale + 0.01
            assert places[-1] == place
            value = ", ".join(str(v) for v in np.atleast_1d(pixels[place]))
            assert view.readout() == f"row {place[0]}, column {place[1]}: {value}"
            if view.view.scale >= 1:
                assert place == (row, column)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert places[-1] is None
    assert view.readout() == ""


def test_the_painted_colour_is_the_hovered_pixel(qtbot: QtBot) -> None:
    pixels = noise(60, 80, 3)
    view = shown(qtbot, pixels)
    image = view.grab().toImage()
    for x, y in ((40, 11), (299, 200), (444, 399), (560, 301)):
        place = view.pixel_at(QPointF(x, y))
        assert place is not None
        assert QColor(image.pixel(x, y)).getRgb()[:3] == tuple(pixels[place])


@pytest.mark.parametrize(
    ("photographs", "size", "scale", "smooth"),
    [(True, 64, 3, True), (True, 64, 4, False), (True, 28, 3, False), (False, 64, 3, False)],
)
def test_only_photographs_a_little_enlarged_are_smoothed(
    qtbot: QtBot, photographs: bool, size: int, scale: float, smooth: bool
) -> None:
    view = ImageView(photographs=photographs)
    qtbot.addWidget(view)
    view.resize(400, 400)
    checks = (np.indices((size, size)).sum(axis=0) % 2 * 255).astype(np.uint8)
    view.set_pixels(checks)
    view.zoom_to(scale, size / 2, size / 2)
    image = view.grab().toImage()
    shades = {QColor(image.pixel(x, 189)).red() for x in range(180, 220)}
    assert (len(shades) > 2) == smooth


def test_values_are_read_instead_of_bytes(qtbot: QtBot) -> None:
    view = shown(qtbot)
    values = np.array([[0.125, -1020.0]], np.float32)
    view.set_pixels(np.zeros((1, 2), np.uint8), values)
    move(view, view.position_of(0, 1))
    assert view.readout() == "row 0, column 1: −1020"
    move(view, view.position_of(0, 0))
    assert view.readout() == "row 0, column 0: 0.125"


def test_the_wheel_zooms_at_the_cursor_and_small_turns_make_small_steps(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(400, 600))
    view.zoom_to(4.0, 200, 300)
    at = QPointF(123, 77)
    before = view.pixel_at(at)
    assert wheel(view, at, 3)
    assert view.view.scale == pytest.approx(8.0)
    assert view.pixel_at(at) == before
    wheel(view, at, 0.1)
    assert view.view.scale == pytest.approx(8.0 * 2 ** (0.1 / 3))
    for _ in range(30):
        wheel(view, at, 1)
    assert view.view.scale == 64.0
    for _ in range(60):
        wheel(view, at, -1)
    assert view.view.fitted


def test_dragging_pans_and_does_not_click(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(400, 600))
    clicks: list[tuple[int, int]] = []
    view.clicked.connect(lambda row, column: clicks.append((row, column)))
    view.zoom_to(10.0, 200, 300)
    place = view.pixel_at(QPointF(300, 200))
    drag(view, QPointF(300, 200), QPointF(350, 170))
    assert view.pixel_at(QPointF(350, 170)) == place
    assert clicks == []
    click(view, QPointF(350, 170))
    assert clicks == [place]


def test_a_fitted_picture_stays_fitted_when_dragged(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(400, 600))
    drag(view, QPointF(300, 200), QPointF(350, 170))
    assert view.view.fitted
    assert view.visible_region() == (0.0, 0.0, 400.0, 600.0)


def test_a_double_click_fits(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(40, 60))
    view.zoom_to(40.0, 20, 30)
    double_click(view, QPointF(100, 100))
    assert view.view.fitted
    assert view.visible_region() == (0.0, 0.0, 40.0, 60.0)


def test_linked_views_of_other_sizes_stay_in_step_without_feedback(qtbot: QtBot) -> None:
    source, result = shown(qtbot, noise(300, 451, 3)), shown(qtbot, noise(150, 226))
    source.link(result)
    told: list[str] = []
    source.view_changed.connect(lambda: told.append("source"))
    result.view_changed.connect(lambda: told.append("result"))
    wheel(source, QPointF(200, 150), 4)
    assert sorted(told) == ["result", "source"]
    for leader, follower in ((source, result), (result, source)):
        wheel(leader, QPointF(420, 300), 2)
        drag(leader, QPointF(300, 200), QPointF(310, 190))
        assert follower.view.centre_x / follower.view.width == pytest.approx(
            leader.view.centre_x / leader.view.width
        )
        for x, y in ((20, 20), (300, 200), (580, 390)):
            mine, other = leader.pixel_at(QPointF(x, y)), follower.pixel_at(QPointF(x, y))
            assert mine is not None
            assert other is not None
            ratio = leader.view.height / follower.view.height
            assert mine[0] / ratio == pytest.approx(other[0], abs=1.01)
            assert mine[1] / ratio == pytest.approx(other[1], abs=1.01)
    assert result.view.scale == pytest.approx(2 * source.view.scale, rel=0.01)
    result.fit()
    assert source.view.fitted


def test_zoom_stays_with_the_size_and_is_fitted_with_another(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(100, 150))
    view.zoom_to(20.0, 50, 70)
    region = view.visible_region()
    view.set_pixels(noise(100, 150, 3))
    assert view.visible_region() == region
    view.set_pixels(noise(50, 75))
    assert view.view.fitted


def test_a_linked_view_keeps_its_place_when_the_stride_changes(qtbot: QtBot) -> None:
    source, result = shown(qtbot, noise(300, 450)), shown(qtbot, noise(300, 450))
    source.link(result)
    source.zoom_to(10.0, 100, 200)
    result.set_pixels(noise(150, 225))
    assert result.view.scale == pytest.approx(20.0)
    assert source.view.scale == 10.0
    source.set_pixels(noise(40, 40))
    assert source.view.fitted
    assert result.view.fitted


def test_a_deleted_view_leaves_its_links_working(qtbot: QtBot) -> None:
    source, result = shown(qtbot, noise(30, 45)), ImageView()
    result.set_pixels(noise(30, 45))
    source.link(result)
    result.deleteLater()
    QApplication.sendPostedEvents(result, QEvent.Type.DeferredDelete)
    source.zoom_to(20, 5, 5)
    assert source.view.scale == 20


def test_keys_zoom_pan_read_and_click(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(200, 300))
    clicks: list[tuple[int, int]] = []
    view.clicked.connect(lambda row, column: clicks.append((row, column)))
    start = view.view.scale
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.view.scale > start
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.view.scale == pytest.approx(start)
    view.zoom_to(16, 100, 150)
    left = view.visible_region()[1]
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.visible_region()[1] > left
    view.zoom_to(16, 100, 150)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert view.readout().startswith("row 101, column 150: ")
    assert view.accessibleDescription() == view.readout()
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert clicks == [(101, 150)]
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.view.fitted


def test_numbers_appear_in_the_pixels_from_28_points_on(qtbot: QtBot) -> None:
    view = shown(qtbot, np.full((50, 50), 255, np.uint8))
    dark: dict[float, int] = {}
    for scale in (27.0, 28.0):
        view.zoom_to(scale, 25, 25)
        image = view.grab().toImage()
        cell = view.position_of(25, 25)
        dark[scale] = sum(
            QColor(image.pixel(int(cell.x()) + dx, int(cell.y()) + dy)).lightness() < 100
            for dx in range(-10, 11)
            for dy in range(-10, 11)
        )
    assert dark[27.0] == 0
    assert dark[28.0] > 10


def test_numbers_can_be_read(qtbot: QtBot) -> None:
    view = shown(qtbot, np.full((20, 20, 3), 255, np.uint8))

    def heights(scale: float) -> list[int]:
        """How many lines of dark pixels there are under each other in one pixel of the picture."""
        view.zoom_to(scale, 10, 10)
        image, cell = view.grab().toImage(), view.position_of(10, 10)
        left, top = int(cell.x() - scale / 2) + 3, int(cell.y() - scale / 2) + 3
        inked = [
            any(QColor(image.pixel(left + dx, top + dy)).lightness() < 100 for dx in range(int(scale) - 6))
            for dy in range(int(scale) - 6)
        ]
        lines = "".join("x" if ink else " " for ink in inked).split()
        return [len(line) for line in lines]

    # Three numbers of 11 px have no room in less.
    assert heights(39.0) == []
    assert len(heights(40.0)) == 3 and min(heights(40.0)) >= 7


def test_numbers_are_white_on_dark_pixels(qtbot: QtBot) -> None:
    view = shown(qtbot, np.zeros((10, 10, 3), np.uint8))
    view.zoom_to(40, 5, 5)
    image = view.grab().toImage()
    lightest = max(QColor(image.pixel(x, y)).lightness() for x in range(280, 320) for y in range(180, 220))
    assert lightest > 200


def test_the_window_box_frames_its_pixels(qtbot: QtBot) -> None:
    view = shown(qtbot, np.full((40, 60), 128, np.uint8))
    view.set_box(10, 20, 3, 5)
    image = view.grab().toImage()
    accent = QColor(theme.tokens().accent)
    for x, y in ((200, 115), (250, 115), (225, 100), (225, 130)):
        near = [QColor(image.pixel(x + dx, y + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert any(abs(c.blue() - accent.blue()) + abs(c.red() - accent.red()) < 40 for c in near)
    view.clear_box()
    assert QColor(view.grab().toImage().pixel(200, 115)).red() in (127, 128)


@pytest.mark.parametrize("box", [(0, 0, 3, 5), (37, 55, 3, 5), (0, 0, 40, 60), (39, 0, 1, 1), (0, 59, 1, 1)])
def test_a_frame_at_the_border_is_whole_and_as_thick_as_elsewhere(
    qtbot: QtBot, box: tuple[int, int, int, int]
) -> None:
    """Half of its line lay outside of the view, and of one enlarged to be seen, half of the frame."""
    view = shown(qtbot, np.full((40, 60), 128, np.uint8))
    # The picture fills the view from border to border, as a fitted one does across or down.
    view.resize(300, 200 + CAPTION_HEIGHT)
    assert (view.view.left, view.view.top, view.view.scale) == (0.0, 0.0, 5.0)
    row, column, height, width = box
    view.set_box(18, 28, height, width) if height < 40 else view.clear_box()
    elsewhere = framed(view)
    view.set_box(row, column, height, width)
    assert framed(view) >= 0.9 * (elsewhere or 2 * (300 + 200 - 4) * 3)


def framed(view: ImageView) -> int:
    """How many pixels of the picture a frame takes, its outer line included."""
    image = view.grab().toImage()
    grays = ((x, y) for x in range(300) for y in range(200) if (x, y) != (0, 0))
    return sum(QColor(image.pixel(x, y)).getRgb()[:3] not in ((128,) * 3, (127,) * 3) for x, y in grays)


def test_a_frame_that_is_scrolled_away_is_not_pulled_in(qtbot: QtBot) -> None:
    view = shown(qtbot, np.full((40, 60), 128, np.uint8))
    view.zoom_to(40, 30, 40)
    empty = view.grab().toImage()
    view.set_box(0, 0, 3, 5)
    assert view.grab().toImage() == empty


def test_a_caption_that_is_cut_is_told_whole_on_hover(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(40, 60), width=160, height=160)
    name = "PXL_20240517_124312345.MP, the cat on the window sill.jpg  ·  40 × 60"

    def told(y: int) -> str:
        QToolTip.hideText()
        view.grab()
        at = QPoint(20, y)
        QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, at, view.mapToGlobal(at)))
        return QToolTip.text()

    view.set_caption("cat")
    assert told(view.height() - 8) == ""
    view.set_caption(name)
    assert told(view.height() - 8) == name
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    assert told(20) == ""


def test_no_number_of_a_caption_is_cut_in_two(qapp: QApplication) -> None:
    """A cat of 300 × 451 was called "cat…451, seen at 224 × 224"."""
    metrics = QFontMetrics(theme.font(11))
    words = "cat.jpg, 300 × 451, seen at 224 × 224"
    fits = metrics.horizontalAdvance
    assert shortened(metrics, words, fits(words)) == words
    assert shortened(metrics, words, fits(words) - 5) == "cat.jpg, seen at 224 × 224"
    assert shortened(metrics, "cat.jpg  ·  24 × 32", fits("c…g  ·  24 × 32") + 8).endswith("  ·  24 × 32")


def test_caption_and_scale_stand_below(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(40, 60))
    assert view.view.view_height == 422 - CAPTION_HEIGHT
    view.set_caption("cat  ·  40 × 60")
    assert view.accessibleDescription() == "cat  ·  40 × 60"
    image = view.grab().toImage()
    line = [QColor(image.pixel(x, y)).lightness() for x in range(8, 90) for y in range(404, 420)]
    assert min(line) < 150


def test_an_empty_view_paints_and_ignores_gestures(qtbot: QtBot) -> None:
    view = shown(qtbot)
    assert not wheel(view, QPointF(10, 10), 1)
    click(view, QPointF(10, 10))
    double_click(view, QPointF(10, 10))
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert not view.grab().isNull()
    menu = view.menu()
    assert not any(action.isEnabled() for action in menu.actions() if not action.isSeparator())
    menu.close()


def test_copy_save_and_the_menu(qtbot: QtBot, tmp_path: Path) -> None:
    pixels = noise(6, 4, 3)
    view = shown(qtbot, pixels)
    menu = view.menu()
    names = [action.objectName() for action in menu.actions() if not action.isSeparator()]
    assert names == [f"picture.{n}" for n in ("copy", "save", "copy_numbers", "fit", "actual")]
    menu.actions()[0].trigger()
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (4, 6)
    assert QColor(image.pixel(3, 5)).getRgb()[:3] == tuple(pixels[5, 3])
    menu.close()
    view.save(str(tmp_path / "out"))
    with PillowImage.open(tmp_path / "out.png") as read:
        assert np.array_equal(np.asarray(read), pixels)
    view.set_pixels(np.array([[1, 2], [3, 4]], np.uint8), np.array([[1.5, -2], [3, 4]]))
    view.copy_numbers()
    assert QGuiApplication.clipboard().text() == "1.5\t-2\n3\t4"


def test_a_failed_save_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    view = shown(qtbot, noise(6, 4))
    view.save(str(tmp_path / "missing" / "out.png"))
    box = view.findChild(QMessageBox)
    assert box is not None
    assert "out.png" in box.text()
    box.close()


def test_a_wrong_array_is_refused(qtbot: QtBot) -> None:
    view = shown(qtbot)
    for bad in (np.zeros((3, 3), np.float32), np.zeros(3, np.uint8), np.zeros((3, 3, 4), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            view.set_pixels(bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="differ in size"):
        view.set_pixels(np.zeros((3, 3), np.uint8), np.zeros((2, 3)))


def test_a_kept_rendering_is_used_until_something_changes(qtbot: QtBot) -> None:
    view = shown(qtbot, noise(40, 60))
    view.grab()
    frame = view._rendering._made
    move(view, QPointF(100, 100))
    view.set_box(1, 2, 3, 3)
    view.grab()
    assert view._rendering._made is frame is not None
    wheel(view, QPointF(100, 100), 1)
    view.grab()
    assert view._rendering._made is not frame
