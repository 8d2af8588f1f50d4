"""The ascent: what grows, that it repeats, goes on, stops and stays independent of its neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.preprocessing import MODES
from convscope.engine.interpret.feature_visualization.gradient_ascent import _rose, ascend
from convscope.engine.interpret.feature_visualization.image_parametrisation import (
    ImageParametrisation,
    parametrisation_for,
)
from convscope.engine.interpret.feature_visualization.input_gradient import ascent_of, measure_of, slot_of
from convscope.engine.interpret.feature_visualization.objectives import (
    Objective,
    channel_weights,
    relative_places,
)
from convscope.engine.interpret.feature_visualization.results import AscentFrame
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel

SHORT = PatternSettings(steps=6, size=24)


def plain_score(model: OpenedModel, path: str, index: int, batch: Any) -> Any:
    """The mean of a channel before its activation, by the model's own functions."""
    slot = model.program.sums.get(path, model.slot(path))
    return model.function([slot])(batch)[0].numpy()[..., index].mean(axis=(1, 2))


@pytest.mark.parametrize("path", ["second", "norm", "grouped"])
def test_the_objective_is_the_mean_before_the_activation(convnet: OpenedModel, path: str) -> None:
    batch = np.random.default_rng(0).uniform(0, 255, (3, 24, 24, 3)).astype(np.float32)
    objectives = [Objective.channel(path, index) for index in (0, 3, 5)]
    image = ImageParametrisation(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, objectives[0], "sum", image)
    scores = measure(
        batch, channel_weights(convnet, objectives), relative_places(convnet, objectives)
    ).numpy()
    expected = [
        plain_score(convnet, path, objective.index, batch)[n] for n, objective in enumerate(objectives)
    ]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_the_objective(convnet: OpenedModel) -> None:
    """By central differences along a random direction."""
    generator = np.random.default_rng(1)
    batch = generator.uniform(0, 255, (2, 24, 24, 3)).astype(np.float32)
    objectives = [Objective.channel("second", 0), Objective.channel("second", 3, negative=True)]
    image = ImageParametrisation(24, 24, 3, convnet.preprocessing)
    tables = channel_weights(convnet, objectives), relative_places(convnet, objectives)
    _, gradient = ascent_of(convnet, objectives[0], "sum", image)(batch, *tables)
    along = generator.normal(size=batch.shape).astype(np.float32)
    measure = measure_of(convnet, objectives[0], "sum", image)
    rise = measure(batch + 0.05 * along, *tables) - measure(batch - 0.05 * along, *tables)
    slope = (gradient.numpy() * along).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(rise.numpy() / 0.1, slope, rtol=0.02, atol=1e-3)


def test_a_neuron_is_one_place_of_the_map(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(2).uniform(0, 255, (1, 24, 24, 3)).astype(np.float32)
    objective = Objective.neuron("norm", 2, 4, 1)
    image = ImageParametrisation(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, objective, "sum", image)
    score = measure(
        batch, channel_weights(convnet, [objective]), relative_places(convnet, [objective])
    ).numpy()
    value = convnet.activations(batch, ["norm"])["norm"][0, 4, 1, 2]
    np.testing.assert_allclose(score, [value], rtol=1e-5)


def test_a_class_is_its_logit(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(3).uniform(0, 255, (2, 24, 24, 3)).astype(np.float32)
    objectives = [Objective.class_(1), Objective.class_(2, negative=True)]
    image = ImageParametrisation(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, objectives[0], "sum", image)
    scores = measure(
        batch, channel_weights(convnet, objectives), relative_places(convnet, objectives)
    ).numpy()
    logits = convnet.logits(batch)
    np.testing.assert_allclose(scores, [logits[0, 1], -logits[1, 2]], rtol=1e-4)


def test_the_whole_layer_is_its_mean_square(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(4).uniform(0, 255, (1, 24, 24, 3)).astype(np.float32)
    objective = Objective.layer("pool")
    image = ImageParametrisation(24, 24, 3, convnet.preprocessing)
    score = measure_of(convnet, objective, "activation", image)(
        batch, channel_weights(convnet, [objective]), relative_places(convnet, [objective])
    )
    value = convnet.activations(batch, ["pool"])["pool"]
    np.testing.assert_allclose(score.numpy(), [np.mean(value**2)], rtol=1e-4)


def test_between_two_channels_lies_their_mixture(convnet: OpenedModel) -> None:
    objectives = Objective.between("second", 1, 6, 5)
    table = channel_weights(convnet, objectives)
    np.testing.assert_allclose(table[:, 1], [1, 0.75, 0.5, 0.25, 0])
    np.testing.assert_allclose(table[:, 6], [0, 0.25, 0.5, 0.75, 1])
    patterns = ascend(convnet, objectives, SHORT).patterns
    alone = ascend(convnet, [Objective.channel("second", 1)], SHORT).patterns[0]
    np.testing.assert_allclose(patterns[0].score, alone.score, rtol=1e-3)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_the_objective_rises_and_hatred_falls(convnet: OpenedModel, recipe: str) -> None:
    settings = PatternSettings(recipe, 20, size=24)
    for negative in (False, True):
        objective = Objective.channel("second", 3, negative=negative)
        (pattern,) = ascend(convnet, [objective], settings).patterns
        assert pattern.curve[-1] > pattern.curve[0]
        assert pattern.score > pattern.curve[0]
        assert len(pattern.curve) == 20


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_the_same_seed_gives_the_same_picture(convnet: OpenedModel, recipe: str) -> None:
    settings = replace(SHORT, recipe=recipe)
    objective = [Objective.channel("second", 2)]
    first, again = (ascend(convnet, objective, settings).patterns[0] for _ in range(2))
    other = ascend(convnet, objective, replace(settings, seed=1)).patterns[0]
    np.testing.assert_array_equal(first.values, again.values)
    assert first.score == again.score and first.moved == again.moved
    assert np.abs(first.values - other.values).mean() > 1


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_a_picture_does_not_depend_on_its_neighbours(convnet: OpenedModel, recipe: str) -> None:
    settings = replace(SHORT, recipe=recipe)
    together = ascend(convnet, [Objective.channel("second", n) for n in (5, 2, 7)], settings).patterns[1]
    alone = ascend(convnet, [Objective.channel("second", 2)], settings).patterns[0]
    np.testing.assert_allclose(together.values, alone.values, atol=0.5)


def test_a_large_batch_is_cut_into_portions(convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    objectives = [Objective.channel("second", n) for n in range(5)]
    whole = ascend(convnet, objectives, SHORT).patterns
    monkeypatch.setattr(
        "convscope.engine.interpret.feature_visualization.gradient_ascent.PORTION", 2 * 24 * 24
    )
    cut = ascend(convnet, objectives, SHORT).patterns
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=0.5)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
@pytest.mark.parametrize("octaves", [1, 2])
def test_going_on_is_as_if_it_had_never_stopped(convnet: OpenedModel, recipe: str, octaves: int) -> None:
    settings = PatternSettings(recipe, 8, size=24, octaves=octaves)
    objectives = [Objective.channel("second", 1), Objective.channel("second", 4)]
    frames: list[AscentFrame] = []
    whole = ascend(convnet, objectives, settings, Task(on_partial=frames.append))
    middle = next(frame.state for frame in frames if frame.state is not None and frame.state.step == 1)
    resumed = ascend(convnet, objectives, settings, state=middle)
    np.testing.assert_array_equal(whole.state.curve, resumed.state.curve)
    for one, other in zip(whole.patterns, resumed.patterns, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_cancel_works_within_a_step(convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.engine.interpret.feature_visualization.gradient_ascent.PORTION", 1)
    checks: list[int] = []

    class Impatient(Task):
        def check(self) -> None:
            checks.append(1)
            if len(checks) == 4:
                self.cancel()
            super().check()

    frames: list[AscentFrame] = []
    task = Impatient(on_partial=frames.append)
    with pytest.raises(Cancelled):
        ascend(convnet, [Objective.channel("second", n) for n in range(8)], replace(SHORT, steps=500), task)
    assert [frame.step for frame in frames] == [0]
    assert len(checks) == 4


def test_frames_tell_how_far_it_is(convnet: OpenedModel) -> None:
    frames: list[AscentFrame] = []
    told: list[float | None] = []
    task = Task(on_progress=lambda fraction, _text: told.append(fraction), on_partial=frames.append)
    ascend(convnet, [Objective.channel("second", 0)], SHORT, task)
    assert frames[0].step == 0 and np.isnan(frames[0].scores).all()
    assert frames[-1].step == frames[-1].steps == 6
    assert len(frames[-1].patterns) == 1
    assert frames[0].pixels[0].shape == (24, 24, 3) and frames[0].pixels[0].dtype == np.uint8
    assert told == sorted(told, key=float) and told[0] == 0


def test_a_filter_that_loved_the_noise_is_not_said_to_be_flat() -> None:
    fell_and_rose = np.array([18.3, 10.8, 14.8, 17.4], np.float32)
    assert _rose(fell_and_rose, 18.0)
    assert not _rose(np.full(4, 18.3, np.float32), 18.3)


def test_a_filter_without_weights_is_said_to_be_flat() -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(2, 3, activation="relu", name="conv")])
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 2)).astype(np.float32)
    kernel[..., 0] = 0
    model.get_layer("conv").set_weights([kernel, np.zeros(2, np.float32)])
    opened = OpenedModel(model)
    for recipe in ("clear", "classic"):
        flat, lively = ascend(
            opened, [Objective.channel("conv", n) for n in range(2)], PatternSettings(recipe, 10)
        ).patterns
        assert flat.flat and not lively.flat
        assert np.isfinite(flat.values).all()


def test_options_do_what_they_say(convnet: OpenedModel) -> None:
    objective = [Objective.channel("second", 3)]
    settings = PatternSettings(steps=30, size=24)
    plain = ascend(convnet, objective, settings).patterns[0].values

    def roughness(values: Any) -> float:
        return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())

    smooth = ascend(convnet, objective, replace(settings, variation=2)).patterns[0].values
    soft = ascend(convnet, objective, replace(settings, blur=2)).patterns[0].values
    pale = ascend(convnet, objective, replace(settings, l2=2)).patterns[0].values
    assert roughness(smooth) < 0.9 * roughness(plain)
    assert roughness(soft) < 0.95 * roughness(plain)
    assert np.abs(pale - 127.5).mean() < 0.9 * np.abs(plain - 127.5).mean()


def test_diverse_pictures_are_less_alike(convnet: OpenedModel) -> None:
    objectives = [Objective.channel("norm", 3, variant=n) for n in range(3)]
    settings = PatternSettings(steps=30, size=24)

    def alike(patterns: Any) -> float:
        batch = np.stack([pattern.values for pattern in patterns])
        maps = convnet.activations(batch, ["norm"])["norm"].reshape(3, -1, 8)
        gram = np.einsum("nic,nid->ncd", maps, maps).reshape(3, -1)
        gram /= np.linalg.norm(gram, axis=1, keepdims=True)
        return float((gram @ gram.T).sum() - 3)

    plain = ascend(convnet, objectives, settings).patterns
    diverse = ascend(convnet, objectives, replace(settings, diversity=1.5)).patterns
    assert np.abs(plain[0].values - plain[1].values).mean() > 0.2
    assert alike(diverse) < alike(plain)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_a_picture_can_be_the_start(convnet: OpenedModel, recipe: str) -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, :40] = (200, 60, 30)
    picture[:, 40:] = (40, 90, 210)
    frames: list[AscentFrame] = []
    ascend(
        convnet,
        [Objective.layer("second")],
        PatternSettings(recipe, 1, size=32),
        Task(on_partial=frames.append),
        start=picture,
    )
    state = frames[0].state
    assert state is not None
    pixels = frames[0].pixels[0]
    assert pixels.shape == (16, 32, 3)
    if recipe == "clear":
        np.testing.assert_allclose(pixels[8, 8], (200, 60, 30), atol=12)
        np.testing.assert_allclose(pixels[8, 24], (40, 90, 210), atol=12)


def test_what_cannot_be_is_one_sentence(convnet: OpenedModel, digits: OpenedModel) -> None:
    cases = (
        (convnet, [Objective.channel("nowhere", 0)], SHORT, "colours has no layer nowhere."),
        (convnet, [Objective.channel("second", 8)], SHORT, "second has 8 filters, 0 to 7: there is no 8."),
        (convnet, [Objective.class_(3)], SHORT, "colours has 3 classes, 0 to 2: there is no 3."),
        (
            digits,
            [Objective.channel("flatten", 0)],
            SHORT,
            "flatten (Flatten) has no filters: choose a convolution or a dense layer.",
        ),
        (convnet, [], SHORT, "There is no objective: choose a filter, a class or a layer."),
        (
            convnet,
            [Objective.neuron("second", 0, 9, 0)],
            SHORT,
            "The maps of second have 5 rows: there is no row 9.",
        ),
    )
    for model, objectives, settings, sentence in cases:
        with pytest.raises(UserError) as raised:
            ascend(model, objectives, settings)
        assert raised.value.message == sentence
    for words, sentence in (
        ({"recipe": "rough"}, "There is no recipe rough: choose clear or classic."),
        ({"steps": 0}, "The number of steps goes from 1 to 10000, not 0."),
    ):
        with pytest.raises(UserError) as raised:
            PatternSettings(**words)  # type: ignore[arg-type]
        assert raised.value.message == sentence


def test_sizes_follow_the_network(convnet: OpenedModel, digits: OpenedModel, imagenet: OpenedModel) -> None:
    def size(model: OpenedModel, objective: Objective, asked: int | None = None) -> tuple[int, int, bool]:
        image = parametrisation_for(model, slot_of(model, objective, "sum"), asked)
        return image.height, image.width, image.own_size

    assert size(convnet, Objective.channel("second", 0)) == (24, 24, False)
    assert size(convnet, Objective.channel("second", 0), 50) == (50, 50, False)
    assert size(convnet, Objective.class_(0), 40) == (40, 40, False)
    assert size(digits, Objective.class_(0), 64) == (28, 28, True)
    assert size(digits, Objective.channel("conv2d_2", 0), 64) == (64, 64, False)
    assert size(imagenet, Objective.channel("block5b_add", 0)) == (128, 128, False)
    assert size(imagenet, Objective.class_(0), 96) == (96, 96, False)


def test_a_size_that_is_too_small_is_said(digits: OpenedModel) -> None:
    # What worked before at another size is not named.
    ascend(digits, [Objective.channel("conv2d_2", 0)], PatternSettings(steps=1))
    with pytest.raises(UserError) as raised:
        ascend(digits, [Objective.channel("conv2d_2", 0)], PatternSettings(steps=2, size=8))
    assert raised.value.message == "Digits convnet does not work on 8×8 pixels: choose another size."


def test_odd_ranges_and_blue_first_come_from_the_models_own_preprocessing(convnet: OpenedModel) -> None:
    """The same network told to want BGR with offsets: its best image is the same one, seen through them."""
    caffe = convnet.with_(preprocessing=MODES["caffe"])
    (pattern,) = ascend(caffe, [Objective.class_(0)], PatternSettings(steps=30, size=24)).patterns
    batch = MODES["caffe"].apply(pattern.values[None])
    np.testing.assert_allclose(convnet.logits(batch)[0, 0], pattern.score, rtol=1e-3)
    assert pattern.curve[-1] > pattern.curve[0]
    assert pattern.values.min() >= 0 and pattern.values.max() <= 255
