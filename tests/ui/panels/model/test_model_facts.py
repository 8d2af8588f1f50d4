"""The whole network: its word on the image, class names, preprocessing, saving."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from driver import window_on
from model_helpers import Story, model_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot
from window_helpers import messages

from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.ui.actions import Command
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model import panel
from convscope.ui.panels.model.network.class_names import ClassNamesDialog
from convscope.ui.panels.model.panel import Page
from convscope.ui.plots.class_bars import ClassBars


class MadeUp(QLabel):
    """A page that fills the panel."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__("Hello")
        self.setObjectName("model.made_up")

    def commands(self) -> list[Command]:
        return [Command("model.made_up.greet", "Greet", lambda: None, "", "Made up")]


def top(story: Story) -> str:
    return story.find(ClassBars, "model.classes").rows[0].name


def test_a_digit_is_told_and_drawing_changes_it(story: Story) -> None:
    model = story.open("digits")
    assert top(story) == model.predict(story.workspace.image).classes[0].name
    assert story.text("model.reason").startswith("digit-7.png in ")
    strokes = np.zeros((28, 28), np.uint8)
    strokes[4:24, 13:16] = 255
    drawn = Image(strokes, "drawing")
    story.workspace.update_image(drawn)
    story.settle()
    assert top(story) == model.predict(drawn).classes[0].name
    assert story.text("model.reason").startswith("drawing in ")


def test_a_base_without_classifier_says_why_there_are_no_classes(story: Story) -> None:
    import keras

    network = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(4, 3)])
    story.open(OpenedModel(network, name="base"))
    assert "tells no classes" in story.text("model.reason")
    assert not story.find(ClassBars, "model.classes").isVisible()
    story.open("digits")
    assert story.find(ClassBars, "model.classes").isVisible()


def test_what_was_assumed_is_said(story: Story) -> None:
    story.open("resnet-small")
    assert "random" in story.text("model.notes")
    story.open("digits")
    assert story.find(QLabel, "model.notes").isHidden()


def edit(story: Story, text: str) -> ClassNamesDialog:
    story.press("model.class_names")
    dialog = story.window.findChild(ClassNamesDialog, "model.class_names_dialog")
    assert dialog is not None
    story.find(QPlainTextEdit, "model.class_names_text").setPlainText(text)
    return dialog


def test_class_names_are_typed(story: Story) -> None:
    story.open(model_of("digits").with_(classes=()))
    story.workspace.choose_layer("conv2d_1")
    assert top(story) == "class 7"
    dialog = edit(story, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n")
    assert dialog.count.text() == "10 names for 10 classes"
    button = dialog.findChild(QPushButton, "model.class_names_ok")
    assert button is not None
    story.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    story.settle()
    assert top(story) == "seven"
    assert story.workspace.model is not None and story.workspace.model.classes[3] == "three"
    assert model_of("digits").classes != story.workspace.model.classes
    # Names change nothing else: the chosen layer stays chosen, here and in the table.
    assert story.workspace.layer == "conv2d_1"
    assert story.current_row() == "conv2d_1"


def test_class_names_are_read_from_a_file(story: Story, tmp_path: Path) -> None:
    story.open("digits")
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"n{number}" for number in range(10)))
    dialog = edit(story, "")
    dialog.read(str(names))
    assert dialog.names() == tuple(f"n{number}" for number in range(10))
    broken = tmp_path / "names.json"
    broken.write_text("{")
    dialog.read(str(broken))
    assert messages(story.window) == ["names.json cannot be read as a list of class names."]
    assert len(dialog.names()) == 10
    dialog.reject()


def test_preprocessing_is_shown_and_changed(story: Story) -> None:
    model = story.open(model_of("digits").with_())
    box = story.find(QComboBox, "model.preprocessing")
    assert box.currentText() == model.preprocessing.name
    story.workspace.select_image(story.workspace.images[1].id)
    resize = story.find(QComboBox, "model.resize")
    resize.setCurrentIndex(resize.findData("pad"))
    resize.activated.emit(resize.currentIndex())
    story.settle()
    changed = story.workspace.model
    assert changed is not None and changed.preprocessing.resize == "pad"
    pixels = story.panel.facts.field_view.view.pixels
    assert pixels is not None and not pixels[0].any()
    box.setCurrentIndex(box.findData("tf"))
    box.activated.emit(box.currentIndex())
    story.settle()
    assert story.workspace.model is not None
    assert story.workspace.model.preprocessing.name == "−1–1"
    assert story.workspace.model.preprocessing.resize == "pad"
    assert story.text("model.name") == model.name


def test_a_guessed_preprocessing_is_told_until_one_is_chosen(story: Story, tmp_path: Path) -> None:
    model_of("digits").keras.save(tmp_path / "net.h5")
    story.open(open_model(tmp_path / "net.h5"))
    assert "the whole image stretched to the network's size" in story.text("model.notes")
    box = story.find(QComboBox, "model.resize")
    assert box.currentData() == "stretch"
    box.setCurrentIndex(box.findData("crop"))
    box.activated.emit(box.currentIndex())
    story.settle()
    assert story.find(QLabel, "model.notes").isHidden()


def test_weights_are_loaded_into_a_copy(story: Story, tmp_path: Path) -> None:
    trained = story.open("digits")
    trained.keras.save_weights(tmp_path / "digits.weights.h5")
    blank = story.open("mnist-convnet")
    before = blank.keras.get_weights()[0].copy()
    story.window.open_path(tmp_path / "digits.weights.h5")
    story.settle()
    assert messages(story.window)[-1] == (
        "digits.weights.h5 holds weights alone: open the network that they belong to, and load them into it; "
        "or open it together with their description (.json, from model.to_json())."
    )
    story.press("model.load_weights")
    dialog = story.find(QFileDialog, "model.weights_dialog")
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(tmp_path / "digits.weights.h5"))
    dialog.accept()
    story.settle()
    loaded = story.workspace.model
    assert loaded is not None and loaded not in (trained, blank) and loaded.classes == blank.classes
    image = story.workspace.image
    assert np.array_equal(loaded.predict(image).logits, trained.predict(image).logits)
    assert np.array_equal(blank.keras.get_weights()[0], before)
    assert "digits.weights.h5 weights" in story.text("model.origin")
    story.panel.whole.load_from(str(tmp_path / "missing.h5"))
    story.settle()
    assert messages(story.window)[-1].startswith("There is no file ")
    assert story.workspace.model is loaded


def test_the_example_is_a_graph_with_a_layer_chosen(story: Story) -> None:
    story.open("digits")
    story.panel.show_example()
    story.settle()
    assert story.panel.page == "graph" and story.graph.picture is not None
    assert story.workspace.layer == "conv2d_1"
    assert story.text("model.formula") == "(3·3·32 + 1)·64 = 18,496"


def test_commands_are_offered(story: Story) -> None:
    names = {command.id: command for command in story.window.commands()}
    assert not names["model.save"].enabled
    story.open("digits")
    names = {command.id: command for command in story.window.commands()}
    assert names["model.save"].enabled
    story.window.run_command("model.page.graph")
    assert story.panel.page == "graph"


def test_undo_belongs_to_the_builder(story: Story) -> None:
    assert story.workspace.scope == "model"
    story.press("model.page.build")
    assert story.workspace.scope == "model.build"
    story.press("model.page.library")
    assert story.workspace.scope == "model.library"
    assert not story.panel.side.isVisible()


def test_what_was_set_of_a_model_is_taken_back(story: Story) -> None:
    model = story.open(model_of("digits").with_())
    before = model.preprocessing
    for name, choice, label in (
        ("model.resize", "pad", "Change how an image comes to its size"),
        ("model.preprocessing", "tf", "Change the pixel range"),
    ):
        box = story.find(QComboBox, name)
        box.setCurrentIndex(box.findData(choice))
        box.activated.emit(box.currentIndex())
        story.settle()
        assert story.workspace.undo_label == label
    dialog = edit(story, "\n".join(f"n{number}" for number in range(10)))
    dialog.accept()
    dialog._accept()
    story.settle()
    assert story.workspace.undo_label == "Name the classes"
    assert story.workspace.model is not None and story.workspace.model.classes[3] == "n3"
    for _ in range(3):
        story.press("header.undo")
    assert story.workspace.model is not None and story.workspace.model.preprocessing == before
    assert story.workspace.model.classes == model.classes and story.text("model.name") == model.name
    assert story.find(QComboBox, "model.resize").currentData() == before.resize


def test_another_output_is_shown_named_and_taken_back(story: Story) -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    values = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    kind = layers.Dense(3, "softmax", name="kind")(values)
    net = keras.Model(inputs, {"kind": kind, "age": layers.Dense(2, name="age")(values)}, name="two")
    story.open(OpenedModel(net, classes=("cat", "dog", "cow")))
    bars = story.find(ClassBars, "model.classes")
    assert {row.name for row in bars.rows} == {"cat", "dog", "cow"}
    assert "tells 3 classes" in story.text("model.origin")
    choice = story.find(QComboBox, "model.output")
    choice.setFocus()
    story.qtbot.keyClick(choice, Qt.Key.Key_Home)
    story.settle()
    assert choice.currentText() == "age: 2 numbers"
    assert [row.name for row in bars.rows] == ["value 0", "value 1"]
    assert "puts out 2 numbers" in story.text("model.origin")
    dialog = edit(story, "left\nright\n")
    assert dialog.windowTitle() == "Value names" and dialog.count.text() == "2 names for 2 values"
    button = dialog.findChild(QPushButton, "model.class_names_ok")
    assert button is not None
    story.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    story.settle()
    # With names they are numbers still.
    assert [row.name for row in bars.rows] == ["left", "right"]
    assert not any("%" in bars.number(row) for row in bars.rows)
    assert story.workspace.undo_label == "Name the values"
    for _ in range(2):
        story.window.run_command("edit.undo")
        story.settle()
    assert {row.name for row in bars.rows} == {"cat", "dog", "cow"}
    # A network with one softmax leaves nothing to choose.
    story.open("digits")
    assert not choice.isVisible()


def test_a_page_is_one_file_and_one_line(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("convscope.ui.panels.model.made_up")
    module.MadeUp = MadeUp  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    page = Page("made_up", "Made up", "A page that no other test knows", ("made_up", "MadeUp"))
    monkeypatch.setattr(panel, "PAGES", (*panel.PAGES, page))
    with window_on(qtbot, "model", [Image(np.zeros((8, 8), np.uint8), "black")]) as window:
        story = Story(qtbot, window)
        story.press("model.page.made_up")
        assert story.find(QLabel, "model.made_up").isVisible() and story.panel.page == "made_up"
        assert story.workspace.scope == "model.made_up"
        assert "model.made_up.greet" in {command.id for command in window.commands()}
        with pytest.raises(KeyError):
            story.panel.show_page("unknown")


def test_a_page_that_cannot_be_made_is_said_and_the_others_stay(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Page("broken", "Broken", "", ("no_such_module", "Page"))
    monkeypatch.setattr(panel, "PAGES", (*panel.PAGES, broken))
    story.panel.show_page("broken")
    assert story.panel.page == "layers" and len(messages(story.window)) == 1
    story.press("model.page.graph")
    assert story.panel.page == "graph"
