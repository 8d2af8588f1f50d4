"""The exact sum behind a value, kind after kind with its odd settings: maps 5×7×6, tables 7×6, vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_breakdown import agree, filled, noise

from convscope.core.errors import UserError
from convscope.engine.interpret.activations.activations import Activations, look
from convscope.engine.interpret.activations.layer_maps import layer_maps
from convscope.engine.interpret.breakdown.base import Breakdown
from convscope.engine.interpret.breakdown.explain import explain
from convscope.engine.models.opened import OpenedModel
from convscope.engine.runtime import start

start()

from keras import Input, Model, layers, ops  # noqa: E402 - after the engine has set TensorFlow up

Made = Callable[[Any], Any]

MAPS: dict[str, Made] = {
    "bilinear": layers.UpSampling2D((2, 3), interpolation="bilinear"),
    "bicubic": layers.UpSampling2D(3, interpolation="bicubic"),
    "lanczos": layers.UpSampling2D(2, interpolation="lanczos3"),
    "resized": layers.Resizing(3, 11, interpolation="bilinear"),
    "resized_smooth": layers.Resizing(2, 3, interpolation="bilinear", antialias=True),
    "resized_nearest": layers.Resizing(4, 9, interpolation="nearest"),
    "cut_from_the_middle": layers.CenterCrop(3, 4),
    "grown_even": layers.Conv2DTranspose(3, 4, strides=3, padding="same"),
    "grown_dilated": layers.Conv2DTranspose(3, 3, dilation_rate=2, padding="same", activation="relu"),
    "grown_dilated_valid": layers.Conv2DTranspose(3, (2, 3), dilation_rate=2),
    "grown_padded": layers.Conv2DTranspose(3, 3, strides=2, output_padding=1, padding="same"),
    "grown_padded_valid": layers.Conv2DTranspose(3, 2, strides=2, output_padding=1),
    "grown_apart": layers.Conv2DTranspose(3, 2, strides=4, padding="valid"),
    "grown_odd_strides": layers.Conv2DTranspose(3, (3, 2), strides=(2, 1), padding="valid", use_bias=False),
    "wide_kernel": layers.Conv2D(3, (5, 7), padding="same", strides=(2, 3)),
    "valid_strides": layers.Conv2D(3, (3, 2), strides=(2, 3), use_bias=False),
    "three_groups": layers.Conv2D(6, 3, groups=3, padding="same", dilation_rate=(2, 1)),
    "depthwise_strides": layers.DepthwiseConv2D((2, 3), strides=2, depth_multiplier=3),
    "separable_strides": layers.SeparableConv2D(4, 3, strides=2, padding="same", use_bias=False),
    "largest_valid": layers.MaxPooling2D((3, 2), strides=(1, 2)),
    "average_valid": layers.AveragePooling2D(2, strides=1, padding="same"),
    "adaptive_average": layers.AdaptiveAveragePooling2D((2, 3)),
    "adaptive_largest": layers.AdaptiveMaxPooling2D((3, 4)),
    "global_kept": layers.GlobalAveragePooling2D(keepdims=True),
    "global_largest_kept": layers.GlobalMaxPooling2D(keepdims=True),
    "padded": layers.ZeroPadding2D(2),
    "cropped": layers.Cropping2D((1, 2)),
    "normed_by_groups": layers.GroupNormalization(3),
    "normed_by_instance": layers.GroupNormalization(-1, center=False, scale=False),
    "normed_by_rows": layers.GroupNormalization(5, axis=1),
    "normed_over_rows": layers.LayerNormalization(axis=[1, 3]),
    "normed_over_columns": layers.LayerNormalization(axis=2, center=False),
    "normed_in_columns": layers.BatchNormalization(axis=2),
    "normed_by_squares": layers.RMSNormalization(),
    "normed_to_length": layers.UnitNormalization(axis=(1, 2)),
    "flattened": layers.Flatten(),
    "reshaped_map": layers.Reshape((7, 10, 3)),
    "reshaped_table": layers.Reshape((14, 15)),
    "turned": layers.Permute((3, 1, 2)),
    "softmax_columns": layers.Softmax(axis=2),
    "prelu": layers.PReLU(),
    "prelu_shared": layers.PReLU(shared_axes=[1, 2]),
    "leaky": layers.LeakyReLU(0.25),
    "elu": layers.ELU(0.7),
    "threshold": layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.3),
    "mish": layers.Activation("mish"),
    "softsign": layers.Activation("softsign"),
    "log_softmax": layers.Activation("log_softmax"),
    "unit": layers.Identity(),
    "scaled": layers.Rescaling([0.5, 1, 2, 3, 4, 5], offset=[1, 0, 0, 0, 0, 2]),
    "einsum": layers.EinsumDense("bhwc,cd->bhwd", (None, None, 4), bias_axes="d"),
    "einsum_relu": layers.EinsumDense("bhwc,hd->bwd", (None, 4), activation="relu"),
    "dense_map": layers.Dense(3, activation="softmax"),
    "mean_of_rows": lambda x: ops.mean(x, axis=1),
    "sum_of_all": lambda x: ops.sum(x, axis=(1, 2)),
    "transposed_axes": lambda x: ops.transpose(x, (0, 2, 1, 3)),
    "sliced": lambda x: x[:, 1:4, ::2, 2:5],
    "one_channel": lambda x: x[..., 3],
    "mirrored": lambda x: ops.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), mode="reflect"),
    "squared": lambda x: x**2,
    "root": lambda x: ops.sqrt(ops.abs(x)),
    "from_two": lambda x: 2.0 - x,
    "per_channel": lambda x: x * np.array([1, 2, 3, 4, 5, 6], np.float32) + 0.5,
    "side_by_side": lambda x: layers.Concatenate(axis=2)([x, layers.ReLU()(x)]),
    "over_each_other": lambda x: layers.Concatenate(axis=1)([layers.ReLU()(x), x, x]),
    "least": lambda x: layers.Minimum()([x, layers.ReLU()(x), -x]),
    "gated": lambda x: layers.Multiply()([x, layers.Dense(6, activation="sigmoid")(x)]),
}

TABLES: dict[str, Made] = {
    "dense": layers.Dense(5, activation="relu"),
    "dense_softmax": layers.Dense(4, activation="softmax"),
    "conv": layers.Conv1D(4, 3, strides=2, padding="same", activation="tanh"),
    "causal": layers.Conv1D(4, 3, dilation_rate=2, padding="causal"),
    "conv_groups": layers.Conv1D(4, 2, groups=2),
    "depthwise": layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same"),
    "separable": layers.SeparableConv1D(4, 3, strides=2),
    "grown": layers.Conv1DTranspose(4, 4, strides=2, padding="same"),
    "grown_valid": layers.Conv1DTranspose(4, 3, strides=3),
    "largest": layers.MaxPooling1D(2, strides=1, padding="same"),
    "average": layers.AveragePooling1D(3, strides=2),
    "adaptive": layers.AdaptiveAveragePooling1D(3),
    "mean": layers.GlobalAveragePooling1D(),
    "top": layers.GlobalMaxPooling1D(keepdims=True),
    "padded": layers.ZeroPadding1D((1, 2)),
    "cropped": layers.Cropping1D((2, 1)),
    "enlarged": layers.UpSampling1D(3),
    "normed": layers.LayerNormalization(),
    "batch_normed": layers.BatchNormalization(),
    "group_normed": layers.GroupNormalization(2),
    "softmax_over_steps": layers.Softmax(axis=1),
    "dropped": layers.SpatialDropout1D(0.5),
    "flattened": layers.Flatten(),
    "to_map": layers.Reshape((7, 3, 2)),
    "turned": layers.Permute((2, 1)),
    "added": lambda x: layers.Add()([x, layers.ReLU()(x)]),
    "joined": lambda x: layers.Concatenate()([x, layers.ReLU()(x)]),
    "spread": layers.TimeDistributed(layers.Dense(3)),
}

VECTORS: dict[str, Made] = {
    "dense": layers.Dense(5, activation="gelu"),
    "repeated": layers.RepeatVector(4),
    "to_table": layers.Reshape((3, 2)),
    "to_map": layers.Reshape((3, 1, 2)),
    "batch_normed": layers.BatchNormalization(),
    "normed": layers.UnitNormalization(),
    "softmax": layers.Softmax(),
    "gelu": lambda x: ops.gelu(x),
}


def seen(made: Made, to: Any) -> Activations:
    """A network of one layer, after what brings the image to 5×7×6 and then to its rank; on noise."""
    inputs = Input((5, 7, 3), name="image")
    x = layers.Conv2D(6, 1, name="six")(inputs)
    model = Model(inputs, made(to(x) if to is not None else x))
    return look(OpenedModel(filled(model)), noise(5, 7))


def last(found: Activations) -> str:
    """The path of the layer that is asked about."""
    return list(found.model.program.slots)[-1]


@pytest.mark.parametrize("kind", MAPS)
def test_maps(kind: str) -> None:
    found = seen(MAPS[kind], None)
    check(found, agree(found, last(found), count=8))


@pytest.mark.parametrize("kind", TABLES)
def test_tables(kind: str) -> None:
    found = seen(TABLES[kind], layers.Lambda(lambda x: x[:, 2], output_shape=(7, 6)))
    check(found, agree(found, last(found), count=8))


@pytest.mark.parametrize("kind", VECTORS)
def test_vectors(kind: str) -> None:
    found = seen(VECTORS[kind], layers.Lambda(lambda x: x[:, 2, 3], output_shape=(6,)))
    check(found, agree(found, last(found), count=5))


def check(found: Activations, one: Breakdown) -> None:
    """What is shown adds up by itself, and leads on to the number that it names."""
    if one.rule == "sum" and one.weights is not None:
        assert float((one.patches * one.weights).sum()) + one.bias == pytest.approx(one.total, abs=1e-6)
    path, channel, row, column = one.origin(int(one.by_size[0]))
    if not path or one.rule == "function":
        return
    before = explain(found, path, row, column, channel)
    part = int(one.by_size[0])
    weighed = one.patches[part] * (1 if one.weights is None else one.weights[part])
    assert before.shown == pytest.approx(one.patches[part].ravel()[np.abs(weighed).argmax()], abs=1e-5)


def test_smooth_enlarging_by_hand() -> None:
    """Bilinear, twice: ¾ and ¼ of the neighbours in each direction."""
    inputs = Input((2, 2, 1), name="image")
    model = Model(inputs, layers.UpSampling2D(2, interpolation="bilinear", name="up")(inputs))
    found = look(OpenedModel(model), noise(2, 2))
    one = explain(found, "up", 1, 1, 0)
    assert one.weights is not None and one.window == (0, 0, 2, 2)
    np.testing.assert_allclose(one.weights[0], [[0.5625, 0.1875], [0.1875, 0.0625]], atol=1e-6)
    corner = explain(found, "up", 0, 0, 0)
    assert corner.words[0].startswith("row 0, column 0, channel 0 of its input")


def test_a_word_is_looked_up_in_its_table() -> None:
    image = Input((4, 4, 3), name="image")
    words = Input((5,), dtype="int32", name="words")
    table = layers.Embedding(9, 4, name="table")(words)
    model = Model([image, words], [layers.Flatten()(image), layers.Dense(3, name="dense")(table)])
    found = look(OpenedModel(filled(model)), noise(4, 4))
    one = agree(found, "table")
    assert one.words[0].startswith("word 0: number ")
    agree(found, "dense")


def test_what_depends_on_more_than_a_sum_says_so() -> None:
    for made, kind in (
        (layers.Lambda(lambda x: ops.sort(x, axis=1)), "Lambda"),
        (layers.Activation("glu"), "glu"),
        (lambda x: layers.Dot(axes=(1, 1))([ops.mean(x, axis=1), ops.max(x, axis=1)]), "product of two"),
        (lambda x: layers.LSTM(3)(layers.Reshape((5, 42))(x)), "goes through its input step by step"),
    ):
        found = seen(made, None)
        with pytest.raises(UserError, match=kind):
            explain(found, last(found), 0, 0, 0)


def test_one_of_several_outputs() -> None:
    def halves(x: Any) -> Any:
        return ops.split(x, 2, axis=-1)

    found = seen(halves, None)
    path = last(found)
    assert found.shape(f"{path}#2") == (5, 7, 3)
    whole = found.value("six")
    np.testing.assert_array_equal(found.value(path), whole[..., :3])
    np.testing.assert_array_equal(found.value(f"{path}#2"), whole[..., 3:])
    one = agree(found, f"{path}#2")
    assert one.path == f"{path}#2" and one.origin(0)[0] == "six"
    # The same reach as the first has.
    assert found.field_box(f"{path}#2", 2, 3) == found.field_box(path, 2, 3) == (2, 3, 3, 4)
    with pytest.raises(UserError, match="has outputs 1 to 2, not 3"):
        found.value(f"{path}#3")
    with pytest.raises(UserError, match="has no layer nothing#1"):
        found.value("nothing#1")


def test_attention_scores_are_a_map_a_head() -> None:
    inputs = Input((4, 6, 3), name="image")
    words = layers.Reshape((4, 18), name="words")(inputs)
    attended, scores = layers.MultiHeadAttention(2, 5, name="attention")(
        words, words, return_attention_scores=True
    )
    found = look(OpenedModel(filled(Model(inputs, [attended, scores]))), noise(4, 6))
    value = found.value("attention#2")
    assert found.shape("attention#2") == value.shape == (4, 4, 2)
    # Each head shares itself out among all.
    np.testing.assert_allclose(value.sum(axis=1), np.ones((4, 2)), atol=1e-5)
    maps = layer_maps(found, "attention#2")
    assert (maps.count, maps.height, maps.width) == (2, 4, 4)
    np.testing.assert_array_equal(found.channels("attention#2", 1, 2)[..., 0], maps.tiles[1])
    assert layer_maps(found, "attention").form == "table"
    with pytest.raises(UserError, match="softmax over a row of products"):
        explain(found, "attention#2", 0, 3, 1)
    with pytest.raises(UserError, match="attention: each of its values is a mean over all places"):
        explain(found, "attention", 0, 3, 0)


def test_a_layer_that_takes_not_every_input_says_so() -> None:
    def picky(x: Any) -> Any:
        if hasattr(x, "numpy") and float(ops.min(x)) < -1000:
            raise ValueError("too small")
        return ops.cumsum(ops.relu(x), axis=1)

    found = seen(layers.Lambda(picky, output_shape=(5, 7, 6)), None)
    found._kept[found.slot("six")] = found.tensor(found.slot("six")) - 2000.0
    with pytest.raises(UserError, match="Lambda cannot be written out"):
        explain(found, last(found), 1, 1, 1)


def test_what_a_sum_comes_from_is_where_it_says() -> None:
    """Also where one number is spread over all places, where maps are laid under each other, and padding."""

    def spread(x: Any) -> Any:
        gate = layers.GlobalAveragePooling2D(keepdims=True, name="gate")(x)
        return layers.Multiply(name="gated")([x, gate])

    for made, at in (
        (spread, (4, 6, 2)),
        (lambda x: layers.Concatenate(axis=1)([x[:, :2], x]), (6, 3, 1)),
        (lambda x: layers.ZeroPadding2D(2)(x), (8, 9, 0)),
    ):
        found = seen(made, None)
        one = explain(found, last(found), *at)
        for part in range(one.count):
            path, channel, row, column = one.origin(part)
            assert np.isfinite(found.value(path)[row, column, channel])
            if one.inside.all():
                assert found.value(path)[row, column, channel] == pytest.approx(one.patches[part].max())
