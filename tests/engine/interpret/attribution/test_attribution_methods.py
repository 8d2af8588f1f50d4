"""All methods through the one door: on the shipped digits, on nets by hand, with settings and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attribution_nets import opened, picture, randomised

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.preprocessing import Preprocessing
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.explain import (
    Failure,
    cost,
    explain,
    explain_all,
    stage_maps,
    warm,
)
from convscope.engine.interpret.attribution.masking import batch_size, chunks
from convscope.engine.interpret.attribution.methods import METHODS, find_method
from convscope.engine.interpret.attribution.methods.occlusion import windows
from convscope.engine.interpret.attribution.methods.rise import masks
from convscope.engine.interpret.attribution.result import Attribution, MapRequest
from convscope.engine.interpret.attribution.target import ScoreTarget
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.samples import load_sample

# So that every method is done in moments.
QUICK: dict[str, dict[str, Any]] = {
    "smooth-grad": {"samples": 20},
    "integrated-gradients": {"steps": 20},
    "rise": {"masks": 1400},
}


@pytest.fixture(scope="module")
def seven(digits: OpenedModel) -> AttributionContext:
    """The 7 before the network for digits."""
    return AttributionContext(digits, load_sample("digit-7"))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_explains_the_seven(seven: AttributionContext, name: str) -> None:
    method = METHODS[name]
    parts: list[Attribution] = []
    fractions: list[float] = []
    task = Task(lambda fraction, text: fractions.append(fraction or 0.0), parts.append)
    made = explain(seven, MapRequest(name, settings=QUICK.get(name, {})), task)
    assert made.relevance.dtype == np.float32
    assert made.relevance.shape == ((3, 3) if method.needs_layer and name != "guided-grad-cam" else (28, 28))
    assert np.isfinite(made.relevance).all() and made.relevance.any()
    assert method.signed or made.relevance.min() >= 0 or method.offset_free
    assert made.target == ScoreTarget(7)
    assert made.target_words == ("7" if method.needs_class else "any class")
    assert made.layer == ("conv2d_2" if method.needs_layer else None)
    assert made.score == pytest.approx(seven.prediction.classes[0].logit, rel=1e-5)
    assert made.notes[:1] == ((method.warning,) if method.warning else ())
    assert made.pixels.shape == (28, 28)
    assert made.scale.high > made.scale.low
    assert fractions == sorted(fractions)
    for part in parts:
        assert part.request == made.request and part.relevance.shape == made.relevance.shape and part.done < 1
    # What takes a second with a large network shows its map while it grows.
    assert bool(parts) == (name in ("smooth-grad", "integrated-gradients", "rise"))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_described(name: str) -> None:
    method = METHODS[name]
    assert method.name == name == find_method(method.title).name
    assert method.computes.endswith(".") and method.limitations.endswith(".")
    assert 150 < len(method.about) < 600
    assert method.formula and method.paper.authors and 2012 < method.paper.year < 2025
    assert method.paper.link.startswith(("https://arxiv.org/abs/", "https://doi.org/"))
    for parameter in method.parameters:
        assert parameter.title and parameter.about
        assert parameter.checked(parameter.default, method.title) == parameter.default


@pytest.mark.parametrize(
    "name", ["grad-cam", "smooth-grad", "integrated-gradients", "occlusion", "rise", "score-cam"]
)
def test_every_method_stops_when_it_is_cancelled(seven: AttributionContext, name: str) -> None:
    task = Task(lambda fraction, text: task.cancel())
    if name == "grad-cam":
        task.cancel()
    with pytest.raises(Cancelled):
        explain(seven, MapRequest(name), task)


def test_cost_is_told_before(digits: OpenedModel, seven: AttributionContext) -> None:
    calls = []
    real = digits.scores

    def counted(batch: np.ndarray) -> Any:
        calls.append(len(batch))
        return real(batch)

    for name in ("occlusion", "score-cam", "rise"):
        request = MapRequest(name, ScoreTarget(5), settings=QUICK.get(name, {}))
        context = AttributionContext(digits, load_sample("digit-7"))
        calls.clear()
        # The context's own model, so that nothing else is counted.
        context.model = digits.with_()
        context.model.scores = counted  # type: ignore[method-assign]
        explain(context, request)
        assert sum(calls) <= cost(context, request) + 1, name
        # Score-CAM passes over maps that are the same everywhere.
        assert sum(calls) >= cost(context, request) - (32 if name == "score-cam" else 1), name
    assert cost(seven, MapRequest("grad-cam")) == 1
    assert cost(seven, MapRequest("nonsense")) == 0


def test_a_wall_comes_piece_by_piece_the_quick_ones_first(seven: AttributionContext) -> None:
    requests = [
        MapRequest("rise", settings={"masks": 100}),
        MapRequest("grad-cam", ScoreTarget(99)),
        MapRequest("grad-cam", ScoreTarget(1)),
        MapRequest("saliency"),
    ]
    parts: list[Attribution | Failure] = []
    fractions: list[float] = []
    task = Task(lambda fraction, text: fractions.append(fraction or 0.0), parts.append)
    made = explain_all(seven, requests, task)
    assert [one.request for one in made] == requests
    assert isinstance(made[1], Failure) and made[1].message.startswith("Digits convnet has classes 0 to 9")
    assert [type(one) for one in made].count(Attribution) == 3
    assert [one.request.method for one in parts] == ["grad-cam", "grad-cam", "saliency", "rise"]
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1)


def test_a_strip_is_grad_cam_at_every_resolution(seven: AttributionContext) -> None:
    made = stage_maps(seven, ScoreTarget(7))
    assert [(one.layer, one.relevance.shape) for one in made] == [
        ("conv2d", (26, 26)),
        ("conv2d_1", (11, 11)),
        ("conv2d_2", (3, 3)),
    ]
    for one in made:
        alone = explain(seven, MapRequest("grad-cam", ScoreTarget(7), one.layer))
        np.testing.assert_allclose(one.relevance, alone.relevance, atol=1e-6)
        assert one.score == pytest.approx(alone.score, rel=1e-5)


def test_warming_up_traces_what_the_first_clicks_need(digits: OpenedModel) -> None:
    import keras

    model = opened(digits.keras)
    warm(model)
    traced = set(model._kept)
    context = AttributionContext(model, load_sample("digit-7"))
    explain(context, MapRequest("grad-cam"))
    stage_maps(context)
    assert set(model._kept) == traced
    # A model that cannot be explained is left alone.
    warm(opened(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])))


def test_a_silent_map_says_so(seven: AttributionContext) -> None:
    made = explain(seven, MapRequest("grad-cam", ScoreTarget(7), "conv2d"))
    assert not made.relevance.any()
    assert made.notes == ("The map is 0 everywhere: nothing in this layer speaks for it by this method.",)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (MapRequest("gradcam2"), "There is no method gradcam2"),
        (MapRequest("grad-cam", ScoreTarget(10)), "Digits convnet has classes 0 to 9: there is no class 10."),
        (MapRequest("grad-cam", ScoreTarget(1, 1)), "A class minus itself is 0 everywhere"),
        (MapRequest("grad-cam", layer="dense"), "dense cannot explain the decision"),
        (MapRequest("grad-cam", layer="nothing"), "Digits convnet has no layer nothing."),
        (MapRequest("grad-cam", settings={"steps": 3}), "Grad-CAM has no setting steps: it has none."),
        (MapRequest("rise", settings={"masks": 1}), "RISE: masks is a whole number from 50 to 8000, not 1."),
        (MapRequest("rise", settings={"masks": 99.5}), "RISE: masks is a whole number"),
        (MapRequest("rise", settings={"masks": "many"}), "RISE: masks is a whole number"),
        (MapRequest("occlusion", settings={"fill": "pink"}), "Occlusion: fill is one of black, gray, white"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    seven: AttributionContext, request_: MapRequest, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        explain(seven, request_)
    assert caught.value.message.startswith(sentence)


def test_methods_are_found_however_they_are_written() -> None:
    for text in ("Grad-CAM++", "gradcam++", "grad cam plusplus", "GRADCAMPLUSPLUS"):
        assert find_method(text).name == "grad-cam++"
    assert find_method("guided backprop").name == "guided-backprop"


# By hand.


def test_guided_backpropagation_by_hand() -> None:
    """Two hidden units on one pixel: z = 1·ReLU(2x) − 3·ReLU(x), x = 1.

    The plain gradient is 2 − 3 = −1. The second unit's upstream gradient is negative, and is cut: 2 is left.
    As a layer of its own the ReLU must do the same; its upper bound of 6 stops gradients too.
    """
    import keras

    layers = keras.layers
    fused = [layers.Dense(2, activation="relu", use_bias=False, name="hidden")]
    alone = [layers.Dense(2, use_bias=False, name="hidden"), layers.ReLU()]
    function = [layers.Dense(2, use_bias=False, name="hidden"), layers.Activation("relu6")]
    white = Image(np.full((1, 1), 255, np.uint8), "white")
    for middle in (fused, alone, function):
        model = keras.Sequential(
            [
                keras.Input((1, 1, 1)),
                layers.Flatten(),
                *middle,
                layers.Dense(2, use_bias=False, name="scores"),
            ]
        )
        model.get_layer("hidden").kernel.assign([[2.0, 1.0]])
        model.get_layer("scores").kernel.assign([[1.0, 0.0], [-3.0, 1.0]])
        context = AttributionContext(opened(model), white)
        assert explain(context, MapRequest("saliency", ScoreTarget(0))).relevance[0, 0] == pytest.approx(1)
        assert explain(context, MapRequest("guided-backprop", ScoreTarget(0))).relevance[
            0, 0
        ] == pytest.approx(2)
    # The second unit's 7·1 is over 6 now: only the first one's 2 passes.
    model.get_layer("hidden").kernel.assign([[2.0, 7.0]])
    model.get_layer("scores").kernel.assign([[1.0, 0.0], [5.0, 1.0]])
    assert explain(
        AttributionContext(opened(model), white), MapRequest("guided-backprop", ScoreTarget(0))
    ).relevance[0, 0] == pytest.approx(2)


def test_guided_backpropagation_says_what_is_no_relu() -> None:
    import keras

    layers = keras.layers
    model = randomised(
        keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                layers.Conv2D(4, 3, activation="silu"),
                layers.Flatten(),
                layers.Dense(2, name="scores"),
            ]
        )
    )
    context = AttributionContext(opened(model), picture(8))
    guided, plain = (
        explain(context, MapRequest(name, ScoreTarget(0))) for name in ("guided-backprop", "saliency")
    )
    np.testing.assert_allclose(guided.relevance, plain.relevance, atol=1e-7)
    assert guided.notes[-1] == "It is defined for ReLU; silu pass their ordinary gradient."


def test_guided_grad_cam_is_the_product(seven: AttributionContext) -> None:
    from convscope.imaging.overlay import upsample

    coarse, fine, both = (
        explain(seven, MapRequest(name)).relevance
        for name in ("grad-cam", "guided-backprop", "guided-grad-cam")
    )
    np.testing.assert_allclose(both, fine * upsample(coarse, 28, 28), rtol=1e-6)


def test_score_cam_by_hand() -> None:
    """One convolution that copies red and green; the score is the mean of red minus that of green.

    Red alone rises the score by the mean of red², green alone lowers it by that of green².
    """
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((2, 2, 3)),
            layers.Conv2D(2, 1, use_bias=False, name="copy"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, use_bias=False, name="scores"),
        ]
    )
    model.get_layer("copy").kernel.assign(np.eye(3)[None, None, :, :2])
    model.get_layer("scores").kernel.assign([[1.0, 0.0], [-1.0, 0.0]])
    red, green = np.array([[0, 85], [170, 255]]), np.array([[255, 0], [0, 0]])
    image = Image(np.stack([red, green, np.zeros((2, 2))], axis=-1).astype(np.uint8), "by hand")
    made = explain(AttributionContext(opened(model), image), MapRequest("score-cam", ScoreTarget(0)))
    red, green = red / 255, green / 255
    rises = np.array(
        [(red * red).mean() - (red * green).mean(), (green * red).mean() - (green * green).mean()]
    )
    shares = np.exp(rises) / np.exp(rises).sum()
    np.testing.assert_allclose(made.relevance, shares[0] * red + shares[1] * green, atol=1e-5)
    assert made.facts == {"channels used": 2.0}


def test_score_cam_of_the_strongest_channels_only(seven: AttributionContext) -> None:
    made = explain(seven, MapRequest("score-cam", settings={"channels": 16}))
    assert made.facts == {"channels used": 16.0}


def test_occlusion_windows() -> None:
    assert windows(10, 30.0, 100.0) == (3, [0, 3, 6, 7])
    assert windows(10, 20.0, 50.0) == (2, list(range(9)))
    assert windows(3, 100.0, 100.0) == (3, [0])
    assert windows(1, 2.0, 5.0) == (1, [0])


def test_rise_masks_keep_what_they_say() -> None:
    made = masks(400, (30, 44), 7, 0.3, np.random.default_rng(0))
    assert made.shape == (400, 30, 44)
    assert made.min() >= 0 and made.max() <= 1
    # Every pixel is seen equally often, the borders too.
    np.testing.assert_allclose(made.mean(axis=0), 0.3, atol=0.12)
    assert made.mean() == pytest.approx(0.3, abs=0.01)


def test_rise_finds_the_pixels_that_count() -> None:
    """A network that adds up one quarter of the image: only that quarter is warm."""
    import keras

    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, name="scores")]
    )
    kernel = np.zeros((8, 8, 2))
    kernel[:4, 4:, 0] = 1
    model.get_layer("scores").kernel.assign(kernel.reshape(64, 2))
    context = AttributionContext(opened(model), Image(np.full((8, 8), 255, np.uint8), "white"))
    request = MapRequest("rise", ScoreTarget(0), settings={"masks": 3000, "grid": 4})
    made = explain(context, request)
    inside, outside = made.relevance[:4, 4:].mean(), made.relevance[4:, :4].mean()
    # E[f·m]/E[m]: 16·p where the pixel does not count.
    assert outside == pytest.approx(8, rel=0.03)
    assert inside > 1.05 * outside
    np.testing.assert_array_equal(explain(context, request).relevance, made.relevance)
    other = explain(
        context, MapRequest("rise", ScoreTarget(0), settings={"masks": 3000, "grid": 4, "seed": 1})
    )
    assert not np.array_equal(other.relevance, made.relevance)


def test_smooth_grad_without_noise_is_saliency(seven: AttributionContext) -> None:
    smooth = explain(seven, MapRequest("smooth-grad", settings={"noise": 0, "samples": 3}))
    np.testing.assert_allclose(
        smooth.relevance, explain(seven, MapRequest("saliency")).relevance, rtol=1e-5, atol=1e-7
    )


def test_pieces() -> None:
    assert [(part.start, part.stop) for part in chunks(5, 2)] == [(0, 2), (2, 4), (4, 5)]


def test_small_images_go_through_in_large_batches(seven: AttributionContext) -> None:
    assert batch_size(seven) == 256


# What has no gradient, no layer, no classes.


def test_a_network_without_a_spatial_layer(digits: OpenedModel) -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Rescaling(2.0), layers.Flatten(), layers.Dense(3, name="scores")],
        name="perceptron",
    )
    context = AttributionContext(opened(randomised(model)), picture(8, 1))
    for work in (lambda: explain(context, MapRequest("grad-cam")), lambda: stage_maps(context)):
        with pytest.raises(UserError, match="perceptron has no layer whose maps lie over the image"):
            work()
    assert explain(context, MapRequest("occlusion", ScoreTarget(0))).relevance.shape == (8, 8)


def test_a_network_without_classes() -> None:
    import keras

    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)], name="base")
    with pytest.raises(UserError, match="base tells no classes"):
        AttributionContext(opened(model), picture(8, 1))


def test_a_network_of_whole_numbers_has_no_gradient() -> None:
    import keras

    layers = keras.layers
    inputs = keras.Input((8, 8, 1), dtype="uint8")
    maps = layers.Conv2D(2, 3, name="maps")(layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, layers.Dense(3, name="scores")(layers.GlobalAveragePooling2D()(maps)))
    context = AttributionContext(
        opened(randomised(model), Preprocessing((1.0,), (0.0,), name="raw")), picture(8, 1)
    )
    with pytest.raises(UserError, match="whole numbers, which have no gradient"):
        explain(context, MapRequest("saliency", ScoreTarget(0)))
    # The maps inside are numbers like any other.
    assert explain(context, MapRequest("hires-cam", ScoreTarget(0))).relevance.shape == (6, 6)
    assert stage_maps(context, ScoreTarget(0))[0].relevance.shape == (6, 6)


def test_a_network_that_overflows_says_so() -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(1, 1, name="maps"),
            layers.Flatten(),
            layers.Dense(2, name="scores"),
        ]
    )
    for weight in model.weights:
        weight.assign(np.full(weight.shape, 3e38))
    with pytest.raises(UserError, match="overflows on this image"):
        explain(AttributionContext(opened(model), picture(4, 1)), MapRequest("hires-cam", ScoreTarget(0)))
    # As after a training that failed.
    for weight in model.weights:
        weight.assign(np.full(weight.shape, np.nan))
    context = AttributionContext(opened(model), picture(4, 1))
    for method in ("grad-cam", "eigen-cam", "score-cam"):
        with pytest.raises(UserError, match="overflows on this image"):
            explain(context, MapRequest(method, ScoreTarget(0)))
    assert stage_maps(context, ScoreTarget(0)) == ()
