"""Kernels in the layers panel: seen, tried on the image, changed on a copy; top images; odd models."""

from __future__ import annotations

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.edited import EditedModel
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.plots.bars import BarsView
from convscope.ui.tables.kernel_grid import KernelGrid


def kernel(digits: OpenedModel, path: str = "conv2d_1") -> np.ndarray:
    """A layer's weights in Keras."""
    return np.asarray(digits.keras.get_layer(path).get_weights()[0])


def test_a_filters_kernels_as_pictures_and_numbers(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    desk.tile(11)
    desk.press("layers.tab.kernel")
    grid = desk.find(KernelGrid, "layers.kernel")
    np.testing.assert_allclose(grid.kernel.weights, kernel(digits)[:, :, 0, 11], atol=1e-6)
    assert desk.text("layers.kernel_words") == "filter 11: 3×3 weights on 32 inputs"
    desk.tile(6, "layers.slices")
    np.testing.assert_allclose(grid.kernel.weights, kernel(digits)[:, :, 6, 11], atol=1e-6)
    # What is pooled is still made by the convolution's filters.
    desk.layer("max_pooling2d_1")
    desk.tile(11)
    assert desk.text("layers.kernel_words") == "filter 11 of conv2d_1: 3×3 weights on 32 inputs"
    np.testing.assert_allclose(grid.kernel.weights, kernel(digits)[:, :, 6, 11], atol=1e-6)
    desk.layer("dense")
    assert "no kernels" in desk.text("layers.kernel_words") and not grid.isVisible()


def test_the_layers_kernels_as_a_grid(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    desk.press("layers.page.kernels")
    shown = desk.find(MosaicView, "layers.kernels")
    assert len(shown._maps) == 64 and shown.isVisible()
    box = desk.find(QSpinBox, "layers.input")
    assert box.maximum() == 31
    box.setValue(5)
    desk.settle()
    weights = kernel(digits)[:, :, 5, 3]
    orange = shown._maps[3][..., 2].astype(int) < shown._maps[3][..., 0]
    strong = np.abs(weights) > 0.02
    np.testing.assert_array_equal(orange[strong], (weights > 0)[strong])
    desk.tile(9, "layers.kernels")
    assert desk.panel.view_model.channel == 9
    # A dense layer has none: the maps come back.
    desk.layer("flatten")
    desk.layer("max_pooling2d")
    assert desk.find(MosaicView, "layers.mosaic").isVisible()


def test_first_layer_kernels_of_colours_as_pictures(desk: Desk) -> None:
    desk.workspace.add_model(open_model("imagenet"))
    desk.settle()
    assert desk.frame.path == "stem_conv"
    desk.press("layers.page.kernels")
    assert desk.find(MosaicView, "layers.kernels")._maps[0].shape == (3, 3, 3)
    assert "red, green and blue" in desk.text("layers.scale_words")
    desk.press("layers.tab.kernel")
    desk.press("layers.try_kernel")
    stage = desk.workspace.lab.stage
    assert stage.channels == "filter" and len(stage.kernels) == 3
    assert desk.window.panel() is not desk.panel
    # Of a thousand classes those that stand out are shown, by their names.
    desk.window.show_panel("layers")
    desk.press("layers.page.maps")
    desk.layer("predictions")
    bars, values = desk.find(BarsView, "layers.mosaic_bars"), desk.frame.maps.tiles[:, 0, 0]
    shown = np.sort(np.argsort(-values, kind="stable")[:12])
    np.testing.assert_array_equal(bars._values, values[shown])
    assert list(bars._labels) == [desk.workspace.model.classes[channel] for channel in shown]
    assert "the 12 largest are shown" in desk.text("layers.scale_words")


def test_try_this_kernel_on_the_image(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    desk.tile(4)
    desk.press("layers.tab.kernel")
    desk.press("layers.try_kernel")
    assert desk.window.panel().objectName() == "kernels"
    np.testing.assert_allclose(
        desk.workspace.lab.stage.kernel.weights, kernel(digits, "conv2d")[:, :, 0, 4], atol=1e-6
    )
    assert desk.workspace.undo_label == "Kernel of conv2d 4"


def test_editing_a_weight_shows_a_copy(desk: Desk, digits: OpenedModel) -> None:
    image = desk.workspace.image
    before, weights = look(digits, image).value("conv2d"), kernel(digits, "conv2d")
    desk.layer("conv2d")
    desk.tile(4)
    desk.press("layers.tab.kernel")
    grid = desk.find(KernelGrid, "layers.kernel")
    grid.setFocus()
    grid.set_cell(1, 1)
    desk.qtbot.keyClicks(grid, "2")
    desk.qtbot.keyClicks(grid._editor, ".5")
    desk.qtbot.keyClick(grid._editor, Qt.Key.Key_Return)
    desk.settle()
    model = desk.frame.first.forward.model
    assert isinstance(model, EditedModel) and model.original is digits
    assert desk.find(QWidget, "layers.edits").isVisible()
    assert "copy with other weights in conv2d" in desk.text("layers.edit_words")
    assert "→" in desk.text("layers.edit_words")
    assert np.abs(desk.frame.maps.tiles[4] - before[:, :, 4]).max() > 0.5
    np.testing.assert_array_equal(desk.frame.maps.tiles[5], before[:, :, 5])
    assert grid.kernel.weights[1, 1] == 2.5
    # Only the one weight is another, to the last bit.
    changed = model.edits["conv2d", "kernel"] != weights
    assert np.argwhere(changed).tolist() == [[1, 1, 0, 4]]
    desk.pick("layers.beside", "original")
    np.testing.assert_allclose(desk.frame.sides[1].maps.tiles[4], before[:, :, 4], atol=1e-6)
    bias = desk.find(QDoubleSpinBox, "layers.bias")
    bias.setValue(bias.value() + 1)
    desk.settle()
    assert set(desk.frame.first.forward.model.edits) == {("conv2d", "kernel"), ("conv2d", "bias")}
    np.testing.assert_array_equal(kernel(digits, "conv2d"), weights)
    desk.press("layers.reset")
    assert desk.frame.first.forward.model is digits and len(desk.frame.sides) == 1
    assert not desk.find(QWidget, "layers.edits").isVisible()
    np.testing.assert_allclose(grid.kernel.weights, weights[:, :, 0, 4], atol=1e-6)


def test_a_changed_weight_is_taken_back(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    desk.tile(4)
    bias = desk.find(QDoubleSpinBox, "layers.bias")
    own = float(digits.keras.get_layer("conv2d").get_weights()[1][4])
    for value in (1.0, 2.0):
        bias.setValue(value)
        desk.settle()
    for left in (1.0, own):
        desk.qtbot.keyClick(desk.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        desk.settle()
        assert bias.value() == pytest.approx(left, abs=1e-5)
    assert desk.frame.first.forward.model is digits and not desk.panel.view_model.weights.now


def test_what_one_drag_changed_is_taken_back_at_once(desk: Desk, digits: OpenedModel) -> None:
    """Each pixel of it was a step, with a copy of the layer's weights."""
    desk.layer("conv2d")
    desk.tile(4)
    desk.press("layers.tab.kernel")
    grid = desk.find(KernelGrid, "layers.kernel")
    own, bias = grid.kernel, desk.find(QDoubleSpinBox, "layers.bias")
    bias.setValue(1.0)
    desk.settle()
    for value in (0.5, 0.75, 1.0):
        grid._apply(grid.kernel.with_cell(0, 0, value), "weights.drag.1")
    desk.settle()
    assert grid.kernel.weights[0, 0] == 1.0
    desk.qtbot.keyClick(desk.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert grid.kernel == own and bias.value() == 1.0 and desk.panel.view_model.weights.now
    desk.qtbot.keyClick(desk.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.settle()
    assert desk.frame.first.forward.model is digits and not desk.panel.view_model.weights.now


def test_a_weight_typed_while_another_network_comes_changes_neither(desk: Desk, digits: OpenedModel) -> None:
    """Its kernels are still on show for a moment: filter 63 of 64, and the other has 32."""
    import keras

    layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, name="conv2d_1")]
    other = OpenedModel(keras.Sequential(layers, name="other"))
    desk.workspace.add_model(other)
    desk.workspace.select_model(desk.workspace.models[0].id)
    desk.layer("conv2d_1")
    desk.tile(63)
    before = desk.frame
    desk.workspace.select_model(desk.workspace.models[1].id)
    desk.find(QDoubleSpinBox, "layers.bias").setValue(3.0)
    desk.panel.inspector.sum.followed.emit("max_pooling2d", 0, 0, 0)
    assert not desk.panel.view_model.weights.now
    desk.settle()
    assert desk.frame.first.forward.model is other and desk.frame.maps.count == 32
    assert desk.text("layers.kernel_words").startswith("filter ") and "one input" in desk.text(
        "layers.kernel_words"
    )
    # A look at the first one that ends only now is not shown any more.
    image = before.first.forward.image
    desk.panel.view_model._show(before, ("conv2d_1", ((digits.id, image.id, False),)))
    assert desk.frame.first.forward.model is other


def test_a_kernel_of_another_size_is_refused(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d")
    desk.press("layers.tab.kernel")
    grid = desk.find(KernelGrid, "layers.kernel")
    grid._apply(grid.kernel.resized(5, 5), "paste")
    desk.settle()
    assert grid.kernel.shape == (3, 3) and desk.frame.first.forward.model is digits
    assert "3×3" in [toast.message for toast in desk.window.toasts.toasts()][-1]


def noise(count: int = 40) -> Dataset:
    """Gray noise, no two alike."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    labels = np.zeros(count, np.int32)
    return make_dataset(
        "noise", "Noise", ("a",), ArrayImages(pixels), labels, image_size=(28, 28), channels=1
    )


def test_top_images(desk: Desk, digits: OpenedModel) -> None:
    desk.layer("conv2d_1")
    desk.tile(8)
    desk.press("layers.tab.top")
    assert desk.find(QWidget, "layers.top_open").isVisible()
    dataset = noise()
    desk.workspace.set_dataset(dataset)
    desk.settle()
    desk.press("layers.top_find")
    grid = desk.find(MosaicView, "layers.top")
    assert len(grid._maps) == 12 and "40 images of Noise" in desk.text("layers.top_words")
    largest = [
        look(digits, Image(dataset.images.read(n), "one")).value("conv2d_1")[:, :, 8].max() for n in range(40)
    ]
    best = int(np.argmax(largest))
    assert grid.caption(0) == f"{largest[best]:.4g}"
    desk.tile(0, "layers.top")
    np.testing.assert_array_equal(desk.workspace.image.values, dataset.images.read(best))
    # Another map of the layer is ranked already; another layer is not.
    desk.tile(9)
    assert len(grid._maps) == 12
    desk.layer("conv2d_2")
    assert not grid._maps and desk.find(QWidget, "layers.top_find").isVisible()


def test_a_model_that_takes_no_images_says_so_in_the_panel(desk: Desk) -> None:
    import keras

    vector = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)], name="vector")
    desk.workspace.add_model(OpenedModel(vector))
    desk.settle()
    assert "does not take images" in desk.text("layers.problem")
    assert desk.find(QWidget, "layers.problem").isVisible()
    desk.workspace.select_model(desk.workspace.models[0].id)
    desk.settle()
    assert not desk.find(QWidget, "layers.problem").isVisible()


def nested() -> OpenedModel:
    """A base in a Sequential in colours; sizes left free."""
    import keras

    layers = keras.layers
    inputs = keras.Input((None, None, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    joined = layers.Add(name="join")([first, layers.Conv2D(4, 1, name="skip")(first)])
    base = keras.Model(inputs, joined, name="base")
    outer = keras.Input((None, None, 3))
    return OpenedModel(keras.Model(outer, layers.GlobalAveragePooling2D()(base(outer)), name="free"))


def twins() -> OpenedModel:
    """Two images, one shared convolution, two outputs, a table among them."""
    import keras

    layers = keras.layers
    tower = layers.Conv2D(3, 3, name="tower")
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    both = layers.Subtract(name="apart")([tower(left), tower(right)])
    table = layers.Reshape((6, 18), name="table")(both)
    return OpenedModel(keras.Model([left, right], [both, table], name="twins"))


@pytest.mark.parametrize("make", [nested, twins])
def test_every_layer_of_odd_models_shows_or_says_why(desk: Desk, make: object) -> None:
    model = make()  # type: ignore[operator]
    desk.workspace.add_images(
        [
            load_sample("digit-2")
            if model.input_shape[2] == 1
            else Image(
                np.random.default_rng(0).integers(0, 256, (37, 53, 3)).astype(np.uint8), "strange size"
            )
        ]
    )
    desk.workspace.add_model(model)
    desk.settle()
    shown = look(model, desk.workspace.image)
    for path in model.program.slots:
        desk.layer(path)
        assert desk.frame.path == path and not desk.find(QWidget, "layers.problem").isVisible()
        assert desk.frame.maps.count == (1 if path == "table" else shown.shape(path)[-1])
    desk.layer("tower" if "tower" in model.program.slots else "base/first")
    desk.click("layers.map", 1, 1)
    one = desk.panel.inspector.sum.sum
    assert one is not None and one.value == pytest.approx(one.shown, abs=1e-4)
    assert desk.find(ImageView, "layers.image")._box is not None
