"""Whatever took a person effort in the lab is taken back in order, and nothing that is not on show."""

from __future__ import annotations

import numpy as np
from lab_helpers import Lab
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QSlider

from convscope.imaging.kernels.kernel import Kernel
from convscope.ui.canvas.divider_view import DividerView
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.panels.kernels.views.spectrum import SpectrumView
from convscope.workspace.lab import Lab as Document


def back(lab: Lab) -> np.ndarray:
    pixels = lab.find(ImageView, "kernels.spectrum.back").pixels
    assert pixels is not None
    return pixels


def test_one_dimension_is_taken_back_step_by_step(lab: Lab) -> None:
    lab.spin("kernels.stride", 2)
    lab.press("kernels.view.sequence")
    line = lab.find(QLineEdit, "kernels.sequence.sequence")
    line.selectAll()
    lab.qtbot.keyClicks(line, "1 2 3 4 5")
    lab.find(QLineEdit, "kernels.sequence.weights").setText("1 0 -1")
    lab.press("kernels.sequence.mode.convolve")
    lab.pick("kernels.sequence.border", "full")
    lab.spin("kernels.sequence.stride", 2)
    assert lab.text("kernels.sequence.formula").endswith("= 4")
    lab.run("edit.undo")
    assert lab.text("kernels.sequence.formula") == "length m + n − 1 = 5 + 3 − 1 = 7"
    lab.run("edit.undo")
    assert lab.find(QComboBox, "kernels.sequence.border").currentData() == "valid"
    lab.run("edit.undo")
    assert lab.text("kernels.sequence.rule") == "c[k] = Σ s[k + t]·w[t],  t = 0 … 2"
    lab.run("edit.undo")
    assert lab.find(QLineEdit, "kernels.sequence.weights").text() == "1 2 1"
    assert line.text() == "1 2 3 4 5"
    lab.run("edit.undo")
    assert line.text() == "0 0 1 1 1 0 2 4 2 0"
    # The stride of the lab is not on show, so it is not taken back from here.
    assert lab.stage.stride == 2
    for _ in range(5):
        lab.run("edit.redo")
    assert lab.text("kernels.sequence.formula").endswith("= 4")
    lab.press("kernels.view.picture")
    lab.run("edit.undo")
    assert lab.stage.stride == 1 and line.text() == "1 2 3 4 5"


def test_painted_frequencies_come_back_before_the_dilation(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    gray = lab.workspace.image.gray.pixels
    lab.spin("kernels.dilation", 2)
    view = lab.panel.view
    assert isinstance(view, SpectrumView)
    lab.slide("kernels.spectrum.radius", 2)
    for row in (12, 9):
        place = view.pad.to_point(row, 16).toPoint()
        lab.qtbot.mouseClick(view.pad, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        lab.settle()
    twice = back(lab)
    lab.press("kernels.spectrum.low")
    assert not np.array_equal(back(lab), twice)
    lab.run("edit.undo")
    assert np.array_equal(back(lab), twice) and lab.stage.dilation == 2
    lab.run("edit.undo")
    once = back(lab)
    assert not np.array_equal(once, twice) and not np.array_equal(once, gray)
    lab.run("edit.undo")
    assert np.array_equal(back(lab), gray) and lab.stage.dilation == 2
    lab.run("edit.undo")
    assert lab.stage.dilation == 1
    for _ in range(4):
        lab.run("edit.redo")
    assert lab.stage.dilation == 2 and not np.array_equal(back(lab), twice)


def test_a_mask_is_of_its_own_image_and_waits_for_it(lab: Lab) -> None:
    first = lab.workspace.image
    lab.press("kernels.view.spectrum")
    lab.press("kernels.spectrum.low")
    filtered = back(lab)
    lab.workspace.add_images([type(first)(np.full((24, 32), 90, np.uint8), "other")])
    lab.settle()
    assert np.array_equal(back(lab), np.full((24, 32), 90))
    lab.workspace.select_image(first.id)
    lab.settle()
    assert np.array_equal(back(lab), filtered)


def test_one_undo_takes_a_lecture_example_back_chain_image_and_display(lab: Lab) -> None:
    lab.run("kernels.stages.add")
    lab.only(kernels=(Kernel(np.ones((2, 2))),), pool="avg")
    lab.press("kernels.display.signed")
    before, image = lab.workspace.lab, lab.workspace.image
    lab.press("kernels.view.matrix")
    lab.pick("kernels.matrix.example", "blur")
    lab.hover("kernels.matrix.result", 1, 1)
    assert lab.text("kernels.sum").endswith("= 662") and len(lab.workspace.lab.stages) == 1
    assert lab.frame.display == "stretch" and lab.workspace.image is not image
    lab.run("edit.undo")
    assert lab.workspace.lab == before and lab.workspace.image is image
    assert lab.frame.display == "signed" and len(lab.workspace.lab.stages) == 2
    lab.run("edit.redo")
    assert lab.values[1, 1] == 662
    assert lab.find(QComboBox, "kernels.matrix.example").currentData() == "blur"


def test_a_typed_matrix_is_taken_back_with_its_text(lab: Lab) -> None:
    lab.example("binary")
    text = lab.find(QPlainTextEdit, "kernels.matrix.text")
    for typed in ("1 2 3\n4 5 6\n7 8 9", "9 8 7\n6 5 4\n3 2 1"):
        text.setPlainText(typed)
        lab.press("kernels.matrix.apply")
    lab.run("edit.undo")
    assert lab.frame.source.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert text.toPlainText().split() == ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
    lab.run("edit.undo")
    assert lab.frame.source.shape == (5, 5)
    assert lab.find(QComboBox, "kernels.matrix.example").currentData() == "binary"
    lab.run("edit.undo")
    assert lab.workspace.lab == Document()


def test_the_set_of_a_bank_is_taken_back_with_its_maps(lab: Lab) -> None:
    """Undo took the kernel back that was chosen before, and the set of the bank stayed."""
    lab.spin("kernels.stride", 2)
    lab.press("kernels.view.bank")
    first = lab.find(QComboBox, "kernels.bank.set").currentData()
    count = lab.text("kernels.bank.count")
    lab.pick("kernels.bank.set", "gabor")
    for directions in (7, 9):
        lab.slide("kernels.bank.orientations", directions)
    assert lab.text("kernels.bank.count") == "27 maps"
    # One drag of the slider is one step.
    lab.run("edit.undo")
    assert lab.text("kernels.bank.count") == "18 maps"
    assert lab.find(QSlider, "kernels.bank.orientations").value() == 6
    lab.run("edit.undo")
    assert lab.find(QComboBox, "kernels.bank.set").currentData() == first
    assert lab.text("kernels.bank.count") == count and lab.stage.stride == 2
    lab.run("edit.undo")
    assert lab.stage.stride == 1
    for _ in range(3):
        lab.run("edit.redo")
    assert lab.text("kernels.bank.count") == "27 maps" and lab.stage.stride == 2


def test_operator_and_brightness_of_a_gradient_are_taken_back(lab: Lab) -> None:
    lab.press("kernels.view.gradient")

    def magnitude() -> bytes:
        pixels = lab.find(ImageView, "kernels.gradient.gx")._values
        assert pixels is not None
        return pixels.tobytes()

    sobel = magnitude()
    lab.press("kernels.gradient.operator.prewitt")
    lab.press("kernels.gradient.weigh.alike")
    prewitt = magnitude()
    assert prewitt != sobel and lab.text("kernels.gradient.brightness").startswith("Every direction")
    lab.run("edit.undo")
    assert lab.text("kernels.gradient.brightness").startswith("As bright") and magnitude() == prewitt
    lab.run("edit.undo")
    assert magnitude() == sobel and "2, 0, 2" in lab.text("kernels.gradient.kernel").replace("-", "")
    assert lab.find(QAbstractButton, "kernels.gradient.operator.sobel").isChecked()
    lab.run("edit.redo")
    assert magnitude() == prewitt


def test_a_divider_is_taken_back_where_it_was_dragged_to_and_whether_it_is_there(lab: Lab) -> None:
    lab.press("kernels.layout.divider")
    view = lab.find(DividerView, "kernels.divider")
    middle = QPoint(round(view.divider_x()), view.height() // 2)
    lab.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    for by in (20, 40, 60):
        lab.qtbot.mouseMove(view, middle + QPoint(by, 0))
    lab.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(60, 0))
    dragged = view.share
    assert dragged > 0.5
    lab.run("edit.undo")
    assert view.share == 0.5 and view.isVisible()
    lab.run("edit.undo")
    assert not view.isVisible() and lab.find(ImageView, "kernels.source").isVisible()
    assert lab.find(QAbstractButton, "kernels.layout.pair").isChecked()
    for _ in range(2):
        lab.run("edit.redo")
    assert view.isVisible() and view.share == dragged
