"""An opened model: one door for predicting and looking inside, without building anything twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.preprocessing import MODES, RAW, UNIT, Preprocessing
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image

pytestmark = pytest.mark.usefixtures("runtime")


def picture(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
    shape = (height, width, channels) if channels == 3 else (height, width)
    return Image(np.random.default_rng(seed).integers(0, 256, shape, np.uint8), "noise")


def opened(make: Any = nets.sequential, **how: Any) -> OpenedModel:
    return OpenedModel(nets.random_weights(make()), **how)


def test_softmax_by_hand() -> None:
    model = opened(classes=("a", "b", "c", "d", "e"))
    prediction = model.predict(picture(12, 12))
    exact = np.exp(prediction.logits - prediction.logits.max())
    np.testing.assert_allclose(prediction.probabilities, exact / exact.sum(), rtol=1e-5)
    order = [score.index for score in prediction.classes]
    assert order == list(np.argsort(-prediction.logits))
    assert prediction.classes[0].name == "abcde"[order[0]]
    assert prediction.top(2) == prediction.classes[:2]


def test_the_logits_are_those_before_softmax_also_without_bias_and_as_a_layer() -> None:
    model = opened(nets.deep)
    assert (model.head.kind, model.head.units) == ("softmax", 3)
    batch = nets.images(model.keras)[0]
    logits, probabilities = model.scores(batch)
    values = model.activations(batch, ("scores", "softmax"))
    np.testing.assert_array_equal(logits, values["scores"])
    np.testing.assert_array_equal(probabilities, values["softmax"])


def test_one_sigmoid_unit_tells_two_classes() -> None:
    model = opened(nets.nested, classes=("cat", "dog"))
    scores = model.predict(picture(12, 12)).classes
    assert {score.name for score in scores} == {"cat", "dog"}
    assert scores[0].probability + scores[1].probability == pytest.approx(1)
    assert scores[0].logit == -scores[1].logit
    assert scores[0].probability == pytest.approx(1 / (1 + np.exp(-scores[0].logit)), rel=1e-5)


def test_a_last_layer_without_softmax_gets_one_and_says_so() -> None:
    import keras

    model = opened(
        lambda: keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]),
        classes=("a", "b", "c"),
    )
    prediction = model.predict(picture(4, 4, 1))
    assert prediction.probabilities.sum() == pytest.approx(1)
    assert prediction.notes == ("The last layer has no softmax; probabilities are its softmax.",)


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        ("softmax", lambda layers: [layers.Softmax(), layers.Reshape((4,))]),
        ("softmax", lambda layers: [layers.Softmax(), layers.Permute((1,)), layers.Dropout(0.5)]),
        ("softmax", lambda layers: [layers.Reshape((1, 1, 4)), layers.Softmax(), layers.Flatten()]),
        (
            "softmax",
            lambda layers: [layers.Reshape((1, 1, 4)), layers.Softmax(), layers.GlobalAveragePooling2D()],
        ),
        (
            "sigmoid",
            lambda layers: [layers.Reshape((1, 1, 4)), layers.Activation("sigmoid"), layers.Flatten()],
        ),
        ("log_softmax", lambda layers: [layers.Activation("log_softmax")]),
        (
            "log_softmax",
            lambda layers: [layers.Reshape((1, 1, 4)), layers.Activation("log_softmax"), layers.Flatten()],
        ),
        # Two softmaxes of two numbers each are no distribution.
        ("unknown", lambda layers: [layers.Reshape((2, 2)), layers.Softmax(), layers.Flatten()]),
        (
            "unknown",
            lambda layers: [
                layers.Reshape((2, 2, 1)),
                layers.Conv2D(4, 1, activation="softmax"),
                layers.GlobalAveragePooling2D(),
            ],
        ),
    ],
)
def test_what_only_changes_the_shape_may_stand_after_the_softmax(
    kind: str, last: Callable[[Any], list[Any]]
) -> None:
    """Softmax was taken of the probabilities once more."""
    import keras

    layers = keras.layers
    rows = [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(4, name="dense"), *last(layers)]
    model = OpenedModel(nets.random_weights(keras.Sequential(rows)), classes=("a", "b", "c", "d"))
    assert model.head.kind == kind
    image = picture(4, 4, 1)
    prediction = model.predict(image)
    told = model.keras(model.prepare(image).batch, training=False).numpy()[0]
    if kind == "sigmoid":
        np.testing.assert_allclose(1 / (1 + np.exp(-prediction.logits)), told, atol=1e-6)
    elif kind == "log_softmax":
        np.testing.assert_allclose(prediction.probabilities, np.exp(told), atol=1e-6)
        raw = model.activations(model.prepare(image).batch, ["dense"])["dense"][0]
        np.testing.assert_allclose(prediction.logits, raw, atol=1e-6)
    elif told.sum() == pytest.approx(1, abs=1e-4):
        np.testing.assert_allclose(prediction.probabilities, told, atol=1e-6)
        exact = np.exp(prediction.logits - prediction.logits.max())
        np.testing.assert_allclose(exact / exact.sum(), told, atol=1e-6)
    else:
        assert prediction.probabilities.sum() == pytest.approx(1)
        assert prediction.notes == (
            "What the network puts out are no probabilities; those shown are its softmax.",
        )
        return
    assert prediction.notes == ()


@pytest.mark.parametrize("activation", ["softmax", None])
@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        ((np.inf, 0, 1), (1, 0, 0)),
        ((np.inf, 0, np.inf), (0.5, 0, 0.5)),
        ((-np.inf, 0, 0), (0, 0.5, 0.5)),
        ((3e38, 0, -3e38), (1, 0, 0)),
    ],
)
def test_infinite_logits_have_their_limit(
    activation: str | None, bias: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    prediction = _biased(bias, activation).predict(picture(4, 4, 1))
    np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
    assert prediction.classes[0].probability == max(expected)


@pytest.mark.parametrize("activation", ["softmax", None, "sigmoid"])
def test_what_is_no_number_is_said(activation: str | None) -> None:
    with pytest.raises(UserError, match=r"^biased does not put out numbers for this image \(NaN\)"):
        _biased((np.nan, 0, 0), activation).predict(picture(4, 4, 1))


def _biased(bias: tuple[float, ...], activation: str | None) -> OpenedModel:
    import keras

    layers = [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation)]
    net = keras.Sequential(layers, name="biased")
    net.layers[-1].set_weights([np.zeros((16, 3), np.float32), np.array(bias, np.float32)])
    return OpenedModel(net, classes=("a", "b", "c"))


def test_what_cannot_be_computed_is_said() -> None:
    import keras

    layers = keras.layers
    vast = keras.Sequential([keras.Input((200_000, 200_000, 3)), layers.GlobalMaxPooling2D()], name="vast")
    with pytest.raises(UserError, match=r"^This network takes images of 480 GB, more than"):
        OpenedModel(vast).predict(picture(4, 4))
    with pytest.raises(UserError, match=r"^This network takes images of 480 GB, more than"):
        OpenedModel(vast).warm()
    grown = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.UpSampling2D(90_000, name="up"), layers.GlobalMaxPooling2D()],
        name="grown",
    )
    with pytest.raises(UserError, match=r"^For one image up of grown puts out 6,221 GB"):
        OpenedModel(grown).predict(picture(4, 4))
    whole = keras.Input((8, 8, 3), dtype="int32")
    conv = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3)(whole))
    with pytest.raises(UserError, match=r"^whole cannot be computed: its layers do not fit each other"):
        OpenedModel(keras.Model(whole, conv, name="whole")).predict(picture(4, 4))
    far = [keras.Input((8, 8, 3)), layers.Conv2D(2, 1, dilation_rate=2**31), layers.GlobalMaxPooling2D()]
    with pytest.raises(UserError, match=r"^far cannot be computed: its layers do not fit each other"):
        OpenedModel(keras.Sequential(far, name="far")).predict(picture(4, 4))


def test_a_batch_size_that_was_built_in_does_not_matter() -> None:
    import keras

    layers = [keras.Input(batch_shape=(7, 8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = OpenedModel(nets.random_weights(keras.Sequential(layers)))
    batch = nets.images(model.keras, count=7)[0]
    logits = model.scores(batch)[0]
    np.testing.assert_allclose(logits, model.keras(batch), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.scores(batch[:1])[0], logits[:1], rtol=1e-5, atol=1e-5)


def test_what_tells_no_classes_or_takes_no_images_says_so() -> None:
    import keras

    with pytest.raises(UserError, match=r"^base tells no classes: it puts out 12×12×6 \(a base without"):
        opened(nets.base).predict(picture(12, 12))
    flat = OpenedModel(keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)], name="flat"))
    with pytest.raises(UserError, match=r"^flat does not take images: its input is 5\.$"):
        flat.predict(picture(5, 5))
    five = OpenedModel(keras.Sequential([keras.Input((5, 5, 5)), keras.layers.Flatten()], name="five"))
    with pytest.raises(UserError, match="takes 5 channels; an image has 1"):
        five.predict(picture(5, 5))
    with pytest.raises(UserError, match="five has no layer conv"):
        five.layer("conv")
    with pytest.raises(UserError, match="five has no layer conv"):
        five.slot("conv")


def test_several_inputs_and_outputs() -> None:
    model = opened(nets.twins)
    assert model.notes == ("It has several inputs: images go to each that takes them, zeros to the others.",)
    scores = model.predict(picture(8, 8, 1))
    # The same image on both sides leaves only the bias.
    np.testing.assert_allclose(scores.logits, model.keras.get_layer("same").bias.numpy(), atol=1e-5)
    layers = {row.path: row for row in model.layers}
    assert layers["tower@2/conv"].shared
    assert layers["tower@2/conv"].formula == "those of tower/conv"
    assert layers["difference"].inputs == ("shared", "shared@2")
    assert model.summary.totals.parameters == model.keras.count_params()


def test_freezing_is_noticed() -> None:
    model = opened(nets.nested)
    assert model.summary.totals.fixed == 0
    model.keras.layers[0].trainable = False
    model.refresh()
    assert model.summary.totals.trainable == model.keras.get_layer("top").count_params()
    assert not model.layer("base/block1_conv").trainable


def test_nothing_is_traced_twice() -> None:
    model = opened()
    for number in range(6):
        model.predict(picture(30 + number, 20 + number, seed=number))
        model.activations(model.prepare(picture(12, 12)).batch, ("conv", "pool"))
    model.scores(np.zeros((7, 12, 12, 3), np.float32))
    scores = model.function((model.head.logits, model.head.output))
    maps = model.function([model.slot("conv"), model.slot("pool")])
    assert scores.experimental_get_tracing_count() == 1
    assert maps.experimental_get_tracing_count() == 1


def test_kept_functions_are_bounded() -> None:
    model = opened()
    made = []
    for key in range(100):
        model.kept(key, lambda key=key: made.append(key) or key)
    assert model.kept(99, lambda: -1) == 99
    assert model.kept(0, lambda: -1) == -1, "the first went long ago"


def test_eight_threads_get_equal_answers() -> None:
    model = opened()
    images = [picture(12, 12, seed=seed) for seed in range(4)]
    expected = [OpenedModel(model.keras).predict(image).logits for image in images]
    wrong: list[int] = []

    def ask(offset: int) -> None:
        for turn in range(12):
            number = (turn + offset) % 4
            if not np.array_equal(model.predict(images[number]).logits, expected[number]):
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_mixed_precision_is_seen_through_an_exact_copy() -> None:
    import keras

    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu", dtype="mixed_float16", name="c")],
        name="in",
    )
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            inner,
            layers.BatchNormalization(dtype="mixed_float16"),
            layers.Flatten(),
            layers.Dense(3, dtype="mixed_float16", name="d"),
            layers.Activation("softmax", dtype="float32"),
        ]
    )
    nets.random_weights(net)
    before = net.get_layer("d").compute_dtype
    model = OpenedModel(net)
    assert "lower precision" in model.notes[0]
    assert set(model.program.dtypes) == {"float32"}
    assert net.get_layer("d").compute_dtype == before == "float16"
    batch = nets.images(net)[0]
    np.testing.assert_allclose(model.scores(batch)[1], net(batch, training=False), atol=5e-3)
    for ours, theirs in zip(model.program.steps[0].layer.weights, net.weights, strict=False):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    nets.random_weights(net, seed=9)
    model.refresh()
    np.testing.assert_allclose(model.scores(batch)[1], net(batch, training=False), atol=5e-3)


def test_a_sequential_without_input_is_opened_in_lower_precision_too() -> None:
    import keras

    layers = keras.layers
    half = keras.dtype_policies.DTypePolicy("mixed_float16")
    conv = layers.Conv2D(4, 3, activation="relu", dtype=half, name="conv")
    inner = keras.Sequential([conv, layers.MaxPooling2D(dtype=half)], name="inner")
    inner.dtype_policy = half
    rest = [layers.Flatten(dtype=half), layers.Dense(3, dtype=half), layers.Softmax(dtype="float32")]
    net = keras.Sequential([keras.Input((8, 8, 3)), inner, *rest])
    assert str(inner.inputs[0].dtype) == "float16", "as Keras makes it under this policy"
    model = OpenedModel(nets.random_weights(net))
    assert "inner/conv" in {row.path for row in model.layers}
    batch = nets.images(net)[0]
    np.testing.assert_allclose(model.scores(batch)[1], net(batch, training=False), atol=5e-3)


def test_a_model_with_code_of_its_own_is_opened_when_it_has_an_input() -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(keras.ops.mean(x, [1, 2]))

    own = Own()
    own(np.zeros((1, 8, 8, 1), np.float32))
    with pytest.raises(UserError, match=r"^own has no input shape yet: open keras\.Model\(x, own"):
        OpenedModel(own)
    image = keras.Input((8, 8, 1))
    model = OpenedModel(keras.Model(image, own(image), name="wrapped"))
    assert [row.kind for row in model.layers] == ["InputLayer", "Own"]
    assert len(model.predict(picture(8, 8, 1)).classes) == 3


def test_free_sizes_keep_the_image_as_it_is() -> None:
    import keras

    layers = keras.layers
    net = keras.Sequential(
        [keras.Input((None, None, 1)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Softmax()]
    )
    model = opened(lambda: net)
    assert model.prepare(picture(31, 17)).batch.shape == (1, 31, 17, 1)
    assert len(model.predict(picture(31, 17)).classes) == 2
    model.predict(picture(40, 9))
    assert model.summary.totals.multiply_adds is None
    assert model.summary.totals.parameters == 20


def test_preprocessing_is_guessed_from_the_first_layers() -> None:
    import keras

    layers = keras.layers
    raw = keras.Sequential([keras.Input((4, 4, 1)), layers.Rescaling(1 / 255), layers.Flatten()])
    assert OpenedModel(raw).preprocessing == RAW
    plain = OpenedModel(keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten()]))
    assert plain.preprocessing == UNIT
    other = plain.with_(preprocessing=MODES["tf"], classes=("x",))
    assert (other.preprocessing, other.classes, plain.preprocessing) == (MODES["tf"], ("x",), UNIT)
    assert other.program is plain.program


def test_the_fingerprint_changes_with_any_weight() -> None:
    model = opened()
    first = model.fingerprint()
    assert first == OpenedModel(model.keras).fingerprint()
    bias = model.keras.get_layer("scores").bias
    bias.assign(bias + 1e-6)
    assert model.fingerprint() != first


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (
            "MaxPooling2D",
            {"pool_size": 2, "padding": "same"},
            {"pool_size": 3, "strides": 2, "padding": "same"},
        ),
        ("LeakyReLU", {"negative_slope": 0.1}, {"negative_slope": 0.3}),
        ("Rescaling", {"scale": 1 / 255}, {"scale": 1 / 127.5, "offset": -1.0}),
        ("UpSampling2D", {"interpolation": "nearest"}, {"interpolation": "bilinear"}),
        (
            "DepthwiseConv2D",
            {"padding": "same", "kernel_size": 3},
            {"padding": "same", "kernel_size": 3, "dilation_rate": 2},
        ),
    ],
)
def test_the_fingerprint_changes_with_any_setting(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """With one seed, nothing else sets them apart: the maps of one were shown for those of the other."""
    import keras

    def made(settings: dict[str, Any]) -> OpenedModel:
        keras.utils.set_random_seed(4)
        layers = [keras.Input((8, 8, 3), name="image"), keras.layers.Conv2D(4, 1, name="conv")]
        layers += [getattr(keras.layers, kind)(**settings, name="other"), keras.layers.Flatten(name="flat")]
        return OpenedModel(keras.Sequential(layers))

    first, again, changed = (made(each) for each in (one, one, other))
    assert [row.shape for row in first.layers] == [row.shape for row in changed.layers]
    assert first.fingerprint() == again.fingerprint() != changed.fingerprint()
    # Frozen it computes the same.
    again.keras.trainable = False
    assert again.fingerprint() == first.fingerprint()


def test_one_forward_pass_gives_many_layers() -> None:
    model = opened(nets.nested)
    batch = nets.images(model.keras, count=3)[0]
    maps = model.activations(batch, ("base/block1_conv", "base/join", "top"))
    assert {path: value.shape for path, value in maps.items()} == {
        "base/block1_conv": (3, 12, 12, 6), "base/join": (3, 12, 12, 6), "top": (3, 1),
    }  # fmt: skip
    inner = model.keras.layers[0]
    import keras

    direct = keras.Model(inner.inputs[0], inner.get_layer("block1_conv").output)(batch)
    np.testing.assert_array_equal(maps["base/block1_conv"], direct)


def test_warming_up_traces_the_prediction() -> None:
    for make in (nets.sequential, nets.base):
        model = opened(make)
        model.warm()
        assert len(model._kept) == 1


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocessing_is_that_of_keras(mode: str) -> None:
    from keras.src.applications.imagenet_utils import preprocess_input

    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3)).astype(np.float32)
    theirs = preprocess_input(pixels.copy(), mode=mode)
    ours = MODES[mode].apply(pixels)
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    np.testing.assert_allclose(MODES[mode].undo(ours), pixels, atol=1e-3)
    assert Preprocessing.from_dict(MODES[mode].to_dict()) == MODES[mode]


def test_a_range_for_three_channels_is_refused_by_a_network_of_one() -> None:
    import keras

    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
    gray = OpenedModel(keras.Sequential(layers), name="gray")
    for mode in ("caffe", "torch"):
        with pytest.raises(UserError, match=r"^gray takes 1 channel, .* “ImageNet, .* for 3: choose"):
            gray.with_(preprocessing=MODES[mode])
    assert gray.with_(preprocessing=MODES["tf"]).preprocessing == MODES["tf"]
