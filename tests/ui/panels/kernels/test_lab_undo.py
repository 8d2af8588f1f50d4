"""Whatever took a person effort in the lab is taken back in order, and nothing that is not on show."""

from __future__ import annotations

import numpy as np
from lab_helpers import Lab
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit

from convscope.imaging.kernel import Kernel
from convscope.session.lab import Lab as Document
from convscope.ui.panels.kernels.view_spectrum import SpectrumView
from convscope.ui.widgets.image_view import ImageView


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
    gray = lab.session.image.gray.pixels
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
    first = lab.session.image
    lab.press("kernels.view.spectrum")
    lab.press("kernels.spectrum.low")
    filtered = back(lab)
    lab.session.add_images([type(first)(np.full((24, 32), 90, np.uint8), "other")])
    lab.settle()
    assert np.array_equal(back(lab), np.full((24, 32), 90))
    lab.session.select_image(first.id)
    lab.settle()
    assert np.array_equal(back(lab), filtered)


def test_one_undo_takes_a_lecture_example_back_chain_image_and_display(lab: Lab) -> None:
    lab.run("kernels.stages.add")
    lab.only(kernels=(Kernel(np.ones((2, 2))),), pool="avg")
    lab.press("kernels.display.signed")
    before, image = lab.session.lab, lab.session.image
    lab.press("kernels.view.matrix")
    lab.pick("kernels.matrix.example", "blur")
    lab.hover("kernels.matrix.result", 1, 1)
    assert lab.text("kernels.sum").endswith("= 662") and len(lab.session.lab.stages) == 1
    assert lab.frame.display == "stretch" and lab.session.image is not image
    lab.run("edit.undo")
    assert lab.session.lab == before and lab.session.image is image
    assert lab.frame.display == "signed" and len(lab.session.lab.stages) == 2
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
    assert lab.session.lab == Document()
