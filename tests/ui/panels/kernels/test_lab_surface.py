"""What the lab looks like: whole words at every size, windows with gaps, borders that are seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from faults import faults
from lab_helpers import Lab
from PIL import Image as PillowImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QSlider, QToolButton, QWidget

from convscope.core.paths import resource_path
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.matrices import MATRICES
from convscope.imaging.numerals import numeral
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.stage_strip import StageStrip
from convscope.ui.forms.segmented import Segmented
from convscope.ui.panels.kernels.views.angle_wheel import BESIDE, DISC, LINE, MARKS, AngleWheel
from convscope.ui.panels.kernels.views.registry import VIEWS
from convscope.ui.tables.number_grid import NumberGrid

SIZES = ((1440, 900, 1.0), (1280, 800, 1.0), (1024, 700, 1.0), (1280, 800, 1.5))


@pytest.fixture(autouse=True)
def zoom_goes_back() -> Iterator[None]:
    """The zoom is the application's."""
    yield
    theme.apply("light")


def sized(lab: Lab, width: int, height: int, zoom: float) -> None:
    """The window so large, its text so large."""
    lab.window.set_zoom(zoom)
    lab.window.resize(width, height)
    lab.settle()


# -- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "zoom"), SIZES)
def test_no_word_of_any_view_is_cut(lab: Lab, width: int, height: int, zoom: float) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    sized(lab, width, height, zoom)
    switch = lab.find(Segmented, "kernels.view")
    cut = set()
    for title, name in ((view.title, view.name) for view in VIEWS):
        lab.press(f"kernels.view.{name}")
        for key in switch.keys:
            button = switch.button(key)
            assert button.text() == next(each.title for each in VIEWS if each.name == key)
            assert button.width() >= button.sizeHint().width(), (title, button.text())
            assert button.visibleRegion().boundingRect().size() == button.size(), (title, button.text())
        cut |= {f"{title}: {fault}" for fault in faults(lab.panel)}
    assert "\n".join(sorted(cut)) == ""


def test_the_views_take_one_line_where_there_is_one(lab: Lab) -> None:
    switch = lab.find(Segmented, "kernels.view")
    for width, height, zoom in SIZES[:3]:
        sized(lab, width, height, zoom)
        assert len({switch.button(key).y() for key in switch.keys}) == 1, width
    sized(lab, *SIZES[3])
    assert len({switch.button(key).y() for key in switch.keys}) == 2


def test_the_tools_are_in_one_menu_where_there_is_little_room(lab: Lab) -> None:
    copy, code, save = (lab.find(QToolButton, f"kernels.{name}") for name in ("copy", "copy_python", "save"))
    assert copy.isVisible() and code.isVisible() and save.menu() is None
    sized(lab, 1280, 800, 1.0)
    assert not copy.isVisible() and not code.isVisible() and save.isVisible()
    names = [action.objectName() for action in save.menu().actions()]
    assert names == ["kernels.output.save", "kernels.output.copy", "kernels.output.copy_python"]
    action = lab.window.findChild(QAction, "kernels.output.copy")
    assert action is not None
    action.trigger()
    lab.settle()
    assert any("Copied the picture" in toast.message for toast in lab.window.toasts.toasts())


# -- the sum where there is no room for it -------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "zoom"), [(1024, 700, 1.0), (1280, 800, 1.5)])
def test_a_sum_that_folds_away_says_so(lab: Lab, width: int, height: int, zoom: float) -> None:
    note = lab.find(QWidget, "kernels.note")
    assert not note.isVisible()
    lab.hover("kernels.result", 5, 6)
    sized(lab, width, height, zoom)
    assert not lab.panel.inspector.isVisible() and note.isVisible()
    assert lab.find(QLabel, "kernels.note.place").text() == "row 5, column 6"
    total = f"= {int(lab.values[5, 6, 0])}".replace("-", "−")
    assert lab.find(QLabel, "kernels.note.total").text() == total
    lab.press("kernels.note.show")
    assert lab.panel.inspector.isVisible() and not note.isVisible()
    assert lab.text("kernels.total") == total
    # Where there is no sum, there is nothing to say.
    lab.press("kernels.fold")
    lab.press("kernels.view.gradient")
    assert not note.isVisible()


# -- windows with gaps ---------------------------------------------------------------------------------------


def test_of_a_dilated_window_the_taps_are_marked(lab: Lab) -> None:
    source, result = (lab.find(ImageView, f"kernels.{name}") for name in ("source", "result"))
    lab.hover("kernels.result", 10, 12)
    assert source.taps is None
    lab.spin("kernels.dilation", 3)
    lab.hover("kernels.result", 10, 12)
    assert source.taps == ((7, 10, 13), (9, 12, 15)) and result.taps is None
    found = lab.panel.inspector.sum_of
    assert found is not None
    # They are the pixels of the sum.
    patch = lab.frame.source[7:14:3, 9:16:3, 0]
    assert found.channels[0].patch.tolist() == patch.tolist()
    lab.spin("kernels.stride", 2)
    lab.hover("kernels.result", 0, 0)
    assert source.taps == ((-3, 0, 3), (-3, 0, 3))
    lab.spin("kernels.dilation", 1)
    assert source.taps is None


@pytest.mark.parametrize("scale", [3.0, 12.0, 40.0])
def test_taps_are_seen_apart(lab: Lab, scale: float) -> None:
    lab.only(dilation=2)
    source = lab.find(ImageView, "kernels.source")
    lab.click("kernels.source", 12, 16)
    source.zoom_to(scale, 12, 16)
    with_gaps = source.grab().toImage()
    source.set_box(11, 15, 5, 5)
    assert source.grab().toImage() != with_gaps


# -- the border ----------------------------------------------------------------------------------------------


def test_the_padding_is_drawn_around_the_source(lab: Lab) -> None:
    source, result = (lab.find(ImageView, f"kernels.{name}") for name in ("source", "result"))
    assert source.ring is not None and source.ring.amounts == (1, 1, 1, 1)
    assert source.accessibleDescription() == "noise  ·  24 × 32 × 3  ·  padding 1: zeros"
    # All of it is in sight, the ring too, and the result lies as its source does.
    left, top = source.view.to_screen(-1, -1)
    right, bottom = source.view.to_screen(33, 25)
    assert left >= -0.01 and top >= -0.01
    assert right <= source.view.view_width + 0.01 and bottom <= source.view.view_height + 0.01
    assert result.view.scale == pytest.approx(source.view.scale, rel=0.01) and result.ring is None
    for border, words in (("replicate", "the edge"), ("reflect", "mirrored"), ("wrap", "wrapped round")):
        lab.pick("kernels.border", border)
        assert source.ring is not None and source.ring.words == f"padding 1: {words}"
    first = source.ring.values[0]
    assert np.array_equal(first[0, 1:-1], lab.frame.source[-1])
    lab.pick("kernels.border", "valid")
    assert source.ring is None and source.view.ring == (0, 0, 0, 0)
    assert source.accessibleDescription() == "noise  ·  24 × 32 × 3"
    lab.pick("kernels.border", "full")
    lab.spin("kernels.dilation", 3)
    assert source.ring is not None and source.ring.amounts == (6, 6, 6, 6)


def test_of_a_photograph_the_padding_is_a_frame_that_can_be_seen(lab: Lab) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.settle()
    source = lab.find(ImageView, "kernels.source")
    assert source.view.fitted and source.view.scale < 2
    assert min(source.view.margins) >= 4
    with_frame = source.grab().toImage()
    corner = QPoint(round(source.view.left) - 2, round(source.view.top) + 20)
    assert with_frame.pixelColor(corner) != QColor(theme.tokens().window)
    # Zoomed in on the corner the zeros themselves are seen.
    source.zoom_to(40.0, 0, 0)
    assert source.view.margins == (40, 40, 40, 40)
    x, y = source.view.to_screen(-0.5, -0.5)
    assert x >= 0 and y >= 0
    lab.pick("kernels.border", "valid")
    source.fit()
    assert source.view.margins == (0, 0, 0, 0)


def test_the_ring_of_a_matrix_has_its_zeros_in_numbers(lab: Lab) -> None:
    lab.example("sharpen")
    source = lab.find(ImageView, "kernels.matrix.source")
    assert source.ring is not None
    assert [strip.sum() for strip in source.ring.values] == [0, 0, 0, 0]
    assert source.view.scale >= 20


# -- the maximum ---------------------------------------------------------------------------------------------


def test_where_the_curve_detector_fires(lab: Lab) -> None:
    """Curriculum 7: 6600 where the curve is, 0 where it is not, and where in a whole image."""
    lab.example("curve")
    assert lab.values.tolist() == [[6600]]
    assert lab.text("kernels.total") == "= 6600"
    assert lab.find(ImageView, "kernels.matrix.result").peak == (0, 0)
    maximum = lab.find(QToolButton, "kernels.maximum")
    assert maximum.toolTip() == "Go to the maximum: 6600 at row 0, column 0"
    lab.example("no-curve")
    assert lab.values.tolist() == [[0]] and lab.text("kernels.total") == "= 0"
    # The same patch somewhere in a larger picture, beside the one without the curve.
    patches = {example.key: example.image.values for example in MATRICES}
    picture = np.zeros((40, 60), np.uint8)
    picture[12:19, 30:37] = patches["curve"]
    picture[25:32, 8:15] = patches["no-curve"]
    lab.workspace.add_images([Image(picture, "two patches")])
    lab.pick("kernels.border", "zero")
    lab.press("kernels.view.picture")
    result = lab.find(ImageView, "kernels.result")
    assert lab.values[15, 33] == 6600 and lab.values[28, 11] == 0
    # One row further down all six weights lie on a 50: 6·50·30.
    assert result.peak == (16, 33) and lab.values.max() == 9000
    assert lab.text("kernels.range").endswith("max at row 16, column 33")
    lab.press("kernels.maximum")
    assert lab.text("kernels.place") == "row 16, column 33" and lab.text("kernels.total") == "= 9000"
    assert lab.find(QToolButton, "kernels.unpin").isVisible()
    assert result.view.scale >= 12 and result.pixel_at(result.position_of(16, 33)) == (16, 33)
    # With another border it is at another place of a smaller result.
    lab.pick("kernels.border", "valid")
    assert result.peak == (13, 30)
    lab.run("kernels.maximum")
    assert lab.text("kernels.place") == "row 13, column 30" and lab.text("kernels.total") == "= 9000"


def test_the_maximum_is_that_of_the_channel_it_is_in(lab: Lab) -> None:
    lab.only(kernels=(make("identity"),))
    row, column, channel = (int(n) for n in np.unravel_index(lab.values.argmax(), lab.values.shape))
    lab.press("kernels.maximum")
    assert lab.text("kernels.place") == f"row {row}, column {column}"
    assert lab.find(Segmented, "kernels.sum_channel").value == str(channel)
    assert lab.text("kernels.total") == f"= {int(lab.values.max())}"


def test_where_nothing_stands_out_nothing_is_marked(lab: Lab) -> None:
    lab.workspace.add_images([Image(np.full((9, 9), 50, np.uint8), "flat")])
    lab.only(kernels=(make("identity"),))
    assert lab.find(ImageView, "kernels.result").peak is None
    assert not lab.find(QToolButton, "kernels.maximum").isEnabled()
    assert "max at" not in lab.text("kernels.range")
    lab.only(border="valid", kernels=(Kernel(np.ones((31, 31))),))
    assert lab.panel.frame is None and lab.find(ImageView, "kernels.result").peak is None


# -- channels ------------------------------------------------------------------------------------------------


def test_one_channel_is_seen_alone(lab: Lab) -> None:
    source, result = (lab.find(ImageView, f"kernels.{name}") for name in ("source", "result"))
    whole, exact = lab.frame.source, lab.values
    assert source.accessibleDescription().startswith("noise  ·  24 × 32 × 3")
    assert result.accessibleDescription() == "result  ·  24 × 32 × 3"
    for index, name in enumerate(("red", "green", "blue")):
        lab.pick("kernels.shown_channel", name)
        assert source.pixels is not None and np.array_equal(source.pixels, whole[..., index])
        shown = np.clip(np.rint(np.abs(exact[..., index])), 0, 255)
        assert result.pixels is not None and np.array_equal(result.pixels, shown)
        assert result.accessibleDescription() == f"result  ·  24 × 32 × 3  ·  {name} only"
        lab.hover("kernels.result", 5, 6)
        assert result.readout().endswith(f": {numeral(float(exact[5, 6, index]))}")
        assert lab.text("kernels.total") == f"= {numeral(float(exact[5, 6, index]))}"
        assert lab.text("kernels.range").startswith(f"min {numeral(float(exact[..., index].min()))} ")
    lab.pick("kernels.shown_channel", "luma")
    assert source.pixels is not None and np.array_equal(source.pixels, lab.workspace.image.gray.pixels)
    luma = exact @ np.array([0.299, 0.587, 0.114], np.float32)
    assert lab.frame.result_seen == pytest.approx(luma)
    # The numbers stay those of all channels, and it is taken back.
    assert np.array_equal(lab.values, exact)
    lab.run("edit.undo")
    assert lab.workspace.lab.channel == "blue"
    lab.pick("kernels.shown_channel", "all")
    assert result.pixels is not None and result.pixels.ndim == 3


def test_what_is_alone_is_saved_and_scripted_alone(lab: Lab, tmp_path: Path) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.pick("kernels.shown_channel", "green")
    lab.press("kernels.copy_python")
    made: dict[str, object] = {}
    text = QGuiApplication.clipboard().text().replace("result.png", str(tmp_path / "made.png"))
    exec(text, made)
    assert np.array_equal(made["pixels"], lab.frame.shown.pixels)  # type: ignore[arg-type]
    lab.press("kernels.save")
    dialog = lab.find(QFileDialog, "kernels.file")
    dialog.fileSelected.emit(str(tmp_path / "out.png"))
    dialog.close()
    lab.settle()
    assert np.array_equal(np.asarray(PillowImage.open(tmp_path / "out.png")), lab.frame.shown.pixels)


def test_a_gray_picture_has_no_channels_to_choose(lab: Lab) -> None:
    channels = lab.find(QComboBox, "kernels.shown_channel")
    assert channels.isVisible()
    lab.workspace.add_images([Image(np.arange(80, dtype=np.uint8).reshape(8, 10), "gray")])
    lab.settle()
    assert not channels.isVisible()


def test_the_shape_of_an_image_names_its_channels(lab: Lab) -> None:
    assert "noise   24×32×3" in lab.window.header.image.text()
    lab.workspace.add_images([Image(np.arange(80, dtype=np.uint8).reshape(8, 10), "gray")])
    assert "gray   8×10 gray" in lab.window.header.image.text()


# -- the gradient --------------------------------------------------------------------------------------------


def test_the_angle_is_seen_on_a_photograph_and_its_colours_are_told(lab: Lab) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.press("kernels.view.gradient")
    angle = lab.find(ImageView, "kernels.gradient.angle")
    assert angle.pixels is not None
    assert (angle.pixels.max(axis=2) > 64).mean() > 0.3
    words = lab.text("kernels.gradient.brightness")
    assert words.startswith("As bright as the magnitude, full from ") and "strongest 5 %" in words
    lab.press("kernels.gradient.weigh.alike")
    assert (angle.pixels.max(axis=2) == 255).mean() > 0.9
    assert lab.text("kernels.gradient.brightness") == "Every direction is as bright, however weak."
    assert "radians" in angle.accessibleDescription()


@pytest.mark.parametrize("zoom", [1.0, 1.5])
def test_the_wheel_says_which_colour_is_which_angle(lab: Lab, zoom: float) -> None:
    lab.press("kernels.view.gradient")
    sized(lab, 1440, 900, zoom)
    wheel = lab.find(AngleWheel, "kernels.gradient.wheel")
    assert wheel.isVisible() and "radians" in wheel.toolTip()
    assert [mark[0] for mark in MARKS] == ["0", "π/2", "±π", "−π/2"]
    image, ground = wheel.grab().toImage(), QColor(theme.tokens().panel)
    middle, radius = wheel.rect().center(), theme.scaled(DISC) / 2
    hues = {}
    for text, right, down in MARKS:
        # Just inside the rim, and the words beyond it.
        at = QPoint(middle.x() + round(right * radius * 0.85), middle.y() + round(down * radius * 0.85))
        hues[text] = (image.pixelColor(at).hue() + 20) % 360 - 20
        beyond = radius + (theme.scaled(BESIDE) if right else theme.scaled(LINE)) / 2
        x, y = round(middle.x() + right * beyond), round(middle.y() + down * beyond)
        area = [(x + dx, y + dy) for dx in range(-12, 13) for dy in range(-6, 7)]
        assert any(image.pixelColor(*place) != ground for place in area), text
    assert hues["0"] == pytest.approx(0, abs=4) and hues["π/2"] == pytest.approx(90, abs=4)
    assert hues["±π"] == pytest.approx(180, abs=4) and hues["−π/2"] == pytest.approx(270, abs=4)


def test_the_four_pictures_stand_as_they_are_largest(lab: Lab) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.press("kernels.view.gradient")
    views = [lab.find(ImageView, f"kernels.gradient.{name}") for name in ("gx", "gy", "magnitude", "angle")]
    assert len({view.y() for view in views}) == 2
    sized(lab, 1280, 800, 1.5)
    assert len({view.y() for view in views}) == 1
    for view in views:
        assert view.visibleRegion().boundingRect().size() == view.size()
    assert views[3].accessibleDescription() == "angle, radians"


# -- the scan ------------------------------------------------------------------------------------------------


def test_the_scan_of_a_large_result_is_never_blank(lab: Lab) -> None:
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.press("kernels.view.scan")
    result = lab.find(ImageView, "kernels.scan.result")
    assert result.pixels is not None
    ahead, whole = result.pixels[100:], lab.frame.shown.pixels[100:]
    assert len(np.unique(ahead)) > 20
    # Faintly what is to come, and said to be that.
    assert np.corrcoef(ahead.ravel(), whole.ravel())[0, 1] > 0.99
    assert np.ptp(ahead) < 0.25 * np.ptp(whole)
    assert result.accessibleDescription() == "result so far  ·  1 of 135,300  ·  faint: to come"
    lab.find(QSlider, "kernels.scan.position").sliderMoved.emit(135_299)
    assert np.array_equal(result.pixels, lab.frame.shown.pixels)


def test_the_scan_ends_in_sight_unless_a_speed_was_chosen(lab: Lab) -> None:
    lab.press("kernels.view.scan")
    assert lab.text("kernels.scan.speed_words") == "60 / s"
    lab.workspace.add_images([load_image(resource_path("images", "cat.jpg"))])
    lab.settle()
    assert lab.text("kernels.scan.speed_words") == "5,000 / s"
    lab.slide("kernels.scan.speed", 0)
    lab.workspace.add_images([Image(np.zeros((300, 300), np.uint8), "other")])
    lab.settle()
    assert lab.text("kernels.scan.speed_words") == "1 / s"


# -- names ---------------------------------------------------------------------------------------------------


def test_every_choice_has_its_name_beside_it(lab: Lab) -> None:
    # Its own words say what it is ("All channels", "Red only"); those of a place stand beside it.
    own_words = {"kernels.shown_channel", "kernels.scan.position", "kernels.sequence.position"}
    nameless = set()
    for name in (view.name for view in VIEWS):
        lab.press(f"kernels.view.{name}")
        if name == "bank":
            lab.pick("kernels.bank.set", "gabor")
        named = {
            label.buddy() for label in lab.panel.findChildren(QLabel) if label.isVisible() and label.text()
        }
        for box in (*lab.panel.findChildren(QComboBox), *lab.panel.findChildren(QSlider)):
            slider_row = "parameter" in box.objectName()
            if box.isVisible() and box not in named and not slider_row:
                nameless.add(box.objectName())
    assert nameless == own_words


def test_the_titles_of_stages_are_whole(lab: Lab) -> None:
    lab.only(kernels=(make("sobel-x-flipped"),), activation="sigmoid", pool="max")
    strip = lab.find(StageStrip, "kernels.stages")
    title = "sobel-x-flipped → sigmoid → max 2×2"
    assert strip.accessibleDescription().startswith(title)
    wide = QFontMetrics(theme.font(11)).horizontalAdvance(title)
    assert wide <= strip.card_rect(0).width() - 12
    lab.run("kernels.stages.add")
    assert strip.card_rect(1).left() > strip.card_rect(0).right()
    # A card that is dragged goes as far as it is carried.
    middle = strip.card_rect(0).center()
    lab.qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=middle)
    for step in (40, 160, strip.card_rect(1).center().x() - middle.x()):
        lab.qtbot.mouseMove(strip, middle + QPoint(step, 0))
    lab.qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=strip.card_rect(1).center())
    lab.settle()
    assert [stage.pool for stage in lab.workspace.lab.stages] == ["none", "max"]


def test_an_rgb_filter_shows_its_divisor(lab: Lab) -> None:
    lab.press("kernels.view.rgb")
    lab.press("kernels.rgb.ask")
    lab.press("kernels.channel.2")
    lab.trigger("kernels.preset.box-blur")
    kernel = lab.find(NumberGrid, "kernels.rgb.kernel_2")
    assert kernel.values is not None and kernel.values.tolist() == [[1] * 3] * 3
    signs = [label.text() for label in lab.panel.view.findChildren(QLabel) if label.text().endswith("=")]
    assert signs == ["=", "=", "÷ 9 ="]
