"""Networks mended when they were opened can be asked why, as any other: what speaks for a class adds up."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest
import test_channels_last as first
import test_keras1 as keras1
import test_odd_networks as odd
import test_renamed_weights as renamed

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]


def _of_keras_3(make: Any, folder: Path) -> OpenedModel:
    nets.random_weights(make()).save(folder / "m.keras")
    return open_model(folder / "m.keras")


def _of_keras_2(folder: Path) -> OpenedModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras as old
    renamed._written(old, renamed._row, folder / "m.keras", version="2.13.1", apart=2, slash="\\")
    return open_model(folder / "m.keras")


def _hard(folder: Path) -> OpenedModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf_keras as old

        layers = old.layers
        row = [
            old.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="hard_sigmoid"),
            layers.Reshape((6, 24)),
            layers.LSTM(4, recurrent_activation="hard_sigmoid"),
            layers.Dense(3, activation="softmax"),
        ]
        old.Sequential(row).save(folder / "m.h5")
    return open_model(folder / "m.h5")


def _described(folder: Path) -> OpenedModel:
    theirs = nets.random_weights(nets.sequential())
    (folder / "net.json").write_text(theirs.to_json(), encoding="utf-8")
    theirs.save_weights(folder / "net.weights.h5")
    return open_model(folder / "net.weights.h5")


def _of_keras_1(folder: Path) -> OpenedModel:
    config = {
        "class_name": "Sequential",
        "config": [
            keras1.conv("conv_1", "th", batch_input_shape=[None, 1, 8, 8]),
            keras1.layer("Flatten", "flatten_1"),
            keras1.dense("dense_1", 3, "softmax"),
        ],
    }
    normal = keras1.normal
    weights = {"conv_1": [normal(3, 1, 3, 2), normal(3)], "dense_1": [normal(126, 3), normal(3)]}
    keras1.write(folder / "m.h5", config, weights)
    return open_model(folder / "m.h5")


MENDED = {
    "channels first": lambda folder: _of_keras_3(first.row, folder),
    "channels first inside": lambda folder: _of_keras_3(first.inside, folder),
    "names": lambda folder: _of_keras_3(odd._spaces, folder),
    "no channels": lambda folder: _of_keras_3(odd._maps, folder),
    "Keras 2.13 on Windows": _of_keras_2,
    "hard sigmoid": _hard,
    "described": _described,
    "Keras 1": _of_keras_1,
}


@pytest.mark.parametrize("kind", MENDED)
def test_what_speaks_for_a_class_adds_up(kind: str, tmp_path: Path) -> None:
    model = MENDED[kind](tmp_path)
    picture = Image(np.random.default_rng(3).integers(0, 256, (28, 28, 3), np.uint8), "p")
    context = AttributionContext(model, picture)
    batch = context.prepared.batch
    made = explain(context, MapRequest("integrated-gradients", ScoreTarget(1), settings={"steps": 300}))
    rise = float((model.logits(batch) - model.logits(np.zeros_like(batch)))[0, 1])
    assert made.facts["score − score of the baseline"] == pytest.approx(rise, abs=1e-5)
    assert float(made.relevance.sum()) == pytest.approx(rise, abs=0.02 * max(abs(rise), 0.5))
    conv = next(row.path for row in model.layers if row.kind == "Conv2D")
    assert model.activations(batch, [conv])[conv].ndim == 4


@pytest.mark.parametrize("kind", [kind for kind in MENDED if kind != "hard sigmoid"])
def test_grad_cam_lies_over_the_image(kind: str, tmp_path: Path) -> None:
    """By hand: the last convolution's maps, weighted by the mean of their gradients."""
    import tensorflow as tf

    model = MENDED[kind](tmp_path)
    picture = Image(np.random.default_rng(3).integers(0, 256, (28, 28, 3), np.uint8), "p")
    context = AttributionContext(model, picture)
    conv = [row.path for row in model.layers if row.kind == "Conv2D"][-1]
    made = explain(context, MapRequest("grad-cam", ScoreTarget(1), layer=conv))
    slot = model.slot(conv)
    maps = tf.constant(model.activations(context.prepared.batch, [conv])[conv])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        (logits,) = model.program.run({slot: maps}, [model.head.logits])
        score = logits[0, 1]
    weights = tf.reduce_mean(tape.gradient(score, maps), (1, 2), keepdims=True)
    expected = np.maximum(np.asarray(tf.reduce_sum(weights * maps, -1))[0], 0)
    assert made.relevance.shape == expected.shape
    np.testing.assert_allclose(made.relevance, expected, atol=1e-5 * max(1, float(expected.max())))
