"""What holds for every network, on flat, nested and functional ones, in float32 and in mixed precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attribution_nets import (
    SHAPES,
    head_on_maps,
    mixed,
    opened,
    picture,
    randomised,
)

from convscope.engine.interpret.attribution import gradients
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain
from convscope.engine.interpret.attribution.layers import chosen_layer
from convscope.engine.interpret.attribution.methods.integrated_gradients import points
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.sanity_checks.similarity import rank_correlation
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.samples import load_sample


@pytest.fixture(scope="module", params=[f"{name} {kind}" for name in SHAPES for kind in ("float32", "mixed")])
def network(request: pytest.FixtureRequest) -> tuple[OpenedModel, str]:
    """One network of each kind, and its last feature map's path."""
    name, kind = request.param.split()
    make, path = SHAPES[name]
    model = randomised(make() if kind == "float32" else mixed(make))
    return opened(model), path


def relevance(
    context: AttributionContext, method: str, target: ScoreTarget | None = None, **settings: Any
) -> np.ndarray:
    return explain(context, MapRequest(method, target or ScoreTarget(2), settings=settings)).relevance


def test_the_app_chooses_the_last_feature_map(network: tuple[OpenedModel, str]) -> None:
    model, path = network
    choice = chosen_layer(model)
    assert choice.path == path
    assert f"{choice.height}×{choice.width}" in choice.why


def test_before_average_and_dense_all_are_the_class_activation_map(network: tuple[OpenedModel, str]) -> None:
    """HiResCAM = Grad-CAM = XGrad-CAM = CAM/(H·W), and the values plus the bias add up to the logit."""
    model, path = network
    context = AttributionContext(model, picture())
    dense = model.keras.get_layer("scores")
    maps = model.activations(context.prepared.batch, [path])[path][0]
    kernel, bias = (np.asarray(weight.numpy(), np.float64) for weight in (dense.kernel, dense.bias))
    cam = maps.astype(np.float64) @ kernel[:, 2] / (maps.shape[0] * maps.shape[1])
    hires = explain(context, MapRequest("hires-cam", ScoreTarget(2)))
    size = np.abs(cam).max()
    np.testing.assert_allclose(hires.relevance, cam, atol=2e-6 * size)
    np.testing.assert_allclose(relevance(context, "grad-cam"), np.maximum(cam, 0), atol=2e-6 * size)
    np.testing.assert_allclose(relevance(context, "xgrad-cam"), np.maximum(cam, 0), atol=1e-5 * size)
    logit = model.logits(context.prepared.batch)[0, 2]
    assert hires.relevance.sum() + bias[2] == pytest.approx(logit, abs=1e-5)
    assert hires.score == pytest.approx(logit, abs=1e-5)


def test_a_batch_is_its_images_one_by_one(network: tuple[OpenedModel, str]) -> None:
    """Gradients are never pooled over a batch."""
    model, path = network
    slot = model.slot(path)
    weights = ScoreTarget(1).weights(model.head)
    run, others = gradients.trunk(model, slot, True)
    function = gradients.head_gradient(model, slot, others, False, True)
    prepared = np.concatenate([model.prepare(picture(seed=n)).batch for n in range(3)])
    tensors = run(*model.inputs_for(prepared))
    together = function(*tensors, weights)[0].numpy()
    for number in range(3):
        alone = function(*(tensor[number : number + 1] for tensor in tensors), weights)[0].numpy()
        np.testing.assert_array_equal(alone[0], together[number])


def test_a_difference_of_classes_is_the_difference_of_their_maps(network: tuple[OpenedModel, str]) -> None:
    context = AttributionContext(network[0], picture())
    one, other = (
        relevance(context, "hires-cam", ScoreTarget(0)),
        relevance(context, "hires-cam", ScoreTarget(3)),
    )
    both = explain(context, MapRequest("hires-cam", ScoreTarget(0, 3)))
    np.testing.assert_allclose(both.relevance, one - other, atol=1e-6)
    logits = network[0].logits(context.prepared.batch)[0]
    assert both.score == pytest.approx(logits[0] - logits[3], abs=1e-5)
    assert both.target_words == "class 0 − class 3"


def test_a_constant_on_all_logits_changes_nothing(network: tuple[OpenedModel, str]) -> None:
    """Explained is the logit and not the probability; and a context made later sees later weights."""
    model, _ = network
    dense = model.keras.get_layer("scores")
    methods = ("grad-cam", "grad-cam++", "saliency", "integrated-gradients")
    before = {method: relevance(AttributionContext(model, picture()), method) for method in methods}
    kept = dense.bias.numpy()
    try:
        dense.bias.assign(kept + 8.0)
        model.refresh()
        after = {method: relevance(AttributionContext(model, picture()), method) for method in methods}
    finally:
        dense.bias.assign(kept)
        model.refresh()
    for method in methods:
        np.testing.assert_allclose(
            after[method], before[method], atol=1e-6 * np.abs(before[method]).max(), err_msg=method
        )


@pytest.mark.parametrize(("steps", "within"), [(50, 0.02), (200, 0.005)])
def test_integrated_gradients_add_up_to_the_rise_of_the_score(
    network: tuple[OpenedModel, str], steps: int, within: float
) -> None:
    """With random biases, without which it would be trivial."""
    model, _ = network
    context = AttributionContext(model, picture())
    index = int(np.argmax(np.abs(model.logits(context.prepared.batch)[0])))
    made = explain(context, MapRequest("integrated-gradients", ScoreTarget(index), settings={"steps": steps}))
    black = np.zeros_like(context.prepared.batch)
    rise = float((model.logits(context.prepared.batch) - model.logits(black))[0, index])
    assert made.facts["score − score of the baseline"] == pytest.approx(rise, abs=1e-5)
    assert float(made.relevance.sum()) == pytest.approx(rise, abs=within * max(abs(rise), 0.5))


def test_integrated_gradients_of_a_photograph_add_up(imagenet: OpenedModel) -> None:
    """With the steps that are the default; a hundred equal steps were a fifth off here."""
    made = explain(AttributionContext(imagenet, load_sample("astronaut")), MapRequest("integrated-gradients"))
    total, rise = made.facts.values()
    assert total == pytest.approx(rise, rel=0.05)
    assert made.notes == ()


@pytest.mark.parametrize("count", [5, 100, 400])
def test_the_way_of_integrated_gradients(count: int) -> None:
    """Weights add up to 1, and integrate a straight line exactly but for the square of the step."""
    alphas, weights = points(count)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert 0 < alphas.min() < alphas.max() < 1
    assert alphas @ weights == pytest.approx(0.5, abs=0.3 / count**2)


def test_the_models_weights_and_settings_stay(network: tuple[OpenedModel, str]) -> None:
    model, _ = network
    before = [weight.numpy().copy() for weight in model.keras.weights]
    config = str(model.keras.get_config())
    names = [layer.name for layer in model.keras.layers]
    context = AttributionContext(model, picture())
    for method in ("grad-cam", "guided-backprop", "saliency", "eigen-cam"):
        relevance(context, method)
    for weight, kept in zip(model.keras.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), kept)
    assert str(model.keras.get_config()) == config
    assert [layer.name for layer in model.keras.layers] == names


def test_shuffling_the_last_layer_changes_the_map(network: tuple[OpenedModel, str]) -> None:
    model, _ = network
    before = {
        name: relevance(AttributionContext(model, picture()), name) for name in ("hires-cam", "saliency")
    }
    kernel = model.keras.get_layer("scores").kernel
    values = kernel.numpy()
    try:
        kernel.assign(np.random.default_rng(3).permutation(values.ravel()).reshape(values.shape))
        model.refresh()
        for name, kept in before.items():
            assert rank_correlation(kept, relevance(AttributionContext(model, picture()), name)) < 0.95
    finally:
        kernel.assign(values)
        model.refresh()


def test_a_linear_network_is_explained_exactly() -> None:
    """Integrated gradients = gradient·(x − x′) = each pixel's own weight; gradient × input likewise."""
    import keras

    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(3, name="scores")]
    )
    randomised(model)
    wrapped = opened(model)
    context = AttributionContext(wrapped, picture(6, 1))
    weight = model.get_layer("scores").kernel.numpy()[:, 1].reshape(6, 6)
    image = context.prepared.batch[0, ..., 0]
    np.testing.assert_allclose(relevance(context, "saliency", ScoreTarget(1)), np.abs(weight), rtol=1e-6)
    np.testing.assert_allclose(
        relevance(context, "gradient-x-input", ScoreTarget(1)), weight * image, rtol=1e-5, atol=1e-7
    )
    white = relevance(context, "integrated-gradients", ScoreTarget(1), steps=7, baseline="white")
    np.testing.assert_allclose(white, weight * (image - 1), rtol=1e-5, atol=1e-6)
    hidden = relevance(context, "occlusion", ScoreTarget(1), window=10.0, stride=100.0, fill="black")
    np.testing.assert_allclose(hidden, weight * image, rtol=1e-4, atol=1e-5)
    noisy = relevance(context, "smooth-grad", ScoreTarget(1), samples=5, noise=30.0)
    np.testing.assert_allclose(noisy, np.abs(weight), rtol=1e-5)


# Every way in which a network ends.


def test_logits_are_the_same_however_the_softmax_is_written() -> None:
    import keras

    dense, softmax = keras.layers.Dense, keras.layers.Softmax
    models = [
        head_on_maps(dense(4, activation="softmax")),
        head_on_maps(dense(4), softmax()),
        head_on_maps(dense(4)),
        head_on_maps(dense(4), keras.layers.Activation("softmax"), keras.layers.Dropout(0.5)),
        head_on_maps(dense(4, activation="sigmoid")),
        head_on_maps(dense(4, activation="log_softmax")),
        head_on_maps(dense(4, activation="softmax"), keras.layers.Reshape((2, 2)), keras.layers.Flatten()),
    ]
    maps = [
        relevance(AttributionContext(opened(randomised(model)), picture()), "hires-cam", ScoreTarget(1))
        for model in models
    ]
    for one in maps[1:]:
        np.testing.assert_allclose(one, maps[0], atol=1e-7)


def test_a_dense_layer_without_bias() -> None:
    import keras

    wrapped = opened(randomised(head_on_maps(keras.layers.Dense(4, use_bias=False, activation="softmax"))))
    context = AttributionContext(wrapped, picture())
    assert relevance(context, "hires-cam").sum() == pytest.approx(
        wrapped.logits(context.prepared.batch)[0, 2], abs=1e-5
    )


def test_one_sigmoid_tells_two_classes() -> None:
    import keras

    wrapped = opened(randomised(head_on_maps(keras.layers.Dense(1, activation="sigmoid"))))
    context = AttributionContext(wrapped, picture())
    no, yes = (explain(context, MapRequest("hires-cam", ScoreTarget(index))) for index in (0, 1))
    np.testing.assert_array_equal(no.relevance, -yes.relevance)
    assert no.score == -yes.score == wrapped.logits(context.prepared.batch)[0, 0]
    both = relevance(context, "hires-cam", ScoreTarget(1, 0))
    np.testing.assert_allclose(both, 2 * yes.relevance, rtol=1e-6)


def test_several_inputs() -> None:
    """An image and numbers beside it; the numbers are zeros, and the maps are the image's."""
    import keras

    layers = keras.layers
    image, numbers = keras.Input((16, 16, 3), name="image"), keras.Input((4,), name="numbers")
    maps = layers.Conv2D(8, 3, activation="relu", name="maps")(image)
    joined = layers.Concatenate()([layers.GlobalAveragePooling2D()(maps), layers.Dense(3)(numbers)])
    model = keras.Model([numbers, image], layers.Dense(4, activation="softmax", name="scores")(joined))
    wrapped = opened(randomised(model))
    context = AttributionContext(wrapped, picture())
    kernel = model.get_layer("scores").kernel.numpy()[:8, 2]
    cam = wrapped.activations(context.prepared.batch, ["maps"])["maps"][0] @ kernel / 14**2
    np.testing.assert_allclose(relevance(context, "hires-cam"), cam, atol=1e-6)
    assert relevance(context, "saliency").shape == (16, 16)
    made = explain(context, MapRequest("integrated-gradients", ScoreTarget(2), settings={"steps": 100}))
    total, rise = made.facts.values()
    assert total == pytest.approx(rise, abs=0.02 * max(abs(rise), 0.5))


def test_one_image_for_two_towers_that_are_one() -> None:
    """A shared layer called twice: the image goes into both, and all of its gradient counts."""
    import keras

    layers = keras.layers
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    tower = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, name="conv"), layers.Flatten()], name="tower"
    )
    joined = layers.Add()([tower(left), tower(right)])
    model = keras.Model([left, right], layers.Dense(2, name="scores")(joined))
    wrapped = opened(randomised(model))
    context = AttributionContext(wrapped, picture(8, 1))
    made = explain(
        context,
        MapRequest("integrated-gradients", ScoreTarget(0), settings={"steps": 5, "baseline": "black"}),
    )
    total, rise = made.facts.values()
    assert total == pytest.approx(rise, rel=1e-3)
    assert relevance(context, "grad-cam", ScoreTarget(0)).shape == (6, 6)


def test_a_network_that_computes_by_code_of_its_own() -> None:
    """Its logits are out of reach; differences of logarithms of probabilities are differences of logits."""
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flatten = keras.layers.Flatten()
            self.scores = keras.layers.Dense(3, name="scores")

        def call(self, x: Any) -> Any:
            return keras.ops.softmax(self.scores(self.flatten(x)))

    inputs = keras.Input((6, 6, 1))
    own = Own()
    model = keras.Model(inputs, own(inputs))
    randomised(model, size=0.1)
    context = AttributionContext(opened(model), picture(6, 1))
    made = explain(context, MapRequest("gradient-x-input", ScoreTarget(0, 2)))
    kernel = own.scores.kernel.numpy()
    weight = (kernel[:, 0] - kernel[:, 2]).reshape(6, 6)
    np.testing.assert_allclose(
        made.relevance, weight * context.prepared.batch[0, ..., 0], rtol=1e-3, atol=1e-5
    )
    assert any("logarithms" in note for note in made.notes)
