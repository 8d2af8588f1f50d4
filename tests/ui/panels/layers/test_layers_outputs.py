"""Layers with several outputs, and those that put out a table: chosen, shown, explained, followed back."""

from __future__ import annotations

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtWidgets import QComboBox, QWidget

from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.panels.layers.detail import strongest


@pytest.fixture
def patches(bare: Desk) -> Desk:
    """A network that cuts the image into patches: maps, halves of maps, a table, numbers."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    inputs = keras.Input((28, 28, 1), name="image")
    maps = layers.Conv2D(6, 4, strides=4, activation="relu", name="conv")(inputs)
    one, two = keras.ops.split(maps, [2], axis=-1)
    table = layers.Reshape((49, 4), name="table")(two)
    words = layers.Dense(5, activation="relu", name="words")(table)
    # Keras numbers the operations of a workspace.
    one._keras_history.operation.name = "split"
    model = keras.Model(inputs, [words, layers.Flatten(name="rest")(one)], name="patches")
    bare.workspace.add_model(OpenedModel(model))
    bare.settle()
    return bare


def test_one_of_several_outputs_is_chosen(patches: Desk) -> None:
    box = patches.find(QComboBox, "layers.output")
    patches.layer("conv")
    assert not box.isVisible()
    whole = patches.frame.maps.tiles
    patches.layer("split")
    assert box.isVisible() and [box.itemText(n) for n in range(box.count())] == [
        "Output 1: 7×7×2",
        "Output 2: 7×7×4",
    ]
    np.testing.assert_array_equal(patches.frame.maps.tiles, whole[:2])
    patches.pick("layers.output", 2)
    assert patches.text("layers.title") == "split#2" and "4 maps of 7×7" in patches.text("layers.facts")
    np.testing.assert_array_equal(patches.frame.maps.tiles, whole[2:])
    patches.tile(3)
    patches.click("layers.map", 2, 5)
    one = patches.panel.inspector.sum.sum
    assert one is not None and one.value == pytest.approx(float(whole[5, 2, 5]), abs=1e-4)
    assert patches.find(ImageView, "layers.image")._box == (8, 20, 4, 4)
    # Another layer begins with its first again.
    patches.layer("conv")
    patches.layer("split")
    assert patches.frame.path == "split" and box.currentIndex() == 0


def test_a_table_is_a_heat_map_with_sums(patches: Desk) -> None:
    patches.layer("words")
    assert patches.text("layers.facts") == "Dense  ·  relu  ·  a table of 49×5"
    assert patches.frame.maps.form == "table" and patches.find(ImageView, "layers.map").isVisible()
    assert patches.text("layers.map_title") == "table"
    values = patches.frame.maps.tiles[0]
    row, column = (int(n) for n in np.unravel_index(values.argmax(), values.shape))
    patches.click("layers.map", row, column)
    one = patches.panel.inspector.sum.sum
    assert one is not None and (one.row, one.column) == (row, column)
    assert one.value == pytest.approx(float(values[row, column]), abs=1e-4) and one.activation == "relu"
    assert "columns" in patches.text("layers.part") and "of table" in patches.text("layers.part")


def test_a_number_is_named_by_its_number(patches: Desk) -> None:
    """Also where it comes from maps."""
    patches.layer("rest")
    channel = patches.panel.view_model.channel
    assert patches.text("layers.place").startswith(f"number {channel}  =  ")


def test_a_sum_leads_through_a_table_to_the_right_output(patches: Desk) -> None:
    patches.layer("words")
    seen = []
    for _ in range(4):
        one = patches.panel.inspector.sum.sum
        assert one is not None
        part = int(one.by_size[0])
        weighed = one.patches[part] * (1 if one.weights is None else one.weights[part])
        largest = one.patches[part].ravel()[np.abs(weighed).argmax()]
        patches.press("layers.follow")
        one = patches.panel.inspector.sum.sum
        assert one is not None and one.shown == pytest.approx(largest, abs=1e-6)
        seen.append(patches.frame.path)
    assert seen == ["table", "split#2", "conv", "image"]
    assert patches.find(QComboBox, "layers.output").currentIndex() <= 0


def test_the_value_that_is_explained_first() -> None:
    """The largest; of many equal ones that next to the middle, of none any."""
    values = np.zeros((7, 9), np.float32)
    values[2, 8] = 1
    assert strongest(values) == (2, 8)
    values[0], values[5] = 6, 6
    assert strongest(values) == (5, 4)
    assert strongest(np.full((3, 3), np.nan, np.float32)) == (0, 0)


def test_what_a_value_sees_is_said(bare: Desk) -> None:
    """Also what acts through a gate, and what no border holds; a value of the border leads nowhere back."""
    import keras

    layers = keras.layers
    inputs = keras.Input((28, 28, 1), name="image")
    maps = layers.Conv2D(4, 3, name="conv")(inputs)
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="mean")(maps)
    gated = layers.Multiply(name="gated")([maps, gate])
    padded = layers.ZeroPadding2D(3, name="padded")(gated)
    under = layers.Concatenate(axis=1, name="under")([gated, gated])
    bare.workspace.add_model(
        OpenedModel(keras.Model(inputs, [padded, under, layers.Flatten(name="flat")(gated)]))
    )
    bare.settle()
    for path, said in (
        ("conv", "sees 3×3 pixels: rows 4–6, columns 5–7"),
        ("gated", "sees 3×3 pixels: rows 4–6, columns 5–7; through a gate, all of it"),
        ("padded", "sees 3×3 pixels: rows 1–3, columns 2–4; through a gate, all of it"),
        ("mean", "sees the whole image"),
        ("under", "its values lie on no one place of the image"),
        # Of a row of numbers each still stands for one place of the maps: row 4, column 5 of 26.
        ("flat", "sees 3×3 pixels: rows 4–6, columns 5–7; through a gate, all of it"),
    ):
        bare.layer(path)
        if path == "flat":
            bare.panel.view_model.choose((4 * 26 + 5) * 4)
            bare.settle()
        if path in ("conv", "gated", "padded", "under"):
            bare.click("layers.map", 4, 5)
        assert bare.text("layers.field") == said
    bare.layer("padded")
    bare.click("layers.map", 0, 0)
    assert bare.text("layers.sum").startswith("in the border that was added: 0")
    assert not bare.find(QWidget, "layers.follow").isVisible()
    assert bare.text("layers.field") == "sees nothing of the image but its border"


def test_a_network_whose_training_diverged_is_shown(bare: Desk) -> None:
    """Its maps are no numbers: it is said, and nothing of another layer stays on show."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 3, name="one"),
            layers.Conv2D(4, 3, name="two"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    kernel, bias = model.get_layer("one").get_weights()
    kernel[..., 2], bias[2] = np.nan, np.nan
    model.get_layer("one").set_weights([kernel, bias])
    bare.workspace.add_model(OpenedModel(model))
    bare.settle()
    bare.layer("one")
    assert "1 with values that are no numbers" in bare.text("layers.facts")
    assert bare.panel.view_model.channel != 2
    value = bare.panel.inspector.sum.sum
    assert value is not None and np.isfinite(value.value)
    bare.tile(2)
    assert "is nan, no number" in bare.text("layers.hint")
    bare.press("layers.tab.kernel")
    assert not bare.find(QWidget, "layers.kernel").isVisible()
    assert not bare.find(QWidget, "layers.bias").isEnabled()
    bare.press("layers.tab.values")
    assert "training diverged" in bare.text("layers.blank_note") and bare.text("layers.mean") == "–"
    for path in ("two", "scores"):
        bare.layer(path)
        detail = bare.panel.inspector.detail
        assert detail is not None and detail.maps.path == path and detail.counts is None
        assert "is nan, no number" in bare.text("layers.hint")
    assert bare.text("layers.scale_words") == "3 numbers; 3 are NaN or infinite"
    bare.press("layers.page.map")
    bare.layer("two")
    bare.press("layers.page.kernels")
    assert not bare.window.toasts.toasts()
