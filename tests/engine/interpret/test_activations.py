"""Every layer's output from one pass: equal to Keras, kept within a bound, computed on demand beyond it."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.activations import activations, layer_maps
from convscope.engine.interpret.activations.activations import (
    is_traced,
    kept_bytes,
    look,
    look_at,
    trace,
)
from convscope.engine.interpret.activations.cache import ActivationCache
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import Program
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    """The shipped network for digits."""
    start()
    return open_model("digits")


def small(channels: int = 3) -> Any:
    """Convolution, normalisation, activation, pooling, a skip, a head."""
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((12, 10, channels), name="image")
    first = layers.Conv2D(6, 3, padding="same", activation="relu", name="conv")(inputs)
    second = layers.BatchNormalization(name="norm")(first)
    third = layers.Activation("relu6", name="act")(second)
    joined = layers.Add(name="add")([first, third])
    pooled = layers.MaxPooling2D(name="pool")(joined)
    depth = layers.DepthwiseConv2D(3, name="depth")(pooled)
    values = layers.GlobalAveragePooling2D(name="mean")(depth)
    return keras.Model(inputs, layers.Dense(4, activation="softmax", name="scores")(values), name="small")


def picture(height: int = 20, width: int = 16, seed: int = 0) -> Image:
    """Noise in colours."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image(values, f"noise {seed}")


def test_every_layer_equals_keras(digits: OpenedModel) -> None:
    import keras

    image = load_sample("digit-3")
    found = look(digits, image)
    model = digits.keras
    outputs = [layer.output for layer in model.layers]
    expected = keras.Model(model.inputs, outputs).predict_on_batch(found.prepared.batch)
    for layer, values in zip(model.layers, expected, strict=True):
        np.testing.assert_allclose(found.value(layer.name), values[0], atol=2e-5)


def test_the_compiled_pass_equals_the_one_in_steps(digits: OpenedModel) -> None:
    image = load_sample("digit-7")
    before = look(open_model("digits"), image)
    trace(digits)
    assert is_traced(digits)
    after = look(digits, image)
    for path in digits.program.slots:
        np.testing.assert_allclose(before.value(path), after.value(path), atol=1e-5)


def test_nothing_of_the_users_model_is_changed(digits: OpenedModel) -> None:
    weights = [np.array(w) for w in digits.keras.weights]
    config = digits.keras.get_config()
    look(digits, load_sample("digit-2"))
    assert digits.keras.get_config() == config
    for old, new in zip(weights, digits.keras.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_does_not_fit_is_computed_again_and_equal() -> None:
    model = OpenedModel(small())
    image = picture()
    whole = look(model, image)
    bound = 4 * 12 * 10 * 6 + 100
    narrow = look(model, image, limit=bound)
    inputs = 4 * 12 * 10 * 3
    assert kept_bytes(narrow) <= bound + inputs < kept_bytes(whole)
    assert not all(narrow.at_hand(path) for path in model.program.slots)
    for path in model.program.slots:
        np.testing.assert_allclose(narrow.value(path), whole.value(path), atol=1e-6)


@pytest.mark.parametrize("path", ["conv", "norm", "act", "add", "pool", "depth", "scores"])
def test_some_channels_equal_those_of_all(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = OpenedModel(small())
    image = picture()
    whole = look(model, image).value(path)
    monkeypatch.setattr(activations, "WHOLE", 0)
    none_kept = look(model, image)
    assert not none_kept.at_hand("conv")
    np.testing.assert_allclose(none_kept.channels(path, 1, 3), whole[..., 1:3], atol=1e-6)


def test_channels_are_computed_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    start()
    import keras

    inputs = keras.Input((16, 16, 3))
    convolved = keras.layers.Conv2D(2048, 1, name="wide")(inputs)
    model = OpenedModel(keras.Model(inputs, keras.layers.ReLU(name="relu")(convolved)))
    # As on 1024×1024, where this layer takes 8.6 GB: larger than may be computed whole.
    monkeypatch.setattr(activations, "LARGEST", 1 << 20)
    monkeypatch.setattr(activations, "WHOLE", 1 << 18)
    monkeypatch.setattr(layer_maps, "WHOLE", 1 << 18)
    found = look(model, picture(16, 16), limit=1 << 18)
    maps = layer_maps.layer_maps(found, "relu")
    assert maps.count == 2048
    kernel, bias = (np.asarray(w) for w in model.keras.layers[1].get_weights())
    expected = np.maximum(found.prepared.batch[0] @ kernel[0, 0] + bias, 0)
    np.testing.assert_allclose(maps.tiles, expected.transpose(2, 0, 1), atol=1e-5)
    np.testing.assert_allclose(maps.statistics.mean, expected.mean(axis=(0, 1)), atol=1e-6)
    with pytest.raises(UserError, match="too much to compute whole"):
        found.value("relu")


def test_a_megapixel_stays_within_its_bound() -> None:
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((1024, 1024, 3))
    first = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu", name="first")(inputs)
    second = layers.Conv2D(2048, 1, strides=16, name="second")(first)
    model = OpenedModel(keras.Model(inputs, second))
    found = look(model, picture(1024, 1024), limit=32 << 20)
    assert kept_bytes(found) <= (32 << 20) + 4 * 1024 * 1024 * 3
    assert found.shape("second") == (32, 32, 2048)
    assert layer_maps.layer_maps(found, "second").tiles.shape == (2048, 32, 32)
    # 64 maps of 512×512 are averaged down for the mosaic, and whole when one is looked at.
    maps = layer_maps.layer_maps(found, "first")
    assert maps.tiles.shape == (64, 256, 256) and (maps.height, maps.width) == (512, 512)
    assert layer_maps.one_map(found, "first", 3).shape == (512, 512)


def test_a_layer_on_demand_frees_what_it_is_done_with(monkeypatch: pytest.MonkeyPatch) -> None:
    start()
    import keras

    x = inputs = keras.Input((64, 64, 3))
    for number in range(12):
        x = keras.layers.Conv2D(16, 3, padding="same", name=f"conv{number}")(x)
    model = OpenedModel(keras.Model(inputs, x))
    found = look(model, picture(64, 64), limit=0)
    at_once: list[int] = []
    run = type(model.program).run

    def watched(program: Any, feeds: Any, fetch: Any, wrap: Any = None) -> Any:
        tensors = [value for value in gc.get_objects() if type(value).__name__ == "EagerTensor"]
        at_once.append(sum(tuple(value.shape) == (1, 64, 64, 16) for value in tensors))
        return run(program, feeds, fetch, wrap)

    monkeypatch.setattr(type(model.program), "run", watched)
    assert found.value("conv11").shape == (64, 64, 16)
    assert len(at_once) == 12 and max(at_once) <= 3


def test_two_hundred_layers() -> None:
    start()
    import keras

    x = inputs = keras.Input((16, 16, 3))
    for number in range(200):
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv{number}")(x)
    model = OpenedModel(keras.Model(inputs, x))
    found = look(model, picture())
    assert found.value("conv199").shape == (16, 16, 4)
    assert found.field_box("conv199", 8, 8) == (0, 0, 16, 16)


def test_a_model_that_leaves_sizes_free() -> None:
    start()
    import keras

    inputs = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, name="conv")(inputs)
    model = OpenedModel(keras.Model(inputs, maps))
    found = look(model, picture(21, 33))
    assert found.shape("conv") == (19, 31, 2)
    assert not is_traced(model)
    trace(model)
    assert look(model, picture(40, 10)).value("conv").shape == (38, 8, 2)


def test_groups_of_channels_compute_what_they_come_from_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps of a megapixel are asked for eight at a time; all before them was computed each time."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(inputs)
    model = OpenedModel(keras.Model(inputs, layers.Conv2D(8, 3, activation="relu", name="second")(x)))
    found = look(model, picture(16, 16), limit=0)
    asked = []
    run = Program.run

    def counted(program: Program, feeds: Any, fetch: Any, wrap: Any = None) -> list[Any]:
        asked.extend(fetch)
        return run(program, feeds, fetch, wrap)

    monkeypatch.setattr(Program, "run", counted)
    parts = [found.channels("second", start, start + 2) for start in range(0, 8, 2)]
    assert asked.count(model.slot("first")) == 1
    assert kept_bytes(found) == 4 * 16 * 16 * (3 + 8)
    monkeypatch.undo()
    np.testing.assert_allclose(
        np.concatenate(parts, axis=2), look(model, picture(16, 16)).value("second"), atol=1e-5
    )


def test_a_free_size_that_is_too_large_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    start()
    import keras

    inputs = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, name="second")(keras.layers.Conv2D(8, 3, name="first")(inputs))
    monkeypatch.setattr(activations, "LARGEST", 10_000)
    with pytest.raises(UserError, match=r"first of .* too much to compute whole"):
        look(OpenedModel(keras.Model(inputs, maps)), picture(64, 64))


def test_the_cache_gives_the_same_look_until_weights_or_image_change(digits: OpenedModel) -> None:
    cache, image = ActivationCache(), load_sample("digit-3")
    model = open_model("digits")
    first = cache.look(model, image)
    assert cache.look(model, image) is first
    # Another image object of the same bytes is the same picture.
    assert cache.look(model, Image(np.array(image.values), "again")) is first
    assert cache.look(model, load_sample("digit-2")) is not first
    kernel = model.keras.layers[0].kernel
    kernel.assign(np.asarray(kernel) * 2)
    cache.forget(model)
    after = cache.look(model, image)
    assert after is not first
    assert np.abs(after.value("conv2d") - first.value("conv2d")).max() > 0.1


def test_the_cache_keeps_within_its_bound(digits: OpenedModel) -> None:
    one = kept_bytes(look(digits, picture(seed=0)))
    cache = ActivationCache(limit=3 * one)
    for seed in range(6):
        cache.look(digits, picture(seed=seed))
    assert one <= cache.size() <= 3 * one
    cache.clear()
    assert cache.size() == 0


def test_a_look_can_be_cancelled() -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        look(open_model("digits"), picture(), task)


def test_what_cannot_be_is_said(digits: OpenedModel) -> None:
    found = look(digits, load_sample("digit-3"))
    with pytest.raises(UserError, match="has no layer nothing"):
        found.value("nothing")
    start()
    import keras

    vector = keras.Sequential([keras.Input((7,)), keras.layers.Dense(2)], name="vector")
    with pytest.raises(UserError, match="does not take images"):
        look(OpenedModel(vector), picture())


def test_the_field_of_a_value_is_clipped_to_the_image(digits: OpenedModel) -> None:
    found = look(digits, load_sample("digit-3"))
    # 3×3, pooled by 2, 3×3: 8 pixels across, 2 apart.
    assert found.field_box("conv2d_1", 0, 0) == (0, 0, 8, 8)
    assert found.field_box("conv2d_1", 10, 4) == (20, 8, 28, 16)
    # Pooling of 11×11 to 5×5 drops a row and a column.
    assert found.field_box("dense", 0, 0) == (0, 0, 26, 26)


def test_a_prepared_image_can_be_looked_at_again(digits: OpenedModel) -> None:
    image = load_sample("digit-3")
    found = look_at(digits, image, digits.prepare(image))
    assert found.value("conv2d").shape == (26, 26, 32)


@pytest.mark.parametrize("size", [(27, 22), (28, 21), (16, 16)])
def test_the_field_of_a_free_size_is_that_of_the_image(size: tuple[int, int]) -> None:
    """Padding `same` with a stride begins elsewhere on an odd size than on an even one."""
    start()
    import keras

    def net(height: int | None, width: int | None) -> OpenedModel:
        inputs = keras.Input((height, width, 3))
        x = keras.layers.Conv2D(3, 3, strides=2, padding="same", name="conv")(inputs)
        return OpenedModel(
            keras.Model(inputs, keras.layers.MaxPooling2D(3, 2, padding="same", name="pool")(x))
        )

    free, fixed = (look(net(*each), picture(*size)) for each in ((None, None), size))
    for path in ("conv", "pool"):
        rows, columns, _ = fixed.shape(path)
        for place in ((0, 0), (2, 1), (rows - 1, columns - 1)):
            assert free.field_box(path, *place) == fixed.field_box(path, *place)


def test_what_is_kept_of_a_deep_network_is_spread_over_its_depth() -> None:
    start()
    import keras

    x = inputs = keras.Input((16, 16, 3))
    for number in range(60):
        x = keras.layers.Conv2D(4, 3, padding="same", name=f"conv{number}")(x)
    model = OpenedModel(keras.Model(inputs, x))
    one = 4 * 16 * 16 * 4
    found = look(model, picture(16, 16), limit=10 * one)
    kept = [number for number in range(60) if found.at_hand(f"conv{number}")]
    assert kept == list(range(0, 60, 8))
    # Each is computed again from the one before it, not from the image.
    steps = model.program.needed([found.slot("conv47")], tuple(found._kept))
    assert [step.path for step in steps] == [f"conv{number}" for number in range(41, 48)]


def test_compiling_the_pass_for_all_layers_can_be_cancelled() -> None:
    """Between two steps of the network: a person who goes to another one does not wait for seconds."""
    model = open_model("digits")

    class Stopped(Task):
        """Cancelled at the third look at the clock."""

        looks = 0

        def check(self) -> None:
            self.looks += 1
            if self.looks == 3:
                self.cancel()
            super().check()

    task = Stopped()
    with pytest.raises(Cancelled):
        trace(model, task)
    assert task.looks == 3 and not is_traced(model)
    image = load_sample("digit-3")
    slow = look(model, image).value("dense_1")
    # What was cancelled leaves nothing half done.
    trace(model)
    assert is_traced(model)
    np.testing.assert_allclose(look(model, image).value("dense_1"), slow, atol=1e-6)
