"""Networks that are sound and were refused: odd names, images without channels, a softmax of one unit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.engine.models.files.save_file import save_model
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]


def _spaces() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="the image"),
            layers.Conv2D(2, 3, name="my conv 1", activation="relu"),
            layers.BatchNormalization(name="(norm)"),
            layers.Flatten(name="flach, 平"),
            layers.Dense(3, name="_out put", activation="softmax"),
        ],
        name="my net",
    )


def picture() -> Image:
    return Image(np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8), "p")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_layers_of_any_name(suffix: str, tmp_path: Path) -> None:
    theirs = nets.random_weights(_spaces())
    theirs.save(tmp_path / f"m{suffix}")
    opened = open_model(tmp_path / f"m{suffix}")
    batch = opened.prepare(picture()).batch
    np.testing.assert_allclose(opened.scores(batch)[1], theirs(batch, training=False), atol=1e-6)
    assert "my conv 1" in {row.path for row in opened.layers}
    assert opened.activations(batch, ["my conv 1"])["my conv 1"].shape == (1, 6, 6, 2)
    assert opened.predict(picture()).probabilities[0] > 0
    saved = save_model(opened, tmp_path / f"copy{suffix}").files[0]
    np.testing.assert_allclose(open_model(saved).scores(batch)[1], theirs(batch, training=False), atol=1e-6)


def _flat() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [keras.Input((28, 28)), layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(3, "softmax")]
    )


def _maps() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def _rows() -> Any:
    import keras

    image = keras.Input((28, 28))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(keras.layers.LSTM(4)(image)))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("make", [_flat, _maps, _rows])
def test_images_without_channels_are_gray(make: Any, suffix: str, tmp_path: Path) -> None:
    theirs = nets.random_weights(make())
    theirs.save(tmp_path / f"m{suffix}")
    opened = open_model(tmp_path / f"m{suffix}")
    assert opened.input_shape == (28, 28, 1)
    assert opened.notes[0] == "It takes images without an axis of channels: it is given gray ones."
    batch = opened.prepare(picture()).batch
    np.testing.assert_allclose(opened.scores(batch)[1], theirs(batch[..., 0]), atol=1e-6)
    assert opened.summary.totals.parameters == theirs.count_params()
    assert opened.predict(picture()).probabilities[0] > 0
    saved = save_model(opened, tmp_path / f"copy{suffix}").files[0]
    np.testing.assert_allclose(open_model(saved).scores(batch)[1], theirs(batch[..., 0]), atol=1e-6)


def test_a_sequence_of_measurements_is_none(tmp_path: Path) -> None:
    import keras

    for shape in ((128, 9), (6, 6), (None, 28)):
        layers = [keras.Input(shape), keras.layers.LSTM(2)]
        keras.Sequential(layers).save(tmp_path / "m.keras")
        assert open_model(tmp_path / "m.keras").notes == ()


@pytest.mark.parametrize("apart", [False, True])
def test_a_softmax_of_one_unit_is_told_in_a_note(apart: bool, tmp_path: Path) -> None:
    import keras

    layers = keras.layers
    last = [layers.Dense(1), layers.Softmax()] if apart else [layers.Dense(1, activation="softmax")]
    with warnings.catch_warnings():
        # Any warning of Keras's would be an error here.
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "__array__ implementation")
        keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), *last]).save(tmp_path / "m.keras")
        told = open_model(tmp_path / "m.keras").predict(picture())
    assert "A softmax of one unit is 1 whatever the image: this network tells nothing apart." in told.notes


def _operations() -> Any:
    import keras

    layers, ops = keras.layers, keras.ops
    inside = keras.Input((6, 6, 2))
    inner = keras.Model(inside, ops.relu(inside - 0.5) / 2, name="inner")
    inputs = keras.Input((8, 8, 1))
    maps = layers.Conv2D(2, 3, name="conv")(inputs) * 2.0
    # Two kinds of one name: the layer, and the function.
    maps = layers.Add(name="joined")([inner(maps), maps]) + maps
    values = ops.mean(maps, axis=(1, 2))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(1 - values), name="operations")


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_arithmetic_between_layers(suffix: str, tmp_path: Path) -> None:
    """Keras writes operations into .h5 files by the names of their classes alone, and does not open them."""
    made = _operations()
    made.save(tmp_path / f"net{suffix}")
    found = open_model(tmp_path / f"net{suffix}")
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype(np.float32)
    assert np.array_equal(np.asarray(found.keras(images)), np.asarray(made(images)))
    assert [row.kind for row in found.layers].count("Add") == 2
    told = [note for note in found.notes if "that Keras itself does not open" in note]
    assert (len(told), found.source.as_is) == ((1, False) if suffix == ".h5" else (0, True))
    if told:
        assert "(Add, Mean, Multiply, Relu, Subtract, TrueDivide)" in told[0]


def test_a_layer_is_taken_for_no_operation(tmp_path: Path) -> None:
    import keras

    inputs = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(1, 3, padding="same")(inputs)
    keras.Model(inputs, keras.layers.Add()([maps, inputs])).save(tmp_path / "net.h5")
    found = open_model(tmp_path / "net.h5")
    assert found.source.as_is and type(found.keras.layers[-1]) is keras.layers.Add
