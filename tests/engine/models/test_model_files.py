"""Model files of today, and those that Keras 2 wrote: opened, mended, equal outputs."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.preprocessing import MODES, UNIT
from convscope.engine.models.files.check_config import check_config
from convscope.engine.models.files.sidecar import write_sidecar
from convscope.engine.models.files.weights import load_weights
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.library.shipped import imagenet_classes
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    # Keras 3.15 with NumPy 2.4, when it writes a file.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]


def vgg16_in_a_row(k: Any) -> Any:
    base = k.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    return k.Sequential(
        [
            base,
            k.layers.Flatten(),
            k.layers.Dense(4, activation="relu"),
            k.layers.Dense(1, activation="sigmoid"),
        ]
    )


def frozen_base(k: Any) -> Any:
    base = k.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.35)
    base.trainable = False
    return k.Sequential([base, k.layers.GlobalAveragePooling2D(), k.layers.Dense(3, activation="softmax")])


def tutorial(k: Any) -> Any:
    """TensorFlow's own transfer-learning tutorial: arithmetic on tensors, a half-frozen base."""
    inputs = k.Input((32, 32, 3))
    base = k.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.35)
    for layer in base.layers[:100]:
        layer.trainable = False
    x = base(k.applications.mobilenet_v2.preprocess_input(inputs), training=False)
    return k.Model(inputs, k.layers.Dense(1)(k.layers.Dropout(0.2)(k.layers.GlobalAveragePooling2D()(x))))


def mobilenet(k: Any) -> Any:
    """Depthwise convolutions with `groups`."""
    return k.applications.MobileNet(weights=None, classes=7, input_shape=(32, 32, 3), alpha=0.25)


def names_with_slashes(k: Any) -> Any:
    return k.applications.MobileNetV3Small(
        weights=None, classes=5, input_shape=(32, 32, 3), minimalistic=True
    )


def many_kinds(k: Any) -> Any:
    layers = k.layers
    inputs = k.Input((32, 32, 3))
    x = layers.RandomRotation(0.1)(layers.RandomFlip("horizontal")(inputs))
    x = layers.SeparableConv2D(8, 3, activation="relu")(layers.Rescaling(1 / 255)(x))
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="swish")(x)
    x = layers.LeakyReLU(alpha=0.2)(layers.DepthwiseConv2D(3)(layers.BatchNormalization()(x)))
    x = layers.Conv2D(4, 3, kernel_regularizer="l2", kernel_constraint=k.constraints.MaxNorm(2))(
        layers.UpSampling2D()(x)
    )
    y = layers.Conv2D(4, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.concatenate([layers.add([x, y]), y])
    x = layers.TimeDistributed(layers.Dense(5))(layers.MaxPooling2D()(x))
    return k.Model(inputs, layers.Softmax()(layers.Dense(3)(layers.GlobalMaxPooling2D()(x))))


def caffe_pixels(k: Any) -> Any:
    """x[..., ::-1] and a list of means, as in every ResNet50 tutorial; TensorFlow functions afterwards."""
    import tensorflow as tf

    inputs = k.Input((16, 16, 3))
    x = k.layers.Conv2D(4, 3, strides=2)(k.applications.resnet50.preprocess_input(inputs))
    x = tf.cast(tf.nn.relu6(x) + k.layers.Conv2D(4, 1)(x), tf.float32) * 0.5
    return k.Model(inputs, k.layers.Dense(2)(k.layers.Flatten()(x)))


def shared_tower(k: Any) -> Any:
    layers = k.layers
    tower = k.Sequential(
        [k.Input((8, 8, 1)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten()], name="tower"
    )
    a, b = k.Input((8, 8, 1), name="a"), k.Input((8, 8, 1), name="b")
    difference = layers.Subtract()([tower(a), tower(b)])
    return k.Model([a, b], [layers.Dense(2, activation="softmax")(difference), layers.Dense(1)(difference)])


def numbers_first(k: Any) -> Any:
    """1 − x, a number before the operator, and a list of tensors; all that once was refused."""
    import tensorflow as tf

    inputs = k.Input((10, 10, 3))
    x = 255.0 - k.layers.RandomCrop(8, 6)(inputs)
    x = k.layers.SpatialDropout2D(0.2)(k.layers.Conv2D(3, 3)(x))
    x = tf.concat([2.0 * x, 1.0 + x], -1)
    return k.Model(inputs, k.layers.Dense(2)(k.layers.Flatten()(x)))


def normalised(k: Any) -> Any:
    """Statistics of the data in the file; a part of ConvNeXt, and EfficientNetV2's way of starting with 0."""
    import tensorflow as tf
    from tf_keras.src.applications.convnext import LayerScale

    layers = k.layers
    inputs = k.Input((6, 6, 3))
    x = LayerScale(0.5, 4)(layers.Conv2D(4, 3)(layers.Normalization()(inputs)))
    zeros = tf.constant_initializer(0)
    return k.Model(inputs, layers.Dense(2, bias_initializer=zeros)(layers.GlobalAveragePooling2D()(x)))


def outputs_by_name(k: Any) -> Any:
    """Keras sorts them."""
    inputs = k.Input((4, 4, 1))
    x = k.layers.Flatten()(inputs)
    return k.Model(inputs, {"second": k.layers.Dense(3)(x), "first": k.layers.Dense(2)(x)})


OLD = [
    vgg16_in_a_row,
    frozen_base,
    tutorial,
    mobilenet,
    names_with_slashes,
    many_kinds,
    caffe_pixels,
    shared_tower,
    numbers_first,
    normalised,
    outputs_by_name,
]


def written(k: Any, make: Callable[[Any], Any], path: Path, seed: int = 0) -> tuple[list[Any], list[Any]]:
    """Write a Keras 2 model with odd weights; its inputs and outputs."""
    model = make(k)
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(0, 0.1, variable.shape)
        variable.assign(0.5 + np.abs(values) if "variance" in variable.name else values)
    for layer in model.layers:
        if isinstance(layer, k.layers.Normalization):
            layer.finalize_state()
    inputs = [generator.random((2, *x.shape[1:]), np.float32) * 50 for x in model.inputs]
    out = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    with warnings.catch_warnings():
        # Keras 2 calls its own format legacy.
        warnings.simplefilter("ignore")
        model.save(path)
    if isinstance(out, dict):
        out = [out[name] for name in sorted(out)]
    return inputs, [np.asarray(x) for x in (out if isinstance(out, list) else [out])]


def compare(model: OpenedModel, inputs: list[Any], outputs: list[Any]) -> None:
    import tensorflow as tf

    program = model.function(model.program.outputs)(*map(tf.constant, inputs))
    direct = model.keras(inputs if len(inputs) > 1 else inputs[0], training=False)
    for found in (program, direct if isinstance(direct, list) else [direct]):
        for ours, theirs in zip(found, outputs, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", OLD, ids=[make.__name__ for make in OLD])
def test_h5_files_of_keras_2(old: Any, make: Callable[[Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    inputs, outputs = written(old, make, path)
    before = path.read_bytes()
    model = open_model(path)
    compare(model, inputs, outputs)
    assert model.notes[0] == "Keras 2 wrote it; it was mended for Keras 3."
    assert path.read_bytes() == before
    assert model.summary.totals.parameters == model.keras.count_params()
    if make is vgg16_in_a_row:
        assert "vgg16/block3_conv1" in {row.path for row in model.layers}


def test_keras_files_of_keras_2(old: Any, tmp_path: Path) -> None:
    inputs, outputs = written(old, frozen_base, tmp_path / "model.keras")
    model = open_model(tmp_path / "model.keras")
    compare(model, inputs, outputs)
    assert model.summary.totals.trainable == model.keras.layers[-1].count_params()


def test_lists_of_layers_from_before_2_2_3(old: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.h5"

    def make(k: Any) -> Any:
        return k.Sequential(
            [k.layers.Conv2D(4, 3, input_shape=(8, 8, 1)), k.layers.Flatten(), k.layers.Dense(2)]
        )

    inputs, outputs = written(old, make, path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [None, 8, 8, 1]
        for layer in layers:
            layer["config"].pop("groups", None)
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers})
        file.attrs["keras_version"] = "2.1.6"
    compare(open_model(path), inputs, outputs)


def test_mixed_precision_of_keras_2(old: Any, tmp_path: Path) -> None:
    def make(k: Any) -> Any:
        layers = k.layers
        return k.Sequential(
            [
                k.Input((8, 8, 1)),
                layers.Conv2D(4, 3, dtype=k.mixed_precision.Policy("mixed_float16")),
                layers.Flatten(),
                layers.Dense(2, dtype="float32"),
            ]
        )

    inputs, outputs = written(old, make, tmp_path / "m.h5")
    model = open_model(tmp_path / "m.h5")
    assert model.keras.layers[0].compute_dtype == "float16"
    np.testing.assert_allclose(model.keras(inputs[0]), outputs[0], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            lambda layer: layer["config"].update(renorm=True),
            "m.h5 uses batch renormalisation, which Keras 3 does not have.",
        ),
        (
            lambda layer: layer.update(class_name="LocallyConnected2D"),
            "m.h5 is not opened, because it contains LocallyConnected2D, which is not a part of Keras that"
            " convscope knows; nothing of it was run.",
        ),
    ],
)
def test_what_keras_3_cannot_do_is_said(old: Any, edit: Any, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    written(
        old, lambda k: k.Sequential([k.Input((4, 4, 1)), k.layers.Conv2D(2, 1), k.layers.Flatten()]), path
    )
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit(config["config"]["layers"][1])
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(UserError) as told:
        open_model(path)
    assert told.value.message == sentence


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("make", [nets.sequential, nets.nested, nets.twins])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_files_of_keras_3(make: Callable[[], Any], suffix: str, tmp_path: Path) -> None:
    import keras

    theirs = nets.random_weights(make())
    theirs.compile(optimizer=keras.optimizers.Adam(), loss=["mse"] * len(theirs.outputs))
    path = tmp_path / f"model{suffix}"
    with warnings.catch_warnings():
        # absl prints its advice to use .keras.
        warnings.simplefilter("ignore")
        theirs.save(path)
    model = open_model(path)
    inputs = nets.images(theirs)
    given = inputs if len(inputs) > 1 else inputs[0]
    for ours, expected in zip(
        _flat(model.keras(given, training=False)), _flat(theirs(given, training=False)), strict=True
    ):
        np.testing.assert_array_equal(ours, expected)
    assert not model.keras.compiled


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_arithmetic_on_tensors_comes_back(suffix: str, tmp_path: Path) -> None:
    """Keras writes x * 2 into .h5 in a form that it cannot read back itself."""
    theirs = nets.random_weights(nets.deep())
    theirs.save(tmp_path / f"m{suffix}")
    batch = nets.images(theirs)[0]
    ours = open_model(tmp_path / f"m{suffix}").keras
    np.testing.assert_array_equal(ours(batch, training=False), theirs(batch, training=False))


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def test_layers_that_applications_define_are_on_the_list() -> None:
    """They live outside keras.layers."""
    import keras
    from keras.src import applications

    own = set()
    for module in pkgutil.iter_modules(applications.__path__, f"{applications.__name__}."):
        if not module.name.endswith("_test"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if inspect.isclass(value) and issubclass(value, keras.Layer) and name[0] != "_":
                    own.add(value)
    kinds = {kind.__name__: kind for kind in own if kind.__module__.startswith(applications.__name__)}
    assert set(kinds) == {"LayerScale", "StochasticDepth", "CustomScaleLayer"}
    x = keras.Input((4, 4, 3))
    dropped = kinds["StochasticDepth"](0.1)(kinds["LayerScale"](1e-6, 3)(x))
    y = kinds["CustomScaleLayer"](0.1)([x, dropped])
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(keras.Model(x, y))))
    checked = check_config(config, "m.keras")
    found = [layer["class_name"] for layer in checked["config"]["layers"]]
    assert found == ["InputLayer", "LayerScale", "StochasticDepth", "CustomScaleLayer"]


def test_weights_alone_need_a_network(old: Any, tmp_path: Path) -> None:
    model = mobilenet(old)
    model.save_weights(tmp_path / "w.h5")
    with pytest.raises(UserError, match=r"^w\.h5 holds weights alone: open the network"):
        open_model(tmp_path / "w.h5")
    import keras

    ours = keras.applications.MobileNet(weights=None, classes=7, input_shape=(32, 32, 3), alpha=0.25)
    load_weights(ours, tmp_path / "w.h5")
    for a, b in zip(ours.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    other = nets.random_weights(nets.sequential())
    before = other.get_weights()
    with pytest.raises(UserError, match=r"of 55 layers, and it has 3 with weights\.$"):
        load_weights(other, tmp_path / "w.h5")
    wider = keras.applications.MobileNet(weights=None, classes=9, input_shape=(32, 32, 3), alpha=0.25)
    with pytest.raises(
        UserError, match=r"in layer conv_preds an array is 1×1×256×7 and conv_preds needs 1×1×256×9"
    ):
        load_weights(wider, tmp_path / "w.h5")
    for a, b in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_weights_in_a_type_that_the_file_does_not_know(tmp_path: Path) -> None:
    import keras

    layers = [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, dtype="bfloat16")]
    theirs = nets.random_weights(keras.Sequential(layers))
    theirs.save(tmp_path / "m.h5")
    for ours, saved in zip(open_model(tmp_path / "m.h5").keras.weights, theirs.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), saved.numpy())


def test_weights_of_any_form(tmp_path: Path) -> None:
    theirs = nets.random_weights(nets.nested())
    theirs.save(tmp_path / "m.keras")
    theirs.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "renamed.h5").write_bytes((tmp_path / "m.weights.h5").read_bytes())
    for name in ("m.keras", "m.weights.h5", "renamed.h5"):
        ours = nets.nested()
        load_weights(ours, tmp_path / name)
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(UserError, match="do not belong to row"):
        load_weights(nets.sequential(), tmp_path / "m.weights.h5")
    with pytest.raises(UserError, match="There is no file"):
        load_weights(nets.sequential(), tmp_path / "nothing.h5")


def test_sidecars_name_the_classes(tmp_path: Path) -> None:
    path = tmp_path / "pets.keras"
    nets.random_weights(nets.nested()).save(path)
    assert open_model(path).classes == ()
    (tmp_path / "pets.classes.txt").write_text("cat\ndog\n", encoding="utf-8")
    model = open_model(path)
    assert (model.classes, model.preprocessing, model.name) == (("cat", "dog"), UNIT, "pets")
    write_sidecar(tmp_path / "pets.classes.json", ("Katze", "Hund"), MODES["tf"])
    model = open_model(path)
    assert (model.classes, model.preprocessing) == (("Katze", "Hund"), MODES["tf"])
    for text, names in (
        ('["a", "b"]', ("a", "b")),
        ('{"0": "a", "1": "b"}', ("a", "b")),
        ('{"b": 1, "a": 0}', ("a", "b")),
        ('{"0": ["n1", "a"], "1": ["n2", "b"]}', ("a", "b")),
        ('{"classes": ["a", "b"], "preprocessing": "caffe"}', ("a", "b")),
    ):
        (tmp_path / "pets.classes.json").write_text(text, encoding="utf-8")
        assert open_model(path).classes == names
    (tmp_path / "pets.classes.json").write_text('["a\\nb", "\\u001b[31mc", null]', encoding="utf-8")
    assert open_model(path).classes == ("a b", "[31mc", ""), "as they can be shown"
    three = '{"classes": ["a"], "preprocessing": {"scale": [1, 1], "offset": [0, 0]}}'
    for text in ("{", "[" * 100_000):
        (tmp_path / "pets.classes.json").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"^pets\.classes\.json"):
            open_model(path)
    (tmp_path / "pets.classes.json").write_text(three, encoding="utf-8")
    with pytest.raises(UserError, match=r"^pets takes 3 channels, .* has numbers for 2"):
        open_model(path)
    for text in ('{"a": "b"}', "3", '{"classes": [], "preprocessing": "odd"}', '{"99999999": "a"}'):
        (tmp_path / "pets.classes.json").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"^pets\.classes\.json"):
            open_model(path)


def test_a_saved_model_predicts_and_is_opaque(tmp_path: Path) -> None:
    theirs = nets.random_weights(nets.sequential())
    theirs.export(tmp_path / "finished", verbose=False)
    model = open_model(tmp_path / "finished")
    batch = nets.images(theirs)[0]
    logits, probabilities = model.scores(batch)
    np.testing.assert_allclose(probabilities, theirs(batch, training=False), atol=1e-6)
    np.testing.assert_allclose(logits, np.log(probabilities), atol=1e-5)
    assert model.notes[0] == (
        "A SavedModel is a finished graph: it predicts, but its layers cannot be looked into or trained."
    )
    assert len(model.notes) == 2 and model.notes[1].startswith(
        "The file does not say how images are prepared"
    )
    assert [row.kind for row in model.layers] == ["InputLayer", "TFSMLayer"]


ASSUMED = (
    "The file does not say how images are prepared: pixels as 0–1, the whole image stretched to the "
    "network's size, as Keras's own loaders do."
)


def test_the_same_weights_answer_alike_from_either_kind_of_file(tmp_path: Path) -> None:
    """Neither file says how an image comes to its size: both take the whole of it, and say so."""
    theirs = nets.random_weights(nets.sequential())
    wide = Image(np.random.default_rng(0).integers(0, 256, (20, 50, 3), np.uint8), "wide")
    answers = []
    for suffix in (".keras", ".h5"):
        theirs.save(tmp_path / f"net{suffix}")
        model = open_model(tmp_path / f"net{suffix}")
        assert model.preprocessing.resize == "stretch" and model.notes == (ASSUMED,)
        assert model.prepare(wide).box == (0, 0, 50, 20)
        answers.append(model.predict(wide).probabilities)
    np.testing.assert_array_equal(*answers)
    # What is chosen, or told beside the file, is no guess.
    chosen = model.with_(preprocessing=replace(model.preprocessing, resize="crop"))
    assert chosen.notes == () and chosen.prepare(wide).box == (15, 0, 35, 20)
    write_sidecar(tmp_path / "net.classes.json", (), MODES["tf"])
    assert open_model(tmp_path / "net.h5").notes == ()


def test_one_that_rescales_by_itself_is_given_whole_bytes(tmp_path: Path) -> None:
    import keras

    layers = [keras.Input((4, 4, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    keras.Sequential(layers).save(tmp_path / "net.h5")
    model = open_model(tmp_path / "net.h5")
    assert model.preprocessing.name == "0–255" and "pixels as 0–255" in model.notes[0]


def test_a_base_that_takes_no_images_is_not_told_how_they_are_prepared(tmp_path: Path) -> None:
    import keras

    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "net.h5")
    assert open_model(tmp_path / "net.h5").notes == ()


def test_an_architecture_file_opens_with_random_weights(tmp_path: Path) -> None:
    from convscope.engine.models.builder.templates import TEMPLATES

    TEMPLATES["lenet-5"].architecture.save(tmp_path / "net.json")
    model = open_model(tmp_path / "net.json")
    assert model.summary.totals.parameters == 61_706
    assert "random" in model.notes[0]


def test_opening_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    nets.sequential().save(path)
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        open_model(path, task=task)


def test_names_of_the_catalogue() -> None:
    assert open_model("mnist-small").classes == tuple("0123456789")
    assert open_model("mnist-small", input_shape=(32, 32, 3)).input_shape == (32, 32, 3)
    assert open_model("mobilenet_v2", include_top=False, input_shape=(96, 96, 3)).classes == ()
    assert len(imagenet_classes()) == 1000
    with pytest.raises(UserError, match="There is no model nonesuch: convscope models lists them"):
        open_model("nonesuch")
    with pytest.raises(UserError, match=r"There is no model garmnets: is it garments\?"):
        open_model("garmnets")
    with pytest.raises(UserError, match=r"There is no model VGG-61: is it VGG19 or VGG16\?"):
        open_model("VGG-61")
    for odd in ("", "  ", "a" * 5000, "~nobody-of-this-name/m.keras"):
        with pytest.raises(UserError, match="There is no model"):
            open_model(odd)
    with pytest.raises(UserError, match="There is no file"):
        open_model("lenet-5", weights="a" * 5000)
    with pytest.raises(UserError, match=r"There is no model file nonesuch\.keras"):
        open_model("nonesuch.keras")
    with pytest.raises(UserError, match="LeNet-5 has no ImageNet weights"):
        open_model("lenet-5", weights="imagenet")
