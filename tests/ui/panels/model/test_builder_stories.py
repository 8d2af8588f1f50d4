"""Building networks as a person does: from nothing, from a template, with skips; and back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builder_driver import Builder
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.engine.models.layer_specs import KINDS, palette
from convscope.engine.models.opened import OpenedModel
from convscope.ui.panels.model.build.rows import arcs_of
from convscope.ui.panels.model.words import settings_words

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def accept(dialog: QFileDialog, path: Path) -> None:
    """Type a path into a file dialog, and take it."""
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    dialog.accept()


def test_the_lectures_first_convnet_from_nothing(builder: Builder) -> None:
    builder.press("model.build.templates")
    builder.press("model.build.use.empty")
    assert builder.names == ["input"] and not builder.find(QPushButton, "model.build.build").isEnabled()
    for kind, settings in (
        ("Conv2D", {"filters": "32", "activation": "relu"}),
        ("MaxPooling2D", {}),
        ("Conv2D", {"filters": "64", "activation": "relu"}),
        ("MaxPooling2D", {}),
        ("Conv2D", {"filters": "64", "activation": "relu"}),
        ("Flatten", {}),
        ("Dense", {"units": "64", "activation": "relu"}),
        ("Dense", {"units": "10", "activation": "softmax"}),
    ):
        builder.add(kind)
        assert builder.layers.name == builder.names[-1], "what was added is chosen"
        for name, value in settings.items():
            if name == "activation":
                builder.pick(name, value)
            else:
                builder.type(name, value)
    template = TEMPLATES["mnist-convnet"].architecture
    assert [x.settings for x in builder.document.layers] == [x.settings for x in template.layers]
    assert builder.names == [layer.name for layer in template.layers]
    assert builder.total("parameters") == "93,322"
    assert [row.formula for row in builder.layers.rows.summary.layers][1::2] == [
        "(3·3·1 + 1)·32 = 320",
        "(3·3·32 + 1)·64 = 18,496",
        "(3·3·64 + 1)·64 = 36,928",
        "(576 + 1)·64 = 36,928",
    ]
    builder.type("network", "my-net")
    builder.press("model.build.build")
    model = builder.workspace.model
    assert model is not None and model.name == "my-net" and model.summary.totals.parameters == 93_322
    assert any("Built my-net: 93,322 random weights (seed 0)" in text for text in builder.messages())
    assert builder.find(QPushButton, "model.build.train").isVisible()
    builder.choose("dense")
    builder.type("units", "65")
    assert builder.window.findChild(QPushButton, "model.build.train").isHidden()
    while builder.workspace.undo_label:
        builder.undo()
    assert builder.document == template, "undo goes back to what was there first"
    while builder.workspace.redo_label:
        builder.redo()
    assert builder.total("parameters") == "93,909" and builder.document.name == "my-net"


def test_the_seed_makes_the_weights(builder: Builder) -> None:
    weights = []
    for seed in ("5", "5", "6"):
        builder.type("seed", seed)
        builder.press("model.build.build")
        assert builder.workspace.model is not None
        weights.append(builder.workspace.model.keras.get_weights()[0])
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])
    assert len(builder.workspace.models) == 3


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mnist-convnet", "93,322"),
        ("mnist-small", "30,762"),
        ("lenet-5", "61,706"),
        ("cats-dogs", "3,453,121"),
        ("cats-dogs-dropout", "3,453,121"),
        ("vgg16-cats-dogs", "16,812,353"),
        ("mlp", "264,970"),
        ("resnet-small", "176,378"),
    ],
)
def test_templates_start_with_their_exact_totals(builder: Builder, name: str, parameters: str) -> None:
    builder.press("model.build.templates")
    card = builder.find(QWidget, f"model.build.card.{name}")
    texts = [label.text() for label in card.findChildren(QLabel)]
    assert any(text.startswith(f"{parameters} parameters") for text in texts)
    assert TEMPLATES[name].about in texts
    builder.press(f"model.build.use.{name}")
    assert builder.document == TEMPLATES[name].architecture
    assert builder.total("parameters") == parameters
    assert builder.layers.isVisible() and builder.layers.row == 0


def test_shortcuts_build_copy_and_save(builder: Builder) -> None:
    builder.choose("conv2d")
    builder.key(Qt.Key.Key_Return)
    assert builder.find(QSpinBox, "model.build.filters").hasFocus(), "Return goes into the settings"
    builder.key(Qt.Key.Key_Return, CTRL)
    builder.settle()
    assert builder.workspace.model is not None and builder.workspace.model.name == "MNIST convnet 32-64-64"
    QGuiApplication.clipboard().setText("")
    builder.key(Qt.Key.Key_C, CTRL | SHIFT)
    assert "keras.Sequential" in QGuiApplication.clipboard().text()
    builder.key(Qt.Key.Key_S, CTRL)
    dialog = builder.window.findChild(QFileDialog, "model.build.save_dialog")
    assert dialog is not None and dialog.isVisible()
    dialog.reject()
    builder.type("kernel_size", "99")
    builder.key(Qt.Key.Key_Return, CTRL)
    builder.settle()
    assert len(builder.workspace.models) == 1, "what has a problem is not built"


def test_every_template_is_in_the_gallery_and_can_be_searched(builder: Builder) -> None:
    builder.view.show_gallery()
    gallery = builder.view.gallery
    assert gallery is not None and not gallery.complete
    builder.qtbot.keyClicks(builder.find(QLineEdit, "model.build.gallery.search"), "LeNet")
    builder.settle()
    hidden = builder.window.findChild(QWidget, "model.build.card.mlp")
    assert hidden is not None and hidden.isHidden(), "what comes later is searched as well"
    builder.find(QLineEdit, "model.build.gallery.search").clear()
    for name in TEMPLATES:
        assert builder.find(QPushButton, f"model.build.use.{name}").isEnabled()
    builder.qtbot.keyClicks(builder.find(QLineEdit, "model.build.gallery.search"), "skip")
    cards = {name: builder.window.findChild(QWidget, f"model.build.card.{name}") for name in TEMPLATES}
    shown = [name for name, card in cards.items() if not card.isHidden()]
    assert "resnet-small" in shown and "lenet-5" not in shown
    builder.press("model.build.gallery.back")
    assert builder.layers.isVisible()


def test_a_kernel_larger_than_its_map_is_told_at_its_layer(builder: Builder) -> None:
    builder.choose("conv2d_2")
    builder.type("kernel_size", "6")
    assert builder.problem("conv2d_2") == "the 6×6 kernel is larger than its 5×5 map"
    assert builder.problem("flatten") == "", "what comes after waits, and is not blamed"
    build = builder.find(QPushButton, "model.build.build")
    assert not build.isEnabled()
    told = builder.find(QPushButton, "model.build.problem")
    assert told.text() == "conv2d_2: the 6×6 kernel is larger than its 5×5 map"
    assert builder.total("parameters").startswith("≥ ")
    builder.choose("dense_1")
    builder.press("model.build.problem")
    assert builder.layers.name == "conv2d_2"
    builder.type("kernel_size", "5")
    assert builder.problem("conv2d_2") == "" and build.isEnabled() and told.isHidden()
    assert builder.layers.rows.info(6).shape == (64,)


def test_digits_typed_in_a_row_are_one_step(builder: Builder) -> None:
    builder.choose("conv2d")
    before = builder.document
    builder.type("filters", "128")
    assert builder.config("conv2d")["filters"] == 128
    builder.undo()
    assert builder.document == before
    assert builder.find(QSpinBox, "model.build.filters").value() == 32, "the field follows"
    builder.redo()
    assert builder.find(QSpinBox, "model.build.filters").value() == 128


def test_undo_inside_a_field_is_that_of_the_document(builder: Builder) -> None:
    builder.choose("conv2d")
    before = builder.document
    line = builder.find(QLineEdit, "model.build.name")
    builder.type("name", "first")
    builder.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert builder.names[1] == "first"
    builder.qtbot.keyClick(line, Qt.Key.Key_Z, CTRL)
    assert builder.document == before and line.text() == "conv2d"
    builder.choose("dense")
    builder.type("units", "7")
    box = builder.find(QSpinBox, "model.build.units")
    builder.qtbot.keyClick(box, Qt.Key.Key_Z, CTRL)
    assert builder.document == before and box.value() == 64


def test_sizes_are_typed_and_stepped(builder: Builder) -> None:
    builder.choose("conv2d")
    box = builder.find(QSpinBox, "model.build.kernel_size")
    builder.type("kernel_size", "3x5")
    assert builder.config("conv2d")["kernel_size"] == (3, 5)
    assert builder.layers.rows.info(1).shape == (26, 24, 32)
    builder.qtbot.keyClick(box, Qt.Key.Key_Up)
    assert builder.config("conv2d")["kernel_size"] == (4, 6)
    for _ in range(6):
        builder.qtbot.keyClick(box, Qt.Key.Key_Down)
    assert builder.config("conv2d")["kernel_size"] == 1
    builder.type("kernel_size", "7")
    assert builder.config("conv2d")["kernel_size"] == 7 and box.text() == "7"
    builder.qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "7×7"
    builder.choose("max_pooling2d")
    box = builder.find(QSpinBox, "model.build.strides")
    assert box.text() == "as window"
    builder.qtbot.keyClick(box, Qt.Key.Key_Up)
    assert builder.config("max_pooling2d")["strides"] == 1
    builder.qtbot.keyClick(box, Qt.Key.Key_Down)
    assert "strides" not in builder.config("max_pooling2d")


def test_values_that_cannot_be_read_leave_the_document_alone(builder: Builder) -> None:
    builder.choose("input")
    builder.type("shape", "28×")
    assert builder.layers.rows.info(0).shape == (28,), "the last that could be read"
    line = builder.find(QLineEdit, "model.build.shape")
    assert line.toolTip() == "sizes such as 28×28×1"
    builder.qtbot.keyClicks(line, "30x3")
    assert builder.layers.rows.info(0).shape == (28, 30, 3) and not line.toolTip()
    builder.type("shape", "nonsense")
    builder.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.text() == "28×30×3", "on leaving, what holds stands there"
    builder.type("shape", "?×?×1")
    assert builder.layers.rows.info(0).shape == (None, None, 1)
    assert "does not know" not in builder.problem("dense")
    assert builder.problem("dense").startswith("a dense layer needs a known number of values")


def test_a_scale_may_be_a_fraction(builder: Builder) -> None:
    builder.choose("input")
    builder.add("Rescaling")
    line = builder.find(QLineEdit, "model.build.scale")
    assert line.text() == "1/255"
    builder.type("scale", "1/128")
    assert builder.config("rescaling")["scale"] == 1 / 128
    builder.type("offset", "-1")
    assert builder.config("rescaling")["offset"] == -1.0


def test_a_layer_is_frozen_and_its_kernel_held_small(builder: Builder) -> None:
    builder.start("mnist-small")
    builder.choose("conv2d")
    before = builder.total("trainable")
    tick = builder.find(QCheckBox, "model.build.trainable")
    assert tick.isChecked()
    tick.click()
    assert builder.config("conv2d")["trainable"] is False
    assert builder.total("trainable") == f"{int(before.replace(',', '')) - 160:,}"
    line = builder.find(QLineEdit, "model.build.kernel_regularizer")
    assert (line.text(), line.accessibleName()) == ("none", "L2 on the kernel")
    builder.type("kernel_regularizer", "0.001")
    assert builder.config("conv2d")["kernel_regularizer"] == 0.001
    assert settings_words(builder.document.layers[1]).endswith("L2 0.001, frozen")
    builder.type("kernel_regularizer", "-1")
    assert builder.problem("conv2d") == "kernel_regularizer is -1.0, less than 0"
    builder.type("kernel_regularizer", "none")
    assert "kernel_regularizer" not in builder.document.layers[1].settings
    assert not builder.problem("conv2d")


OFFERED = [kind.name for kind in palette()]


def test_every_kind_of_the_palette_is_added_with_a_control_for_each_setting(builder: Builder) -> None:
    for name in OFFERED:
        builder.start("mnist-convnet")
        builder.choose("conv2d_1")
        builder.view.add(name)
        QApplication.processEvents()
        row = builder.layers.row
        assert row == builder.names.index("conv2d_1") + 1
        assert builder.document.layers[row].kind == name
        for option in KINDS[name].options:
            if option.rare:
                assert builder.window.findChild(QWidget, f"model.build.{option.name}") is None
                continue
            control = builder.find(QWidget, f"model.build.{option.name}")
            assert control.isEnabled() and control.accessibleName()
            if isinstance(control, QSpinBox):
                value = control.value()
                builder.qtbot.keyClick(control, Qt.Key.Key_Up)
                assert control.value() != value, f"{name}.{option.name}"
                assert option.name in builder.document.layers[row].config


def test_layers_are_dragged_to_their_place(builder: Builder) -> None:
    before = builder.names
    builder.drag_layer("dense", "input")
    assert builder.names == ["input", "dense", *[name for name in before if name not in ("input", "dense")]]
    assert builder.layers.name == "dense", "what was dragged is chosen"
    builder.undo()
    assert builder.names == before
    builder.drag_layer("conv2d", "dense_1")
    assert builder.names[-1] == "conv2d" and builder.names[0] == "input"
    assert (
        builder.problem("conv2d") == "a convolution needs maps (height × width × channels) but gets 10 values"
    )
    builder.undo()
    builder.drag_layer("conv2d_1", "conv2d", below=False)
    assert builder.names[1:3] == ["conv2d_1", "conv2d"]


def test_kinds_are_dragged_out_of_the_palette(builder: Builder) -> None:
    builder.drag_kind("BatchNormalization", "conv2d")
    assert builder.names[2] == "batch_normalization"
    assert builder.layers.name == "batch_normalization"
    assert builder.layers.rows.info(2).formula == "4·32 = 128"
    builder.drag_kind("Rescaling", "input", below=False)
    assert builder.names[:2] == ["input", "rescaling"], "nothing comes before the input"
    builder.undo()
    builder.undo()
    assert "batch_normalization" not in builder.names


def test_keys_and_menu_move_duplicate_and_remove(builder: Builder) -> None:
    builder.choose("conv2d_1")
    builder.key(Qt.Key.Key_Up, ALT)
    assert builder.names[2:4] == ["conv2d_1", "max_pooling2d"] and builder.layers.name == "conv2d_1"
    builder.key(Qt.Key.Key_Down, ALT)
    assert builder.names[2:4] == ["max_pooling2d", "conv2d_1"]
    builder.key(Qt.Key.Key_D, CTRL | SHIFT)
    assert builder.names[4] == "conv2d_3" == builder.layers.name
    assert builder.config("conv2d_3") == builder.config("conv2d_1")
    builder.key(Qt.Key.Key_Delete)
    assert "conv2d_3" not in builder.names
    builder.choose("max_pooling2d")
    builder.menu("duplicate")
    assert builder.names[3] == "max_pooling2d_2"
    builder.menu("remove")
    builder.choose("flatten")
    builder.press("model.build.up")
    builder.press("model.build.down")
    assert builder.names == [layer.name for layer in TEMPLATES["mnist-convnet"].architecture.layers]
    builder.press("model.build.remove")
    assert "flatten" not in builder.names
    assert builder.problem("dense") == "" and builder.layers.rows.info(6).shape == (3, 3, 64)


def test_delete_inside_a_field_removes_letters_and_no_layer(builder: Builder) -> None:
    builder.choose("conv2d")
    count = len(builder.names)
    box = builder.find(QSpinBox, "model.build.filters")
    box.setFocus()
    for _ in range(4):
        builder.qtbot.keyClick(box, Qt.Key.Key_Delete)
        builder.qtbot.keyClick(box, Qt.Key.Key_Backspace)
    assert len(builder.names) == count
    builder.qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert builder.layers.hasFocus()


def test_a_skip_is_made_and_its_inputs_are_chosen(builder: Builder) -> None:
    builder.start("mnist-convnet")
    builder.choose("conv2d")
    for _ in range(2):
        builder.add("Conv2D")
        builder.pick("padding", "same")
    builder.add("Add")
    at = builder.names.index("add")
    inputs = builder.document.layers[at].inputs
    assert inputs == ("conv2d_4", "conv2d"), "the nearest that fits and is not its own input"
    builder.pick("input2", "conv2d")
    assert builder.document.layers[at].inputs == ("conv2d_4", "conv2d")
    assert builder.problem("add") == "" and builder.layers.rows.info(at).shape == (26, 26, 32)
    arcs = arcs_of(builder.document)
    assert [(arc.source, arc.targets, arc.lane) for arc in arcs.arcs] == [(1, (4,), 0)]
    builder.press("model.build.more")
    assert len(builder.document.layers[at].inputs) == 3
    builder.pick("input3", "")
    assert builder.document.layers[at].inputs == ("conv2d_4", "conv2d")
    builder.pick("input2", "input")
    assert builder.document.layers[at].inputs == ("conv2d_4", "input")
    assert builder.problem("add").startswith("26×26×32 and 28×28×1 cannot be joined value by value")
    builder.undo()
    builder.undo()
    builder.press("model.build.build")
    assert builder.workspace.model is not None and builder.workspace.model.layer("add").shape == (26, 26, 32)


def test_a_renamed_layer_keeps_feeding(builder: Builder) -> None:
    builder.start("inception-small")
    name = builder.names[2]
    users = [layer.name for layer in builder.document.layers if name in layer.inputs]
    assert users
    builder.choose(name)
    builder.type("name", "stem-out")
    builder.qtbot.keyClick(builder.find(QLineEdit, "model.build.name"), Qt.Key.Key_Return)
    assert builder.document.layers[2].name == "stem-out"
    assert [x.name for x in builder.document.layers if "stem-out" in x.inputs] == users
    line = builder.find(QLineEdit, "model.build.name")
    builder.type("name", builder.names[0])
    assert line.toolTip().startswith("a name that no other layer has")
    builder.qtbot.keyClicks(line, "-2")
    assert not line.toolTip()
    builder.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert builder.names[0] + "-2" == builder.names[2], "the other kept its name"
    builder.undo()
    builder.type("name", builder.names[0])
    builder.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.text() == "stem-out" == builder.names[2], "a taken name is not taken again"
    builder.undo()
    assert builder.names[2] == name


def test_copied_code_builds_the_same_model(builder: Builder) -> None:
    from convscope.engine.models.builder.build import to_keras

    builder.start("resnet-small")
    builder.choose("stem_relu")
    builder.add("SpatialDropout2D")
    builder.type("rate", "0.25")
    QGuiApplication.clipboard().setText("")
    builder.press("model.build.copy")
    text = QGuiApplication.clipboard().text()
    space: dict[str, Any] = {}
    exec(text, space)
    assert space["model"].get_config() == to_keras(builder.document).get_config()
    assert "SpatialDropout2D(rate=0.25" in text and "convscope" not in text
    builder.type("rate", "0.5")
    builder.choose("stem_conv")
    builder.type("kernel_size", "99")
    builder.pick("padding", "valid")
    builder.press("model.build.copy")
    assert any("cannot be built: at stem_conv, the 99×99 kernel" in told for told in builder.messages())


def test_an_architecture_is_saved_and_opened(builder: Builder, tmp_path: Path) -> None:
    builder.choose("conv2d")
    builder.type("filters", "48")
    saved = builder.document
    builder.press("model.build.save")
    dialog = builder.window.findChild(QFileDialog, "model.build.save_dialog")
    assert dialog is not None and dialog.selectedFiles()[0].endswith("mnist-convnet.json")
    accept(dialog, tmp_path / "net.json")
    builder.settle()
    assert Architecture.open(tmp_path / "net.json") == saved
    assert "Saved net.json." in builder.messages()
    builder.start("lenet-5")
    builder.press("model.build.open")
    dialog = builder.window.findChild(QFileDialog, "model.build.open_dialog")
    assert dialog is not None
    accept(dialog, tmp_path / "net.json")
    builder.settle()
    assert builder.document == saved
    builder.undo()
    assert builder.document == TEMPLATES["lenet-5"].architecture


def test_foreign_files_are_refused_and_change_nothing(builder: Builder, tmp_path: Path) -> None:
    before = builder.document
    (tmp_path / "x.json").write_text(json.dumps({"format": "else"}))
    builder.view.view_model.open_from(tmp_path / "x.json")
    builder.settle()
    builder.view.view_model.open_from(tmp_path / "missing.json")
    builder.settle()
    builder.view.view_model.save_to(tmp_path / "no" / "folder.json")
    builder.settle()
    assert builder.document == before
    told = builder.messages()
    assert "x.json does not hold an architecture that convscope saved." in told
    assert "missing.json cannot be read as an architecture file." in told
    assert "The file cannot be written there: choose another folder." in told


def test_the_current_model_is_started_from(builder: Builder) -> None:
    assert builder.window.findChild(QWidget, "model.build.from_model").isHidden()
    builder.window.sources.engine.open_model("garments")
    builder.settle()
    builder.press("model.build.from_model")
    assert builder.document.summary().totals.parameters == 30_762
    assert builder.workspace.undo_label == "Start from Garments convnet"
    builder.undo()
    assert builder.document == TEMPLATES["mnist-convnet"].architecture
    assert builder.find(QWidget, "model.build.total.parameters").isVisible()


def test_layers_that_stay_keep_the_weights_of_the_model(builder: Builder) -> None:
    kept = builder.window.findChild(QLabel, "model.build.total.kept")
    assert kept is not None and not kept.isVisible()
    builder.window.sources.engine.open_model("digits")
    builder.settle()
    origin = builder.workspace.model
    assert origin is not None
    builder.press("model.build.from_model")
    layers = [row.name for row in builder.document.summary().layers if row.parameters]
    assert kept.isVisible() and kept.text() == f"{len(layers)} of {len(layers)}"
    builder.choose(layers[-1])
    builder.type("units", "4")
    assert kept.text() == f"{len(layers) - 1} of {len(layers)}"
    builder.press("model.build.build")
    made = builder.workspace.model
    assert made is not None and made is not origin
    same = [
        name
        for name in layers
        if np.array_equal(
            made.keras.get_layer(name).get_weights()[0], origin.keras.get_layer(name).get_weights()[0]
        )
    ]
    assert same == layers[:-1]
    said = f"{len(layers) - 1} of {len(layers)} layers with weights kept those of {origin.name}"
    assert any(said in text for text in builder.messages())
    builder.undo()
    builder.undo()
    assert not kept.isVisible(), "before, the document came from no model"


def test_what_cannot_be_started_from_says_why(builder: Builder) -> None:
    import keras

    image = keras.Input((8, 8, 3))
    outputs = [keras.layers.Conv2D(2, 1, name="a")(image), keras.layers.Conv2D(2, 1, name="b")(image)]
    builder.workspace.add_model(OpenedModel(keras.Model(image, outputs, name="two")))
    builder.settle()
    button = builder.find(QAbstractButton, "model.build.from_model")
    assert not button.isEnabled()
    assert button.toolTip() == (
        "two has 2 outputs; the builder makes networks with one: "
        "start from a template instead, or read it under Layers and Graph."
    )
    assert not [c for c in builder.view.commands() if c.id == "model.build.model" and c.enabled]
    builder.window.sources.engine.open_model("digits")
    builder.settle()
    assert button.isEnabled()


def test_numbers_by_channel_are_typed(builder: Builder) -> None:
    builder.start("mnist-convnet")
    builder.choose("input")
    builder.type("shape", "28x28x3")
    builder.add("Rescaling")
    builder.choose("rescaling")
    builder.type("scale", "0.5, 0.25, 1/255")
    assert builder.config("rescaling")["scale"] == (0.5, 0.25, 1 / 255)
    builder.type("scale", "0.5, 0.25")
    assert builder.problem("rescaling") == "scale has 2 numbers for 3 channels"
    builder.add("Dropout")
    builder.workspace.edit_architecture(builder.document.set("dropout", noise_shape=(None, 1, 1, 1)), "Test")
    builder.type("noise_shape", "?x1x28x3")
    assert builder.config("dropout")["noise_shape"] == (None, 1, 28, 3)


def test_long_lists_keep_what_is_edited_in_view(builder: Builder) -> None:
    builder.start("efficientnet-small")
    name = builder.names[60]
    builder.choose(name)
    form = builder.layers.form
    assert builder.layers.viewport().rect().intersects(form.geometry())
    row = builder.layers.visualRect(builder.layers.currentIndex())
    assert row.top() < form.y() and form.geometry().bottom() <= row.bottom() + 1
    builder.layers.verticalScrollBar().setValue(builder.layers.verticalScrollBar().value() + 30)
    moved = builder.layers.visualRect(builder.layers.currentIndex())
    assert moved.top() == row.top() - 30 and form.y() - moved.top() > 30
    builder.key(Qt.Key.Key_Down)
    assert builder.layers.row == 61
    assert builder.layers.visualRect(builder.layers.currentIndex()).top() < form.y()


def test_the_settings_of_a_chosen_layer_are_in_view(builder: Builder) -> None:
    builder.window.resize(1024, 700)
    QApplication.processEvents()
    for name in ("conv2d_2", "conv2d", "dense_1"):
        builder.layers.set_row(builder.document.index(name))
        QApplication.processEvents()
        assert builder.layers.viewport().rect().contains(builder.layers.form.geometry()), name
    heights = {
        builder.find(QWidget, f"model.build.{field}").height()
        for field in ("units", "activation", "name", "input1")
    }
    assert len(heights) == 1, "controls of one height, so that their labels are in line"


def test_a_narrow_window_keeps_what_counts(builder: Builder) -> None:
    builder.window.resize(1024, 700)
    QApplication.processEvents()
    assert builder.view.sketch.isHidden()
    assert builder.total("parameters") == "93,322"
    assert builder.layers.width() > 600
    builder.window.resize(1440, 900)
    QApplication.processEvents()
    assert not builder.view.sketch.isHidden()


def test_the_list_paints_every_template(builder: Builder) -> None:
    for name in TEMPLATES:
        builder.start(name)
        image = builder.layers.viewport().grab().toImage()
        colours = {image.pixelColor(QPoint(x, 20)).name() for x in range(0, image.width(), 3)}
        assert len(colours) > 3, name


def test_an_architecture_file_opens_in_the_builder(builder: Builder, tmp_path: Path) -> None:
    draft = TEMPLATES["lenet-5"].architecture
    draft.save(tmp_path / "net.json")
    builder.window.run_command("model.page.layers")
    builder.window.open_path(tmp_path / "net.json")
    builder.settle()
    assert builder.document == draft and builder.view.isVisible()
    assert builder.workspace.undo_label == "Start from net.json"
    (tmp_path / "other.json").write_text('{"name": "package", "version": 1}')
    builder.window.open_path(tmp_path / "other.json")
    builder.settle()
    assert "other.json does not hold an architecture that convscope saved." in builder.messages()
    assert builder.document == draft
