"""Patterns in networks of every shape: nested, shared, of several inputs, in half precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.feature_visualization.gradient_ascent import ascend
from convscope.engine.interpret.feature_visualization.grid import first_filters
from convscope.engine.interpret.feature_visualization.input_gradient import waking_slot
from convscope.engine.interpret.feature_visualization.objectives import Objective
from convscope.engine.interpret.feature_visualization.results import verdict
from convscope.engine.interpret.feature_visualization.settings import PatternSettings
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start

SHORT = PatternSettings(steps=5, size=20)


def nested() -> Any:
    """A base with a skip and squeeze-and-excitation, in a Sequential, behind a rescaling."""
    import keras

    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    first = layers.Conv2D(6, 3, padding="same", activation="relu", name="conv")(inputs)
    second = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(first)
    share = layers.Reshape((1, 1, 6))(layers.GlobalAveragePooling2D()(second))
    share = layers.Conv2D(6, 1, activation="sigmoid", name="excite")(share)
    joined = layers.Add(name="join")([first, layers.Multiply()([second, share])])
    base = keras.Model(inputs, layers.SeparableConv2D(5, 3, name="last")(joined), name="base")
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            base,
            layers.GlobalMaxPooling2D(),
            layers.Dense(1, activation="sigmoid", name="top"),
        ]
    )


def twins() -> Any:
    """Two images through one shared tower, and a number beside them."""
    import keras

    layers = keras.layers
    tower = keras.Sequential([keras.Input((12, 12, 1)), layers.Conv2D(3, 3, name="conv")], name="tower")
    left, right, number = keras.Input((12, 12, 1)), keras.Input((12, 12, 1)), keras.Input((2,))
    maps = layers.Concatenate(name="both")([tower(left), tower(right)])
    values = layers.Concatenate()([layers.Flatten()(maps), number])
    return keras.Model([left, right, number], layers.Dense(2, activation="softmax", name="out")(values))


@pytest.fixture(scope="module")
def base() -> OpenedModel:
    """The nested network."""
    start()
    import keras

    keras.utils.set_random_seed(2)  # one under which every filter is awake
    return OpenedModel(nested())


@pytest.mark.parametrize(
    "path", ["base/conv", "base/depthwise", "base/excite", "base/join", "base/last", "top"]
)
def test_nested_networks_at_another_size(base: OpenedModel, path: str) -> None:
    objective = Objective.channel(path, 0)
    (pattern,) = ascend(base, [objective], SHORT).patterns
    assert pattern.values.shape == (20, 20, 3)
    assert pattern.curve[-1] > pattern.curve[0]


def test_a_single_sigmoid_tells_two_classes_apart(base: OpenedModel) -> None:
    """Class 1 is the logit, class 0 its opposite; what class 0 loves, class 1 hates."""
    own = PatternSettings(steps=24, size=16)
    loves = ascend(base, [Objective.class_(0)], own).patterns[0]
    hates = ascend(base, [Objective.class_(1, negative=True)], own).patterns[0]
    assert loves.score == pytest.approx(
        -base.logits(base.preprocessing.apply(loves.values[None]))[0, 1], rel=1e-3
    )
    assert loves.score > loves.curve[0] and hates.score > hates.curve[0]


def test_several_inputs() -> None:
    start()
    model = OpenedModel(twins())
    path = next(row.path for row in model.layers if row.kind == "Conv2D")
    for objective in (Objective.channel(path, 1), Objective.channel("both", 4), Objective.class_(1)):
        (pattern,) = ascend(model, [objective], PatternSettings(steps=30, size=20)).patterns
        assert pattern.score > pattern.curve[0]
        assert pattern.pixels.shape == ((12, 12) if objective.kind == "class" else (20, 20))


def test_half_precision_ascends_in_float32() -> None:
    start()
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    maps = layers.Conv2D(4, 3, activation="relu", name="conv", dtype="mixed_float16")(inputs)
    model = OpenedModel(keras.Model(inputs, layers.GlobalAveragePooling2D(dtype="float32")(maps)))
    patterns = ascend(model, first_filters(model, "conv", 4), SHORT).patterns
    assert all(np.isfinite(pattern.values).all() and not pattern.flat for pattern in patterns)


def test_training_shows_at_once(base: OpenedModel) -> None:
    """The functions are kept, the weights are those of now."""
    objective = [Objective.channel("base/conv", 2)]
    before = ascend(base, objective, SHORT).patterns[0]
    kernel = base.keras.layers[1].get_layer("conv").kernel
    kernel.assign(-kernel)
    after = ascend(base, objective, SHORT).patterns[0]
    kernel.assign(-kernel)
    assert np.abs(before.values - after.values).mean() > 1


def test_where_no_gradient_flows_it_is_said() -> None:
    start()
    import keras

    inputs = keras.Input((8, 8, 3), dtype="uint8")
    maps = keras.layers.Conv2D(2, 3, name="conv")(keras.ops.cast(inputs, "float32"))
    with pytest.raises(UserError, match="No gradient flows"):
        ascend(OpenedModel(keras.Model(inputs, maps)), [Objective.channel("conv", 0)], SHORT)


def test_other_channels_than_gray_or_colour() -> None:
    """Five bands: patterns are possible, shown by their first band; a picture cannot be the start."""
    start()
    import keras

    model = OpenedModel(keras.Sequential([keras.Input((10, 10, 5)), keras.layers.Conv2D(2, 3, name="conv")]))
    (pattern,) = ascend(model, [Objective.channel("conv", 0)], SHORT).patterns
    assert pattern.values.shape == (20, 20, 5) and pattern.pixels.shape == (20, 20)
    with pytest.raises(UserError, match="a picture cannot be the start"):
        ascend(model, [Objective.channel("conv", 0)], SHORT, start=np.zeros((10, 10, 3), np.uint8))


def test_no_filter_is_dead_behind_a_relu(imagenet: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A depthwise filter looks at one channel only; one that a ReLU keeps at zero is woken before it."""
    objectives = first_filters(imagenet, "block6a_dwconv", 6)
    waking = waking_slot(imagenet.program, imagenet.slot("block6a_dwconv"))
    assert waking == imagenet.program.sums["block6a_expand_relu6"]
    assert waking_slot(imagenet.program, imagenet.slot("block6a_expand_conv")) is None
    settings = PatternSettings(steps=8, size=48)
    woken = ascend(imagenet, objectives, settings, scored=False).state
    assert woken.alive.all()
    monkeypatch.setattr(
        "convscope.engine.interpret.feature_visualization.gradient_ascent.waking_slot", lambda *_: None
    )
    assert not ascend(imagenet, objectives, settings, scored=False).state.alive.all()


@pytest.mark.parametrize("recipe", ["clear", "classic"])
@pytest.mark.parametrize(("weight", "kind"), [(np.nan, "channel"), (np.nan, "layer"), (1e30, "layer")])
def test_a_network_that_overflows_leaves_its_picture_as_it_was(recipe: str, weight: float, kind: str) -> None:
    """As after a training that diverged: noise, and in words that there is no score."""
    start()
    import keras

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")])
    model.set_weights([np.full_like(each, weight) for each in model.get_weights()])
    objective = Objective.layer("conv") if kind == "layer" else Objective.channel("conv", 0)
    (pattern,) = ascend(OpenedModel(model), [objective], PatternSettings(recipe, 2, size=8)).patterns
    assert pattern.flat and np.isfinite(pattern.values).all() and not np.isfinite(pattern.score)
    assert verdict(pattern).startswith("Its score is not a number")


def test_a_filter_that_is_no_number_leaves_its_neighbours_alone() -> None:
    """In one batch with it they grow as they do without it."""
    start()
    import keras

    def grown(broken: bool) -> Any:
        keras.utils.set_random_seed(1)
        layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(3, 3, activation="relu", name="conv")]
        model = keras.Sequential(layers)
        if broken:
            kernel, bias = model.get_weights()
            kernel[1, 1, 0, 1] = np.nan
            model.set_weights([kernel, bias])
        objectives = [Objective.channel("conv", index) for index in range(3)]
        return ascend(OpenedModel(model), objectives, PatternSettings(steps=4, size=16)).patterns

    for whole, beside in zip(grown(False), grown(True), strict=True):
        if whole.objective.index == 1:
            assert beside.flat and not np.isfinite(beside.score)
        else:
            np.testing.assert_allclose(beside.values, whole.values, atol=1e-3)
            assert beside.score == pytest.approx(whole.score, rel=1e-4) and not beside.flat


def test_double_precision_ascends_in_float32() -> None:
    start()
    import keras

    keras.config.set_dtype_policy("float64")
    try:
        model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")])
    finally:
        keras.config.set_dtype_policy("float32")
    (pattern,) = ascend(OpenedModel(model), [Objective.channel("conv", 1)], SHORT).patterns
    assert pattern.values.dtype == np.float32 and not pattern.flat


def test_a_network_of_one_pixel_is_visualized() -> None:
    start()
    import keras

    layers = [keras.Input((1, 1, 3)), keras.layers.Flatten(), keras.layers.Dense(3, name="top")]
    objectives = [Objective.channel("top", 0), Objective.channel("top", 1)]
    for octaves in (1, 3):
        settings = PatternSettings(steps=12, octaves=octaves)
        patterns = ascend(OpenedModel(keras.Sequential(layers)), objectives, settings).patterns
        assert [pattern.pixels.shape for pattern in patterns] == [(1, 1, 3)] * 2
