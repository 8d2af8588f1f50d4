"""Agreement with tf-keras-vis where it is right: without its zoom and its normalisation.

Its Grad-CAM++ divides the α of each map by their sum, as the authors' code does and their paper does not.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from attribution_nets import head_on_maps, opened, picture, randomised

from convscope.engine.seeing.attribution.explain import explain
from convscope.engine.seeing.attribution.look import Look
from convscope.engine.seeing.attribution.result import Request
from convscope.engine.seeing.attribution.target import Target

with warnings.catch_warnings():
    # It imports from a place that SciPy gave up.
    warnings.simplefilter("ignore")
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore


@pytest.fixture(scope="module")
def pair() -> tuple[Look, Any]:
    """A look, and the Keras model without softmax behind it."""
    import keras

    layers = keras.layers
    model = randomised(head_on_maps(layers.Dense(6, activation="relu"), layers.Dense(4)), size=0.5)
    return Look(opened(model), picture()), model


def theirs(tool: Any, look: Look, **arguments: Any) -> np.ndarray:
    """One map of theirs for class 1."""
    with warnings.catch_warnings():
        # Keras remarks about how they call the model.
        warnings.simplefilter("ignore")
        return np.asarray(tool(CategoricalScore([1]), look.prepared.batch, **arguments))[0]


@pytest.mark.parametrize(("name", "tool"), [("grad-cam", Gradcam), ("layer-cam", Layercam)])
def test_maps_of_a_layer(pair: tuple[Look, Any], name: str, tool: Any) -> None:
    look, model = pair
    ours = explain(look, Request(name, Target(1))).heat
    other = theirs(tool(model), look, penultimate_layer="maps", expand_cam=False, normalize_cam=False)
    assert other.max() > 0
    np.testing.assert_allclose(ours, other, atol=1e-6 * other.max())


def test_saliency(pair: tuple[Look, Any]) -> None:
    look, model = pair
    ours = explain(look, Request("saliency", Target(1))).heat
    other = theirs(Saliency(model), look, keepdims=False, normalize_map=False)
    np.testing.assert_allclose(ours, other, atol=1e-6 * other.max())
