"""Dropout and batch normalisation while training, against Keras's own layers called in training mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations, look
from convscope.engine.interpret.activations.training_mode import differs_in_training, while_training
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image


def behind(*layers: Any) -> Activations:
    """Layers behind each other on noise, 24×24×16 maps, each looked at."""
    import keras

    x = inputs = keras.Input((24, 24, 3))
    x = keras.layers.Conv2D(16, 3, padding="same", name="conv")(x)
    for layer in layers:
        x = layer(x)
    values = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
    return look(OpenedModel(keras.Model(inputs, x)), Image(values, "noise"))


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """TensorFlow, once."""
    start()


def test_dropout_drops_its_share_and_enlarges_the_rest() -> None:
    import keras

    found = behind(keras.layers.Dropout(0.25, name="drop"))
    given, trained = found.value("conv"), while_training(found, "drop").values
    np.testing.assert_array_equal(found.value("drop"), given)
    dropped = trained == 0
    assert dropped.mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_allclose(trained[~dropped], given[~dropped] / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(while_training(found, "drop").values, trained)
    assert (while_training(found, "drop", seed=1).values != trained).any()


def test_spatial_dropout_drops_whole_maps() -> None:
    import keras

    found = behind(keras.layers.SpatialDropout2D(0.5, name="drop"))
    trained, given = while_training(found, "drop").values, found.value("conv")
    for channel in range(16):
        gone = not trained[:, :, channel].any()
        expected = np.zeros((24, 24)) if gone else given[:, :, channel] * 2
        np.testing.assert_allclose(trained[:, :, channel], expected, rtol=1e-6)
    assert 0 < (trained.reshape(-1, 16) == 0).all(axis=0).sum() < 16


def test_batch_normalisation_is_that_of_keras_in_training() -> None:
    import keras

    layer = keras.layers.BatchNormalization(name="norm")
    found = behind(layer)
    layer.set_weights([np.full(16, v) for v in (2.0, -1.0, 5.0, 3.0)])
    twin = keras.layers.BatchNormalization()
    twin.build((None, 24, 24, 16))
    twin.set_weights(layer.get_weights())
    expected = np.asarray(twin(found.value("conv")[None], training=True))[0]
    np.testing.assert_allclose(while_training(found, "norm").values, expected, atol=1e-4)
    # The user's moving means are where they were.
    np.testing.assert_array_equal(layer.moving_mean, np.full(16, 5.0))


def test_noise() -> None:
    import keras

    found = behind(
        keras.layers.GaussianNoise(0.5, name="noise"), keras.layers.GaussianDropout(0.2, name="gaussian")
    )
    given = found.value("conv")
    assert np.std(while_training(found, "noise").values - given) == pytest.approx(0.5, rel=0.05)
    factor = while_training(found, "gaussian").values[given != 0] / given[given != 0]
    assert factor.mean() == pytest.approx(1, abs=0.03) and factor.std() == pytest.approx(0.5, rel=0.05)


def test_what_is_the_same_in_training_is_said() -> None:
    assert differs_in_training("BatchNormalization") and not differs_in_training("Conv2D")
    with pytest.raises(UserError, match="does the same in training"):
        while_training(behind(), "conv")
