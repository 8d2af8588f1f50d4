"""The views of the lab: pictures, the sum under the pointer, the scan, spectra, matrices, the chain."""

from __future__ import annotations

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QSlider, QToolButton, QWidget

from convscope.imaging.image import Image
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.scan import Scan
from convscope.imaging.numerals import numeral
from convscope.ui.canvas.divider_view import DividerView
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.stage_strip import StageStrip
from convscope.ui.panels.kernels.views.scan import ScanView
from convscope.ui.panels.kernels.views.spectrum import SpectrumView
from convscope.ui.tables.number_grid import NumberGrid

# -- pictures and the sum ------------------------------------------------------------------------------------


def test_the_display_changes_the_picture_not_the_values(lab: Lab) -> None:
    values = lab.values
    pictures = []
    for mode in ("clip", "stretch", "signed", "abs"):
        lab.press(f"kernels.display.{mode}")
        assert lab.workspace.lab.display == mode
        assert np.array_equal(lab.values, values)
        pixels = lab.find(ImageView, "kernels.result").pixels
        assert pixels is not None
        pictures.append(pixels.tobytes())
    assert len(set(pictures)) == 4
    minimum, maximum = float(values.min()), float(values.max())
    assert lab.text("kernels.range").startswith(f"min {numeral(minimum)}   max {numeral(maximum)}   mean ")


def test_the_divider_shows_both(lab: Lab) -> None:
    lab.press("kernels.layout.divider")
    divider = lab.find(DividerView, "kernels.divider")
    assert divider.isVisible() and divider.pixels is not None
    lab.trigger("kernels.preset.sharpen")
    assert np.array_equal(divider.pixels, lab.frame.shown.pixels)
    lab.hover("kernels.divider", 4, 5)
    assert lab.text("kernels.place") == "row 4, column 5"
    lab.press("kernels.layout.pair")
    assert lab.find(ImageView, "kernels.source").isVisible()


def test_the_sum_is_that_of_the_pixel_on_both_pictures(lab: Lab) -> None:
    lab.hover("kernels.result", 5, 6)
    on_result = lab.text("kernels.sum")
    assert on_result.endswith(f"= {lab.values[5, 6, 0]:.0f}".replace("-", "−"))
    lab.hover("kernels.source", 5, 6)
    assert lab.text("kernels.sum") == on_result
    lab.press("kernels.sum_channel.1")
    assert lab.text("kernels.sum").endswith(f"= {lab.values[5, 6, 1]:.0f}".replace("-", "−"))


def test_a_click_holds_the_place_and_lets_it_go(lab: Lab) -> None:
    lab.click("kernels.result", 5, 6)
    held = lab.text("kernels.sum")
    assert lab.find(QToolButton, "kernels.unpin").isVisible()
    lab.hover("kernels.result", 10, 11)
    assert lab.text("kernels.sum") == held
    assert lab.text("kernels.place") == "row 5, column 6"
    lab.press("kernels.copy_sum")
    assert QGuiApplication.clipboard().text() == held
    lab.press("kernels.unpin")
    assert not lab.find(QToolButton, "kernels.unpin").isVisible()
    lab.hover("kernels.result", 10, 11)
    assert lab.text("kernels.place") == "row 10, column 11"


def test_a_held_place_follows_the_kernel(lab: Lab) -> None:
    lab.click("kernels.result", 5, 6)
    lab.trigger("kernels.preset.identity")
    value = int(lab.frame.source[5, 6, 0])
    assert lab.text("kernels.sum") == f"{value}·1 = {value}"


def test_stride_and_dilation_link_the_pictures(lab: Lab) -> None:
    lab.only(stride=2, dilation=2, border="valid")
    lab.hover("kernels.result", 3, 4)
    found = lab.panel.inspector.sum_of
    assert found is not None and found.value == lab.values[3, 4, 0]
    assert (found.window.top, found.window.left, found.window.height) == (6, 8, 5)


def test_the_pictures_zoom_together(lab: Lab) -> None:
    source, result = (lab.find(ImageView, f"kernels.{name}") for name in ("source", "result"))
    source.zoom_to(40.0, 10, 12)
    assert result.visible_region() == pytest.approx(source.visible_region(), abs=0.2)


def test_the_sum_folds_away_where_there_is_no_room(lab: Lab) -> None:
    sum_, controls = (lab.find(QWidget, f"kernels.{name}") for name in ("inspector", "controls"))
    assert sum_.isVisible()
    lab.window.resize(1024, 700)
    lab.qtbot.waitUntil(lambda: not sum_.isVisible())
    assert controls.isVisible()
    lab.press("kernels.fold")
    assert sum_.isVisible() and not controls.isVisible()
    lab.window.resize(1440, 900)
    lab.qtbot.waitUntil(lambda: sum_.isVisible() and controls.isVisible())
    lab.press("kernels.fold")
    assert not sum_.isVisible()
    lab.run("kernels.inspector")
    assert sum_.isVisible()


@pytest.mark.parametrize(
    ("shape", "kernel", "products"),
    [
        ((3, 3), "beside", "beside"),
        ((9, 1), "beside", "beside"),
        ((5, 5), "beside", "below"),
        ((1, 9), "below", "below"),
    ],
)
def test_the_whole_sum_is_in_view_for_the_usual_kernels(
    lab: Lab, shape: tuple[int, int], kernel: str, products: str
) -> None:
    lab.workspace.add_images([Image(np.full((300, 451, 3), 200, np.uint8), "wide")])
    weights = np.arange(1.0, 1 + shape[0] * shape[1]).reshape(shape) / 7
    lab.workspace.edit_lab(lab.workspace.lab.with_stage(kernels=(Kernel(weights),)), "Another kernel")
    lab.settle()
    tables = [lab.find(NumberGrid, f"kernels.{name}") for name in ("patch", "kernel", "products")]
    for last, table, place in zip(tables, tables[1:], (kernel, products), strict=False):
        assert table.values is not None and table.values.shape == shape
        beside = table.x() >= last.geometry().right() and table.y() == last.y()
        below = table.y() >= last.geometry().bottom()
        assert (beside, below) == (place == "beside", place == "below")
        # Cells of fewer points show no number.
        assert table.cell_size()[1] >= 16
    lab.until(lambda: lab.panel.inspector.verticalScrollBar().maximum() == 0)


def test_another_image_is_filtered_at_once(lab: Lab) -> None:
    image = Image(np.full((9, 9), 50, np.uint8), "flat")
    lab.workspace.add_images([image])
    lab.settle()
    assert lab.frame.image is image and lab.values[4, 4] == 0


def test_a_large_image_shows_the_part_in_view_first(lab: Lab) -> None:
    frames = []
    lab.panel.model.frame_ready.connect(lambda frame: frames.append(frame))
    values = np.random.default_rng(3).integers(0, 256, (1500, 1600), np.uint8)
    lab.workspace.add_images([Image(values, "large")])
    lab.settle()
    lab.find(ImageView, "kernels.source").zoom_to(8.0, 700, 800)
    frames.clear()
    lab.trigger("kernels.preset.sobel-y")
    assert [frame.whole for frame in frames] == [False, True]
    part, whole = frames
    region = part.result.region
    assert region is not None and region.height < 400
    assert np.array_equal(part.result.values[region.slices], whole.result.values[region.slices])


def test_the_range_view_and_histogram_follow(lab: Lab) -> None:
    described = lab.find(QWidget, "kernels.histogram").accessibleDescription()
    assert f"result −{-lab.values.min():.0f} to {lab.values.max():.0f}" in described


# -- scan ----------------------------------------------------------------------------------------------------


def scan_of(lab: Lab) -> Scan:
    view = lab.panel.view
    assert isinstance(view, ScanView) and view.scan is not None
    return view.scan


def test_the_scan_steps_and_fills_in(lab: Lab) -> None:
    lab.press("kernels.view.scan")
    assert scan_of(lab).position == 0
    assert lab.text("kernels.place") == "row 0, column 0"
    for _ in range(3):
        lab.press("kernels.scan.forward")
    lab.press("kernels.scan.back")
    assert lab.text("kernels.scan.words") == "row 0, column 2"
    assert lab.text("kernels.place") == "row 0, column 2"
    pixels = lab.find(ImageView, "kernels.scan.result").pixels
    assert pixels is not None
    assert np.array_equal(pixels[0, :3], lab.frame.shown.pixels[0, :3])
    assert len(np.unique(pixels[1:])) == 1
    lab.press("kernels.scan.start")
    assert scan_of(lab).position == 0


def test_the_scan_plays_pauses_and_ends(lab: Lab) -> None:
    lab.press("kernels.view.scan")
    view = lab.panel.view
    assert isinstance(view, ScanView)
    lab.slide("kernels.scan.speed", 6)
    lab.press("kernels.scan.play")
    assert view.playing and lab.find(QToolButton, "kernels.scan.play").accessibleName() == "Pause"
    lab.qtbot.waitUntil(lambda: scan_of(lab).position > 20)
    lab.press("kernels.scan.play")
    assert not view.playing
    lab.slide("kernels.scan.speed", 9)
    lab.press("kernels.scan.play")
    lab.qtbot.waitUntil(lambda: not view.playing)
    assert scan_of(lab).at_end
    pixels = lab.find(ImageView, "kernels.scan.result").pixels
    assert pixels is not None and np.array_equal(pixels, lab.frame.shown.pixels)


def test_hovering_pauses_the_scan(lab: Lab) -> None:
    lab.press("kernels.view.scan")
    view = lab.panel.view
    assert isinstance(view, ScanView)
    lab.press("kernels.scan.play")
    lab.hover("kernels.scan.source", 10, 10)
    assert not view.playing
    assert lab.text("kernels.place") == "row 10, column 10"


def test_the_scan_is_dragged_and_stops_when_it_is_left(lab: Lab) -> None:
    lab.press("kernels.view.scan")
    view = lab.panel.view
    assert isinstance(view, ScanView)
    lab.find(QSlider, "kernels.scan.position").sliderMoved.emit(40)
    assert lab.text("kernels.scan.words") == "row 1, column 8"
    lab.press("kernels.scan.play")
    lab.press("kernels.view.picture")
    assert not view.playing


# -- spectrum ------------------------------------------------------------------------------------------------


def back(lab: Lab) -> np.ndarray:
    pixels = lab.find(ImageView, "kernels.spectrum.back").pixels
    assert pixels is not None
    return pixels


def test_frequencies_are_painted_out_and_come_back(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    gray = lab.workspace.image.gray.pixels
    assert np.array_equal(back(lab), gray)
    view = lab.panel.view
    assert isinstance(view, SpectrumView)
    lab.slide("kernels.spectrum.radius", 2)
    pad = view.pad
    lab.qtbot.mouseClick(
        pad, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pad.to_point(12, 16).toPoint()
    )
    lab.settle()
    # Without the lowest frequencies the mean is gone.
    assert back(lab).mean() < gray.mean() / 2
    lab.press("kernels.spectrum.brush.1")
    lab.slide("kernels.spectrum.radius", 4)
    lab.qtbot.mousePress(
        pad, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pad.to_point(12, 16).toPoint()
    )
    lab.qtbot.mouseMove(pad, pad.to_point(13, 17).toPoint() + QPoint(1, 0))
    lab.qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton)
    lab.settle()
    assert np.array_equal(back(lab), gray)


def test_rings_of_frequencies(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    gray = lab.workspace.image.gray.pixels
    for name in ("low", "high", "band"):
        lab.press(f"kernels.spectrum.{name}")
        assert not np.array_equal(back(lab), gray)
    lab.press("kernels.spectrum.restore")
    assert np.array_equal(back(lab), gray)


# -- one dimension and matrices ------------------------------------------------------------------------------


def test_the_sequence_has_a_border_and_a_stride_and_says_what_is_wrong(lab: Lab) -> None:
    lab.press("kernels.view.sequence")
    lab.pick("kernels.sequence.border", "zero")
    assert lab.text("kernels.sequence.formula").endswith("= 10")
    lab.spin("kernels.sequence.stride", 3)
    assert lab.text("kernels.sequence.formula").endswith("= (10 − 3 + 2)/3 + 1 = 4")
    lab.slide("kernels.sequence.position", 2)
    assert lab.text("kernels.sequence.sum").startswith("c[2]")
    lab.press("kernels.sequence.back")
    assert lab.text("kernels.sequence.sum").startswith("c[1]")
    lab.panel.view.weights.setText("1 x")  # type: ignore[attr-defined]
    assert '"x" is not a number' in lab.text("kernels.sequence.message")


def test_a_typed_matrix_becomes_the_image(lab: Lab) -> None:
    lab.press("kernels.view.matrix")
    count = len(lab.workspace.images)
    text = lab.find(QPlainTextEdit, "kernels.matrix.text")
    text.setPlainText("1 2 3\n4 5 6\n7 8 9")
    lab.press("kernels.matrix.apply")
    assert lab.frame.source.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert text.toPlainText() == "1 2 3\n4 5 6\n7 8 9"
    text.setPlainText("1 2; 3 4")
    lab.press("kernels.matrix.apply")
    assert lab.frame.source.tolist() == [[1, 2], [3, 4]]
    assert len(lab.workspace.images) == count + 1
    text.setPlainText("1 2; 3")
    lab.press("kernels.matrix.apply")
    assert "Row 2" in lab.text("kernels.matrix.message")
    assert lab.frame.source.tolist() == [[1, 2], [3, 4]]


def test_an_example_is_opened_once(lab: Lab) -> None:
    lab.example("blur")
    lab.example("binary")
    count = len(lab.workspace.images)
    lab.example("blur")
    assert len(lab.workspace.images) == count
    assert lab.find(QComboBox, "kernels.matrix.example").currentData() == "blur"
    assert "mean" in lab.text("kernels.matrix.sentence")
    lab.run("edit.undo")
    assert lab.stage.border == "valid"


# -- the chain -----------------------------------------------------------------------------------------------


def test_a_chain_is_built_switched_moved_and_taken_apart(lab: Lab) -> None:
    strip = lab.find(StageStrip, "kernels.stages")
    strip.add_requested.emit("relu")
    strip.add_requested.emit("max")
    lab.settle()
    assert [stage.activation for stage in lab.workspace.lab.stages] == ["none", "relu", "none"]
    assert lab.values.shape == (12, 16, 3) and lab.values.min() >= 0
    source = lab.frame.source
    assert source.shape == (24, 32, 3) and source.min() >= 0
    strip.toggled.emit(1, False)
    lab.settle()
    assert not lab.workspace.lab.stages[1].enabled and lab.frame.source.min() < 0
    strip.toggled.emit(1, True)
    strip.selected.emit(1)
    lab.settle()
    assert lab.workspace.lab.selected == 1 and lab.values.shape == (24, 32, 3)
    lab.press("kernels.stages.right")
    assert [stage.pool for stage in lab.workspace.lab.stages] == ["none", "max", "none"]
    assert lab.values.shape == (12, 16, 3)
    lab.press("kernels.stages.left")
    assert [stage.pool for stage in lab.workspace.lab.stages] == ["none", "none", "max"]
    strip.moved.emit(2, 0)
    lab.settle()
    assert lab.workspace.lab.stages[0].pool == "max"
    lab.press("kernels.stages.remove")
    assert [stage.pool for stage in lab.workspace.lab.stages] == ["none", "none"]
    strip.removed.emit(0)
    lab.settle()
    assert len(lab.workspace.lab.stages) == 1
    lab.run("edit.undo")
    assert len(lab.workspace.lab.stages) == 2


def test_a_stage_that_cannot_be_is_named(lab: Lab) -> None:
    lab.run("kernels.stages.add")
    lab.only(pool="max", pool_size=30)
    assert lab.text("kernels.problem").startswith("Stage 2: ")


def test_switched_off_stage_shows_its_input(lab: Lab) -> None:
    lab.find(StageStrip, "kernels.stages").toggled.emit(0, False)
    lab.settle()
    assert np.array_equal(lab.values, lab.frame.source)
    lab.hover("kernels.result", 2, 3)
    assert lab.text("kernels.sum") == f"{lab.frame.source[2, 3, 0]}·1 = {lab.frame.source[2, 3, 0]}"


def test_a_long_sum_is_short_under_the_pointer_and_whole_when_held(lab: Lab) -> None:
    lab.only(kernels=(Kernel(np.ones((11, 11))),))
    lab.hover("kernels.result", 12, 12)
    short = lab.text("kernels.sum")
    assert "+ … (click to hold and read all) = " in short and short.count("·1") == 77
    lab.click("kernels.result", 12, 12)
    whole = lab.text("kernels.sum")
    assert whole.count("·1") == 121 and whole.split(" = ")[1] == short.split(" = ")[1]


def test_the_middle_is_explained_until_one_points_and_when_the_place_is_gone(lab: Lab) -> None:
    assert lab.text("kernels.place") == "row 12, column 16"
    lab.spin("kernels.stride", 2)
    assert lab.text("kernels.place") == "row 6, column 8"
    lab.click("kernels.result", 11, 15)
    lab.spin("kernels.stride", 4)
    assert lab.text("kernels.place") == "No output here"
    assert not lab.find(QWidget, "kernels.copy_sum").isVisible()
    lab.press("kernels.unpin")
    lab.hover("kernels.result", 1, 1)
    assert lab.text("kernels.place") == "row 1, column 1"
