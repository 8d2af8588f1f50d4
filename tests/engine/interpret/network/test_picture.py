"""The small maps of a whole network: which are shown, in what order, equal to the layers' own."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.engine.interpret.activations.activations import Activations, look
from convscope.engine.interpret.activations.layer_maps import layer_maps
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.interpret.network.picture import SIDE, choose, picture
from convscope.engine.interpret.network.relevance import relevance
from convscope.engine.models.graph.columns import columns
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.runtime import start
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


def test_all_are_shown_in_their_order_where_they_fit(seven: Activations) -> None:
    found = columns(seven.model)
    chosen = choose(seven, found, dict.fromkeys((c.id for c in found), 64), "largest")
    assert chosen["conv2d"].tolist() == list(range(32)) and chosen["conv2d_1"].tolist() == list(range(64))
    assert len(chosen["flatten"]) == 64


def test_the_largest_come_first(seven: Activations) -> None:
    found = columns(seven.model)
    chosen = choose(seven, found, {"conv2d_1": 5}, "largest")["conv2d_1"]
    means = np.abs(seven.value("conv2d_1")).mean(axis=(0, 1))
    assert chosen.tolist() == np.argsort(-means)[:5].tolist()


def test_those_that_matter_for_a_class_come_first(seven: Activations) -> None:
    found = columns(seven.model)
    matter = relevance(seven, found, ScoreTarget(7))
    chosen = choose(seven, found, {"dense": 3}, "class", matter)["dense"]
    weights = seven.model.keras.get_layer("dense_1").get_weights()[0]
    expected = np.argsort(-np.abs(seven.value("dense") * weights[:, 7]))[:3]
    assert chosen.tolist() == expected.tolist()
    # What the class does not depend on is shown by size: the softmax's output behind the score.
    other = choose(seven, found, {"dense_1": 1}, "class", None)["dense_1"]
    assert other.tolist() == [7]


def test_by_index(cat: Activations) -> None:
    found = columns(cat.model)
    chosen = choose(cat, found, dict.fromkeys((c.id for c in found), 4), "index")
    assert all(one.tolist() == list(range(len(one))) for one in chosen.values())


def test_the_maps_are_the_layer_s_on_their_own_range(seven: Activations) -> None:
    found = columns(seven.model)
    shown = picture(seven, found, choose(seven, found, dict.fromkeys((c.id for c in found), 8), "index"))
    first = shown.columns[1]
    value = seven.value("conv2d")[..., 2]
    expected = (value - value.min()) / (value.max() - value.min()) * 255
    np.testing.assert_allclose(first.levels[2], expected, atol=1.01)
    assert not first.is_all and shown.columns[0].is_all
    assert shown.answer is not None and shown.answer.classes[0].name == "7"
    assert shown.answer.classes == seven.model.predict(load_sample("digit-7")).classes


def test_a_vector_is_on_one_scale_with_its_zero(seven: Activations) -> None:
    found = columns(seven.model)
    shown = picture(seven, found, choose(seven, found, dict.fromkeys((c.id for c in found), 10), "index"))
    dense = next(one for one in shown.columns if one.column.path == "dense")
    np.testing.assert_array_equal(dense.values, seven.value("dense")[:10])
    assert dense.levels[dense.values == 0].max(initial=0) == dense.zero == 0


def test_large_maps_are_averaged_down(cat: Activations) -> None:
    found = columns(cat.model)
    shown = picture(cat, found, choose(cat, found, dict.fromkeys((c.id for c in found), 3), "index"))
    assert max(max(one.levels.shape[1:]) for one in shown.columns) <= SIDE
    last = next(one for one in shown.columns if one.column.path == "top_relu6")
    assert last.levels.shape == (3, 7, 7)


def test_blank_maps_are_told(cat: Activations) -> None:
    """The same maps that the layer's own page crosses out."""
    found = columns(cat.model)
    shown = picture(cat, found, choose(cat, found, dict.fromkeys((c.id for c in found), 32), "index"))
    stem = shown.columns[1]
    assert stem.channels[stem.blank].tolist() == np.flatnonzero(layer_maps(cat, "stem_relu6").blank).tolist()
