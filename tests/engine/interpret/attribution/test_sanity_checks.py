"""Deletion and insertion, randomised weights, agreement, and the similarities that they rest on."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from attribution_nets import head_on_maps, nested, opened, picture, randomised
from hypothesis import given
from hypothesis import strategies as st

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.fills import FILLS, filled
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.sanity_checks.agreement import agreement, each_once
from convscope.engine.interpret.attribution.sanity_checks.curves import Curves, curves
from convscope.engine.interpret.attribution.sanity_checks.randomised import RandomisedCheck
from convscope.engine.interpret.attribution.sanity_checks.randomised import randomised as cascade
from convscope.engine.interpret.attribution.sanity_checks.similarity import overlap, rank_correlation, ssim
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module")
def linear() -> AttributionContext:
    """A white image before a network that adds up its left half for class 0, against 0 for class 1."""
    import keras

    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, name="scores")], name="linear"
    )
    kernel = np.zeros((8, 8, 2))
    kernel[:, :4, 0] = 0.25
    model.get_layer("scores").kernel.assign(kernel.reshape(64, 2))
    return AttributionContext(opened(model), Image(np.full((8, 8), 255, np.uint8), "white"))


def probability(rows: float) -> float:
    """Of class 0, with so many of the eight rows of the left half white."""
    return float(1 / (1 + np.exp(-rows)))


def test_the_curves_by_hand(linear: AttributionContext) -> None:
    """The map tells the truth: half of the pixels carry everything, two rows of the left half at a step."""
    made = explain(linear, MapRequest("gradient-x-input", ScoreTarget(0)))
    parts: list[Curves] = []
    found = curves(linear, made, steps=8, fill="black", start="black", task=Task(on_partial=parts.append))
    left = [8, 6, 4, 2, 0, 0, 0, 0, 0]
    expected = np.array([probability(n) for n in left])
    np.testing.assert_allclose(found.deletion, expected, atol=1e-5)
    np.testing.assert_allclose(found.insertion, expected[[4, 3, 2, 1, 0, 0, 0, 0, 0]], atol=1e-5)
    trapezoids = lambda y: float(((y[1:] + y[:-1]) / 2).mean())  # noqa: E731
    assert found.deletion_area == pytest.approx(trapezoids(expected), abs=1e-5)
    assert found.insertion_area > 0.9 > 0.75 > found.deletion_area
    np.testing.assert_allclose(found.fractions, np.linspace(0, 1, 9))
    assert all(len(part.deletion) <= 9 and np.isnan(part.insertion_area) for part in parts)


def test_a_map_turned_round_is_found_out(linear: AttributionContext) -> None:
    from dataclasses import replace

    made = explain(linear, MapRequest("gradient-x-input", ScoreTarget(0)))
    true, false = (
        curves(linear, one, steps=8, fill="black", start="black")
        for one in (made, replace(made, relevance=-made.relevance))
    )
    assert true.deletion_area < false.deletion_area
    assert true.insertion_area > false.insertion_area


def test_curves_of_a_difference_are_of_these_two_classes(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-3"))
    made = explain(context, MapRequest("grad-cam", ScoreTarget(3, 8)))
    found = curves(context, made, steps=4)
    logits = context.prediction.logits
    assert found.deletion[0] == found.insertion[-1]
    assert found.deletion[0] == pytest.approx(1 / (1 + np.exp(logits[8] - logits[3])), rel=1e-4)


def test_curves_that_cannot_be(linear: AttributionContext) -> None:
    made = explain(linear, MapRequest("saliency", ScoreTarget(0)))
    with pytest.raises(UserError, match="1 to 1,000 steps, not 0"):
        curves(linear, made, steps=0)
    with pytest.raises(UserError, match="no fill called pink"):
        curves(linear, made, fill="pink")
    task = Task(lambda fraction, text: task.cancel())
    with pytest.raises(Cancelled):
        curves(linear, made, task=task)


def test_fills(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-3"))
    made = {fill: filled(context.prepared, digits.preprocessing, fill) for fill in FILLS}
    shape = context.prepared.batch.shape
    assert all(one.shape == shape and one.dtype == np.float32 for one in made.values())
    assert (made["black"] == 0).all() and (made["white"] == 1).all()
    np.testing.assert_allclose(made["gray"], 0.5)
    np.testing.assert_allclose(made["mean"], context.prepared.batch.mean(), rtol=1e-5)
    assert made["blurred"].mean() == pytest.approx(context.prepared.batch.mean(), rel=0.05)
    assert made["blurred"].std() < 0.8 * context.prepared.batch.std()


# Randomised weights.


def test_guided_backpropagation_hardly_depends_on_the_weights(imagenet: OpenedModel) -> None:
    """Adebayo et al. (2018), on the shipped network: the warning beside it is true."""
    before = imagenet.fingerprint()
    made = cascade(AttributionContext(imagenet, load_sample("cat")), MapRequest("guided-backprop"), steps=1)
    assert made.steps[0].layers == ("predictions",)
    assert not made.changes
    assert made.steps[0].rank > 0.99 and made.steps[0].ssim > 0.98
    assert made.verdict.startswith("The map hardly changes")
    assert imagenet.fingerprint() == before


def test_grad_cam_depends_on_the_weights(digits: OpenedModel) -> None:
    made = cascade(AttributionContext(digits, load_sample("digit-7")), MapRequest("grad-cam"), steps=2)
    assert made.changes and made.steps[0].rank < 0.85
    assert made.verdict.startswith("The map changes as soon as the last layer is shuffled")


def test_the_cascade_goes_from_the_top_to_the_bottom(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-7"))
    parts: list[RandomisedCheck] = []
    made = cascade(context, MapRequest("saliency"), steps=3, task=Task(on_partial=parts.append))
    assert [step.layers for step in made.steps] == [
        ("dense_1",),
        ("dense", "conv2d_2"),
        ("conv2d_1", "conv2d"),
    ]
    assert [step.title for step in made.steps] == ["dense_1 shuffled", "down to conv2d_2", "down to conv2d"]
    assert [len(part.steps) for part in parts] == [1, 2, 3]
    assert made.changes and abs(made.steps[-1].rank) < 0.8
    assert all(step.attribution.target == ScoreTarget(7) for step in made.steps)
    # The same seed, the same shuffling.
    again = cascade(context, MapRequest("saliency"), steps=3)
    assert [step.rank for step in again.steps] == [step.rank for step in made.steps]
    assert len(cascade(context, MapRequest("saliency"), steps=50).steps) == 5


def test_a_method_without_classes_does_not_see_the_last_layer(digits: OpenedModel) -> None:
    made = cascade(AttributionContext(digits, load_sample("digit-7")), MapRequest("eigen-cam"), steps=2)
    assert made.steps[0].rank == pytest.approx(1)
    assert made.verdict.startswith("The last layer hardly matters to the map") or not made.changes


def test_a_nested_network_is_copied_whole() -> None:
    """With batch normalisation, whose statistics stay."""
    model = randomised(nested())
    context = AttributionContext(opened(model), picture())
    kept = [weight.numpy().copy() for weight in model.weights]
    made = cascade(context, MapRequest("grad-cam", ScoreTarget(0)), steps=4)
    assert made.steps[0].layers == ("scores",)
    assert made.steps[-1].layers[-1] == "base/conv1"
    for weight, before in zip(model.weights, kept, strict=True):
        np.testing.assert_array_equal(weight.numpy(), before)


def test_what_cannot_be_copied_says_so() -> None:
    import keras

    class Own(keras.layers.Layer):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def call(self, x: object) -> object:
            return x * self.factor

    model = randomised(head_on_maps(keras.layers.Dense(3)))
    model = keras.Sequential([*model.layers[:1], Own(2.0), *model.layers[1:]], name="owned")
    model.build((None, 16, 16, 3))
    with pytest.raises(UserError, match="owned cannot be copied"):
        cascade(AttributionContext(opened(model), picture()), MapRequest("grad-cam", ScoreTarget(0)))


def test_the_cascade_stops_when_it_is_cancelled(digits: OpenedModel) -> None:
    task = Task(on_partial=lambda value: task.cancel())
    with pytest.raises(Cancelled):
        cascade(AttributionContext(digits, load_sample("digit-7")), MapRequest("grad-cam"), task=task)


# Agreement and similarity.


def test_agreement(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-7"))
    made = agreement([explain(context, MapRequest(name)) for name in ("grad-cam", "grad-cam", "saliency")])
    assert made.titles == ("Grad-CAM: 7", "Grad-CAM: 7", "Saliency: 7")
    for values in (made.rank, made.overlap):
        np.testing.assert_array_equal(values, values.T)
        np.testing.assert_allclose(np.diag(values), 1)
        assert values[0, 1] == pytest.approx(1)
        assert values[0, 2] < 0.9


def test_the_names_of_compared_maps_are_as_short_as_tells_them_apart(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-7"))
    cam, other = (explain(context, MapRequest("grad-cam", ScoreTarget(index))) for index in (7, 1))
    slope, any_, again = (
        explain(context, MapRequest(name, ScoreTarget(index)))
        for name, index in (("saliency", 7), ("eigen-cam", 7), ("eigen-cam", 1))
    )
    assert agreement([cam, slope, any_]).names == ("Grad-CAM", "Saliency", "Eigen-CAM")
    assert agreement([cam, other]).names == ("7", "1")
    assert agreement([cam, other, slope]).names == ("Grad-CAM: 7", "Grad-CAM: 1", "Saliency: 7")
    # What is the same for every class is compared once.
    assert each_once([cam, any_, other, again]) == (cam, any_, other)


def test_agreement_is_between_maps_of_one_image(digits: OpenedModel) -> None:
    one = explain(AttributionContext(digits, load_sample("digit-7")), MapRequest("grad-cam"))
    with pytest.raises(UserError, match="choose two methods"):
        agreement([one])
    from dataclasses import replace

    with pytest.raises(UserError, match="maps of one image"):
        agreement([one, replace(one, pixels=np.zeros((5, 5), np.uint8))])


def test_overlap_by_hand() -> None:
    """The hottest 2 of 10 places, one of them shared: 1 of 3."""
    first, second = np.zeros(10), np.zeros(10)
    first[[0, 1]] = 1
    second[[1, 2]] = 1
    assert overlap(first, second) == pytest.approx(1 / 3)
    assert overlap(first, first) == 1
    assert overlap(first, first[::-1]) == 0


def test_a_map_without_differences_ranks_nothing() -> None:
    ramp = np.arange(12.0).reshape(3, 4)
    assert rank_correlation(ramp, np.ones((3, 4))) == 0
    assert rank_correlation(ramp, ramp**3) == 1
    assert rank_correlation(ramp, -ramp) == -1
    assert ssim(np.ones((5, 5)), np.zeros((5, 5))) == 1


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_rank_correlation_is_scipys(height: int, width: int, levels: int, seed: int) -> None:
    """With few levels there are many ties."""
    from scipy.stats import spearmanr

    first, second = np.random.default_rng(seed).integers(0, levels + 1, (2, height, width))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = spearmanr(first.ravel(), second.ravel()).statistic
    ours = rank_correlation(first, second)
    assert ours == pytest.approx(0 if np.isnan(theirs) else theirs, abs=1e-9)


@given(st.integers(11, 40), st.integers(11, 40), st.integers(0, 2**32 - 1))
def test_ssim_is_scikit_images(height: int, width: int, seed: int) -> None:
    from skimage.metrics import structural_similarity

    generator = np.random.default_rng(seed)
    first, second = generator.random((2, height, width))
    stretched = [(one - one.min()) / (one.max() - one.min()) for one in (first, second)]
    theirs = structural_similarity(
        *stretched, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0
    )
    assert ssim(first, 5 * second - 2) == pytest.approx(theirs, abs=1e-6)
