"""The ascent: what it climbs, that it repeats, goes on, stops and stays independent of its neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.feature_visualization import goals as aims
from convscope.engine.interpret.feature_visualization.canvas import Canvas, canvas_for
from convscope.engine.interpret.feature_visualization.climb import _rose, climb
from convscope.engine.interpret.feature_visualization.network import ascent_of, measure_of, slot_of
from convscope.engine.interpret.feature_visualization.results import Frame
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.answers.preprocessing import MODES
from convscope.engine.models.opened import OpenedModel

SHORT = PatternSettings(steps=6, size=24)


def plain_score(model: OpenedModel, path: str, index: int, batch: Any) -> Any:
    """The mean of a channel before its activation, by the model's own functions."""
    slot = model.program.sums.get(path, model.slot(path))
    return model.function([slot])(batch)[0].numpy()[..., index].mean(axis=(1, 2))


@pytest.mark.parametrize("path", ["second", "norm", "grouped"])
def test_the_objective_is_the_mean_before_the_activation(convnet: OpenedModel, path: str) -> None:
    batch = np.random.default_rng(0).uniform(0, 255, (3, 24, 24, 3)).astype(np.float32)
    goals = [aims.channel(path, index) for index in (0, 3, 5)]
    canvas = Canvas(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, goals[0], "sum", canvas)
    scores = measure(batch, aims.weights(convnet, goals), aims.places(convnet, goals)).numpy()
    expected = [plain_score(convnet, path, goal.index, batch)[n] for n, goal in enumerate(goals)]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_the_gradient_is_that_of_the_objective(convnet: OpenedModel) -> None:
    """By central differences along a random direction."""
    generator = np.random.default_rng(1)
    batch = generator.uniform(0, 255, (2, 24, 24, 3)).astype(np.float32)
    goals = [aims.channel("second", 0), aims.channel("second", 3, negative=True)]
    canvas = Canvas(24, 24, 3, convnet.preprocessing)
    tables = aims.weights(convnet, goals), aims.places(convnet, goals)
    _, gradient = ascent_of(convnet, goals[0], "sum", canvas)(batch, *tables)
    along = generator.normal(size=batch.shape).astype(np.float32)
    measure = measure_of(convnet, goals[0], "sum", canvas)
    rise = measure(batch + 0.05 * along, *tables) - measure(batch - 0.05 * along, *tables)
    slope = (gradient.numpy() * along).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(rise.numpy() / 0.1, slope, rtol=0.02, atol=1e-3)


def test_a_neuron_is_one_place_of_the_map(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(2).uniform(0, 255, (1, 24, 24, 3)).astype(np.float32)
    goal = aims.neuron("norm", 2, 4, 1)
    canvas = Canvas(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, goal, "sum", canvas)
    score = measure(batch, aims.weights(convnet, [goal]), aims.places(convnet, [goal])).numpy()
    value = convnet.activations(batch, ["norm"])["norm"][0, 4, 1, 2]
    np.testing.assert_allclose(score, [value], rtol=1e-5)


def test_a_class_is_its_logit(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(3).uniform(0, 255, (2, 24, 24, 3)).astype(np.float32)
    goals = [aims.class_(1), aims.class_(2, negative=True)]
    canvas = Canvas(24, 24, 3, convnet.preprocessing)
    measure = measure_of(convnet, goals[0], "sum", canvas)
    scores = measure(batch, aims.weights(convnet, goals), aims.places(convnet, goals)).numpy()
    logits = convnet.logits(batch)
    np.testing.assert_allclose(scores, [logits[0, 1], -logits[1, 2]], rtol=1e-4)


def test_the_whole_layer_is_its_mean_square(convnet: OpenedModel) -> None:
    batch = np.random.default_rng(4).uniform(0, 255, (1, 24, 24, 3)).astype(np.float32)
    goal = aims.layer("pool")
    canvas = Canvas(24, 24, 3, convnet.preprocessing)
    score = measure_of(convnet, goal, "activation", canvas)(
        batch, aims.weights(convnet, [goal]), aims.places(convnet, [goal])
    )
    value = convnet.activations(batch, ["pool"])["pool"]
    np.testing.assert_allclose(score.numpy(), [np.mean(value**2)], rtol=1e-4)


def test_between_two_channels_lies_their_mixture(convnet: OpenedModel) -> None:
    goals = aims.between("second", 1, 6, 5)
    table = aims.weights(convnet, goals)
    np.testing.assert_allclose(table[:, 1], [1, 0.75, 0.5, 0.25, 0])
    np.testing.assert_allclose(table[:, 6], [0, 0.25, 0.5, 0.75, 1])
    patterns = climb(convnet, goals, SHORT).patterns
    alone = climb(convnet, [aims.channel("second", 1)], SHORT).patterns[0]
    np.testing.assert_allclose(patterns[0].score, alone.score, rtol=1e-3)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_the_objective_rises_and_hatred_falls(convnet: OpenedModel, recipe: str) -> None:
    settings = PatternSettings(recipe, 20, size=24)
    for negative in (False, True):
        goal = aims.channel("second", 3, negative=negative)
        (pattern,) = climb(convnet, [goal], settings).patterns
        assert pattern.curve[-1] > pattern.curve[0]
        assert pattern.score > pattern.curve[0]
        assert len(pattern.curve) == 20


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_the_same_seed_gives_the_same_picture(convnet: OpenedModel, recipe: str) -> None:
    settings = replace(SHORT, recipe=recipe)
    goal = [aims.channel("second", 2)]
    first, again = (climb(convnet, goal, settings).patterns[0] for _ in range(2))
    other = climb(convnet, goal, replace(settings, seed=1)).patterns[0]
    np.testing.assert_array_equal(first.values, again.values)
    assert first.score == again.score and first.moved == again.moved
    assert np.abs(first.values - other.values).mean() > 1


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_a_picture_does_not_depend_on_its_neighbours(convnet: OpenedModel, recipe: str) -> None:
    settings = replace(SHORT, recipe=recipe)
    together = climb(convnet, [aims.channel("second", n) for n in (5, 2, 7)], settings).patterns[1]
    alone = climb(convnet, [aims.channel("second", 2)], settings).patterns[0]
    np.testing.assert_allclose(together.values, alone.values, atol=0.5)


def test_a_large_batch_is_cut_into_portions(convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    goals = [aims.channel("second", n) for n in range(5)]
    whole = climb(convnet, goals, SHORT).patterns
    monkeypatch.setattr("convscope.engine.interpret.feature_visualization.climb.PORTION", 2 * 24 * 24)
    cut = climb(convnet, goals, SHORT).patterns
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=0.5)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
@pytest.mark.parametrize("octaves", [1, 2])
def test_going_on_is_as_if_it_had_never_stopped(convnet: OpenedModel, recipe: str, octaves: int) -> None:
    settings = PatternSettings(recipe, 8, size=24, octaves=octaves)
    goals = [aims.channel("second", 1), aims.channel("second", 4)]
    frames: list[Frame] = []
    whole = climb(convnet, goals, settings, Task(on_partial=frames.append))
    middle = next(frame.state for frame in frames if frame.state is not None and frame.state.step == 1)
    resumed = climb(convnet, goals, settings, state=middle)
    np.testing.assert_array_equal(whole.state.curve, resumed.state.curve)
    for one, other in zip(whole.patterns, resumed.patterns, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_cancel_works_within_a_step(convnet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.engine.interpret.feature_visualization.climb.PORTION", 1)
    checks: list[int] = []

    class Impatient(Task):
        def check(self) -> None:
            checks.append(1)
            if len(checks) == 4:
                self.cancel()
            super().check()

    frames: list[Frame] = []
    task = Impatient(on_partial=frames.append)
    with pytest.raises(Cancelled):
        climb(convnet, [aims.channel("second", n) for n in range(8)], replace(SHORT, steps=500), task)
    assert [frame.step for frame in frames] == [0]
    assert len(checks) == 4


def test_frames_tell_how_far_it_is(convnet: OpenedModel) -> None:
    frames: list[Frame] = []
    told: list[float | None] = []
    task = Task(on_progress=lambda fraction, _text: told.append(fraction), on_partial=frames.append)
    climb(convnet, [aims.channel("second", 0)], SHORT, task)
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
        flat, lively = climb(
            opened, [aims.channel("conv", n) for n in range(2)], PatternSettings(recipe, 10)
        ).patterns
        assert flat.flat and not lively.flat
        assert np.isfinite(flat.values).all()


def test_options_do_what_they_say(convnet: OpenedModel) -> None:
    goal = [aims.channel("second", 3)]
    settings = PatternSettings(steps=30, size=24)
    plain = climb(convnet, goal, settings).patterns[0].values

    def roughness(values: Any) -> float:
        return float(np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean())

    smooth = climb(convnet, goal, replace(settings, variation=2)).patterns[0].values
    soft = climb(convnet, goal, replace(settings, blur=2)).patterns[0].values
    pale = climb(convnet, goal, replace(settings, l2=2)).patterns[0].values
    assert roughness(smooth) < 0.9 * roughness(plain)
    assert roughness(soft) < 0.95 * roughness(plain)
    assert np.abs(pale - 127.5).mean() < 0.9 * np.abs(plain - 127.5).mean()


def test_diverse_pictures_are_less_alike(convnet: OpenedModel) -> None:
    goals = [aims.channel("norm", 3, variant=n) for n in range(3)]
    settings = PatternSettings(steps=30, size=24)

    def alike(patterns: Any) -> float:
        batch = np.stack([pattern.values for pattern in patterns])
        maps = convnet.activations(batch, ["norm"])["norm"].reshape(3, -1, 8)
        gram = np.einsum("nic,nid->ncd", maps, maps).reshape(3, -1)
        gram /= np.linalg.norm(gram, axis=1, keepdims=True)
        return float((gram @ gram.T).sum() - 3)

    plain = climb(convnet, goals, settings).patterns
    diverse = climb(convnet, goals, replace(settings, diversity=1.5)).patterns
    assert np.abs(plain[0].values - plain[1].values).mean() > 0.2
    assert alike(diverse) < alike(plain)


@pytest.mark.parametrize("recipe", ["clear", "classic"])
def test_a_picture_can_be_the_start(convnet: OpenedModel, recipe: str) -> None:
    picture = np.zeros((40, 80, 3), np.uint8)
    picture[:, :40] = (200, 60, 30)
    picture[:, 40:] = (40, 90, 210)
    frames: list[Frame] = []
    climb(
        convnet,
        [aims.layer("second")],
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
        (convnet, [aims.channel("nowhere", 0)], SHORT, "colours has no layer nowhere."),
        (convnet, [aims.channel("second", 8)], SHORT, "second has 8 filters, 0 to 7: there is no 8."),
        (convnet, [aims.class_(3)], SHORT, "colours has 3 classes, 0 to 2: there is no 3."),
        (
            digits,
            [aims.channel("flatten", 0)],
            SHORT,
            "flatten (Flatten) has no filters: choose a convolution or a dense layer.",
        ),
        (convnet, [], SHORT, "There is nothing to climb to: choose a filter, a class or a layer."),
        (
            convnet,
            [aims.neuron("second", 0, 9, 0)],
            SHORT,
            "The maps of second have 5 rows: there is no row 9.",
        ),
        (
            convnet,
            [aims.channel("second", 0)],
            PatternSettings("rough"),
            "There is no recipe rough: choose clear or classic.",
        ),
        (
            convnet,
            [aims.channel("second", 0)],
            PatternSettings(steps=0),
            "The number of steps goes from 1 to 10000, not 0.",
        ),
    )
    for model, goals, settings, sentence in cases:
        with pytest.raises(UserError) as raised:
            climb(model, goals, settings)
        assert raised.value.message == sentence


def test_sizes_follow_the_network(convnet: OpenedModel, digits: OpenedModel, imagenet: OpenedModel) -> None:
    def size(model: OpenedModel, goal: aims.Goal, asked: int | None = None) -> tuple[int, int, bool]:
        canvas = canvas_for(model, slot_of(model, goal, "sum"), PatternSettings(size=asked))
        return canvas.height, canvas.width, canvas.own_size

    assert size(convnet, aims.channel("second", 0)) == (24, 24, False)
    assert size(convnet, aims.channel("second", 0), 50) == (50, 50, False)
    assert size(convnet, aims.class_(0), 40) == (40, 40, False)
    assert size(digits, aims.class_(0), 64) == (28, 28, True)
    assert size(digits, aims.channel("conv2d_2", 0), 64) == (64, 64, False)
    assert size(imagenet, aims.channel("block5b_add", 0)) == (128, 128, False)
    assert size(imagenet, aims.class_(0), 96) == (96, 96, False)


def test_a_size_that_is_too_small_is_said(digits: OpenedModel) -> None:
    # What worked before at another size is not named.
    climb(digits, [aims.channel("conv2d_2", 0)], PatternSettings(steps=1))
    with pytest.raises(UserError) as raised:
        climb(digits, [aims.channel("conv2d_2", 0)], PatternSettings(steps=2, size=8))
    assert raised.value.message == "Digits convnet does not work on 8×8 pixels: choose another size."


def test_odd_ranges_and_blue_first_come_from_the_models_own_preprocessing(convnet: OpenedModel) -> None:
    """The same network told to want BGR with offsets: its best image is the same one, seen through them."""
    caffe = convnet.with_(preprocessing=MODES["caffe"])
    (pattern,) = climb(caffe, [aims.class_(0)], PatternSettings(steps=30, size=24)).patterns
    batch = MODES["caffe"].apply(pattern.values[None])
    np.testing.assert_allclose(convnet.logits(batch)[0, 0], pattern.score, rtol=1e-3)
    assert pattern.curve[-1] > pattern.curve[0]
    assert pattern.values.min() >= 0 and pattern.values.max() <= 255
