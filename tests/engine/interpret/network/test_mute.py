"""Maps that are off: equal to a Keras copy with those weights zeroed; the user's own model stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.network.mute import Mute, MutedModel, ablation
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def digits() -> OpenedModel:
    """The shipped network for digits."""
    start()
    return open_model("digits")


@pytest.fixture(scope="module")
def imagenet() -> OpenedModel:
    """EfficientNet-Lite0."""
    start()
    return open_model("imagenet")


def zeroed(model: OpenedModel, layer: str, channels: list[int]) -> OpenedModel:
    """A Keras copy with some filters of one layer, their biases, and what normalises them set to zero."""
    import keras

    copy = keras.models.clone_model(model.keras)
    copy.set_weights(model.keras.get_weights())
    weights = copy.get_layer(layer).get_weights()
    for array in weights:
        array[..., channels] = 0
    copy.get_layer(layer).set_weights(weights)
    return OpenedModel(copy, preprocessing=model.preprocessing, classes=model.classes)


@pytest.mark.parametrize("channels", [[3], [0, 7, 31, 63]])
def test_equal_to_a_copy_with_the_weights_zeroed(digits: OpenedModel, channels: list[int]) -> None:
    batch = digits.prepare(load_sample("digit-7")).batch
    muted = MutedModel(digits, {"conv2d_1": Mute(tuple(channels))})
    np.testing.assert_array_equal(
        muted.scores(batch)[0], zeroed(digits, "conv2d_1", channels).scores(batch)[0]
    )


def test_equal_in_a_deep_network(imagenet: OpenedModel) -> None:
    """A projection's normalisation with γ = β = 0 puts out nothing, with or without the skip around it."""
    batch = imagenet.prepare(load_sample("cat")).batch
    muted = MutedModel(imagenet, {"block3b_project_bn": Mute((2, 5))})
    copy = zeroed(imagenet, "block3b_project_bn", [2, 5])
    # The variance was zeroed, too: with γ = 0 it does not matter.
    np.testing.assert_allclose(muted.scores(batch)[0], copy.scores(batch)[0], atol=2e-4)


def test_the_user_s_model_stays(digits: OpenedModel) -> None:
    before = [w.copy() for w in digits.keras.get_weights()]
    image = load_sample("digit-7")
    told, mark = digits.predict(image), digits.fingerprint()
    muted = MutedModel(digits, {"conv2d": Mute()})
    assert muted.predict(image).classes != told.classes
    assert digits.predict(image).classes == told.classes
    assert digits.fingerprint() == mark != muted.fingerprint()
    for now, then in zip(digits.keras.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_every_layer_after_it_follows(digits: OpenedModel) -> None:
    image = load_sample("digit-7")
    muted = MutedModel(digits, {"conv2d": Mute((0, 1)), "conv2d_1": Mute((5,))})
    seen, whole = look(muted, image), look(digits, image)
    assert not seen.value("conv2d")[..., :2].any() and whole.value("conv2d")[..., :2].any()
    np.testing.assert_array_equal(seen.value("conv2d")[..., 2:], whole.value("conv2d")[..., 2:])
    assert not seen.value("conv2d_1")[..., 5].any()
    assert np.abs(seen.value("conv2d_2") - whole.value("conv2d_2")).max() > 0
    # Compiled or step by step, the same.
    raw = seen.value("dense_1")
    np.testing.assert_allclose(raw, muted.scores(seen.prepared.batch)[1][0], atol=1e-5)


def test_means_and_patches(digits: OpenedModel) -> None:
    image = load_sample("digit-7")
    whole = look(digits, image).value("conv2d")
    mean = look(MutedModel(digits, {"conv2d": Mute((4,), means=((4, 0.25),))}), image).value("conv2d")
    np.testing.assert_array_equal(mean[..., 4], np.full((26, 26), 0.25, np.float32))
    patch = look(MutedModel(digits, {"conv2d": Mute((4,), box=(10, 8, 5, 6))}), image).value("conv2d")
    expected = whole.copy()
    expected[10:15, 8:14, 4] = 0
    np.testing.assert_array_equal(patch, expected)
    # A patch over the border is cut there.
    edge = look(MutedModel(digits, {"conv2d": Mute((4,), box=(-2, 24, 5, 6))}), image).value("conv2d")
    expected = whole.copy()
    expected[:3, 24:, 4] = 0
    np.testing.assert_array_equal(edge, expected)


def test_another_map_of_the_layer_traces_nothing_anew(digits: OpenedModel) -> None:
    batch = digits.prepare(load_sample("digit-7")).batch
    MutedModel(digits, {"conv2d_2": Mute((0,))}).scores(batch)
    kept = len(digits._kept)
    for channel in range(1, 6):
        MutedModel(digits, {"conv2d_2": Mute((channel,))}).scores(batch)
    assert len(digits._kept) == kept
    run = next(value for key, value in reversed(digits._kept.items()) if key[0] == "muted")
    assert run.experimental_get_tracing_count() == 1


def test_a_map_that_is_no_number_is_off_all_the_same() -> None:
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((4, 4, 1))
    x = layers.Conv2D(2, 1, name="conv")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    net = keras.Model(inputs, layers.Dense(2, name="scores")(x))
    net.get_layer("conv").set_weights([np.array([[[[np.nan, 1]]]], np.float32), np.zeros(2, np.float32)])
    muted = MutedModel(OpenedModel(net, classes=("a", "b")), {"conv": Mute((0,))})
    assert np.isfinite(muted.scores(np.ones((1, 4, 4, 1), np.float32))[0]).all()


@pytest.mark.parametrize(
    ("path", "mute", "words"),
    [
        ("conv2d", Mute((32,)), "channels 0 to 31, not 32"),
        ("nowhere", Mute(), "no layer nowhere"),
        ("dense_1", Mute((0,)), "the network's answer"),
        ("input", Mute(), "change the image instead"),
        ("dense", Mute((0,), box=(0, 0, 1, 1)), "A patch"),
    ],
)
def test_what_cannot_be_off_is_told(digits: OpenedModel, path: str, mute: Mute, words: str) -> None:
    with pytest.raises(UserError, match=words):
        MutedModel(digits, {path: mute})


def test_the_ranking_is_what_muting_each_alone_gives(digits: OpenedModel) -> None:
    image = load_sample("digit-7")
    found = look(digits, image)
    told = ablation(found, "conv2d_1", ScoreTarget(7))
    assert sorted(one.channel for one in told.maps) == list(range(64))
    drops = [one.drop for one in told.maps]
    assert drops == sorted(drops, reverse=True) and drops[0] > 0.5
    for one in (told.maps[0], told.maps[1], told.maps[-1]):
        muted = MutedModel(digits, {"conv2d_1": Mute((one.channel,))}).scores(found.prepared.batch)
        assert one.logit == pytest.approx(float(muted[0][0, 7]), abs=1e-4)
        assert one.probability == pytest.approx(float(muted[1][0, 7]), abs=1e-6)
    assert told.logit - told.maps[0].logit == pytest.approx(told.maps[0].drop, abs=1e-5)


def test_the_ranking_goes_around_skips(imagenet: OpenedModel) -> None:
    found = look(imagenet, load_sample("cat"))
    told = ablation(found, "block3b_project_bn", ScoreTarget(285))
    best = told.maps[0]
    muted = MutedModel(imagenet, {"block3b_project_bn": Mute((best.channel,))}).scores(found.prepared.batch)
    assert best.logit == pytest.approx(float(muted[0][0, 285]), abs=1e-3)


def test_the_ranking_can_be_cancelled_and_tells_how_far_it_is(digits: OpenedModel) -> None:
    found = look(digits, load_sample("digit-7"))
    heard: list[Any] = []
    task = Task(on_progress=lambda fraction, text: heard.append((fraction, text)))
    ablation(found, "conv2d_1", ScoreTarget(7), task)
    assert heard[0] == (0.0, "Map 0 of 64 off") and heard[-1][1] == "Map 32 of 64 off"
    stopped = Task(on_progress=lambda fraction, _text: stopped.cancel())
    with pytest.raises(Cancelled):
        ablation(found, "conv2d_1", ScoreTarget(7), stopped)
