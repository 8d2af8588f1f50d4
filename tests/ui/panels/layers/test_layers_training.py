"""What a layer does while training, beside what it does now: same units, one scale, drawn again at will."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from layers_helpers import Desk
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from convscope.engine.models.opened import OpenedModel
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.plots.bars import BarsView


def network() -> OpenedModel:
    """All that differs while training, behind each other."""
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    x = inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 3, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.SpatialDropout2D(0.5, name="spatial")(x)
    x = layers.Dropout(0.25, name="values")(x)
    x = layers.GaussianNoise(0.5, name="noise")(x)
    x = layers.MaxPooling2D(4)(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(512, name="dense")(x)
    x = layers.Dropout(0.5, name="drop")(x)
    return OpenedModel(keras.Model(inputs, layers.Dense(10, name="last")(x)))


@pytest.fixture
def training(bare: Desk) -> Desk:
    """The panel with that network."""
    bare.workspace.add_model(network())
    bare.settle()
    return bare


def test_the_switch_is_there_where_it_does_something(training: Desk) -> None:
    switch = training.find(QToolButton, "layers.while_training")
    for path, there in (("conv", False), ("norm", True), ("drop", True), ("flat", False), ("noise", True)):
        training.layer(path)
        assert switch.isVisible() == there, path
        assert not switch.isChecked() and not training.find(QToolButton, "layers.draw_again").isVisible()
    training.press("layers.while_training")
    assert len(training.frame.sides) == 2 and training.frame.sides[1].forward.training
    training.press("layers.while_training")
    assert len(training.frame.sides) == 1


def test_dropout_on_a_vector_is_seen_to_drop(training: Desk) -> None:
    """Both sides showed the same 256 survivors, each on a scale of its own: as if nothing were done."""
    training.layer("drop")
    training.press("layers.while_training")
    own, trained = (training.find(BarsView, f"layers.mosaic{side}_bars") for side in ("", "_beside"))
    given = training.frame.sides[0].maps.tiles[:, 0, 0]
    # The same units on both sides: those that were largest before any was dropped.
    shown = np.sort(np.argsort(-np.abs(given), kind="stable")[:256])
    np.testing.assert_array_equal(own._values, given[shown])
    assert own._labels == trained._labels
    gone = trained._values == 0
    assert 90 < gone.sum() < 166
    np.testing.assert_allclose(trained._values[~gone], 2 * own._values[~gone], rtol=1e-6)
    # One scale: a number that became twice as large is a bar twice as high.
    assert own.ends == trained.ends
    assert own.ends[1] == pytest.approx(max(own._values.max(), trained._values.max()))
    count = int((training.frame.sides[1].maps.tiles[:, 0, 0] == 0).sum())
    words = f"{count} of 512 numbers dropped, the others ×2"
    assert training.text("layers.training_words") == words
    assert training.find(QLabel, "layers.mosaic_beside_title").text() == "while training"
    panes = [training.find(QWidget, f"layers.mosaic{side}_bars") for side in ("", "_beside")]
    assert abs(panes[0].width() - panes[1].width()) <= 1
    told = training.text("layers.scale_words")
    assert "the 256 largest before any was dropped are shown" in told and told.endswith(
        "one scale on both sides"
    )
    # Hovering a dropped one says so.
    place = int(np.flatnonzero(gone)[3])
    training.qtbot.mouseMove(trained, trained.bar_rect(place).center().toPoint())
    assert training.text("layers.scale_words").endswith(" and dropped")


def test_it_is_drawn_again(training: Desk) -> None:
    training.layer("drop")
    training.press("layers.while_training")
    draws = []
    for _ in range(3):
        draws.append(training.frame.sides[1].maps.tiles[:, 0, 0].copy())
        training.press("layers.draw_again")
    assert all((a != b).any() for a, b in itertools.pairwise(draws))
    # The map that is shown large, and the numbers, are of the same draw.
    channel = int(np.flatnonzero(training.frame.sides[1].maps.tiles[:, 0, 0] == 0)[0])
    assert training.frame.sides[1].map(channel)[0, 0] == 0
    training.workspace.undo()
    training.settle()
    np.testing.assert_array_equal(training.frame.sides[1].maps.tiles[:, 0, 0], draws[0])


def test_whole_maps_that_are_dropped_say_so(training: Desk) -> None:
    training.layer("spatial")
    training.press("layers.while_training")
    own, trained = training.frame.sides
    gone = np.flatnonzero(trained.dropped_maps)
    assert 2 <= len(gone) <= 14
    beside = training.find(MosaicView, "layers.mosaic_beside")
    assert [n for n in range(16) if beside.caption(n) == f"{n} dropped"] == gone.tolist()
    assert training.text("layers.training_words") == f"{len(gone)} of 16 maps dropped, the others ×2"
    # One scale: what is twice as large is another colour.
    np.testing.assert_array_equal(own.levels.low, trained.levels.low)
    np.testing.assert_array_equal(own.levels.high, trained.levels.high)
    kept = next(n for n in range(16) if n not in gone)
    assert (own.levels.levels[kept] != trained.levels.levels[kept]).any()
    assert "the same for both" in training.text("layers.scale_words")


def test_batch_normalisation_and_noise_on_one_scale(training: Desk) -> None:
    for path, words in (
        ("norm", "normalised by this image's own means and variances, not by the kept ones"),
        ("noise", "noise of standard deviation 0.5 added to each value"),
        ("values", " values dropped, the others ×1.33"),
    ):
        training.layer(path)
        # From one such layer to the next it stays switched on.
        if path == "norm":
            training.press("layers.while_training")
        for how in ("lectures", "map", "layer"):
            training.pick("layers.normalisation", how)
            own, trained = training.frame.sides
            np.testing.assert_array_equal(own.levels.low, trained.levels.low)
            np.testing.assert_array_equal(own.levels.high, trained.levels.high)
        assert training.text("layers.training_words").endswith(words)
        assert training.find(QToolButton, "layers.draw_again").isVisible() == (path != "norm")


def test_outside_of_training_it_is_said_what_the_layer_does(training: Desk) -> None:
    training.layer("drop")
    assert training.text("layers.training_words") == "Outside of training it hands on what it is given."
    # A vector has numbers, no channels.
    assert training.text("layers.part") == f"number {training.panel.view_model.channel} of dense"
    training.layer("norm")
    assert "those that training kept" in training.text("layers.training_words")
    # Walking on, the switch goes; coming back it is off.
    training.press("layers.while_training")
    training.layer("conv")
    assert not training.find(QWidget, "layers.while_training").isVisible()
    training.layer("norm")
    assert not training.find(QToolButton, "layers.while_training").isChecked()
