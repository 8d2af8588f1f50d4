"""Every number of the lectures' first part, on screen."""

from __future__ import annotations

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox

from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.imaging.kernels.kernel import Kernel
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.plots.bars import BarsView
from convscope.ui.tables.number_grid import NumberGrid


def test_one_dimension(lab: Lab) -> None:
    lab.press("kernels.view.sequence")
    lab.find(type(lab.panel.view.sequence), "kernels.sequence.sequence").setText("1 2 3 4")  # type: ignore[attr-defined]
    lab.find(type(lab.panel.view.weights), "kernels.sequence.weights").setText("1 0 2")  # type: ignore[attr-defined]
    assert "length m − n + 1 = 4 − 3 + 1 = 2" in lab.text("kernels.sequence.formula")
    assert "1·1 + 2·0 + 3·2 = 7" in lab.text("kernels.sequence.sum")
    lab.press("kernels.sequence.forward")
    assert lab.text("kernels.sequence.sum").endswith("2·1 + 3·0 + 4·2 = 10")
    lab.press("kernels.sequence.mode.convolve")
    assert lab.text("kernels.sequence.sum").endswith("4·1 + 3·0 + 2·2 = 8")
    assert lab.find(BarsView, "kernels.sequence.output_bars").isVisible()


def test_blur_example(lab: Lab) -> None:
    lab.example("blur")
    lab.hover("kernels.matrix.result", 1, 1)
    assert "= 662" in lab.text("kernels.sum")
    assert lab.text("kernels.place") == "row 1, column 1"
    lab.hover("kernels.matrix.result", 3, 2)
    assert "= 757" in lab.text("kernels.sum")
    lab.press("kernels.normalise")
    lab.hover("kernels.matrix.result", 1, 1)
    assert "= 73.5556" in lab.text("kernels.sum")
    assert lab.values[3, 2] == pytest.approx(757 / 9)


def test_same_of_keras_with_stride_2_is_told_from_zeros_on_both_sides(lab: Lab) -> None:
    lab.example("blur")
    lab.spin("kernels.stride", 2)
    lab.pick("kernels.border", "same")
    assert lab.values.tolist() == [[662, 690], [411, 757], [569, 474]]
    formula = lab.text("kernels.formula")
    assert "“same”: P₁ + P₂ = (⌈H/S⌉ − 1)·S + K − H = (3 − 1)·2 + 3 − 6 = 1" in formula
    assert lab.find(QComboBox, "kernels.border").currentText().startswith("Same as Keras")
    lab.hover("kernels.matrix.result", 0, 0)
    assert lab.text("kernels.sum").endswith("= 662")
    lab.run("kernels.copy_python")
    assert "border same as Keras's" in QGuiApplication.clipboard().text()
    lab.pick("kernels.border", "zero")
    assert lab.values.tolist() == [[219, 719], [219, 1002], [348, 779]]
    assert "1 + 1 zeros; Keras's “same” has 0 + 1 along H" in lab.text("kernels.formula")
    lab.pick("kernels.border", "full")
    assert lab.values.shape == (4, 3)
    box = lab.find(QComboBox, "kernels.border")
    assert all(box.itemData(index, Qt.ItemDataRole.ToolTipRole) for index in range(box.count()))


def test_binary_example(lab: Lab) -> None:
    lab.example("binary")
    assert lab.values.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    lab.hover("kernels.matrix.result", 0, 0)
    assert "= 4" in lab.text("kernels.sum")


def test_sharpen_example_with_the_sum_written_out(lab: Lab) -> None:
    lab.example("sharpen")
    lab.hover("kernels.matrix.result", 0, 0)
    assert lab.text("kernels.sum") == "105·5 + 102·(−1) + 103·(−1) = 320"
    patch = lab.find(NumberGrid, "kernels.patch").values
    assert patch is not None and patch.tolist() == [[0, 0, 0], [0, 105, 102], [0, 103, 99]]
    products = lab.find(NumberGrid, "kernels.products").values
    assert products is not None and products.sum() == 320


def test_curve_detector(lab: Lab) -> None:
    lab.example("curve")
    lab.hover("kernels.matrix.result", 0, 0)
    assert lab.text("kernels.sum").endswith("= 6600")
    assert "50·30" in lab.text("kernels.sum") and "20·30" in lab.text("kernels.sum")
    lab.example("no-curve")
    lab.hover("kernels.matrix.result", 0, 0)
    assert lab.text("kernels.sum").endswith("= 0")


def test_output_size_is_written_out_with_its_numbers(lab: Lab) -> None:
    lab.workspace.add_images([image_from_array(np.arange(49).reshape(7, 7), "seven")])
    lab.pick("kernels.border", "valid")
    assert "(7 − 3 + 0)/1 + 1 = 5" in lab.text("kernels.formula")
    lab.spin("kernels.stride", 2)
    assert "(7 − 3 + 0)/2 + 1 = 3" in lab.text("kernels.formula")
    assert lab.values.shape == (3, 3)


def test_pooled_table(lab: Lab) -> None:
    lab.example("blur")
    lab.only(kernels=(Kernel([[1.0]]),))  # type: ignore[arg-type]
    lab.pick("kernels.pool", "max")
    assert lab.values.tolist() == [[219, 253], [0, 190], [212, 253]]
    lab.hover("kernels.matrix.result", 2, 0)
    assert "max(0, 0, 136, 212) = 212" in lab.text("kernels.sum")
    lab.pick("kernels.pool", "avg")
    assert lab.values[0].tolist() == [219 / 4, 500 / 4]


def test_mode_is_said_in_words(lab: Lab) -> None:
    assert "what a convnet computes" in lab.text("kernels.mode_words")
    lab.press("kernels.mode.convolve")
    assert "turned by 180° first" in lab.text("kernels.mode_words")
    assert lab.stage.mode == "convolve"


def test_gradient_view(lab: Lab) -> None:
    ramp = np.tile(np.arange(0, 160, 10, dtype=np.uint8), (12, 1))
    lab.workspace.add_images([Image(ramp, "ramp")])
    lab.press("kernels.view.gradient")
    angle = lab.find(ImageView, "kernels.gradient.angle").pixels
    assert angle is not None
    # Brighter to the right: the angle 0, pure red.
    assert angle[6, 8].tolist() == [255, 0, 0]
    # The same change everywhere is no black picture.
    magnitude = lab.find(ImageView, "kernels.gradient.magnitude").pixels
    assert magnitude is not None and magnitude[6, 8] == 255
    # Gx and Gy have one scale: a change of 1 across is faint beside one of 7 down.
    lab.workspace.add_images([image_from_array(np.arange(49).reshape(7, 7), "seven")])
    lab.settle()
    gx, gy = (lab.find(ImageView, f"kernels.gradient.{name}") for name in ("gx", "gy"))
    assert gx.pixels is not None and gy.pixels is not None
    faint, strong = (255 - int(view.pixels[3, 3, 2]) for view in (gx, gy))  # type: ignore[index]
    assert 0 < 4 * faint < strong
    assert lab.text("kernels.gradient.kernel").endswith("Gy is its transpose. Both on one scale, ±56.")
    lab.press("kernels.gradient.operator.prewitt")
    assert "[-1, 0, 1], [-1, 0, 1]" in lab.text("kernels.gradient.kernel")


def test_bank_gives_a_map_a_kernel_and_a_click_chooses_it(lab: Lab) -> None:
    lab.press("kernels.view.bank")
    assert lab.text("kernels.bank.count") == "4 maps"
    lab.pick("kernels.bank.set", "gabor")
    assert lab.text("kernels.bank.count") == "18 maps"
    lab.slide("kernels.bank.orientations", 4)
    assert lab.text("kernels.bank.count") == "12 maps"
    lab.find(MosaicView, "kernels.bank.maps").chosen.emit(1)
    lab.settle()
    assert dict(lab.stage.kernel.parameters)["theta"] == 45


def test_theorem_agrees_to_rounding(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    words = lab.text("kernels.spectrum.theorem")
    difference = float(words.split("difference is ")[1].split(" gray")[0])
    assert 0 <= difference < 1e-3


def test_rgb_filter_as_three_products_and_a_sum(lab: Lab) -> None:
    lab.press("kernels.view.rgb")
    lab.press("kernels.rgb.ask")
    assert lab.stage.channels == "filter" and len(lab.stage.kernels) == 3
    lab.only(bias=2.0, kernels=tuple(Kernel([[weight]]) for weight in (1.0, 2.0, 3.0)))  # type: ignore[arg-type]
    lab.hover("kernels.rgb.total", 3, 4)
    red, green, blue = (int(value) for value in lab.frame.source[3, 4])
    total = red + 2 * green + 3 * blue + 2
    assert lab.text("kernels.rgb.sum") == (
        f"row 3, column 4:  red {red}  +  green {2 * green}  +  blue {3 * blue}  +  bias 2  =  {total}"
    )
    assert lab.values[3, 4] == total
