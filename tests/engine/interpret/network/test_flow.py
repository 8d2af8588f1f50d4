"""What a map is made of: shares that add up, equal to the layers' own arithmetic and to sums by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.preprocessing import PreparedImage
from convscope.engine.interpret.activations.activations import Activations, look, look_at
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.interpret.network.flow import made_of, score_column
from convscope.engine.interpret.network.relevance import class_path, relevance
from convscope.engine.models.graph.columns import LayerColumn, columns
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def seven() -> Activations:
    """The shipped network for digits on a real 7."""
    start()
    return look(open_model("digits"), load_sample("digit-7"))


@pytest.fixture(scope="module")
def cat() -> Activations:
    """EfficientNet-Lite0 on the photograph of a cat."""
    start()
    return look(open_model("imagenet"), load_sample("cat"))


def column(found: tuple[LayerColumn, ...], path: str) -> LayerColumn:
    return next(one for one in found if one.path == path)


def test_shares_of_a_held_number_are_the_layer_s_own_sum(seven: Activations) -> None:
    found = columns(seven.model)
    made = made_of(seven, found, column(found, "conv2d_1"), 5, (4, 6))
    told = explain(seven, "conv2d_1", 4, 6, 5)
    assert told.value > 0, "a place where ReLU lets everything through"
    (source,) = made.sources
    np.testing.assert_allclose(source.shares[told.channels], told.totals, atol=1e-5)
    assert made.rest == pytest.approx(told.bias, abs=1e-5)
    assert made.value == pytest.approx(told.value, abs=1e-5)


def test_shares_of_a_whole_map_are_numpy_s_sum(seven: Activations) -> None:
    """Σ over places of kernel × patch, where ReLU lets it through."""
    found = columns(seven.model)
    made = made_of(seven, found, column(found, "conv2d_1"), 5)
    kernel, bias = (np.asarray(w, np.float64) for w in seven.model.keras.get_layer("conv2d_1").get_weights())
    given = seven.value("max_pooling2d").astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(given, (3, 3), axis=(0, 1))
    on = seven.value("conv2d_1")[..., 5] > 0
    by_input = np.einsum("rcikl,kli->rci", windows, kernel[..., 5])[on].sum(axis=0)
    np.testing.assert_allclose(made.sources[0].shares, by_input, rtol=1e-4, atol=1e-4)
    assert made.rest == pytest.approx(bias[5] * on.sum(), abs=1e-3)


@pytest.mark.parametrize("path", ["max_pooling2d_1", "flatten"])
def test_what_only_passes_on_has_no_rest(seven: Activations, path: str) -> None:
    found = columns(seven.model)
    made = made_of(seven, found, column(found, path), 20)
    assert made.rest == pytest.approx(0, abs=1e-5)
    assert made.value == pytest.approx(float(seven.value(path)[..., 20].sum()), abs=1e-4)


def test_a_class_is_made_of_the_last_dense_layer_s_products(seven: Activations) -> None:
    """Of the logit, before the softmax."""
    found = columns(seven.model)
    last = found[-1]
    assert score_column(seven.model, found) is last
    weights, bias = seven.model.keras.get_layer("dense_1").get_weights()
    made = made_of(seven, found, last, 7)
    np.testing.assert_allclose(made.sources[0].shares, seven.value("dense") * weights[:, 7], atol=1e-5)
    assert made.rest == pytest.approx(float(bias[7]), abs=1e-4)
    logits = seven.model.logits(seven.prepared.batch)
    assert made.value == pytest.approx(float(logits[0, 7]), abs=1e-4)


def test_shares_and_rest_add_up_through_every_block(cat: Activations) -> None:
    found = columns(cat.model)
    for one in found[1:]:
        made = made_of(cat, found, one, 1)
        whole = sum(float(source.shares.sum()) for source in made.sources) + made.rest
        assert whole == pytest.approx(made.value, rel=1e-9, abs=1e-9)
        assert {source.column for source in made.sources} == set(one.inputs)


def skip(bias: bool = False) -> Any:
    """Two ways from the image to the score: a skip, and a concatenation after it."""
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((6, 6, 2), name="image")
    first = layers.Conv2D(3, 3, padding="same", use_bias=bias, name="first")(inputs)
    second = layers.Conv2D(3, 3, padding="same", use_bias=bias, name="second")(first)
    joined = layers.Add(name="join")([first, second])
    both = layers.Concatenate(name="both")([joined, first])
    values = layers.Flatten(name="flat")(both)
    return keras.Model(inputs, layers.Dense(2, use_bias=bias, name="scores")(values), name="skip")


def on(model: OpenedModel, seed: int = 0) -> Activations:
    values = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    image = Image(values, "noise")
    height, width, channels = model.input_shape
    assert (height, width, channels) == (6, 6, 2)
    batch = np.random.default_rng(seed).normal(size=(1, 6, 6, 2)).astype(np.float32)
    return look_at(model, image, PreparedImage(batch, values, (0, 0, 6, 6)), None)


def test_skips_and_concatenations_have_a_share_each(seven: Activations) -> None:
    model = OpenedModel(skip(), classes=("a", "b"))
    given = on(model)
    found = columns(model)
    joined = made_of(given, found, column(found, "join"), 2)
    assert [source.path for source in joined.sources] == ["first", "second"]
    for source in joined.sources:
        expected = np.zeros(3)
        expected[2] = given.value(source.path)[..., 2].sum()
        np.testing.assert_allclose(source.shares, expected, atol=1e-4)
    # Channel 4 of the concatenation is channel 1 of what it appends.
    both = made_of(given, found, column(found, "both"), 4)
    assert {source.path: int(np.abs(source.shares).argmax()) for source in both.sources}["first"] == 1
    assert sum(np.abs(s.shares).sum() for s in both.sources if s.path == "join") == 0


def test_without_biases_all_of_a_score_comes_from_the_pixels() -> None:
    model = OpenedModel(skip(), classes=("a", "b"))
    given = on(model)
    found = columns(model)
    told = relevance(given, found, ScoreTarget(1))
    for one in ("image", "both", "flat"):
        assert told.channels[column(found, one).id].sum() == pytest.approx(told.score, rel=1e-4)
    # The parts of a sum that pass by each other: together the whole score.
    gradient_of_first = told.channels["first"].sum()
    assert gradient_of_first == pytest.approx(told.score, rel=1e-4)


def test_the_path_of_a_class_carries_what_each_step_says(seven: Activations) -> None:
    found = columns(seven.model)
    told = class_path(seven, found, ScoreTarget(7))
    assert [step.path for step in told.steps] == [one.path for one in reversed(found[:-1])]
    carried = told.score
    for step in told.steps:
        whole = sum(float(source.shares.sum()) for source in step.siblings) + step.rest
        assert whole == pytest.approx(carried, rel=1e-4, abs=1e-5)
        # No map of the step carries more.
        flat = step.siblings[0].shares
        if step.path != "flatten":
            assert step.carried == pytest.approx(float(flat.max()))
            assert step.channels == (int(flat.argmax()),)
        carried = step.carried
    # A flattened map is followed whole: its 9 places are every 64th number.
    flattened = next(step for step in told.steps if step.path == "flatten")
    before = next(step for step in told.steps if step.path == "conv2d_2")
    assert flattened.channels is not None and len(flattened.channels) == 9
    assert before.channels == (flattened.channels[0],)
    assert told.pixels is not None and told.pixels.shape == (28, 28)
    assert float(told.pixels.sum()) == pytest.approx(told.steps[-1].carried, rel=1e-4)


def test_the_path_goes_through_the_skip_that_carries_more() -> None:
    model = OpenedModel(skip(), classes=("a", "b"))
    given = on(model)
    found = columns(model)
    told = class_path(given, found, ScoreTarget(0))
    for step in told.steps:
        if step.path != "flat":
            best = max(float((np.sign(told.score) * source.shares).max()) for source in step.siblings)
            assert abs(step.carried) == pytest.approx(best, rel=1e-5)
    assert told.steps[-1].path == "image"


def test_a_block_s_inner_layer_that_feeds_another_column_is_told_as_such() -> None:
    """A U-Net's skip leaves from within a block: the share is the block's, no map of it is lit."""
    start()
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 1), name="image")
    a = layers.Conv2D(2, 3, padding="same", name="down1_conv")(inputs)
    b = layers.MaxPooling2D(name="down1_pool")(a)
    c = layers.Conv2D(2, 3, padding="same", name="mid")(b)
    d = layers.Add(name="join")([layers.UpSampling2D(name="up")(c), a])
    values = layers.GlobalAveragePooling2D(name="mean")(d)
    model = OpenedModel(keras.Model(inputs, layers.Dense(2, name="scores")(values)), classes=("a", "b"))
    found = columns(model, limit=7)
    block = next(one for one in found if one.parts)
    assert block.layers == ("down1_conv", "down1_pool")
    given = look(model, Image(np.full((8, 8, 3), 90, np.uint8), "gray"))
    made = made_of(given, found, column(found, "join"), 0)
    inner = next(source for source in made.sources if source.column == block.id)
    assert (inner.path, inner.shown) == ("down1_conv", False)


def test_what_is_not_there_is_told(seven: Activations) -> None:
    found = columns(seven.model)
    with pytest.raises(UserError, match="channels 0 to 31"):
        made_of(seven, found, found[1], 32)
    with pytest.raises(UserError, match="no place at row 26"):
        made_of(seven, found, found[1], 0, (26, 0))
    with pytest.raises(UserError):
        class_path(seven, found, ScoreTarget(10))
    assert made_of(seven, found, found[0], 0).sources == ()


def test_following_a_score_can_be_cancelled(cat: Activations) -> None:
    task = Task(on_progress=lambda fraction, _text: task.cancel() if (fraction or 0) > 0.3 else None)
    with pytest.raises(Cancelled):
        relevance(cat, columns(cat.model), ScoreTarget(285), task)
