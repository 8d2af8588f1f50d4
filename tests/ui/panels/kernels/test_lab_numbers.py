"""Every number of the lab's views is what its label says: 1-D sums, spectra, scales, displays."""

from __future__ import annotations

import numpy as np
from lab_helpers import Lab
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QSlider, QToolButton, QWidget

from convscope.imaging.image import Image
from convscope.imaging.io.matrix import image_from_array
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.scale_bar import ScaleBar
from convscope.ui.panels.kernels.views.spectrum import SpectrumView
from convscope.ui.plots.bars import BarsView

# -- one dimension -------------------------------------------------------------------------------------------


def one_dimension(lab: Lab) -> None:
    lab.press("kernels.view.sequence")
    lab.find(QLineEdit, "kernels.sequence.sequence").setText("1, 2, 3, 4, 5, 6.5, -2")
    lab.find(QLineEdit, "kernels.sequence.weights").setText("1 0 -1")
    lab.slide("kernels.sequence.position", 2)


def test_the_sum_of_a_convolution_is_that_of_the_weights_as_they_were_typed(lab: Lab) -> None:
    one_dimension(lab)
    assert lab.text("kernels.sequence.sum") == (
        "c[2] = s[2]·w[0] + s[3]·w[1] + s[4]·w[2] = 3·1 + 4·0 + 5·(−1) = −2"
    )
    lab.press("kernels.sequence.mode.convolve")
    assert lab.text("kernels.sequence.sum") == (
        "c[2] = s[4]·w[0] + s[3]·w[1] + s[2]·w[2] = 5·1 + 4·0 + 3·(−1) = 2"
    )
    assert lab.text("kernels.sequence.rule") == "c[k] = Σ s[k + 2 − t]·w[t],  t = 0 … 2"
    assert "turned round" in lab.text("kernels.sequence.mode_words")
    assert lab.find(BarsView, "kernels.sequence.kernel_bars").accessibleDescription() == "−1 0 1"


def test_a_border_starts_the_sum_earlier(lab: Lab) -> None:
    one_dimension(lab)
    lab.pick("kernels.sequence.border", "zero")
    assert lab.text("kernels.sequence.rule") == "c[k] = Σ s[k − 1 + t]·w[t],  t = 0 … 2"
    lab.slide("kernels.sequence.position", 0)
    assert lab.text("kernels.sequence.sum").startswith("c[0] = s[−1]·w[0] + s[0]·w[1] + s[1]·w[2] = 0·1 +")
    lab.pick("kernels.sequence.border", "full")
    lab.press("kernels.sequence.mode.convolve")
    assert lab.text("kernels.sequence.rule") == "c[k] = Σ s[k − t]·w[t],  t = 0 … 2"
    assert lab.text("kernels.sequence.formula") == "length m + n − 1 = 7 + 3 − 1 = 9"


def test_one_dimension_has_one_switch_for_each_thing(lab: Lab) -> None:
    """The lab's own mode, border and kernel have no part in it, nor has its chain."""
    for name in ("mode", "border", "stride"):
        assert lab.find(QWidget, f"kernels.{name}").isVisible()
    one_dimension(lab)
    for name in ("mode", "border", "stride", "grid", "stages", "problem"):
        assert not lab.find(QWidget, f"kernels.{name}").isVisible(), name
    for name in ("mode", "border", "stride", "sequence", "weights"):
        assert lab.find(QWidget, f"kernels.sequence.{name}").isVisible()
    # Neither is there a result of the lab to be saved.
    assert not lab.find(QToolButton, "kernels.save").isEnabled()
    lab.press("kernels.view.picture")
    assert lab.find(QWidget, "kernels.mode").isVisible() and lab.find(QWidget, "kernels.stages").isVisible()
    assert not lab.find(QWidget, "kernels.sequence.mode").isVisible()
    assert lab.find(QToolButton, "kernels.save").isEnabled()


# -- spectrum ------------------------------------------------------------------------------------------------


def thirteen() -> Image:
    values = np.zeros((28, 28), np.uint8)
    values[3:6, 4:8] = 1
    values[20, 20] = 1
    return Image(values, "thirteen")


def test_hovering_over_a_spectrum_tells_its_magnitude(lab: Lab) -> None:
    lab.workspace.add_images([thirteen()])
    lab.press("kernels.view.spectrum")
    lab.hover("kernels.spectrum.image", 14, 14)
    assert lab.find(ImageView, "kernels.spectrum.image").readout() == "0 waves across, 0 down: 13"
    assert lab.find(ImageView, "kernels.spectrum.image").accessibleDescription() == "≤ 13"
    lab.hover("kernels.spectrum.image", 13, 16)
    assert lab.find(ImageView, "kernels.spectrum.image").readout().startswith("2 waves across, −1 down: ")
    view = lab.panel.view
    assert isinstance(view, SpectrumView)
    lab.qtbot.mouseMove(view.pad, view.pad.to_point(14, 14).toPoint())
    assert lab.text("kernels.spectrum.pad_words") == "0 waves across, 0 down: |F| = 13"


def test_what_is_nothing_is_black_and_rounding_is_nothing(lab: Lab) -> None:
    lab.workspace.add_images([Image(np.full((28, 30), 77, np.uint8), "flat")])
    lab.press("kernels.view.spectrum")
    product = lab.find(ImageView, "kernels.spectrum.product")
    assert product.pixels is not None and not product.pixels.any()
    lab.hover("kernels.spectrum.kernel", 14, 15)
    assert lab.find(ImageView, "kernels.spectrum.kernel").readout() == "0 waves across, 0 down: 0"
    lab.hover("kernels.spectrum.filtered", 3, 3)
    assert lab.find(ImageView, "kernels.spectrum.filtered").readout() == "row 3, column 3: 0"


def test_the_spectrum_follows_the_dilation(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    before = lab.find(ImageView, "kernels.spectrum.kernel").pixels
    lab.spin("kernels.dilation", 3)
    after = lab.find(ImageView, "kernels.spectrum.kernel").pixels
    assert before is not None and after is not None and not np.array_equal(before, after)
    words = lab.text("kernels.spectrum.theorem")
    assert float(words.split("difference is ")[1].split(" gray")[0]) < 1e-3


def test_the_rule_is_that_of_the_mode_in_force(lab: Lab) -> None:
    lab.press("kernels.view.spectrum")
    assert "times the conjugate of the kernel" in lab.text("kernels.spectrum.rule")
    assert lab.text("kernels.spectrum.title_kernel") == "conj F(kernel)"
    lab.press("kernels.mode.convolve")
    assert "conjugate" not in lab.text("kernels.spectrum.rule")
    assert lab.text("kernels.spectrum.rule").startswith("Convolution: ")
    assert lab.text("kernels.spectrum.title_kernel") == "F(kernel)"
    lab.only(stride=2, bias=3.0)
    assert lab.text("kernels.spectrum.rule").endswith("Without the stride, the bias.")


# -- scales and displays -------------------------------------------------------------------------------------


def test_a_matrix_and_its_result_have_one_scale(lab: Lab) -> None:
    lab.example("binary")
    source, result = (lab.find(ImageView, f"kernels.matrix.{name}") for name in ("source", "result"))
    assert source.pixels is not None and result.pixels is not None
    assert lab.values.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    by_value = {0: 0, 1: 64, 2: 128, 3: 191, 4: 255}
    for values, pixels in ((lab.frame.source, source.pixels), (lab.values, result.pixels)):
        for value, level in zip(values.ravel().tolist(), pixels.ravel().tolist(), strict=True):
            assert level == by_value[int(value)]
    assert source.accessibleDescription() == "source 5 × 5 · 0 to 4"
    assert result.accessibleDescription() == "result 3 × 3 · 0 to 4"
    assert lab.find(ScaleBar, "kernels.scale").accessibleDescription() == "0 to 4"
    # The same in the other views.
    lab.press("kernels.view.picture")
    pixels = lab.find(ImageView, "kernels.source").pixels
    assert pixels is not None and np.array_equal(pixels, source.pixels)
    lab.press("kernels.view.scan")
    pixels = lab.find(ImageView, "kernels.scan.source").pixels
    assert pixels is not None and np.array_equal(pixels, source.pixels)


def test_ranges_that_are_far_apart_are_told(lab: Lab) -> None:
    lab.example("curve")
    source, result = (lab.find(ImageView, f"kernels.matrix.{name}") for name in ("source", "result"))
    assert source.accessibleDescription() == "source 7 × 7 · 0 to 50"
    assert result.accessibleDescription() == "result 1 × 1 · 0 to 6600"
    assert result.pixels is not None and result.pixels.tolist() == [[255]]
    lab.example("no-curve")
    assert result.pixels is not None and result.pixels.tolist() == [[0]]


def test_the_copied_script_draws_the_same_scale(lab: Lab) -> None:
    lab.example("binary")
    lab.run("kernels.copy_python")
    made: dict[str, np.ndarray] = {}
    text = QGuiApplication.clipboard().text()
    exec("\n".join(line for line in text.splitlines() if ".save(" not in line), made)
    assert np.array_equal(made["pixels"], lab.frame.shown.pixels)
    assert np.array_equal(made["result"], lab.values)


def test_every_view_that_shows_a_result_has_the_switch(lab: Lab) -> None:
    for name in ("picture", "scan", "bank", "rgb", "spectrum", "matrix"):
        lab.press(f"kernels.view.{name}")
        assert lab.find(QWidget, "kernels.display").isVisible(), name
    for name in ("gradient", "sequence"):
        lab.press(f"kernels.view.{name}")
        assert not lab.find(QWidget, "kernels.display").isVisible(), name


def test_the_switch_draws_anew_in_every_view(lab: Lab) -> None:
    lab.press("kernels.view.rgb")
    lab.press("kernels.rgb.ask")
    for view, name in (
        ("picture", "kernels.result"),
        ("scan", "kernels.scan.result"),
        ("rgb", "kernels.rgb.total"),
        ("spectrum", "kernels.spectrum.filtered"),
        ("matrix", "kernels.matrix.result"),
    ):
        lab.press(f"kernels.view.{view}")
        if view == "scan":
            lab.find(QSlider, "kernels.scan.position").sliderMoved.emit(24 * 32 - 1)
        drawn = set()
        for mode in ("clip", "abs", "stretch", "signed"):
            lab.press(f"kernels.display.{mode}")
            pixels = lab.find(ImageView, name).pixels
            assert pixels is not None
            drawn.add(pixels.tobytes())
        assert len(drawn) == 4, view
    lab.press("kernels.view.bank")
    maps = lab.find(MosaicView, "kernels.bank.maps")
    drawn = set()
    for mode in ("clip", "abs", "stretch", "signed"):
        lab.press(f"kernels.display.{mode}")
        drawn.add(maps.pixels(1).tobytes())
    assert len(drawn) == 4


def test_the_maps_of_a_bank_have_one_scale(lab: Lab) -> None:
    lab.press("kernels.view.bank")
    lab.press("kernels.display.stretch")
    maps = lab.find(MosaicView, "kernels.bank.maps")
    levels = [maps.pixels(index) for index in range(maps.count)]
    # Sobel x and its flip: what is bright in one is dark in the other, on one scale about 0.
    assert np.abs(levels[0].astype(int) + levels[2] - 255).max() <= 1
    described = lab.find(ScaleBar, "kernels.scale").accessibleDescription()
    low, high = (float(word.replace("−", "-")) for word in described.split(" to "))
    assert low == -high


def test_the_display_belongs_to_the_kind_of_kernel_until_a_person_chooses(lab: Lab) -> None:
    assert lab.workspace.lab.display == "abs"
    lab.trigger("kernels.preset.sharpen")
    assert lab.workspace.lab.display == "clip"
    assert lab.frame.display == "clip"
    lab.trigger("kernels.preset.ones")
    assert lab.workspace.lab.display == "stretch"
    lab.trigger("kernels.preset.sobel-y")
    assert lab.workspace.lab.display == "abs"
    lab.press("kernels.display.signed")
    lab.trigger("kernels.preset.sharpen")
    assert lab.workspace.lab.display == "signed"
    for _ in range(5):
        lab.run("edit.undo")
    assert lab.workspace.lab.display == "abs" and not lab.workspace.lab.chosen


def test_editing_a_weight_keeps_the_display(lab: Lab) -> None:
    lab.only(kernels=(lab.stage.kernel.with_cell(0, 0, 5.0),))
    assert lab.stage.kernel.by_hand and lab.workspace.lab.display == "abs"
    lab.trigger("kernels.preset.gaussian")
    lab.only(kernels=(lab.stage.kernel.with_cell(0, 0, 5.0),))
    assert lab.workspace.lab.display == "clip"


def test_a_table_of_numbers_is_stretched_and_a_photograph_after_it_is_not(lab: Lab) -> None:
    photograph = lab.workspace.image
    lab.workspace.add_images([image_from_array([[0, 1, 0], [1, 2, 1], [0, 1, 0]], "table")])
    lab.settle()
    assert lab.frame.display == "stretch"
    lab.workspace.add_images([photograph])
    lab.settle()
    assert lab.frame.display == "abs"


def test_hovering_over_a_map_of_a_bank_tells_its_own_size(lab: Lab) -> None:
    lab.workspace.add_images([Image(np.full((700, 1200), 9, np.uint8), "large")])
    lab.press("kernels.view.bank")
    maps = lab.find(MosaicView, "kernels.bank.maps")
    assert maps.pixels(0).shape[0] < 700
    assert maps.words(0) == "sobel-x  ·  700 × 1200"


def test_an_example_replaces_the_whole_chain(lab: Lab) -> None:
    lab.run("kernels.stages.add")
    lab.only(kernels=(Kernel(np.ones((2, 2))),))
    lab.only(pool="avg")
    lab.press("kernels.display.signed")
    lab.example("blur")
    assert len(lab.workspace.lab.stages) == 1
    lab.hover("kernels.matrix.result", 1, 1)
    assert lab.text("kernels.sum").endswith("= 662")
    assert lab.values[1, 1] == 662
    assert lab.frame.display == "stretch"
    assert make("ones").name == lab.stage.kernel.name
