"""The images that excite a channel most: against looking at every image, kept on disk, cancelled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.paths import cache_dir
from convscope.core.task import Cancelled, Task
from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.interpret.activations import top_images as module
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.activations.top_images import top_images
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def model() -> OpenedModel:
    """The shipped network for digits."""
    start()
    return open_model("digits")


def noise(count: int = 90) -> Dataset:
    """Gray noise, no two alike."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    labels = np.arange(count, dtype=np.int32) % 2
    return make_dataset(
        "noise", "Noise", ("a", "b"), ArrayImages(pixels), labels, image_size=(28, 28), channels=1
    )


def test_equal_to_looking_at_every_image(model: OpenedModel) -> None:
    dataset = noise()
    found = top_images(model, dataset, "conv2d_1", count=5)
    every = np.stack(
        [look(model, Image(dataset.images.read(n), "one")).value("conv2d_1") for n in range(len(dataset))]
    )
    largest = every.max(axis=(1, 2))
    assert found.values.shape == (64, 5) and found.looked == 90
    for channel in (0, 7, 63):
        expected = np.argsort(-largest[:, channel], kind="stable")[:5]
        np.testing.assert_allclose(found.values[channel], largest[expected, channel], atol=1e-5)
        for one in found.ranking(model, channel):
            assert every[one.index, one.row, one.column, channel] == pytest.approx(one.value, abs=1e-5)
            assert one.box == (2 * one.row, 2 * one.column, 2 * one.row + 8, 2 * one.column + 8)


def test_a_vectors_images_see_all_that_reaches_it(model: OpenedModel) -> None:
    found = top_images(model, noise(20), "dense_1", count=3)
    assert found.values.shape == (10, 3)
    # Pooling of 11×11 to 5×5 drops a row and a column.
    assert found.ranking(model, 4)[0].box == (0, 0, 26, 26)
    # A number of the flattened maps stands for one place of them.
    flat = top_images(model, noise(20), "flatten", count=3)
    assert flat.ranking(model, 64 * 5 + 7)[0].box == (4, 8, 22, 26)


def test_kept_on_disk_by_weights_and_data(model: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = noise(20)
    first = top_images(model, dataset, "conv2d")
    files = list((cache_dir() / "top_images").glob("*.npz"))
    assert len(files) == 1

    def never(*_: object) -> None:
        raise AssertionError("computed again")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_compiled", never)
        again = top_images(model, noise(20), "conv2d")
    np.testing.assert_array_equal(first.indices, again.indices)
    np.testing.assert_array_equal(first.places, again.places)
    top_images(model, noise(21), "conv2d")
    other = open_model("digits")
    other.keras.layers[0].bias.assign(np.ones(32))
    top_images(other, dataset, "conv2d")
    assert len(list((cache_dir() / "top_images").glob("*.npz"))) == 3
    files[0].write_bytes(b"damaged")
    np.testing.assert_array_equal(top_images(model, dataset, "conv2d").indices, first.indices)


def test_at_most_so_many_evenly(model: OpenedModel) -> None:
    found = top_images(model, noise(50), "conv2d", limit=10)
    assert found.looked == 10 and found.of == 50
    assert set(found.indices.ravel()) <= set(np.linspace(0, 49, 10).round().astype(int))


def test_cancelled_nothing_is_left(model: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_batch_size", lambda _model: 4)
    monkeypatch.setattr(module, "_PARTIAL", -1.0)
    partial: list[object] = []
    task = Task()

    def take(value: object) -> None:
        partial.append(value)
        task.cancel()

    task._on_partial = take
    with pytest.raises(Cancelled):
        top_images(model, noise(), "conv2d", task)
    assert len(partial) == 1
    assert not (cache_dir() / "top_images").exists()


def test_what_cannot_be_is_said(model: OpenedModel) -> None:
    with pytest.raises(UserError, match="no layer nothing"):
        top_images(model, noise(4), "nothing")
    import keras

    inputs = keras.Input((8, 8, 1))
    table = OpenedModel(keras.Model(inputs, keras.layers.Reshape((8, 8), name="table")(inputs)))
    with pytest.raises(UserError, match="neither maps nor a vector"):
        top_images(table, noise(4), "table")


def test_a_bounded_activation_is_ranked_by_what_it_was_given(model: OpenedModel) -> None:
    """A ReLU6 is at 6 on many images, and at many places of one."""
    import keras

    keras.utils.set_random_seed(4)
    layers = keras.layers
    inputs = keras.Input((28, 28, 1), name="image")
    conv = layers.Conv2D(3, 5, kernel_initializer="he_normal", bias_initializer="ones", name="conv")(
        layers.Rescaling(1 / 16, name="scaled")(inputs)
    )
    bounded = OpenedModel(keras.Model(inputs, layers.ReLU(max_value=6, name="relu")(conv)))
    dataset = noise(30)
    before, after = (top_images(bounded, dataset, path, count=4) for path in ("conv", "relu"))
    assert (after.values == 6).all() and (after.keys[:, 0] > 6).all()
    for name in ("indices", "places"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_allclose(after.keys, before.values, rtol=1e-5)
    one = after.ranking(bounded, 1)[0]
    assert one.value == 6 and one.key == pytest.approx(float(after.keys[1, 0]))
    # Kept on disk with both.
    again = top_images(bounded, dataset, "relu", count=4)
    np.testing.assert_array_equal(again.keys, after.keys)
