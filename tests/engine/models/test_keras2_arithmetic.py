"""What Keras 2 computes under a name, against what the opened file computes: one row a setting or default.

The two sources differ in the hard sigmoid, in what a silent file means, in what Resizing and UpSampling2D
offer, and in layers and switches that went; everything else is here to stay equal.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.interpret.attribution.script.opening import open_model_code
from convscope.engine.models.files import allowed
from convscope.engine.models.files.keras2.as_keras3 import in_plain_keras
from convscope.engine.models.files.keras2.own_parts import (
    hard_sigmoid,
    has_own_parts,
    own_parts_code,
    resizing_layer,
)
from convscope.engine.models.files.save_file import save_model
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel
from tests.processes import run_process

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file"),
]

Make = Callable[[Any], Any]
GAUSSIAN = {"interpolation": "gaussian"}
IMAGE, ROW, FILM = (8, 8, 3), (5, 4), (3, 6, 6, 2)
ACTIVATIONS = (
    "elu", "exponential", "gelu", "hard_sigmoid", "linear", "mish", "relu", "selu", "sigmoid", "softmax",
    "softplus", "softsign", "swish", "tanh",
)  # fmt: skip
RESIZING = ("area", "bicubic", "bilinear", "gaussian", "lanczos3", "lanczos5", "mitchellcubic", "nearest")


def _rows() -> dict[str, tuple[tuple[int, ...], Make]]:
    """Label → shape of the input, layer by `layers` of Keras 2."""
    rows: dict[str, tuple[tuple[int, ...], Make]] = {}

    def row(label: str, shape: tuple[int, ...], make: Make) -> None:
        rows[label] = (shape, make)

    for name in ACTIVATIONS:
        row(f"{name} of Activation", IMAGE, lambda k, a=name: k.Activation(a))
        row(f"{name} of Conv2D", IMAGE, lambda k, a=name: k.Conv2D(4, 3, activation=a))
        row(f"{name} of TimeDistributed", ROW, lambda k, a=name: k.TimeDistributed(k.Dense(3, activation=a)))
        row(f"{name} of SimpleRNN", ROW, lambda k, a=name: k.SimpleRNN(3, activation=a))
    for name in ("hard_sigmoid", "sigmoid"):
        two = {"recurrent_activation": name}
        row(f"{name} inside LSTM", ROW, lambda k, t=two: k.LSTM(4, **t))
        row(f"{name} inside GRU", ROW, lambda k, t=two: k.GRU(4, **t))
        row(f"{name} inside GRU, reset before", ROW, lambda k, t=two: k.GRU(4, reset_after=False, **t))
        row(f"{name} inside ConvLSTM1D", (4, 6, 2), lambda k, t=two: k.ConvLSTM1D(3, 3, **t))
        row(f"{name} inside ConvLSTM2D", FILM, lambda k, t=two: k.ConvLSTM2D(3, 3, **t))
        row(f"{name} inside ConvLSTM3D", (3, 4, 4, 4, 2), lambda k, t=two: k.ConvLSTM3D(2, 3, **t))
        row(f"{name} inside Bidirectional", ROW, lambda k, t=two: k.Bidirectional(k.LSTM(4, **t)))
        row(
            f"{name} inside Bidirectional of two",
            ROW,
            lambda k, t=two: k.Bidirectional(
                k.GRU(4, **t), "sum", backward_layer=k.GRU(4, go_backwards=True, **t)
            ),
        )
        row(f"{name} inside a cell", ROW, lambda k, t=two: k.RNN(k.LSTMCell(4, **t)))
        row(f"{name} inside cells", ROW, lambda k, t=two: k.RNN([k.LSTMCell(4, **t), k.GRUCell(3, **t)]))
        row(f"{name} inside TimeDistributed", (3, *ROW), lambda k, t=two: k.TimeDistributed(k.LSTM(4, **t)))
    for name in RESIZING:
        row(f"Resizing {name}", IMAGE, lambda k, n=name: k.Resizing(5, 11, n))
        row(
            f"Resizing {name}, cropped",
            (9, 6, 3),
            lambda k, n=name: k.Resizing(5, 11, n, crop_to_aspect_ratio=True),
        )
        row(f"UpSampling2D {name}", IMAGE, lambda k, n=name: k.UpSampling2D(2, interpolation=n))
    for kind, shape in (
        ("LSTM", ROW), ("GRU", ROW), ("SimpleRNN", ROW), ("Dense", IMAGE), ("LeakyReLU", IMAGE),
        ("ELU", IMAGE), ("PReLU", IMAGE), ("ReLU", IMAGE), ("Softmax", IMAGE), ("ThresholdedReLU", IMAGE),
        ("BatchNormalization", IMAGE), ("LayerNormalization", IMAGE), ("UnitNormalization", IMAGE),
        ("Flatten", IMAGE), ("MaxPooling2D", IMAGE), ("AveragePooling2D", IMAGE), ("ZeroPadding2D", IMAGE),
        ("ZeroPadding3D", (4, 4, 4, 2)), ("Cropping2D", IMAGE), ("UpSampling2D", IMAGE),
        ("GlobalAveragePooling2D", IMAGE), ("GlobalMaxPooling2D", IMAGE), ("Masking", ROW),
        ("RandomFlip", IMAGE),
    ):  # fmt: skip
        needs = {"LSTM": (4,), "GRU": (4,), "SimpleRNN": (4,), "Dense": (4,)}.get(kind, ())
        row(f"{kind} by default", shape, lambda k, n=kind, a=needs: getattr(k, n)(*a))
    for kind, shape in (
        ("Conv1D", ROW), ("Conv2D", IMAGE), ("Conv3D", FILM), ("SeparableConv1D", ROW),
        ("SeparableConv2D", IMAGE), ("Conv1DTranspose", ROW), ("Conv2DTranspose", IMAGE),
        ("Conv3DTranspose", FILM), ("ConvLSTM2D", FILM),
    ):  # fmt: skip
        row(f"{kind} by default", shape, lambda k, n=kind: getattr(k, n)(4, 3))
        row(
            f"{kind} in steps",
            shape,
            lambda k, n=kind: getattr(k, n)(4, 2, strides=2, padding="same", use_bias=False),
        )
    for kind in ("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout2D",
                 "RandomRotation", "RandomZoom", "RandomContrast", "RandomBrightness", "RandomHeight",
                 "RandomWidth"):  # fmt: skip
        row(f"{kind} at inference", IMAGE, lambda k, n=kind: getattr(k, n)(0.3))
    row("DepthwiseConv1D", ROW, lambda k: k.DepthwiseConv1D(3, depth_multiplier=2))
    row("DepthwiseConv2D", IMAGE, lambda k: k.DepthwiseConv2D(3, depth_multiplier=2, dilation_rate=2))
    row("transposed, more", IMAGE, lambda k: k.Conv2DTranspose(4, 3, 2, "same", output_padding=1))
    row("transposed, less", IMAGE, lambda k: k.Conv2DTranspose(4, 3, 2, "same", output_padding=0))
    row("groups", (8, 8, 4), lambda k: k.Conv2D(4, 3, groups=2, dilation_rate=2))
    row("causal", ROW, lambda k: k.Conv1D(4, 3, padding="causal", dilation_rate=2))
    row("ReLU of three numbers", IMAGE, lambda k: k.ReLU(2.0, 0.1, 0.5))
    row("Softmax over axes", IMAGE, lambda k: k.Softmax(axis=[1, 2]))
    row("LayerNormalization over axes", IMAGE, lambda k: k.LayerNormalization([1, 2, 3], epsilon=0.01))
    row("GroupNormalization", (8, 8, 4), lambda k: k.GroupNormalization(2))
    row("PReLU shared", IMAGE, lambda k: k.PReLU(shared_axes=[1, 2]))
    row("Flatten channels_first", IMAGE, lambda k: k.Flatten(data_format="channels_first"))
    row("CenterCrop", (9, 8, 3), lambda k: k.CenterCrop(4, 5))
    row("CenterCrop beyond", IMAGE, lambda k: k.CenterCrop(12, 6))
    row("RandomCrop", IMAGE, lambda k: k.RandomCrop(5, 3))
    row("RandomTranslation", IMAGE, lambda k: k.RandomTranslation(0.1, 0.2))
    row("Rescaling", IMAGE, lambda k: k.Rescaling(1 / 127.5, -1))
    row("CategoryEncoding", (4,), lambda k: k.CategoryEncoding(6))
    row("Embedding", (4,), lambda k: k.Embedding(6, 3))
    row("EinsumDense", ROW, lambda k: k.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d"))
    return rows


ROWS = _rows()


@pytest.fixture(scope="module", autouse=True)
def made_once() -> Iterator[None]:
    """Each row's network is made once for all its tests: that takes longer than all else."""
    yield
    _made.cache_clear()


@cache
def _made(k: Any, label: str) -> tuple[Any, Any, Any]:
    """A network of one layer of Keras 2, what it is given, and what it makes of it."""
    shape, make = ROWS[label]
    model = k.Sequential([k.Input(shape), make(k.layers)])
    draw = np.random.default_rng(0)
    for variable in model.weights:
        values = draw.normal(0, 0.5, variable.shape)
        if variable.dtype.is_floating:
            variable.assign(0.5 + np.abs(values) if "variance" in variable.name else values)
    x = draw.normal(0, 2, (2, *shape)).astype(np.float32)
    if label in ("Embedding", "CategoryEncoding"):
        x = np.abs(x).round().clip(0, 5)
    return model, x, np.asarray(model(x, training=False))


def _written(k: Any, label: str, path: Path) -> tuple[Any, Any]:
    """Such a network in a file: what it was given, and what it made of it."""
    model, x, expected = _made(k, label)
    with warnings.catch_warnings():
        # Keras 2 calls its own format legacy.
        warnings.simplefilter("ignore")
        model.save(path)
    return x, expected


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("label", ROWS)
def test_computes_as_keras_2_does(label: str, suffix: str, old: Any, tmp_path: Path) -> None:
    x, expected = _written(old, label, tmp_path / f"m{suffix}")
    found = np.asarray(open_model(tmp_path / f"m{suffix}").keras(x, training=False))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6 * np.abs(expected).max())


def _settings(layer: Any) -> dict[str, Any]:
    """What a layer's constructors take, with the defaults."""
    found: dict[str, Any] = {}
    for base in layer.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(base.__init__).parameters.values()
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self":
                found.setdefault(p.name, p.default)
        if base.__name__ == "Layer" or not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found


def _same(a: Any, b: Any) -> bool:
    """Whether two defaults mean the same: 1 is (1, 1), and no data_format is channels_last."""
    if isinstance(a, tuple) and not isinstance(b, tuple):
        return all(_same(item, b) for item in a)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_same(*pair) for pair in zip(a, b, strict=True))
    if isinstance(b, tuple):
        return all(_same(a, item) for item in b)
    return bool(a == b) or (a == "channels_last" and b is None) or str(a).lower() == str(b).lower()


# Said in every file by Keras itself, so that no default is ever asked for.
ALWAYS_SAID = ("pool_size",)
# In Keras 2 alone. Of training, of how the work is done, or at the only value that there is.
NO_MATTER = {
    "adjustment", "alpha", "conv_op", "dynamic", "filters", "force_generator", "fused", "groups",
    "input_length", "input_shape", "kernel_constraint", "kernel_initializer", "kernel_regularizer",
    "noise_shape", "pool_function", "rng_type", "robust_masking", "softmax_robust_masking", "sparse",
    "trainable", "type_spec", "virtual_batch_size",
}  # fmt: skip
REFUSED = {"time_major"}


def test_every_default_that_changed_is_known(old: Any) -> None:
    """The two sources side by side: a release that changes one more shows here."""
    import keras

    changed, gone = set(), set()
    for kind in sorted(allowed.LAYERS):
        theirs, ours = getattr(old.layers, kind, None), getattr(keras.layers, kind, None)
        if theirs is None:
            continue
        assert ours is not None
        before, after = _settings(theirs), _settings(ours)
        gone |= before.keys() - after.keys()
        for name in before.keys() & after.keys():
            if name not in ALWAYS_SAID and not _same(before[name], after[name]):
                changed.add((kind, name, before[name], after[name]))
    assert changed == {
        (f"ConvLSTM{n}D", "recurrent_activation", "hard_sigmoid", "sigmoid") for n in (1, 2, 3)
    }
    assert gone == NO_MATTER | REFUSED
    names = {name for name, value in vars(old.layers).items() if inspect.isclass(value)}
    missing = {name for name in names if not hasattr(keras.layers, name)}
    assert missing == {
        "AbstractRNNCell", "DenseFeatures", "LocallyConnected1D", "LocallyConnected2D", *allowed.LEGACY_LAYERS
    }  # fmt: skip
    functions = {
        name
        for name, value in vars(old.activations).items()
        if inspect.isfunction(value) and name not in ("deserialize", "get", "serialize")
    }
    assert functions == set(ACTIVATIONS), "each is a row above"


def _edited(path: Path, edit: Callable[[dict[str, Any]], None], version: str) -> None:
    """Change the configuration of the last layer in a file, and who wrote it."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit(config["config"]["layers"][-1]["config"])
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version


@pytest.mark.parametrize(
    ("label", "setting"),
    [
        ("hard_sigmoid inside GRU, reset before", "reset_after"),
        ("ConvLSTM2D by default", "recurrent_activation"),
        ("Conv2D by default", "data_format"),
        ("UpSampling2D by default", "interpolation"),
        ("ReLU by default", "negative_slope"),
        ("ReLU by default", "threshold"),
        ("Flatten by default", "data_format"),
        ("transposed, less", "dilation_rate"),
    ],
)
def test_what_a_silent_file_means(label: str, setting: str, old: Any, tmp_path: Path) -> None:
    """Settings that came later, as GRU's `reset_after` with Keras 2.1.3."""
    path = tmp_path / "m.h5"
    x, expected = _written(old, label, path)
    _edited(path, lambda config: config.pop(setting), "2.1.2")
    np.testing.assert_allclose(open_model(path).keras(x), expected, rtol=2e-6, atol=1e-6)


def test_numbers_that_are_arrays_in_the_file(old: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    x, _ = _written(old, "LeakyReLU by default", path)
    _edited(path, lambda config: config.update(alpha={"type": "ndarray", "value": 0.1}), "2.2.4")
    np.testing.assert_allclose(open_model(path).keras(x), np.where(x > 0, x, 0.1 * x), rtol=1e-6)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("time_major", "uses sequences with time before the batch, which Keras 3 does not have"),
        (
            "causal",
            "uses attention that was made causal when its layer was made, which Keras 3 does not have",
        ),
        ("renorm", "uses batch renormalisation, which Keras 3 does not have"),
    ],
)
def test_switches_that_went_are_not_left_out(setting: str, words: str, old: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    _written(old, "LSTM by default", path)
    _edited(path, lambda config: config.update({setting: True}), "2.4.0")
    with pytest.raises(UserError, match=f"^m.h5 {words}"):
        open_model(path)


def test_the_hard_sigmoid_of_keras_3_stays_its_own(tmp_path: Path) -> None:
    import keras

    x = np.linspace(-4, 4, 18, dtype=np.float32).reshape(1, 18)
    for suffix in (".h5", ".keras"):
        path = tmp_path / f"new{suffix}"
        keras.Sequential([keras.Input((18,)), keras.layers.Activation("hard_sigmoid")]).save(path)
        np.testing.assert_allclose(open_model(path).keras(x), np.clip(x / 6 + 0.5, 0, 1), atol=1e-6)


@pytest.mark.parametrize("label", ["hard_sigmoid inside LSTM", "hard_sigmoid of Conv2D", "Resizing gaussian",
                                   "UpSampling2D mitchellcubic"])  # fmt: skip
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_saved_copy_computes_the_same(label: str, suffix: str, old: Any, tmp_path: Path) -> None:
    x, expected = _written(old, label, tmp_path / "m.h5")
    opened = open_model(tmp_path / "m.h5")
    saved = save_model(opened, tmp_path / f"copy{suffix}")
    assert any(sentence.startswith("Only convscope opens this file") for sentence in saved.loses)
    again = open_model(tmp_path / f"copy{suffix}")
    np.testing.assert_allclose(again.keras(x), expected, rtol=2e-6, atol=2e-6)


PLAIN = sorted(label for label in ROWS if label.startswith("hard_sigmoid"))


@pytest.mark.parametrize("label", PLAIN)
def test_keras_3_has_other_parts_for_the_hard_sigmoid(label: str, old: Any, tmp_path: Path) -> None:
    x, expected = _written(old, label, tmp_path / "m.h5")
    model = open_model(tmp_path / "m.h5").keras
    before = [weight.numpy().copy() for weight in model.weights]
    plain = in_plain_keras(model)
    assert plain is not None and not has_own_parts(plain)
    np.testing.assert_allclose(plain(x), expected, rtol=5e-6, atol=5e-6)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, model.weights, strict=True))


def test_what_no_weights_make_up_for_stays_this_apps_own(old: Any, tmp_path: Path) -> None:
    """A gate is multiplied with an LSTM's activation: it is not of a sum."""
    import keras

    k = keras.layers
    own = hard_sigmoid()
    assert in_plain_keras(keras.Sequential([keras.Input(ROW), k.LSTM(3, activation=own)])) is None
    _written(old, "Resizing gaussian", tmp_path / "m.h5")
    assert in_plain_keras(open_model(tmp_path / "m.h5").keras) is None


@pytest.mark.parametrize("name", ["copy.keras", "copy.h5"])
def test_a_copy_for_others_is_opened_by_keras(name: str, old: Any, tmp_path: Path) -> None:
    import keras

    x, expected = _written(old, "hard_sigmoid inside Bidirectional", tmp_path / "m.h5")
    made = save_model(open_model(tmp_path / "m.h5"), tmp_path / name, for_others=True)
    assert any(
        sentence.startswith("Keras 2's hard sigmoid is written as Keras 3's") for sentence in made.loses
    )
    assert not any(sentence.startswith("Only convscope") for sentence in made.loses)
    for again in (keras.saving.load_model(tmp_path / name, compile=False), open_model(tmp_path / name).keras):
        assert not has_own_parts(again)
        np.testing.assert_allclose(again(x), expected, rtol=5e-6, atol=5e-6)


def test_a_script_opens_them_without_this_app(old: Any, tmp_path: Path) -> None:
    """In a process of its own, which knows Keras and what the script says."""
    import keras

    k, parts = keras.layers, (resizing_layer("Resizing", GAUSSIAN), resizing_layer("UpSampling2D", GAUSSIAN))
    net = keras.Sequential(
        [
            keras.Input(IMAGE),
            parts[0](6, 4, crop_to_aspect_ratio=True, **GAUSSIAN),
            k.Conv2D(2, 3, activation=hard_sigmoid()),
            parts[1](2, **GAUSSIAN),
        ]
    )
    net.save(tmp_path / "net.keras")
    x = np.random.default_rng(0).random((2, *IMAGE), np.float32)
    np.save(tmp_path / "x.npy", x)
    opened = open_model(tmp_path / "net.keras")
    code = open_model_code(opened)
    assert code.startswith(own_parts_code(opened.keras)) and "load_model" in code
    (tmp_path / "script.py").write_text(
        f"import keras\nimport numpy as np\n\n\n{code}\nx = np.load('x.npy')\n"
        "np.save('y.npy', keras.ops.convert_to_numpy(model(x)))\n"
    )
    run_process([sys.executable, "script.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), net(x), atol=1e-6)
    assert own_parts_code(keras.Sequential([keras.Input(IMAGE), k.Conv2D(2, 3)])) == ""


def test_the_case_that_showed_it(old: Any, tmp_path: Path) -> None:
    """A network on images with Keras 2.2's LSTM: summary, prediction and maps."""
    layers = old.layers
    model = old.Sequential(
        [
            old.Input((8, 8, 1)),
            layers.Conv2D(2, 3, padding="same", activation="hard_sigmoid"),
            layers.Reshape((8, 16)),
            layers.LSTM(4, recurrent_activation="hard_sigmoid"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    batch = np.random.default_rng(0).random((2, 8, 8, 1), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "m.h5")
    opened: OpenedModel = open_model(tmp_path / "m.h5")
    np.testing.assert_allclose(opened.scores(batch)[1], model(batch), atol=1e-6)
    conv = old.Model(model.inputs, model.layers[0].output)
    found = opened.activations(batch, [opened.layers[1].path])
    np.testing.assert_allclose(next(iter(found.values())), conv(batch), atol=1e-6)
    assert opened.summary.totals.parameters == model.count_params()


@pytest.mark.parametrize(
    "activation",
    [
        {"class_name": "function", "config": "system", "registered_name": "convscope>keras2_hard_sigmoid"},
        {"class_name": "Lambda", "config": {}, "registered_name": "convscope>Keras2Resizing"},
        {"class_name": "function", "config": "other>keras2_hard_sigmoid", "registered_name": "function"},
    ],
)
def test_the_names_of_these_parts_let_nothing_else_in(activation: Any, old: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    _written(old, "hard_sigmoid of Activation", path)
    _edited(path, lambda config: config.update(activation={"module": "builtins", **activation}), "2.15.0")
    with pytest.raises(UserError, match=r"^m\.h5 is not opened, because it contains "):
        open_model(path)
