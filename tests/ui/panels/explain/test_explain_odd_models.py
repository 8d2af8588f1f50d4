"""Networks that cannot be explained: the panel says why, and keeps nothing of the one before."""

from __future__ import annotations

import numpy as np
import pytest
from explain_helpers import child, panel_of, press, settle, tick_only
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import messages

from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample
from convscope.ui import theme
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.main_window import MainWindow


@pytest.fixture
def broken() -> OpenedModel:
    """A network whose weights became no numbers in training."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ],
        name="broken",
    )
    for weight in model.weights:
        weight.assign(np.full(weight.shape, np.nan))
    return OpenedModel(model)


def test_a_network_that_overflows_has_no_maps_and_none_of_the_one_before(
    window: MainWindow, digits: OpenedModel, broken: OpenedModel, qtbot: QtBot
) -> None:
    window.workspace.add_model(digits)
    settle(qtbot, window)
    stages = child(window, MosaicView, "explain.stages")
    assert stages.isVisible() and stages.count == 3
    tick_only(qtbot, window, "grad-cam", "eigen-cam", "score-cam", "saliency")
    settle(qtbot, window)
    window.workspace.add_model(broken)
    settle(qtbot, window)
    said = child(window, QLabel, "explain.said")
    assert said.isVisible() and "broken does not put out numbers for this image (NaN)" in said.text()
    assert not stages.isVisible() and not child(window, MosaicView, "explain.wall").isVisible()
    assert child(window, QLabel, "explain.explained").text() == ""
    assert not child(window, QLabel, "explain.title").isVisible()
    assert messages(window) == []


def test_methods_that_a_network_does_not_allow_are_told_in_their_tiles(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    """Without a layer whose maps lie over the image, methods on the input go on working."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")], name="dense"
    )
    window.workspace.add_model(digits)
    settle(qtbot, window)
    tick_only(qtbot, window, "grad-cam", "eigen-cam", "score-cam", "saliency")
    settle(qtbot, window)
    window.workspace.add_model(OpenedModel(model))
    settle(qtbot, window)
    wall = child(window, MosaicView, "explain.wall")
    told = {wall.caption(n).split(": ")[0]: wall.caption(n).split(": ")[1] for n in range(1, wall.count)}
    assert told.pop("Saliency").startswith("class ")
    assert told == dict.fromkeys(("Grad-CAM", "Score-CAM", "Eigen-CAM"), "not possible")
    assert "no layer whose maps lie over the image" in child(window, QLabel, "explain.facts").text()
    assert not child(window, MosaicView, "explain.stages").isVisible()
    assert messages(window) == []


def test_a_network_without_classes_leaves_nothing_of_the_one_before(
    window: MainWindow, digits: OpenedModel, qtbot: QtBot
) -> None:
    import keras

    window.workspace.add_model(digits)
    settle(qtbot, window)
    assert "logit" in child(window, QLabel, "explain.explained").text()
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3)], name="base")
    window.workspace.add_model(OpenedModel(model))
    settle(qtbot, window)
    assert "base tells no classes" in child(window, QLabel, "explain.said").text()
    assert child(window, QLabel, "explain.explained").text() == ""
    assert child(window, QLabel, "explain.why").text() == ""
    assert not child(window, QLabel, "explain.title").isVisible()
    press(qtbot, child(window, QToolButton, "explain.script"))
    assert messages(window)[-1] == "There is no map that a script could make."
    # The network before is as it was.
    window.workspace.select_model(window.workspace.models[0].id)
    settle(qtbot, window)
    assert child(window, QLabel, "explain.title").text() == "Grad-CAM"
    assert "logit" in child(window, QLabel, "explain.explained").text()


def test_a_class_may_be_called_like_markup(window: MainWindow, digits: OpenedModel, qtbot: QtBot) -> None:
    window.workspace.update_image(load_sample("digit-7"))
    window.workspace.add_model(digits.with_(classes=[f"<i>{n}</i> & co" for n in range(10)]))
    settle(qtbot, window)
    told = theme.strong("&lt;i&gt;7&lt;/i&gt; &amp; co")
    assert child(window, QLabel, "explain.explained").text().startswith(told)
    assert child(window, QLabel, "explain.explained").toolTip() == "<p>&lt;i&gt;7&lt;/i&gt; &amp; co</p>"
    title = child(window, QLabel, "explain.truth.title")
    assert title.text() == "Grad-CAM: <i>7</i> & co" and title.textFormat() == Qt.TextFormat.PlainText


def test_the_outline_begins_where_the_command_line_has_it(window: MainWindow) -> None:
    assert panel_of(window).method_column.threshold.value == 50
