"""A file that does not say its range of pixels: what is assumed is told, and doubted where it looks wrong."""

from __future__ import annotations

import numpy as np
from explain_helpers import child, settle
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from convscope.engine.models.opened import ModelSource, OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui.main_window import MainWindow


def blind(name: str) -> OpenedModel:
    """Tells a red picture from a blue one at 0–255; at 0–1 it says the same of all."""
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(3, 1, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax"),
        ],
        name=name,
    )
    net.layers[0].set_weights([np.eye(3).reshape(1, 1, 3, 3), np.zeros(3)])
    net.layers[2].set_weights([np.array([[0.5, 0, 0], [-0.5, -0.5, 0], [0, 0.5, 0]]), np.array([0, 0, 3.0])])
    return OpenedModel(net, source=ModelSource("file", f"{name}.keras"))


def test_the_assumed_range_is_told_doubted_and_chosen(window: MainWindow, qtbot: QtBot) -> None:
    window.workspace.update_image(load_sample("coffee"))
    window.workspace.add_model(blind("blind"))
    settle(qtbot, window)
    reason = child(window, QLabel, "explain.reason")
    doubt = "The range 0–1 is doubtful: with 0–255 the network tells the pictures that come with convscope"
    assert doubt in reason.text()
    window.show_panel("model")
    settle(qtbot, window)
    notes = child(window, QLabel, "model.notes")
    assert "pixels as 0–1" in notes.text() and doubt in notes.text()
    pixels = child(window, QComboBox, "model.preprocessing")
    pixels.setFocus()
    while pixels.currentText() != "0–255":
        qtbot.keyClick(pixels, Qt.Key.Key_Down)
    settle(qtbot, window)
    assert "0–1" not in notes.text()
    assert window.workspace.undo_label == "Change the pixel range"
    window.show_panel("explain")
    settle(qtbot, window)
    assert "doubtful" not in reason.text() and "Pixels as" not in reason.text()


def test_without_a_doubt_the_range_is_told_in_few_words(window: MainWindow, qtbot: QtBot) -> None:
    model = blind("seeing")
    weights = model.keras.layers[2].get_weights()
    model.keras.layers[2].set_weights([weights[0] * 60, weights[1] / 10])
    window.workspace.add_model(model)
    settle(qtbot, window)
    reason = child(window, QLabel, "explain.reason")
    assert reason.text() == "Pixels as 0–1, which the file does not say."
