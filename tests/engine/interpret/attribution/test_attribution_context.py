"""What is kept, what is chosen, and how classes are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attribution_nets import head_on_maps, nested, opened, picture, randomised

from convscope.core.errors import UserError
from convscope.engine.interpret.attribution import gradients
from convscope.engine.interpret.attribution.context import AttributionContext, _bytes
from convscope.engine.interpret.attribution.explain import explain, stage_maps
from convscope.engine.interpret.attribution.layers import (
    chosen_layer,
    stages,
    usable_layers,
)
from convscope.engine.interpret.attribution.result import MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget, find_class
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program import Program
from convscope.imaging.samples import load_sample


def test_another_class_does_not_go_through_the_trunk_again(
    digits: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    real = gradients.trunk

    def counting(model: OpenedModel, slot: int, compiled: bool) -> object:
        function, others = real(model, slot, compiled)

        def counted(*tensors: object) -> list[object]:
            passes.append(slot)
            return function(*tensors)

        return counted, others

    monkeypatch.setattr(gradients, "trunk", counting)
    context = AttributionContext(digits, load_sample("digit-3"))
    maps = [explain(context, MapRequest("grad-cam", ScoreTarget(index))).relevance for index in range(10)]
    for method in ("hires-cam", "layer-cam", "eigen-cam"):
        explain(context, MapRequest(method, ScoreTarget(3)))
    assert len(passes) == 1
    assert not np.array_equal(maps[3], maps[8])
    # And what came from the kept maps is what a fresh context finds.
    np.testing.assert_array_equal(
        explain(
            AttributionContext(digits, load_sample("digit-3")), MapRequest("grad-cam", ScoreTarget(8))
        ).relevance,
        maps[8],
    )


def test_another_class_at_a_chosen_layer_computes_what_comes_after_it_alone(
    digits: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bound: the steps from the layer to the logits there and back, once for all methods of a class."""
    computed: list[str] = []
    real = Program.run

    def counting(program: Program, feeds: Any, fetch: Any, wrap: Any = None) -> list[Any]:
        computed.extend(step.path for step in program.needed(fetch, tuple(feeds)))
        return real(program, feeds, fetch, wrap)

    context = AttributionContext(digits, load_sample("digit-3"), digits.predict(load_sample("digit-3")))
    after = ["conv2d_1", "conv2d_1", "max_pooling2d_1", "conv2d_2", "conv2d_2", "flatten", "dense", "dense"]
    after.append("dense_1")
    monkeypatch.setattr(Program, "run", counting)
    explain(context, MapRequest("grad-cam", ScoreTarget(3), "max_pooling2d"))
    assert computed[-len(after) :] == after and computed[0] == "conv2d"
    computed.clear()
    for method in ("hires-cam", "layer-cam", "grad-cam++", "xgrad-cam", "eigen-cam"):
        explain(context, MapRequest(method, ScoreTarget(3), "max_pooling2d"))
    assert computed == []
    for method in ("grad-cam", "hires-cam"):
        explain(context, MapRequest(method, ScoreTarget(8), "max_pooling2d"))
    assert computed == after


def test_a_stage_of_the_strip_is_explained_by_its_compiled_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage clicked on the strip computes nothing step by step, and what it computes is the same."""
    model, image = open_model("digits"), load_sample("digit-3")
    request = MapRequest("hires-cam", ScoreTarget(8, 3), "conv2d_1")
    alone = explain(AttributionContext(model, image), request)
    stage_maps(AttributionContext(model, image), ScoreTarget(3))
    context = AttributionContext(model, image)
    monkeypatch.setattr(Program, "run", lambda *_args, **_options: pytest.fail("step by step"))
    made = explain(context, request)
    np.testing.assert_allclose(made.relevance, alone.relevance, atol=1e-5 * np.abs(alone.relevance).max())
    assert made.score == pytest.approx(alone.score, rel=1e-5)


def test_all_stages_of_a_class_are_one_pass_there_and_back(
    digits: OpenedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    real = gradients.stage_gradients

    def counting(model: OpenedModel, slots: Any, log: bool) -> Any:
        function = real(model, slots, log)

        def counted(*tensors: Any) -> Any:
            passes.append(len(slots))
            return function(*tensors)

        return counted

    monkeypatch.setattr(gradients, "stage_gradients", counting)
    context = AttributionContext(digits, load_sample("digit-3"), digits.predict(load_sample("digit-3")))
    assert len(stage_maps(context, ScoreTarget(3))) == 3
    assert passes == [3]


def test_clicks_keep_some_megabytes_and_compile_nothing(imagenet: OpenedModel) -> None:
    """Another layer is taken step by step: a pair of compiled functions for each would take gigabytes."""
    context = AttributionContext(imagenet, load_sample("coffee"))
    explain(context, MapRequest("grad-cam", ScoreTarget(0)))
    compiled = len(imagenet._kept)
    for layer in stages(imagenet):
        explain(context, MapRequest("layer-cam", ScoreTarget(1), layer.path))
    assert len(imagenet._kept) == compiled
    kept = sum(_bytes(value) for value in context._kept.values())
    assert kept <= 8 << 20 or len(context._kept) == 1


def test_a_prediction_at_hand_is_not_made_again(digits: OpenedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    image = load_sample("digit-3")
    prediction = digits.predict(image)
    context = AttributionContext(digits, image, prediction)
    monkeypatch.setattr(type(digits), "predict", lambda *_: pytest.fail("predicted again"))
    assert context.top() == ScoreTarget(3)


def test_the_layers_of_a_nested_network(runtime: None) -> None:
    model = opened(randomised(nested()))
    assert [(one.path, one.size) for one in usable_layers(model)] == [
        ("base/conv1", "16×16"),
        ("base/norm1", "16×16"),
        ("base/relu1", "16×16"),
        ("base/halve", "8×8"),
        ("base/conv2", "8×8"),
        ("base/join", "8×8"),
        ("base/maps", "8×8"),
    ]
    assert [one.path for one in stages(model)] == ["base/relu1", "base/maps"]
    assert chosen_layer(model).why.startswith("The last convolutional feature map, 8×8 with 6 channels")


def test_the_layers_of_the_shipped_network(imagenet: OpenedModel) -> None:
    """The last map is 7×7×1280, after normalisation and activation; the strip has five resolutions."""
    choice = chosen_layer(imagenet)
    assert (choice.path, choice.size, choice.channels) == ("top_relu6", "7×7", 1280)
    assert [one.size for one in stages(imagenet)] == ["112×112", "56×56", "28×28", "14×14", "7×7"]


def test_vgg16s_layer_is_that_of_the_lectures(runtime: None) -> None:
    """block5_conv3 of 14×14, not the pooling after it."""
    from convscope.engine.models.library.catalogue import open_model

    model = open_model("VGG16", input_shape=(32, 32, 3), include_top=False)
    import keras

    layers = keras.layers
    whole = keras.Sequential([keras.Input((32, 32, 3)), model.keras, layers.Flatten(), layers.Dense(2)])
    assert chosen_layer(opened(whole)).path.endswith("/block5_conv3")


def test_what_passes_maps_on_is_no_feature_map(runtime: None) -> None:
    """Dropout and noise put out what they take: the layer that is named made the maps."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 3, name="maps"),
            layers.SpatialDropout2D(0.5),
            layers.GaussianNoise(0.1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    assert chosen_layer(opened(model)).path == "maps"
    assert [one.path for one in stages(opened(model))] == ["maps"]


def test_a_pooling_layer_may_be_chosen_by_hand(digits: OpenedModel) -> None:
    context = AttributionContext(digits, load_sample("digit-3"))
    assert explain(context, MapRequest("grad-cam", ScoreTarget(3), "max_pooling2d_1")).relevance.shape == (
        5,
        5,
    )


def test_a_network_of_any_size(runtime: None) -> None:
    import keras

    model = opened(randomised(head_on_maps(keras.layers.Dense(3), shape=(None, None, 3))))
    assert chosen_layer(model).size == "?×?"
    for size in (16, 23):
        assert explain(
            AttributionContext(model, picture(size)), MapRequest("grad-cam", ScoreTarget(0))
        ).relevance.shape == (size, size)


def test_target_words_and_weights(digits: OpenedModel, imagenet: OpenedModel) -> None:
    assert ScoreTarget(967, 504).words(imagenet) == "espresso − coffee mug"
    weights = ScoreTarget(2, 5).weights(digits.head)
    assert weights.tolist() == [0, 0, 1, 0, 0, -1, 0, 0, 0, 0]
    logits = np.array([[0.0, 3.0, 1.0]], np.float32)
    assert ScoreTarget(1, 2).score(logits).tolist() == [2.0]
    # If only these two classes were there.
    assert ScoreTarget(1, 2).probability(logits, logits)[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_classes_are_found_by_number_name_and_part(imagenet: OpenedModel) -> None:
    assert find_class(imagenet, "281") == 281
    assert find_class(imagenet, "Tabby") == 281
    assert find_class(imagenet, "egyptian_cat") == 285
    assert find_class(imagenet, "espresso") == 967
    assert find_class(imagenet, "bookshop") == find_class(imagenet, "454")
    for text, words in (
        ("retriever", "Several classes are called like retriever: choose one of 205"),
        ("tabbi", "has no class called tabbi (did you mean tabby"),
        ("1000", "has classes 0 to 999: there is no class 1000."),
        ("", "Name a class of EfficientNet-Lite0, or give its number: 0 to 999."),
    ):
        with pytest.raises(UserError, match=words.replace("(", r"\(")):
            find_class(imagenet, text)
