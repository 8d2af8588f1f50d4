"""Explaining against a bare forward pass, tf-keras-vis and Keras's own tutorial, on two networks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import explain, stage_maps
from convscope.engine.interpret.attribution.layers import LayerChoice, chosen_layer, stages, usable_layers
from convscope.engine.interpret.attribution.methods.eigen_cam import eigen_cam
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample
from tests.benchmarks.apart import resident
from tests.benchmarks.registry import Case, Reading, benchmark

NETWORKS = ("MobileNetV2", "imagenet")


@cache
def network(name: str, small: bool) -> OpenedModel:
    """The network at 224×224; the shipped digits for the tests."""
    start()
    return open_model("digits" if small else name)


def photographs(small: bool) -> list[Image]:
    """Pictures of the networks' own size, so that only explaining is timed."""
    size = 28 if small else 224
    pixels = [load_sample(name).pixels[:size, :size] for name in ("cat", "coffee", "rocket")]
    return [Image(np.ascontiguousarray(one), f"photograph {n}") for n, one in enumerate(pixels)]


def bare(model: OpenedModel, batch: NDArray[np.float32]) -> Callable[[], Any]:
    """One forward pass of a kept `tf.function` over Keras's own call, from a tensor at hand to NumPy."""
    import tensorflow as tf

    keras_model = model.keras
    shape = [None, *batch.shape[1:]]

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def forward(x: Any) -> Any:
        return keras_model(x, training=False)

    tensor = tf.convert_to_tensor(batch)
    return lambda: forward(tensor).numpy()


def last_feature_map(model: OpenedModel) -> Any:
    """The layer that ours chooses, as Keras has it."""
    import keras

    layer = model.keras.get_layer(chosen_layer(model).path)
    assert isinstance(layer, keras.Layer)
    return layer


def linear(model: OpenedModel) -> Any:
    """A model with the same weights whose last layer has no softmax, as the other tools want it."""
    import keras

    copy = keras.models.clone_model(model.keras)
    copy.set_weights(model.keras.get_weights())
    copy.layers[-1].activation = keras.activations.linear
    return copy


def tutorial(model: Any, layer: Any, batch: NDArray[np.float32], index: int) -> NDArray[np.float32]:
    """keras.io/examples/vision/grad_cam, line by line, but for the division by the map's maximum."""
    import keras
    import tensorflow as tf

    grad_model = keras.models.Model(model.inputs, [layer.output, model.outputs[0]])
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(batch)
        class_channel = preds[:, index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = tf.reduce_mean(grads, axis=(0, 1, 2))
    last_conv_layer_output = last_conv_layer_output[0]
    heatmap = last_conv_layer_output @ pooled_grads[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    return np.asarray(tf.maximum(heatmap, 0).numpy())


def quiet(work: Callable[[], NDArray[np.float32]]) -> Callable[[], NDArray[np.float32]]:
    """Without what Keras remarks about how the other tools call their models."""

    def silent() -> NDArray[np.float32]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()

    return silent


def close(ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    """Equal to 1e-4 of the largest value."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * float(np.abs(theirs).max() or 1))


def ours_in_turn(model: OpenedModel, small: bool, index: int) -> Callable[[], NDArray[np.float32]]:
    """Grad-CAM of a picture that was not seen just before, from its pixels to the map."""
    images = cycle(photographs(small))
    return lambda: (
        explain(AttributionContext(model, next(images)), MapRequest("grad-cam", ScoreTarget(index))).relevance
    )


def same_image(model: OpenedModel, small: bool, index: int) -> Callable[[], NDArray[np.float32]]:
    """The same for one picture, as far as nothing of it is kept."""
    image = photographs(small)[0]
    return lambda: (
        explain(AttributionContext(model, image), MapRequest("grad-cam", ScoreTarget(index))).relevance
    )


def new_image(name: str) -> Callable[[bool], Case]:
    """A new image against a bare forward pass."""

    def make(small: bool) -> Case:
        model = network(name, small)
        batch = model.prepare(photographs(small)[0]).batch

        def check(relevance: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
            assert relevance.ndim == 2 and relevance.min() >= 0
            np.testing.assert_allclose(probabilities, model.scores(batch)[1], atol=1e-5)

        return Case(ours=ours_in_turn(model, small, 7), reference=bare(model, batch), check=check)

    return make


def other_class(name: str) -> Callable[[bool], Case]:
    """Another class on the same image against a bare forward pass."""

    def make(small: bool) -> Case:
        model = network(name, small)
        image = photographs(small)[0]
        context = AttributionContext(model, image)
        count = model.head.classes
        indices = cycle(range(count))
        explain(context, MapRequest("grad-cam", ScoreTarget(0)))

        def check(relevance: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
            fresh = explain(AttributionContext(model, image), MapRequest("grad-cam", ScoreTarget(0)))
            close(relevance, fresh.relevance)
            assert probabilities.shape == (1, count)

        return Case(
            ours=lambda: explain(context, MapRequest("grad-cam", ScoreTarget(next(indices)))).relevance,
            reference=bare(model, context.prepared.batch),
            check=check,
        )

    return make


def other_class_early(name: str) -> Callable[[bool], Case]:
    """Another class at the second stage of the strip, against a bare forward pass."""

    def make(small: bool) -> Case:
        model = network(name, small)
        image = photographs(small)[0]
        context = AttributionContext(model, image)
        path = stages(model)[1].path
        indices = cycle(range(model.head.classes))
        stage_maps(context, ScoreTarget(0))
        explain(context, MapRequest("grad-cam", ScoreTarget(0), path))

        def check(relevance: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
            close(
                relevance,
                explain(
                    AttributionContext(model, image), MapRequest("grad-cam", ScoreTarget(0), path)
                ).relevance,
            )
            assert probabilities.shape == (1, model.head.classes)

        return Case(
            ours=lambda: explain(context, MapRequest("grad-cam", ScoreTarget(next(indices)), path)).relevance,
            reference=bare(model, context.prepared.batch),
            check=check,
        )

    return make


def against_tutorial(name: str) -> Callable[[bool], Case]:
    """A new image against the tutorial's function."""

    def make(small: bool) -> Case:
        model = network(name, small)
        batch = model.prepare(photographs(small)[0]).batch
        copy = linear(model)
        layer = copy.get_layer(last_feature_map(model).name)
        return Case(
            ours=same_image(model, small, 7),
            reference=quiet(lambda: tutorial(copy, layer, batch, 7)),
            check=close,
        )

    return make


def against_tf_keras_vis(name: str) -> Callable[[bool], Case]:
    """A new image against tf-keras-vis, which is kept too."""

    def make(small: bool) -> Case:
        with warnings.catch_warnings():
            # It imports from a place that SciPy gave up.
            warnings.simplefilter("ignore")
            from tf_keras_vis.gradcam import Gradcam
            from tf_keras_vis.utils.scores import CategoricalScore

        model = network(name, small)
        batch = model.prepare(photographs(small)[0]).batch
        copy = linear(model)
        theirs = Gradcam(copy, clone=False)
        arguments = {
            "penultimate_layer": last_feature_map(model).name,
            "expand_cam": False,
            "normalize_cam": False,
        }
        return Case(
            ours=same_image(model, small, 7),
            reference=quiet(lambda: np.asarray(theirs(CategoricalScore([7]), batch, **arguments))[0]),
            check=close,
        )

    return make


for _name in NETWORKS:
    benchmark(f"Grad-CAM of a new image, {_name}", target="≤ 1.5 × a bare forward pass", most=1.5)(
        new_image(_name)
    )
    benchmark(f"Grad-CAM of another class, {_name}", target="≤ 0.15 × a bare forward pass", most=0.15)(
        other_class(_name)
    )
    benchmark(
        f"Grad-CAM of another class at an early stage, {_name}", target="≤ 3 × a bare forward pass", most=3
    )(other_class_early(_name))
    benchmark(f"Grad-CAM of a new image, {_name}", target="≥ 8 × faster than tf-keras-vis", most=1 / 8)(
        against_tf_keras_vis(_name)
    )
    benchmark(f"Grad-CAM of a new image, {_name}", target="≥ 10 × faster than Keras's tutorial", most=1 / 10)(
        against_tutorial(_name)
    )


def eigen(size: int, channels: int) -> Callable[[bool], Case]:
    """Eigen-CAM of maps at hand."""

    def make(small: bool) -> Case:
        side = 6 if small else size
        random = np.random.default_rng(0).normal(size=(side, side, channels))
        maps = np.maximum(random, 0).astype(np.float32)

        def check(relevance: NDArray[np.float32]) -> None:
            u, s, _ = np.linalg.svd(maps.reshape(-1, channels), full_matrices=False)
            np.testing.assert_allclose(np.abs(relevance.ravel()), np.abs(u[:, 0] * s[0]), atol=1e-3 * s[0])

        return Case(ours=lambda: eigen_cam(maps), check=check)

    return make


for _size, _channels in ((56, 16), (56, 64), (112, 32)):
    benchmark(f"Eigen-CAM beyond its forward pass, {_size}×{_size}×{_channels}", target="≤ 2 ms", most=2)(
        eigen(_size, _channels)
    )


@benchmark("Eigen-CAM of a layer of the shipped network, forward pass done", target="≤ 2 ms", most=2)
def eigen_of_a_layer(small: bool) -> Case:
    """With finding the layer and its kept maps, at the first 56×56 layer (24 channels)."""
    model = network("imagenet", small)
    context = AttributionContext(model, photographs(small)[0])
    path = "conv2d" if small else "block2a_project_bn"
    request = MapRequest("eigen-cam", ScoreTarget(0), path)
    slot = model.program.shapes[model.slot(path)]
    layer = LayerChoice(path, slot[1], slot[2], int(slot[3] or 0))

    def check(relevance: NDArray[np.float32]) -> None:
        close(relevance, eigen_cam(context.maps(layer)))

    explain(context, request)
    return Case(ours=lambda: explain(context, request).relevance, check=check)


@benchmark("200 maps over layers, classes and methods, imagenet", target="< 20 MB of growth", most=20)
def growth(small: bool) -> Reading:
    """Of resident memory, after every method was used once and a few layers."""
    model = network("imagenet", small)
    context = AttributionContext(model, photographs(small)[0])
    every = usable_layers(model)
    paths = [layer.path for layer in every[:: max(1, len(every) // 12)]]
    methods = ("grad-cam", "layer-cam", "hires-cam", "eigen-cam", "xgrad-cam", "saliency", "guided-backprop")

    def click(number: int) -> None:
        target = ScoreTarget(37 * number % model.head.classes)
        method = methods[number % len(methods)]
        explain(context, MapRequest(method, target, paths[5 * number % len(paths)]))

    for number in range(7 if small else 40):
        click(number)
    before = resident()
    for number in range(7 if small else 200):
        click(number + 3)
    return Reading(max(0.0, resident() - before), "MB")
