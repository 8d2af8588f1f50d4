"""Agreement with tf-keras-vis where it is right: without its zoom and its normalisation."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from attribution_nets import head_on_maps, opened, picture, randomised

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget

with warnings.catch_warnings():
    # It imports from a place that SciPy gave up.
    warnings.simplefilter("ignore")
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore


@pytest.fixture(scope="module")
def pair() -> tuple[AttributionContext, Any]:
    """A context, and the Keras model without softmax behind it."""
    import keras

    layers = keras.layers
    model = randomised(head_on_maps(layers.Dense(6, activation="relu"), layers.Dense(4)), size=0.5)
    return AttributionContext(opened(model), picture()), model


def theirs(tool: Any, context: AttributionContext, **arguments: Any) -> np.ndarray:
    """One map of theirs for class 1."""
    with warnings.catch_warnings():
        # Keras remarks about how they call the model.
        warnings.simplefilter("ignore")
        return np.asarray(tool(CategoricalScore([1]), context.prepared.batch, **arguments))[0]


@pytest.mark.parametrize(("name", "tool"), [("grad-cam", Gradcam), ("layer-cam", Layercam)])
def test_maps_of_a_layer(pair: tuple[AttributionContext, Any], name: str, tool: Any) -> None:
    context, model = pair
    ours = explain(context, MapRequest(name, ScoreTarget(1))).relevance
    other = theirs(tool(model), context, penultimate_layer="maps", expand_cam=False, normalize_cam=False)
    assert other.max() > 0
    np.testing.assert_allclose(ours, other, atol=1e-6 * other.max())


def test_saliency(pair: tuple[AttributionContext, Any]) -> None:
    context, model = pair
    ours = explain(context, MapRequest("saliency", ScoreTarget(1))).relevance
    other = theirs(Saliency(model), context, keepdims=False, normalize_map=False)
    np.testing.assert_allclose(ours, other, atol=1e-6 * other.max())


def test_grad_cam_plus_plus_where_all_alphas_add_up_alike() -> None:
    """Theirs divides the α of each map by their sum, as the authors' code does and their paper does not.

    Before average and dense, α = 1/(2 + g·ΣA) is one number a map; weights that make g·ΣA = 3 for every map
    on this image make it 1/5, so that dividing by the sum 16·16/5 scales the whole map. Theirs also keeps the
    exponential of the score.
    """
    import keras

    model = randomised(head_on_maps(keras.layers.Dense(4, name="scores")))
    context = AttributionContext(opened(model), picture())
    maps = context.model.activations(context.prepared.batch, ["maps"])["maps"][0]
    totals = maps.sum(axis=(0, 1))
    alive = totals > 1
    assert alive.sum() >= 3
    scores = model.get_layer("scores")
    kernel = scores.kernel.numpy()
    kernel[:, 1] = np.where(alive, 3 * 16 * 16 / np.where(alive, totals, 1), 0)
    scores.kernel.assign(kernel)
    context = AttributionContext(context.model, picture())
    ours = explain(context, MapRequest("grad-cam++", ScoreTarget(1)))
    other = theirs(
        GradcamPlusPlus(model), context, penultimate_layer="maps", expand_cam=False, normalize_cam=False
    )
    assert np.ptp(ours.relevance) > 0.2 * ours.relevance.max()
    np.testing.assert_allclose(
        ours.relevance, other / np.exp(ours.score) * 16 * 16 / 5, atol=1e-5 * ours.relevance.max()
    )
