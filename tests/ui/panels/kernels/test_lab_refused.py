"""Settings that give no result: nothing of the last one is left standing as if it answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.ui.canvas.divider_view import DividerView
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.plots.bars import BarsView
from convscope.ui.plots.histogram import HistogramView

SEVEN = np.arange(49, dtype=np.uint8).reshape(7, 7)


def too_large(lab: Lab) -> None:
    lab.workspace.add_images([image_from_array(SEVEN, "seven")])
    lab.settle()
    lab.only(kernels=(Kernel(np.ones((9, 9))),), border="valid")
    assert "A 9×9 kernel does not fit into 7×7 pixels" in lab.text("kernels.problem")


def picture(lab: Lab, name: str) -> np.ndarray | None:
    return lab.find(ImageView, name).pixels


@pytest.mark.parametrize(
    ("view", "source", "result"),
    [
        ("picture", "kernels.source", "kernels.result"),
        ("scan", "kernels.scan.source", "kernels.scan.result"),
        ("matrix", "kernels.matrix.source", "kernels.matrix.result"),
    ],
)
def test_a_kernel_larger_than_the_image_leaves_its_input_alone(
    lab: Lab, view: str, source: str, result: str
) -> None:
    lab.press(f"kernels.view.{view}")
    assert picture(lab, result) is not None
    lab.pick("kernels.border", "zero")
    assert lab.find(ImageView, source).ring is not None
    too_large(lab)
    assert picture(lab, result) is None
    # Nor is there a border around it any more.
    assert lab.find(ImageView, source).ring is None
    shown = picture(lab, source)
    assert shown is not None and shown.shape == (7, 7)
    # Also where the view is looked at only now.
    lab.press("kernels.view.gradient")
    lab.press(f"kernels.view.{view}")
    assert picture(lab, result) is None and picture(lab, source) is not None
    assert lab.find(ImageView, source).ring is None
    lab.pick("kernels.border", "zero")
    found = picture(lab, result)
    assert found is not None and found.shape == (7, 7)


def test_the_sum_the_histogram_and_the_range_go_and_the_formula_tells_why(lab: Lab) -> None:
    lab.hover("kernels.result", 3, 4)
    assert lab.text("kernels.sum") and lab.text("kernels.range")
    too_large(lab)
    assert not lab.find(QWidget, "kernels.sum").isVisible()
    assert not lab.find(QWidget, "kernels.patch").isVisible()
    assert lab.text("kernels.place") == "No result"
    assert lab.panel.inspector.sum_of is None
    assert "W' = (W − K + 2P)/S + 1 = (7 − 9 + 0)/1 + 1 = −1" in lab.text("kernels.formula")
    described = lab.find(HistogramView, "kernels.histogram").accessibleDescription()
    assert described.startswith("input 0 to 48") and "result" not in described
    assert lab.text("kernels.range") == ""
    for name in ("save", "copy", "copy_python"):
        assert not lab.find(QToolButton, f"kernels.{name}").isEnabled()
    lab.pick("kernels.border", "zero")
    assert lab.find(QWidget, "kernels.sum").isVisible()
    assert lab.find(QToolButton, "kernels.save").isEnabled()


def test_a_pooling_tile_larger_than_the_result(lab: Lab) -> None:
    lab.example("binary")
    lab.only(pool="max", pool_size=7)
    assert "A 7×7 pooling tile does not fit into the 3×3 values" in lab.text("kernels.problem")
    assert picture(lab, "kernels.matrix.result") is None
    assert "W'' = (W' − T)/S_T + 1 = (3 − 7)/2 + 1 = −1" in lab.text("kernels.formula")


def test_the_divider_shows_nothing(lab: Lab) -> None:
    lab.press("kernels.layout.divider")
    too_large(lab)
    assert lab.find(DividerView, "kernels.divider").pixels is None
    lab.pick("kernels.border", "zero")
    assert lab.find(DividerView, "kernels.divider").pixels is not None


def test_what_needs_no_result_follows_the_new_image(lab: Lab) -> None:
    for view in ("gradient", "bank", "spectrum"):
        lab.press(f"kernels.view.{view}")
    too_large(lab)
    assert lab.find(ImageView, "kernels.spectrum.back").pixels is not None
    assert picture(lab, "kernels.spectrum.image").shape == (7, 7)  # type: ignore[union-attr]
    lab.press("kernels.view.gradient")
    assert picture(lab, "kernels.gradient.angle").shape == (7, 7, 3)  # type: ignore[union-attr]
    lab.press("kernels.view.bank")
    maps = lab.find(MosaicView, "kernels.bank.maps")
    assert maps.count == 4 and maps.pixels(0).shape == (5, 5)


def test_a_bank_that_does_not_fit_shows_no_maps(lab: Lab) -> None:
    lab.press("kernels.view.bank")
    assert lab.find(MosaicView, "kernels.bank.maps").count == 4
    lab.workspace.add_images([Image(np.full((2, 9), 7, np.uint8), "flat")])
    lab.pick("kernels.border", "valid")
    assert lab.find(MosaicView, "kernels.bank.maps").count == 0
    assert "larger than the image" in lab.text("kernels.bank.message")
    assert lab.text("kernels.bank.count") == ""
    lab.pick("kernels.border", "zero")
    assert lab.find(MosaicView, "kernels.bank.maps").count == 4


def test_an_rgb_filter_without_a_result_has_no_products(lab: Lab) -> None:
    lab.press("kernels.view.rgb")
    lab.press("kernels.rgb.ask")
    assert picture(lab, "kernels.rgb.total") is not None
    lab.only(kernels=(Kernel(np.ones((31, 31))),) * 3, border="valid")
    for name in ("total", "product_0", "channel_2"):
        assert picture(lab, f"kernels.rgb.{name}") is None
    assert lab.text("kernels.rgb.sum") == ""
    lab.only(kernels=(make("sharpen"),) * 3)
    assert picture(lab, "kernels.rgb.total") is not None
    # Without a filter there is nothing to hover over either.
    lab.only(kernels=(make("sharpen"),), channels="each")
    assert lab.text("kernels.rgb.sum") == ""


def test_a_stage_before_the_selected_one_is_to_blame(lab: Lab) -> None:
    lab.run("kernels.stages.add")
    stages = lab.workspace.lab.stages
    first = replace(stages[0], kernels=(Kernel(np.ones((31, 31))),), border="valid")
    lab.workspace.edit_lab(replace(lab.workspace.lab, stages=(first, lab.stage)), "Test")
    lab.settle()
    assert lab.text("kernels.problem").startswith("Stage 1: ")
    assert picture(lab, "kernels.source") is None and picture(lab, "kernels.result") is None
    assert "Stage 1" in lab.text("kernels.formula")


def test_nine_weights_on_seven_values(lab: Lab) -> None:
    lab.press("kernels.view.sequence")
    line = lab.find(QLineEdit, "kernels.sequence.sequence")
    line.setText("1 2 3 4 5 6 7")
    assert lab.text("kernels.sequence.sum")
    lab.find(QLineEdit, "kernels.sequence.weights").setText("1 1 1 1 1 1 1 1 1")
    assert "9 weights do not fit into a sequence of 7" in lab.text("kernels.sequence.message")
    for name in ("sum", "rule", "formula"):
        assert lab.text(f"kernels.sequence.{name}") == ""
    for name in ("input", "kernel", "output"):
        assert lab.find(BarsView, f"kernels.sequence.{name}_bars").accessibleDescription() == ""
    assert not lab.find(QWidget, "kernels.sequence.position").isEnabled()
    lab.pick("kernels.sequence.border", "full")
    assert lab.text("kernels.sequence.formula") == "length m + n − 1 = 7 + 9 − 1 = 15"
    assert lab.find(QWidget, "kernels.sequence.position").isEnabled()


def test_a_typed_matrix_is_not_called_by_the_name_of_a_lecture(lab: Lab) -> None:
    lab.example("blur")
    box = lab.find(QComboBox, "kernels.matrix.example")
    text = lab.find(QPlainTextEdit, "kernels.matrix.text")
    pending = lab.find(QLabel, "kernels.matrix.pending")
    assert box.currentData() == "blur" and not pending.isVisible()
    text.setPlainText("1 2 3\n4 5 6\n7 8 9")
    assert box.currentIndex() == -1 and pending.isVisible() and lab.text("kernels.matrix.sentence") == ""
    lab.press("kernels.matrix.apply")
    assert lab.frame.source.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert box.currentIndex() == -1 and not pending.isVisible()
    text.setPlainText("1 2 3\n4 5")
    lab.press("kernels.matrix.apply")
    assert "Row 2" in lab.text("kernels.matrix.message") and pending.isVisible()
    text.setPlainText("1 2 3\n4 5 6\n7 8 9")
    assert not pending.isVisible() and not lab.find(QLabel, "kernels.matrix.message").isVisible()
