"""Saving a copy of an open model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.core.task import Cancelled, Task
from convscope.engine.models.files.save_file import save_model
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import Runtime
from convscope.imaging.io.load import load_image


def test_a_copy_opens_as_the_same_model(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    changed = model.with_(
        classes=[f"number {n}" for n in range(10)],
        preprocessing=replace(model.preprocessing, resize="pad"),
    )
    files = save_model(changed, tmp_path / "copy").files
    assert files == (tmp_path / "copy.keras", tmp_path / "copy.classes.json")
    assert sorted(tmp_path.iterdir()) == sorted(files)
    again = open_model(files[0])
    assert again.classes == changed.classes
    assert again.preprocessing == changed.preprocessing
    image = load_image(resource_path("images", "digit-7.png"))
    before, after = changed.predict(image), again.predict(image)
    assert np.array_equal(before.logits, after.logits)
    assert after.classes[0].name == "number 7"
    # One that is there already is replaced.
    save_model(model, files[0])
    assert open_model(files[0]).classes == model.classes


def test_what_cannot_be_written_is_said(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    with pytest.raises(UserError, match=r"copy\.keras cannot be written"):
        save_model(model, tmp_path / "missing" / "copy.keras")


def test_cancelling_leaves_what_was_there(runtime: Runtime, tmp_path: Path) -> None:
    model = open_model("digits")
    target = tmp_path / "copy.keras"
    target.write_text("before")
    task = Task(on_progress=lambda _fraction, _text: task.cancel())
    with pytest.raises(Cancelled):
        save_model(model, target, task)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.keras"]
    assert target.read_text() == "before"


# .h5, for Keras 2 as well


NO_STATE = "An .h5 file holds neither the optimizer's state nor that of layers that draw at random."


def answers(opened: Any, batch: np.ndarray) -> np.ndarray:
    return np.asarray(opened(batch, training=False))


def all_open_it(old: Any, model: OpenedModel, path: Path, input_shape: tuple[int, int, int]) -> None:
    """The file gives the same network in Keras 3, in Keras 2 and here."""
    import keras

    batch = np.random.default_rng(0).random((2, *input_shape), np.float32)
    expected = answers(model.keras, batch)
    for opened in (keras.models.load_model(path), old.models.load_model(path), open_model(path).keras):
        np.testing.assert_allclose(answers(opened, batch), expected, atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "mnist-convnet", "lenet-5", "cats-dogs-dropout", "inception-small", "resnet-small", "xception-small",
        "efficientnet-small", "digits",
    ],
)  # fmt: skip
def test_keras_2_opens_an_h5_file_of_the_lectures_networks(
    runtime: Runtime, old: Any, tmp_path: Path, name: str
) -> None:
    model = open_model(name)
    saved = save_model(model, tmp_path / "net.h5")
    assert saved.files == (tmp_path / "net.h5", tmp_path / "net.classes.json")
    assert sorted(tmp_path.iterdir()) == sorted(saved.files)
    assert saved.loses == (NO_STATE,)
    height, width, channels = model.input_shape
    assert height is not None and width is not None
    all_open_it(old, model, tmp_path / "net.h5", (height, width, channels))
    again = open_model(tmp_path / "net.h5")
    assert again.classes == model.classes and again.preprocessing == model.preprocessing


def test_a_frozen_base_within_a_network(runtime: Runtime, old: Any, tmp_path: Path) -> None:
    model = open_model("resnet50-12", input_shape=(32, 32, 3))
    assert save_model(model, tmp_path / "net.h5").loses == (NO_STATE,)
    all_open_it(old, model, tmp_path / "net.h5", (32, 32, 3))


@pytest.mark.filterwarnings("ignore:Argument `alpha` is deprecated:UserWarning")
def test_every_kind_of_layer_of_keras_2(runtime: Runtime, old: Any, tmp_path: Path) -> None:
    import keras

    layers = keras.layers
    kinds = [
        layers.RandomFlip(), layers.RandomRotation(0.1), layers.RandomZoom(0.1),
        layers.RandomTranslation(0.1, 0.1), layers.Rescaling(1 / 255),
        layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]),
        layers.Conv2D(4, 3, strides=2, kernel_regularizer="l2", kernel_initializer="he_normal"),
        layers.BatchNormalization(), layers.LeakyReLU(negative_slope=0.2), layers.SeparableConv2D(4, 3),
        layers.DepthwiseConv2D(3, activation="swish"), layers.PReLU(shared_axes=[1, 2]), layers.ELU(),
        layers.Conv2DTranspose(4, 3, strides=2), layers.GroupNormalization(2), layers.ReLU(max_value=6.0),
        layers.UpSampling2D(), layers.MaxPooling2D(3), layers.ZeroPadding2D(2), layers.Cropping2D(1),
        layers.SpatialDropout2D(0.2), layers.GaussianNoise(0.1), layers.LayerNormalization(),
        layers.AveragePooling2D(2), layers.Identity(), layers.Activation("gelu"), layers.Flatten(),
        layers.Dropout(0.5), layers.Dense(6), layers.Reshape((2, 3)), layers.Softmax(),
    ]  # fmt: skip
    model = OpenedModel(nets.random_weights(keras.Sequential([keras.Input((24, 24, 3)), *kinds])))
    assert save_model(model, tmp_path / "net.h5").loses == (NO_STATE,)
    all_open_it(old, model, tmp_path / "net.h5", (24, 24, 3))


def test_a_layer_that_drops_at_prediction_does_so_in_keras_2(
    runtime: Runtime, old: Any, tmp_path: Path
) -> None:
    import keras

    inputs = keras.Input((4, 4, 1))
    dropped = keras.layers.Dropout(0.5)(keras.layers.Flatten()(inputs), training=True)
    model = OpenedModel(keras.Model(inputs, keras.layers.Dense(2)(dropped)))
    save_model(model, tmp_path / "net.h5")
    again = old.models.load_model(tmp_path / "net.h5")
    ones = np.ones((64, 4, 4, 1), np.float32)
    assert len(np.unique(answers(again, ones)[:, 0])) > 1, "each image meets another draw"


@pytest.mark.parametrize("what", ["hard_sigmoid", "relu6", "nested"])
def test_what_keras_2_does_not_know_is_told(runtime: Runtime, tmp_path: Path, what: str) -> None:
    import keras

    if what == "nested":
        inputs = keras.Input((12, 12, 3))
        network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(nets.base()(inputs)))
        told = "counts the calls of a model within a graph"
    else:
        network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Activation(what)])
        told = f"no activation {what}"
    model = OpenedModel(network)
    saved = save_model(model, tmp_path / "net.h5")
    assert saved.loses[0] == NO_STATE
    assert saved.loses[1].startswith("Only Keras 3 opens this one; of Keras 2: ") and told in saved.loses[1]
    batch = nets.images(network)[0]
    np.testing.assert_allclose(
        answers(keras.models.load_model(tmp_path / "net.h5"), batch), answers(network, batch), atol=1e-6
    )


def test_what_keras_could_not_open_again_is_not_written(runtime: Runtime, tmp_path: Path) -> None:
    import keras

    scaled = open_model("ConvNeXtTiny", input_shape=(32, 32, 3), include_top=False)
    # Keras 3.15 cannot even write this one.
    bright = OpenedModel(keras.Sequential([keras.Input((4, 4, 3)), keras.layers.RandomBrightness(0.1)]))
    for model in (scaled, bright):
        with pytest.raises(UserError, match=r"cannot be kept in an \.h5 file.*save it as \.keras"):
            save_model(model, tmp_path / "net.h5")
        assert list(tmp_path.iterdir()) == []
    model = scaled
    with pytest.raises(UserError, match=r"call the file net\.h5 or net\.keras"):
        save_model(model, tmp_path / "net.weights.h5")


def test_an_h5_file_loses_what_it_says(runtime: Runtime, tmp_path: Path) -> None:
    """The optimizer's state is in the one file and not in the other."""
    import keras

    network = nets.random_weights(nets.sequential())
    network.compile("adam", "sparse_categorical_crossentropy")
    network.train_on_batch(np.zeros((2, 12, 12, 3), np.float32), np.zeros(2, np.int32))
    model = OpenedModel(network)
    whole = save_model(model, tmp_path / "net.keras")
    assert whole.loses == ("Keras 2 cannot open a .keras file of Keras 3.",)
    assert int(keras.models.load_model(tmp_path / "net.keras").optimizer.iterations) == 1
    assert save_model(model, tmp_path / "net.h5").loses == (NO_STATE,)
    assert getattr(keras.models.load_model(tmp_path / "net.h5"), "optimizer", None) is None


@pytest.mark.parametrize(("given", "written"), [("a.h5", "a.h5"), ("a.HDF5", "a.HDF5"), ("a.b", "a.b.keras")])
def test_the_name_says_which_file_it_is(runtime: Runtime, tmp_path: Path, given: str, written: str) -> None:
    assert save_model(open_model("digits"), tmp_path / given).files[0].name == written
