"""Networks with channels first against their own arithmetic: each layer alone, the axes moved around it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.models.files.channels_last import NOTE
from convscope.engine.models.files.save_file import save_model
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]

FIRST = {"data_format": "channels_first"}


def row() -> Any:
    """As a tutorial of the Theano days."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((3, 12, 10)),
            layers.ZeroPadding2D(1, **FIRST),
            layers.Conv2D(4, 3, activation="relu", **FIRST),
            layers.BatchNormalization(axis=1),
            layers.MaxPooling2D(2, **FIRST),
            layers.Conv2D(5, 3, padding="same", strides=2, **FIRST),
            layers.PReLU(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Activation("tanh"),
            layers.Dense(6, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ],
        name="row",
    )


def inside() -> Any:
    """Images with channels last, moved within the network."""
    import keras

    layers = keras.layers
    image = keras.Input((8, 9, 3))
    x = layers.Permute((3, 1, 2))(layers.Rescaling(2.0, -1.0)(image))
    x = layers.Conv2D(4, 3, **FIRST)(x)
    x = layers.Permute((2, 3, 1))(x)
    x = layers.Flatten()(layers.Conv2D(3, 3)(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def branches() -> Any:
    """Everything with an axis, twice joined, a squeeze in between; two outputs by name."""
    import keras

    layers = keras.layers
    image = keras.Input((3, 8, 8))
    x = layers.SeparableConv2D(4, 3, padding="same", activation="elu", **FIRST)(image)
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, **FIRST)(image)
    x = layers.Concatenate(axis=1)([x, y])
    y = layers.Conv2D(10, 1, **FIRST)(layers.GroupNormalization(2, axis=1)(x))
    x = layers.Add()([x, layers.PReLU(shared_axes=[2, 3])(y)])
    scale = layers.GlobalAveragePooling2D(**FIRST)(x)
    scale = layers.Reshape((10, 1, 1))(layers.Dense(10, activation="sigmoid")(scale))
    x = layers.Multiply()([x, scale])
    x = layers.Softmax(axis=1)(layers.UpSampling2D(2, **FIRST)(layers.LayerNormalization(axis=1)(x)))
    x = layers.Conv2DTranspose(4, 3, strides=2, activation="softmax", **FIRST)(x)
    values = layers.GlobalMaxPooling2D(**FIRST)(layers.AveragePooling2D(2, **FIRST)(x))
    return keras.Model(
        image,
        {"kind": layers.Dense(3, activation="softmax")(values), "age": layers.Dense(1)(layers.Flatten()(x))},
    )


def nested() -> Any:
    """A frozen base within a row, and what follows its maps in two ways of flattening."""
    import keras

    layers = keras.layers
    image = keras.Input((3, 8, 8))
    x = layers.Conv2D(4, 3, name="one", **FIRST)(image)
    base = keras.Model(image, layers.ReLU()(layers.Conv2D(4, 1, name="two", **FIRST)(x)), name="base")
    base.trainable = False
    image = keras.Input((3, 8, 8))
    maps = base(image)
    one = layers.Dense(2)(layers.Flatten(**FIRST)(maps))
    two = layers.Dense(2)(layers.BatchNormalization()(layers.Flatten()(maps)))
    return keras.Model(image, layers.Softmax()(layers.add([one, two])), name="outer")


def reshaped() -> Any:
    """Flattened by Reshape, a joined Flatten, and what is put out flat."""
    import keras

    layers = keras.layers
    image = keras.Input((3, 6, 6))
    maps = layers.Conv2D(4, 3, **FIRST)(image)
    one = layers.Dense(2)(layers.Reshape((64,))(maps))
    flat = layers.Flatten()(maps)
    both = layers.Concatenate()([flat, layers.Flatten()(image)])
    return keras.Model(image, [layers.Add()([one, layers.Dense(2)(both)]), flat])


def over_the_width() -> Any:
    """A softmax within a layer is Keras's own: over the last axis, wherever the channels are."""
    import keras

    layers = keras.layers
    image = keras.Input((3, 8, 8))
    x = layers.Conv2D(4, 3, activation="softmax", **FIRST)(image)
    x = layers.Conv2D(4, 3, padding="same", activation="leaky_relu", **FIRST)(x)
    x = layers.Activation("log_softmax")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


def functions() -> Any:
    """Functions of keras.ops are called as layers are, and have no weights to turn: their axes stay."""
    import keras

    layers, ops = keras.layers, keras.ops
    image = keras.Input((3, 8, 8))
    x, y = (layers.Conv2D(4, 3, **FIRST)(image) for _ in range(2))
    z = ops.concatenate([x * 2.0, y + x], axis=1)
    z = ops.softmax(z, axis=1) * np.arange(8, dtype=np.float32).reshape(8, 1, 1)
    z = ops.max_pool(z, 2, data_format="channels_first") - ops.mean(z, axis=(1, 2, 3), keepdims=True)
    flat = layers.Flatten()(layers.Conv2D(5, 1, **FIRST)(z)) * np.linspace(0, 1, 45, dtype=np.float32)
    return keras.Model(image, layers.Dense(3, activation="softmax")(flat))


def films() -> Any:
    import keras

    layers = keras.layers
    film = keras.Input((4, 3, 8, 8))
    x = layers.TimeDistributed(layers.Conv2D(4, 3, **FIRST))(film)
    x = layers.ConvLSTM2D(3, 3, return_sequences=True, **FIRST)(x)
    x = layers.ConvLSTM2D(2, 3, **FIRST)(x)
    return keras.Model(film, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


def lines() -> Any:
    import keras

    layers = keras.layers
    line = keras.Input((2, 12))
    x = layers.MaxPooling1D(2, **FIRST)(layers.Conv1D(4, 3, **FIRST)(line))
    return keras.Model(line, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


NETS = [row, inside, branches, nested, reshaped, over_the_width, films, lines]
# A file of HDF5 keeps no functions of keras.ops.
FILES = [(make, suffix) for make in NETS for suffix in (".keras", ".h5")] + [(functions, ".keras")]


def reference(model: Any, x: Any) -> list[Any]:
    """What a network with channels first computes: each layer alone, with the axes moved before and after it.

    It changes the model.
    """
    import keras
    import tensorflow as tf

    for layer in model._flatten_layers():
        if type(layer).__name__ == "Flatten":
            continue
        if getattr(layer, "data_format", None) != "channels_first":
            continue
        cell = getattr(layer, "cell", None)

        def call(given: Any, *more: Any, _layer: Any = layer, _cell: Any = cell, **kwargs: Any) -> Any:
            axes = len(given.shape)
            lead = 2 if _cell is not None else 1
            last = [*range(lead), *range(lead + 1, axes), lead]
            changed = {"data_format": "channels_last"}
            over_width = getattr(getattr(_layer, "activation", None), "__name__", "") == "softmax"
            if over_width:
                changed["activation"] = "linear"
            twin = type(_layer).from_config({**_layer.get_config(), **changed})
            moved = tf.transpose(given, last)
            twin.build(moved.shape)
            twin.set_weights(_layer.get_weights())
            out = twin(moved, training=False)
            rank = len(out.shape)
            if rank == 2:
                return out
            place = 2 if _cell is not None and rank == 5 else 1
            out = tf.transpose(out, [*range(place), rank - 1, *range(place, rank - 1)])
            return tf.nn.softmax(out) if over_width else out

        object.__setattr__(layer, "call", call)
    return list(keras.tree.flatten(model(x, training=False)))


def _given(model: Any, x: Any) -> Any:
    """The same images for a network whose channels may come last."""
    axes = model.inputs[0].shape
    if tuple(axes[1:]) == x.shape[1:]:
        return x
    lead = 2 if x.ndim == 5 else 1
    return x.transpose([*range(lead), *range(lead + 1, x.ndim), lead])


@pytest.mark.parametrize(
    ("make", "suffix"), FILES, ids=[f"{make.__name__}{suffix}" for make, suffix in FILES]
)
def test_computes_as_with_channels_first(make: Callable[[], Any], suffix: str, tmp_path: Path) -> None:
    theirs = nets.random_weights(make())
    path = tmp_path / f"m{suffix}"
    theirs.save(path)
    x = nets.images(theirs)[0]
    opened = open_model(path)
    assert NOTE in opened.notes
    expected = reference(theirs, x)
    given = _given(opened.keras, x)
    import keras

    direct = keras.tree.flatten(opened.keras(given, training=False))
    program = opened.function(opened.program.outputs)(given)
    for found in (direct, program):
        for ours, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)
    assert opened.keras.count_params() == theirs.count_params()
    frozen = {layer.name for layer in theirs._flatten_layers() if layer.weights and not layer.trainable}
    now = {layer.name for layer in opened.keras._flatten_layers() if layer.weights and not layer.trainable}
    assert frozen == now
    saved = save_model(opened, tmp_path / "copy.keras").files[0]
    again = open_model(saved)
    assert NOTE not in again.notes
    for ours, wanted in zip(keras.tree.flatten(again.keras(given, training=False)), expected, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)


def test_a_row_stays_a_row_that_takes_pictures(tmp_path: Path) -> None:
    """Summary, prediction and maps, by the layers' own names and without any that were not there."""
    import keras

    theirs = nets.random_weights(row())
    theirs.save(tmp_path / "m.keras")
    opened = open_model(tmp_path / "m.keras")
    assert isinstance(opened.keras, keras.Sequential)
    assert [layer.name for layer in opened.keras.layers] == [layer.name for layer in theirs.layers]
    assert opened.input_shape == (12, 10, 3)
    picture = Image(np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8), "p")
    batch = opened.prepare(picture).batch
    expected = reference(theirs, batch.transpose(0, 3, 1, 2))[0]
    np.testing.assert_allclose(opened.scores(batch)[1], expected, atol=1e-6)
    assert sum(opened.predict(picture).probabilities) == pytest.approx(1, abs=1e-5)
    conv = theirs.layers[1].name
    maps = opened.activations(batch, [conv])[conv]
    first = keras.Model(theirs.inputs[0], theirs.layers[1].output)
    np.testing.assert_allclose(
        maps.transpose(0, 3, 1, 2), first(batch.transpose(0, 3, 1, 2), training=False), atol=1e-5
    )


def test_files_of_keras_2(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras as old

        layers = old.layers
        theirs = old.Sequential(
            [
                old.Input((1, 8, 8)),
                layers.Conv2D(4, 3, activation="relu", **FIRST),
                layers.Flatten(),
                layers.Dense(3, activation="softmax"),
            ]
        )
        theirs.save(tmp_path / "m.h5")
    opened = open_model(tmp_path / "m.h5")
    kernel, bias, dense, more = theirs.get_weights()
    x = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3))
    maps = np.maximum(np.einsum("ncyxij,ijcf->nfyx", windows, kernel) + bias[:, None, None], 0)
    scores = np.exp(maps.reshape(2, -1) @ dense + more)
    expected = scores / scores.sum(1, keepdims=True)
    np.testing.assert_allclose(opened.keras(x.transpose(0, 2, 3, 1)), expected, atol=1e-6)
    assert opened.notes[:2] == ("Keras 2 wrote it; it was mended for Keras 3.", NOTE)


def test_where_it_cannot_be_turned_it_says_so(tmp_path: Path) -> None:
    import keras

    layers = keras.layers
    film = keras.Input((4, 3, 8, 8))
    x = layers.Bidirectional(layers.ConvLSTM2D(3, 3, name="memory", **FIRST), name="both")(film)
    keras.Model(film, layers.Flatten()(x)).save(tmp_path / "m.keras")
    with pytest.raises(UserError, match=r"^m\.keras takes channels first in both, where "):
        open_model(tmp_path / "m.keras")


def test_a_flatten_that_reads_channels_first_turns_nothing(tmp_path: Path) -> None:
    import keras

    keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(**FIRST)]).save(tmp_path / "m.keras")
    opened = open_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).random((2, 4, 4, 3), np.float32)
    assert NOTE not in opened.notes
    np.testing.assert_array_equal(opened.keras(x), x.transpose(0, 2, 3, 1).reshape(2, -1))
