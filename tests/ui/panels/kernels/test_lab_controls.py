"""Every control of the kernel and of the operation, driven as a person does, and undone."""

from __future__ import annotations

import numpy as np
import pytest
from lab_helpers import Lab
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QLabel, QSlider, QSpinBox, QToolButton, QWidget

from convscope.imaging.kernels import PRESETS
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.numerals import numeral
from convscope.ui.tables.kernel_grid import KernelGrid
from convscope.ui.tables.number_grid import NumberGrid


def test_the_lab_opens_on_a_picture_under_a_kernel(lab: Lab) -> None:
    assert lab.frame.whole and lab.values.shape == (24, 32, 3)
    assert lab.find(QToolButton, "kernels.preset").text() == PRESETS["sobel-x"].title
    assert lab.text("kernels.sentence") == PRESETS["sobel-x"].sentence
    assert lab.text("kernels.range").startswith("min ")


def test_a_preset_is_chosen_and_undone(lab: Lab) -> None:
    before = lab.stage.kernel
    lab.trigger("kernels.preset.sharpen")
    assert lab.stage.kernel.preset == "sharpen"
    assert lab.text("kernels.sentence") == PRESETS["sharpen"].sentence
    lab.run("edit.undo")
    assert lab.stage.kernel == before
    lab.run("edit.redo")
    assert lab.stage.kernel.preset == "sharpen"


def test_every_preset_gives_a_picture(lab: Lab) -> None:
    for key in PRESETS:
        lab.trigger(f"kernels.preset.{key}")
        assert lab.frame.lab.stage.kernel.preset == key
        assert lab.find(QToolButton, "kernels.preset").text() == PRESETS[key].title


def test_a_slider_rebuilds_the_kernel_live(lab: Lab) -> None:
    lab.trigger("kernels.preset.gaussian")
    lab.slide("kernels.parameter.sigma.slider", 27)
    sigma = dict(lab.stage.kernel.parameters)["sigma"]
    assert sigma == pytest.approx(3.0)
    assert lab.stage.kernel == PRESETS["gaussian"].make(sigma=sigma)
    box = lab.find(QDoubleSpinBox, "kernels.parameter.sigma.box")
    assert box.value() == pytest.approx(3.0)
    box.setValue(1.5)
    lab.settle()
    assert dict(lab.stage.kernel.parameters)["sigma"] == pytest.approx(1.5)
    # Slider and box within a second are one step.
    lab.run("edit.undo")
    assert lab.stage.kernel == PRESETS["gaussian"].make()


def test_parameters_are_those_of_the_preset(lab: Lab) -> None:
    lab.trigger("kernels.preset.gabor")
    for name in ("theta", "wavelength", "sigma", "gamma", "psi"):
        assert lab.find(QSlider, f"kernels.parameter.{name}.slider").isVisible()
    lab.trigger("kernels.preset.sobel-y")
    lab.qtbot.waitUntil(lambda: lab.window.findChild(QWidget, "kernels.parameter.psi") is None)


def test_typing_into_a_cell_makes_it_custom(lab: Lab) -> None:
    grid = lab.find(KernelGrid, "kernels.grid")
    grid.setFocus()
    grid.set_cell(1, 1)
    lab.qtbot.keyClicks(grid, "7")
    editor = lab.window.focusWidget()
    lab.qtbot.keyClick(editor if editor is not None else grid, Qt.Key.Key_Return)
    lab.settle()
    assert lab.stage.kernel.weights[1, 1] == 7
    assert lab.stage.kernel.name == "custom" and lab.stage.kernel.preset is None
    assert lab.find(QToolButton, "kernels.preset").text() == "custom"
    lab.run("edit.undo")
    assert lab.stage.kernel.preset == "sobel-x"


def test_a_table_is_pasted_into_the_grid(lab: Lab) -> None:
    QGuiApplication.clipboard().setText("[[1, 2], [3, 4], [5, 6]]")
    lab.find(KernelGrid, "kernels.grid").paste()
    lab.settle()
    assert lab.stage.kernel.weights.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_the_size_is_changed(lab: Lab) -> None:
    lab.spin("kernels.rows", 5)
    assert lab.stage.kernel.shape == (5, 3)
    lab.spin("kernels.columns", 31)
    assert lab.stage.kernel.shape == (5, 31)
    assert lab.stage.kernel.name == "custom"
    assert lab.stage.kernel.weights[2, 16] == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("transpose", [[1, 3], [2, 4]]),
        ("rotate", [[3, 1], [4, 2]]),
        ("flip", [[4, 3], [2, 1]]),
        ("normalise", [[0.1, 0.2], [0.3, 0.4]]),
        ("zero_mean", [[-1.5, -0.5], [0.5, 1.5]]),
    ],
)
def test_the_tools(lab: Lab, name: str, expected: list[list[float]]) -> None:
    lab.only(kernels=(Kernel(np.array([[1.0, 2], [3, 4]]), "mine"),))
    lab.press(f"kernels.{name}")
    assert lab.stage.kernel.weights == pytest.approx(np.array(expected))
    assert lab.stage.kernel.name == "custom"
    lab.run("edit.undo")
    assert lab.stage.kernel.name == "mine"


def test_a_divisor_is_a_field_of_its_own(lab: Lab) -> None:
    lab.trigger("kernels.preset.ones")
    lab.spin("kernels.divisor", 9)
    kernel = lab.stage.kernel
    assert np.array_equal(kernel.weights, np.full((3, 3), 1 / 9)) and kernel.divisor == 9
    grid = lab.find(KernelGrid, "kernels.grid")
    assert grid.value() == 1 and grid.line() == "row 0, column 0: 1/9 = 0.111111"
    assert "sum 9/9 = 1" in lab.text("kernels.facts")
    total = int(lab.frame.source[4:7, 5:8, 0].sum())
    lab.hover("kernels.result", 5, 6)
    first, second = lab.text("kernels.sum").splitlines()
    assert first.endswith(f"·1 = {total}") and second == f"{total}/9 = {numeral(total / 9)}"
    assert lab.values[5, 6, 0] == np.float32(total) / np.float32(9)
    # What is typed, turned and pasted stays above it.
    grid.setFocus()
    grid.set_cell(1, 1)
    lab.qtbot.keyClicks(grid, "4")
    lab.qtbot.keyClick(lab.window.focusWidget() or grid, Qt.Key.Key_Return)
    lab.settle()
    assert lab.stage.kernel == kernel.with_cell(1, 1, 4)
    for _ in range(2):
        lab.run("edit.undo")
    assert lab.stage.kernel.divisor == 1 and lab.stage.kernel.preset == "ones"
    lab.press("kernels.normalise")
    assert lab.stage.kernel == kernel
    QGuiApplication.clipboard().setText(r"\frac{1}{16}\begin{bmatrix} 1&2&1 \\ 2&4&2 \\ 1&2&1 \end{bmatrix}")
    grid.paste()
    lab.settle()
    assert lab.find(QDoubleSpinBox, "kernels.divisor").text() == "16"
    assert lab.stage.kernel.numerators.tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_what_cannot_be_normalised_is_said(lab: Lab) -> None:
    before = lab.stage.kernel
    lab.press("kernels.normalise")
    assert lab.stage.kernel == before
    assert any("sum to 0" in toast.message for toast in lab.window.toasts.toasts())


def test_the_border(lab: Lab) -> None:
    for border in ("valid", "replicate", "reflect", "wrap", "zero"):
        lab.pick("kernels.border", border)
        assert lab.frame.lab.stage.border == border
        assert lab.values.shape[:2] == ((22, 30) if border == "valid" else (24, 32))


def test_stride_dilation_and_bias(lab: Lab) -> None:
    lab.spin("kernels.stride", 2)
    assert lab.values.shape[:2] == (12, 16)
    lab.spin("kernels.dilation", 3)
    assert "K_eff" in lab.text("kernels.formula")
    before = lab.values.copy()
    bias = lab.find(QDoubleSpinBox, "kernels.bias")
    bias.setValue(-12.5)
    lab.settle()
    assert lab.values == pytest.approx(before - 12.5)
    lab.run("edit.undo")
    assert bias.value() == 0 and lab.stage.bias == 0


def test_channels(lab: Lab) -> None:
    lab.pick("kernels.channels", "gray")
    assert lab.values.shape == (24, 32)
    lab.pick("kernels.channels", "filter")
    assert lab.values.shape == (24, 32) and len(lab.stage.kernels) == 3
    assert lab.find(QWidget, "kernels.channel").isVisible()
    lab.press("kernels.channel.2")
    lab.trigger("kernels.preset.identity")
    assert [kernel.preset for kernel in lab.stage.kernels] == ["sobel-x", "sobel-x", "identity"]
    lab.hover("kernels.result", 3, 4)
    assert "blue:" in lab.text("kernels.sum")
    lab.press("kernels.sum_channel.2")
    weights = lab.find(NumberGrid, "kernels.kernel").values
    assert weights is not None and weights.tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    lab.pick("kernels.channels", "each")
    assert len(lab.stage.kernels) == 1
    lab.run("edit.undo")
    assert [kernel.preset for kernel in lab.stage.kernels] == ["sobel-x", "sobel-x", "identity"]


def test_activation(lab: Lab) -> None:
    for name, low, high in (("relu", 0, 5000), ("tanh", -1, 1), ("sigmoid", 0, 1)):
        lab.pick("kernels.activation", name)
        assert low <= lab.values.min() <= lab.values.max() <= high
        lab.hover("kernels.result", 2, 2)
        assert ("ReLU(" if name == "relu" else f"{name}(") in lab.text("kernels.sum")


def test_pooling(lab: Lab) -> None:
    assert not lab.find(QWidget, "kernels.pool_size").isVisible()
    lab.pick("kernels.pool", "max")
    assert lab.values.shape[:2] == (12, 16)
    lab.spin("kernels.pool_size", 4)
    lab.spin("kernels.pool_stride", 4)
    assert lab.values.shape[:2] == (6, 8)
    lab.pick("kernels.pool", "avg")
    assert lab.values.shape[:2] == (6, 8)


def test_impossible_settings_say_why_and_the_last_result_is_gone(lab: Lab) -> None:
    lab.pick("kernels.border", "valid")
    lab.spin("kernels.rows", 31)
    problem = lab.find(QLabel, "kernels.problem")
    assert problem.isVisible() and "does not fit" in problem.text()
    assert lab.panel.frame is None
    lab.pick("kernels.border", "zero")
    assert not problem.isVisible() and lab.frame.whole


def test_every_control_has_an_accessible_name(lab: Lab) -> None:
    for name in ("picture", "scan", "bank", "gradient", "rgb", "spectrum", "sequence", "matrix"):
        lab.press(f"kernels.view.{name}")
    controls = [
        widget
        for widget in lab.panel.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.objectName().startswith("kernels.")
    ]
    assert len(controls) > 40
    silent = [w.objectName() for w in controls if not w.accessibleName() and not getattr(w, "text", str)()]
    assert [name for name in silent if name not in ("kernels.controls", "kernels.inspector")] == []


def test_a_paste_that_is_no_table_is_said(lab: Lab) -> None:
    before = lab.stage.kernel
    QGuiApplication.clipboard().setText("hello world")
    lab.find(KernelGrid, "kernels.grid").paste()
    lab.settle()
    assert lab.stage.kernel == before
    assert any("not a number" in toast.message for toast in lab.window.toasts.toasts())


def test_the_wheel_turns_a_number_only_in_focus(lab: Lab) -> None:
    box = lab.find(QSpinBox, "kernels.stride")

    def turn() -> None:
        event = QWheelEvent(
            QPointF(5, 5),
            box.mapToGlobal(QPointF(5, 5)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, event)

    turn()
    assert box.value() == 1
    lab.window.activateWindow()
    box.setFocus()
    lab.qtbot.waitUntil(box.hasFocus)
    turn()
    assert box.value() == 2
    lab.settle()
