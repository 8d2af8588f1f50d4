"""Files as Keras 1.2 wrote them, made by hand, against sums worked out in NumPy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.models.files.channels_last import NOTE
from convscope.engine.models.library.catalogue import open_model
from convscope.imaging.image import Image

pytestmark = pytest.mark.usefixtures("runtime")

DRAW = np.random.default_rng(0)


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def conv(name: str, order: str, **more: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "nb_filter": 3, "nb_row": 3, "nb_col": 2, "init": "glorot_uniform", "activation": "relu",
        "border_mode": "valid", "subsample": [1, 1], "dim_ordering": order, "bias": True,
        "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, "b_regularizer": None,
        "activity_regularizer": None, "W_constraint": None, "b_constraint": None, "input_dtype": "float32",
    }  # fmt: skip
    return layer("Convolution2D", name, **settings, **more)


def dense(name: str, units: int, activation: str, **more: Any) -> dict[str, Any]:
    return layer(
        "Dense", name, output_dim=units, init="glorot_uniform", activation=activation, bias=True,
        W_regularizer=None, input_dim=None, **more,
    )  # fmt: skip


def write(path: Path, config: Any, weights: dict[str, list[Any]], version: str = "1.2.2") -> None:
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["model_config"] = json.dumps(config).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}_{n}".encode() for n in range(len(arrays))]
            for number, array in enumerate(arrays):
                inner[f"{name}_{number}"] = array


def normal(*shape: int) -> Any:
    return DRAW.normal(0, 0.4, shape).astype(np.float32)


def softmax(x: Any) -> Any:
    raised = np.exp(x - x.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def sums(x: Any, kernel: Any, bias: Any) -> Any:
    """Convolution of N×C×H×W by rows×columns×channels×filters, then ReLU."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (2, 3))
    return np.maximum(np.einsum("ncyxij,ijcf->nfyx", windows, kernel) + bias[:, None, None], 0)


@pytest.mark.parametrize("order", ["tf", "th"])
def test_a_convnet_of_keras_1(order: str, tmp_path: Path) -> None:
    shape = [None, 8, 8, 2] if order == "tf" else [None, 2, 8, 8]
    kernel, bias = normal(3, 2, 2, 3), normal(3)
    scale = [normal(3), normal(3), normal(3), np.abs(normal(3)) + 0.5]
    top, more = normal(27, 4), normal(4)
    axis = -1 if order == "tf" else 1
    config = {
        "class_name": "Sequential",
        "config": [
            conv("convolution2d_1", order, batch_input_shape=shape),
            layer("BatchNormalization", "norm_1", mode=0, axis=axis, epsilon=1e-3, momentum=0.99,
                  gamma_regularizer=None, beta_regularizer=None),
            layer("MaxPooling2D", "pool_1", pool_size=[2, 2], strides=[2, 2], border_mode="valid",
                  dim_ordering=order),
            layer("Dropout", "dropout_1", p=0.5),
            layer("Flatten", "flatten_1"),
            dense("dense_1", 4, "softmax"),
        ],
    }  # fmt: skip
    stored = kernel if order == "tf" else kernel.transpose(3, 2, 0, 1)
    write(
        tmp_path / "m.h5",
        config,
        {"convolution2d_1": [stored, bias], "norm_1": scale, "pool_1": [], "dense_1": [top, more]},
    )
    x = DRAW.random((2, 2, 8, 8)).astype(np.float32)
    maps = sums(x, kernel, bias)
    gamma, beta, mean, variance = (part[:, None, None] for part in scale)
    maps = (maps - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    maps = maps[:, :, :6, :6].reshape(2, 3, 3, 2, 3, 2).max((3, 5))
    flat = maps.transpose(0, 2, 3, 1) if order == "tf" else maps
    expected = softmax(flat.reshape(2, -1) @ top + more)
    opened = open_model(tmp_path / "m.h5")
    np.testing.assert_allclose(opened.scores(x.transpose(0, 2, 3, 1))[1], expected, atol=1e-6)
    assert opened.notes[0] == "Keras 1 wrote it; it was mended for Keras 3."
    assert (NOTE in opened.notes) == (order == "th")
    assert any("Theano" in note for note in opened.notes) == (order == "th")
    pixels = Image(DRAW.integers(0, 256, (8, 8, 3)).astype(np.uint8), "p")
    assert opened.layers[1].path == "convolution2d_1"
    assert opened.summary.totals.parameters == sum(a.size for a in (kernel, bias, top, more, *scale))
    with pytest.raises(UserError, match="2 channels"):
        opened.predict(pixels)


def test_branches_joined_by_merge(tmp_path: Path) -> None:
    one, two, top = (
        [normal(3, 2, 1, 3), normal(3)],
        [normal(3, 2, 1, 3), normal(3)],
        [normal(6, 2), normal(2)],
    )

    def node(*names: str) -> list[Any]:
        return [[[name, 0, 0] for name in names]]

    def placed(spec: dict[str, Any], *names: str) -> dict[str, Any]:
        return {**spec, "name": spec["config"]["name"], "inbound_nodes": node(*names) if names else []}

    config = {
        "class_name": "Model",
        "config": {
            "name": "model_1",
            "layers": [
                placed(layer("InputLayer", "image", batch_input_shape=[None, 6, 6, 1], input_dtype="float32",
                             sparse=False)),
                placed(conv("a", "tf"), "image"),
                placed(conv("b", "tf"), "image"),
                placed(layer("Merge", "join", mode="concat", concat_axis=-1, layers=[]), "a", "b"),
                placed(layer("GlobalAveragePooling2D", "mean", dim_ordering="tf"), "join"),
                placed(dense("top", 2, "softmax"), "mean"),
            ],
            "input_layers": [["image", 0, 0]],
            "output_layers": [["top", 0, 0]],
        },
    }  # fmt: skip
    write(tmp_path / "m.h5", config, {"image": [], "a": one, "b": two, "join": [], "top": top})
    x = DRAW.random((2, 1, 6, 6)).astype(np.float32)
    maps = np.concatenate([sums(x, *one), sums(x, *two)], 1)
    expected = softmax(maps.mean((2, 3)) @ top[0] + top[1])
    opened = open_model(tmp_path / "m.h5")
    np.testing.assert_allclose(opened.scores(x.transpose(0, 2, 3, 1))[1], expected, atol=1e-6)
    joined = opened.activations(x.transpose(0, 2, 3, 1), ["join"])["join"]
    np.testing.assert_allclose(joined.transpose(0, 3, 1, 2), maps, atol=1e-6)
    config["config"]["layers"][3]["config"]["mode"] = "cos"  # type: ignore[index]
    write(tmp_path / "n.h5", config, {"image": [], "a": one, "b": two, "join": [], "top": top})
    with pytest.raises(UserError, match=r"^n\.h5 joins its branches in a way of Keras 1"):
        open_model(tmp_path / "n.h5")


def test_lstm_gates_lie_in_another_order(tmp_path: Path) -> None:
    """i, c, f, o, each with its three arrays; the gates by Keras 1's hard sigmoid."""
    gates = {gate: [normal(4, 3), normal(3, 3), normal(3)] for gate in "icfo"}
    config = {
        "class_name": "Sequential",
        "config": [
            layer("LSTM", "lstm_1", output_dim=3, init="glorot_uniform", inner_init="orthogonal",
                  forget_bias_init="one", activation="tanh", inner_activation="hard_sigmoid",
                  return_sequences=False, go_backwards=False, stateful=False, unroll=False,
                  consume_less="cpu", batch_input_shape=[None, 5, 4], input_dim=4, dropout_U=0.0),
        ],
    }  # fmt: skip
    write(tmp_path / "m.h5", config, {"lstm_1": [array for gate in "icfo" for array in gates[gate]]})
    x = DRAW.normal(0, 1, (2, 5, 4)).astype(np.float32)
    state, cell = np.zeros((2, 3)), np.zeros((2, 3))
    for step in range(5):
        z = {g: x[:, step] @ w + state @ u + b for g, (w, u, b) in gates.items()}
        i, f, o = (np.clip(0.2 * z[g] + 0.5, 0, 1) for g in "ifo")
        cell = f * cell + i * np.tanh(z["c"])
        state = o * np.tanh(cell)
    np.testing.assert_allclose(open_model(tmp_path / "m.h5").keras(x), state, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (layer("BatchNormalization", "n", mode=1), "normalises each image by itself"),
        (layer("Convolution2D", "c", nb_filter=1, nb_row=1, nb_col=1, border_mode="full"), "pads .* fully"),
        (layer("MaxoutDense", "m", output_dim=3), "is not opened, because it contains MaxoutDense"),
    ],
)
def test_what_is_not_mechanical_is_said(spec: Any, words: str, tmp_path: Path) -> None:
    spec["config"]["batch_input_shape"] = [None, 4, 4, 1]
    write(tmp_path / "m.h5", {"class_name": "Sequential", "config": [spec]}, {})
    with pytest.raises(UserError, match=rf"^m\.h5 {words}"):
        open_model(tmp_path / "m.h5")
