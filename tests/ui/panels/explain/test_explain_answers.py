"""Networks with several outputs, and networks that put out numbers: what is shown, asked and undone."""

from __future__ import annotations

import numpy as np
import pytest
from explain_helpers import child, panel_of, press, settle, tick_only
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import messages

from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow
from convscope.ui.plots.class_bars import ClassBars


@pytest.fixture(scope="module")
def boxes() -> OpenedModel:
    """Kind and box: Keras sorts the box first."""
    import keras

    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    maps = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    values = layers.GlobalAveragePooling2D()(maps)
    kind = layers.Dense(3, "softmax", bias_initializer="random_normal", name="kind")(values)
    box = layers.Dense(4, bias_initializer="random_normal", name="box")(values)
    return OpenedModel(keras.Model(inputs, {"kind": kind, "box": box}, name="boxes"))


def pick(qtbot: QtBot, box: QComboBox, row: int) -> None:
    """Choose with the keys, as a person does."""
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(row):
        qtbot.keyClick(box, Qt.Key.Key_Down)


def captions(window: MainWindow) -> list[str]:
    wall = child(window, MosaicView, "explain.wall")
    return [wall.caption(number) for number in range(wall.count)]


def test_an_output_is_chosen_explained_and_taken_back(
    window: MainWindow, boxes: OpenedModel, qtbot: QtBot
) -> None:
    tick_only(qtbot, window, "grad-cam")
    window.workspace.add_model(boxes)
    settle(qtbot, window)
    bars, choice = child(window, ClassBars, "explain.classes"), child(window, QComboBox, "explain.output")
    words = [choice.itemText(row) for row in range(choice.count())]
    assert words == ["box: 4 numbers", "box: scores of 4 classes", "kind: 3 classes"]
    assert choice.currentText() == "kind: 3 classes"
    assert bars.number(bars.rows[0]).endswith(" %")
    assert "the other is box (4 numbers)" in child(window, QLabel, "explain.reason").text()
    assert captions(window)[1].startswith("Grad-CAM: class ")
    pick(qtbot, choice, 0)
    settle(qtbot, window)
    assert [row.name for row in bars.rows] == ["value 0", "value 1", "value 2", "value 3"]
    assert not any("%" in bars.number(row) for row in bars.rows)
    assert captions(window)[1] == "Grad-CAM: what pushes value 0 up"
    model = window.workspace.model
    assert model is not None and model.id == boxes.id
    out = boxes.keras.predict(model.prepare(window.workspace.image).batch, verbose=0)["box"][0]
    np.testing.assert_allclose([row.logit for row in bars.rows], out, atol=1e-6)
    assert window.workspace.undo_label == "Show the output box"
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert choice.currentText() == "kind: 3 classes" and bars.number(bars.rows[0]).endswith(" %")
    assert messages(window) == []


def test_a_number_is_asked_what_pushes_it_up_and_what_pulls_it_down(
    window: MainWindow, boxes: OpenedModel, qtbot: QtBot
) -> None:
    tick_only(qtbot, window, "grad-cam", "eigen-cam", "hires-cam")
    window.workspace.add_model(boxes.with_(output="box"))
    settle(qtbot, window)
    assert not child(window, QComboBox, "explain.count").isVisible()
    assert child(window, QLineEdit, "explain.any").placeholderText() == "Any value, by name or number"
    field = child(window, QLineEdit, "explain.any")
    field.setText("2")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(qtbot, window)
    explained = child(window, QLabel, "explain.explained")
    assert "what pushes value 2 up" in explained.text() and "logit" not in explained.text()
    press(qtbot, child(window, QToolButton, "explain.direction.both"))
    settle(qtbot, window)
    maps = {one.target_words: one for one in panel_of(window).view_model.maps if one.method == "hires-cam"}
    up, down = maps["what pushes value 2 up"], maps["what pulls value 2 down"]
    np.testing.assert_allclose(up.relevance, -down.relevance, atol=1e-7)
    assert "any value" in " ".join(captions(window))
    press(qtbot, child(window, QToolButton, "explain.direction.down"))
    settle(qtbot, window)
    assert "what pulls value 2 down" in explained.text()
    assert f"value {up.score:.4g}".replace("-", "−") in explained.text()
    assert window.workspace.undo_label == "Explain what pulls it down"
    # A network of classes has none of this.
    window.workspace.select_model(boxes.id)
    window.workspace.replace_model(boxes)
    settle(qtbot, window)
    assert not child(window, QWidget, "explain.direction").isVisible()
    assert child(window, QComboBox, "explain.count").isVisible()
    assert messages(window) == []


def test_numbers_that_may_be_scores_are_read_as_classes(window: MainWindow, qtbot: QtBot) -> None:
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(7)]
    )
    tick_only(qtbot, window, "grad-cam")
    window.workspace.add_model(OpenedModel(net, name="open"))
    settle(qtbot, window)
    bars, choice = child(window, ClassBars, "explain.classes"), child(window, QComboBox, "explain.output")
    reason = child(window, QLabel, "explain.reason")
    assert "Nothing says whether they are scores of classes" in reason.text()
    assert "The first 5 are shown." in reason.text()
    pick(qtbot, choice, 1)
    settle(qtbot, window)
    assert choice.currentText() == "scores of 7 classes"
    assert sum(
        row.probability for row in panel_of(window).view_model.explained.prediction.classes
    ) == pytest.approx(1)
    assert bars.number(bars.rows[0]).endswith(" %")
    assert window.workspace.undo_label == "Read the output as classes"
